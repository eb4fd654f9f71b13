//! What a service knows a group by: the same for all notices of the group, so that it makes one incident of them.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::Notice;

/// Returns the SHA-256 of the group's key in hexadecimal digits, as Alertmanager gives it to PagerDuty and Opsgenie: an
/// incident that was opened there is closed from here.
pub(super) fn sha256(notice: &Notice) -> String {
    let digest = Sha256::digest(notice.group_key.as_bytes());
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes all");
        text
    })
}
