//! What an opening found.

use std::time::Duration;

use crate::manifest::QuarantinedPart;
use crate::wal::Replayed;

/// What an opening found, for the log, the status page and tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// What the WAL held and what of it was damaged.
    pub wal: Replayed,
    /// Replayed samples that a part already held, and that were passed over.
    pub samples_in_parts: u64,
    /// Parts that were opened.
    pub parts: u64,
    /// Parts that could not be opened, now or at an earlier opening.
    pub quarantined: Vec<QuarantinedPart>,
    /// Directories of parts that never came to count, and that were removed.
    pub stale_parts: Vec<String>,
    /// Files that hold no samples and were missing or damaged, one sentence for each: what was wrong and what was done.
    pub repaired: Vec<String>,
    /// How long it took.
    pub duration: Duration,
}

impl Recovery {
    /// Says whether every byte was as it had been written.
    pub fn is_clean(&self) -> bool {
        self.wal.skipped.is_empty()
            && self.wal.missing.is_empty()
            && self.wal.cut.is_empty()
            && self.wal.without_series == 0
            && self.wal.undecodable == 0
            && self.quarantined.is_empty()
            && self.repaired.is_empty()
    }
}
