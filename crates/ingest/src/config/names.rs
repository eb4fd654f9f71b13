//! Names of labels.

use super::raw::SpannedKey;
use plimsoll_runtime::config::Findings;

/// Any text that is not empty names a label in files, whatever the scheme for scraped names says.
pub(super) fn check_label_name(name: &SpannedKey, findings: &mut Findings<'_>) {
    if name.text.is_empty() {
        findings.error(name.span, "a label name is empty");
    }
}
