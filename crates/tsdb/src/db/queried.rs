//! Keeping over restarts when each metric was last queried.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use plimsoll_runtime::clock::Monotonic;
use plimsoll_runtime::disk::Disk;
use plimsoll_types::Timestamp;

use super::{Db, lock};
use crate::queried::Queried;

/// The file in the data directory.
pub(super) const NAME: &str = "QUERIED";
/// About a million names of 100 bytes.
const LENGTH_MAX: u64 = 128 << 20;
/// What a kill -9 may forget.
const STORE_INTERVAL: Duration = Duration::from_mins(5);
/// How long a metric is remembered that has no samples any more, in milliseconds: 400 d.
const REMEMBERED_MILLIS: i64 = 400 * 24 * 3_600_000;

/// The times, and when they were last written.
pub(super) struct QueriedFile {
    pub(super) table: Queried,
    stored: Mutex<Option<Monotonic>>,
}

impl QueriedFile {
    /// Reads the file; begins anew, and says so, when it cannot be read.
    pub(super) fn load(disk: &dyn Disk, directory: &Path, now: Timestamp) -> Self {
        Self {
            table: read(disk, directory).unwrap_or_else(|| Queried::new(now)),
            stored: Mutex::new(None),
        }
    }
}

/// Reads the file; `None` when there is none, or none that can be read.
pub(super) fn read(disk: &dyn Disk, directory: &Path) -> Option<Queried> {
    let path = directory.join(NAME);
    let bytes = match disk.read(&path, LENGTH_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(%error, "when metrics were last queried is forgotten");
            return None;
        }
    };
    let read = Queried::decode(&bytes);
    read.inspect_err(|error| {
        tracing::warn!(%error, path = %path.display(), "when metrics were last queried is forgotten");
    })
    .ok()
}

impl Db {
    /// Writes the times when some minutes have passed and a query came. A failure is logged and tried again after the
    /// same time: nothing depends on it, least of all maintenance.
    pub(super) fn store_queried(&self) {
        let now = self.clock.monotonic();
        let mut stored = lock(&self.queried.stored);
        let is_due = stored.is_none_or(|stored| now.since(stored) >= STORE_INTERVAL);
        if is_due {
            *stored = Some(now);
            drop(stored);
            self.write_queried();
        }
    }

    /// Writes the times when something changed.
    pub(super) fn write_queried(&self) {
        let table = &self.queried.table;
        if !table.take_changed() {
            return;
        }
        table.forget_before(self.horizon().saturating_add_millis(-REMEMBERED_MILLIS));
        let path = self.config.directory().join(NAME);
        if let Err(error) = self.disk.replace(&path, table.encode().as_bytes()) {
            table.set_changed();
            tracing::warn!(%error, "when metrics were last queried is not on disk yet");
        }
    }
}
