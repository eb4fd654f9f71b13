//! Progress on stderr: a line every few seconds.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use plimsoll_backup::{Progress, Watch};
use plimsoll_runtime::clock::{Clock, Monotonic, SystemClock};
use plimsoll_types::ByteCount;

const INTERVAL: Duration = Duration::from_secs(2);

/// Shows how far something is.
pub(in crate::commands::tsdb) struct Shown {
    verb: &'static str,
    clock: SystemClock,
    last: Mutex<Monotonic>,
}

impl Shown {
    /// Shows lines that begin with a verb.
    pub(in crate::commands::tsdb) fn new(verb: &'static str) -> Self {
        let clock = SystemClock::new();
        Self {
            verb,
            last: Mutex::new(clock.monotonic()),
            clock,
        }
    }
}

impl Watch for Shown {
    fn at(&self, progress: Progress) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.monotonic();
        if now.since(*last) < INTERVAL {
            return;
        }
        *last = now;
        let (bytes, total) = (ByteCount(progress.bytes), ByteCount(progress.bytes_total));
        eprintln!(
            "{}: {} of {} files, {bytes} of {total}",
            self.verb, progress.files, progress.files_total
        );
    }
}
