//! The receivers of a file: names that routes use. What is in them is checked by `notify`.

use std::collections::BTreeSet;

use plimsoll_notify::config::{Globals, RawReceiver, ReceiverConfig};
use plimsoll_runtime::config::{Findings, Spanned};

/// Checks the section `receivers`; also returns all names.
pub(super) fn check(
    raw: Vec<Spanned<RawReceiver>>,
    globals: &Globals,
    findings: &mut Findings<'_>,
) -> (Vec<ReceiverConfig>, BTreeSet<String>) {
    let (mut receivers, mut names) = (Vec::new(), BTreeSet::new());
    for receiver in raw {
        let name = &receiver.name;
        if name.is_empty() {
            findings.error(receiver.span, "a receiver needs a `name`");
        } else if !names.insert(name.value.clone()) {
            let message = format!("two receivers have the name `{}`", name.value);
            findings.error(name.span, message);
        }
        receivers.push(receiver.value.check(globals, findings));
    }
    (receivers, names)
}
