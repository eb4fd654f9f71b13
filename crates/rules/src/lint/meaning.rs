//! What an alert is for, as far as its labels tell.

use super::subject::Subject;
use super::words;

/// Says whether nobody is told when the alert fires: it only feeds other alerts or dashboards.
pub(super) fn reaches_nobody(subject: &Subject<'_>) -> bool {
    subject.severity().is_some_and(words::is_silent)
}
