//! The file `CLOCK`: the last time that was trusted, so that a start with a wrong clock is noticed.
//!
//! ```text
//! trusted 1700000000000
//! crc32c 1b2c3d4e
//! ```
//!
//! Without it only the newest sample would tell: a machine whose clock is years ahead would store samples of that time,
//! and the start after that would believe it and remove everything as too old. Only a help: where the file is missing
//! or damaged, the newest sample decides.

use std::path::Path;

use plimsoll_runtime::disk::Disk;
use plimsoll_types::Timestamp;

use super::CLOCK;
use crate::db::{Db, lock};

/// A sample so much newer than the trusted time was written while the clock was wrong.
const GAP_MILLIS: i64 = 24 * 3_600_000;
/// The file is written again when the trusted time is so far from it, on either side: a time that is too late tells
/// nothing about a clock that is ahead.
const STORE_MILLIS: i64 = 3_600_000;
const LENGTH_MAX: u64 = 4096;

/// Returns the time that a start goes out from.
pub(super) fn reference(stored: Option<Timestamp>, newest: Option<Timestamp>) -> Option<Timestamp> {
    match (stored, newest) {
        (Some(stored), Some(newest)) if newest.millis_since(stored) > GAP_MILLIS => Some(stored),
        (stored, newest) => stored.max(newest),
    }
}

/// Says whether a trusted time is to be noted.
fn is_due(stored: Option<Timestamp>, trusted: Timestamp) -> bool {
    stored.is_none_or(|stored| trusted.millis_since(stored).saturating_abs() >= STORE_MILLIS)
}

/// Reads the file.
pub(super) fn load(disk: &dyn Disk, directory: &Path) -> Option<Timestamp> {
    let bytes = disk.read(&directory.join(CLOCK), LENGTH_MAX).ok()?;
    decode(str::from_utf8(&bytes).ok()?)
}

fn encode(trusted: Timestamp) -> String {
    let text = format!("trusted {}\n", trusted.millis());
    format!("{text}crc32c {:08x}\n", crc32c::crc32c(text.as_bytes()))
}

fn decode(text: &str) -> Option<Timestamp> {
    let millis = text.lines().next()?.strip_prefix("trusted ")?;
    let trusted = Timestamp::from_millis(millis.parse().ok()?);
    (encode(trusted) == text).then_some(trusted)
}

impl Db {
    /// Notes the time when it is trusted. A failure costs nothing but a later try.
    pub(in crate::db) fn store_trusted_time(&self) {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let trusted = {
            let mut timekeeper = lock(&self.timekeeper);
            let trusted = timekeeper.trusted(now, monotonic);
            timekeeper.is_steady().then_some(trusted)
        };
        let mut stored = lock(&self.trusted_stored);
        if let Some(trusted) = trusted.filter(|trusted| is_due(*stored, *trusted)) {
            let path = self.config.directory().join(CLOCK);
            match self.disk.replace(&path, encode(trusted).as_bytes()) {
                Ok(()) => *stored = Some(trusted),
                Err(error) => {
                    tracing::warn!(%error, path = %path.display(), "the time is not noted yet");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_from_the_future_does_not_count() {
        let at = |hours: i64| Some(Timestamp::from_millis(hours * 3_600_000));
        assert_eq!(reference(at(100), at(101)), at(101));
        assert_eq!(reference(at(100), at(99_999)), at(100));
        assert_eq!(reference(at(100), at(50)), at(100));
        assert_eq!(reference(None, at(50)), at(50));
        assert_eq!(reference(at(50), None), at(50));
    }

    #[test]
    fn a_clock_that_is_set_right_is_noted() {
        let at = |hours: i64| Timestamp::from_millis(hours * 3_600_000);
        assert!(is_due(None, at(100)));
        assert!(!is_due(Some(at(100)), at(100)));
        assert!(is_due(Some(at(100)), at(101)));
        assert!(is_due(Some(at(99_999)), at(100)), "the clock was ahead");
    }

    #[test]
    fn a_damaged_file_says_nothing() {
        let text = encode(Timestamp::from_millis(-7));
        assert_eq!(decode(&text), Some(Timestamp::from_millis(-7)));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let found = str::from_utf8(&bytes).ok().and_then(decode);
            assert_eq!(found, None, "{at}");
        }
    }
}
