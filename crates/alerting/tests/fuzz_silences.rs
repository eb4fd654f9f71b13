//! Texts that strangers send, read as ids and fingerprints: no panic, and what is taken is written back as read.

use plimsoll_alerting::{Fingerprint, SilenceId};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn ids() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let text = text(bytes);
        if let Ok(id) = text.parse::<SilenceId>() {
            assert_eq!(id.to_string(), text.to_lowercase());
        }
        if let Ok(fingerprint) = text.parse::<Fingerprint>() {
            assert_eq!(fingerprint.to_string(), text.to_lowercase());
        }
    });
}
