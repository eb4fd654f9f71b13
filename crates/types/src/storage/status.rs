//! What a store promises and how it is, for the people who keep it running.

use std::time::Duration;

use super::Tier;
use crate::{ByteCount, TimeRange, Timestamp};

/// What a store promises and how it is.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreStatus {
    /// When what is written is safe.
    pub durability: DurabilityStatus,
    /// What the last opening found.
    pub recovery: RecoveryStatus,
    /// How long what is kept.
    pub retention: RetentionStatus,
    /// What is not in a part yet.
    pub head: HeadStatus,
    /// The sealed parts by resolution; a resolution without a part is not listed.
    pub tiers: Vec<TierStatus>,
    /// Parts that cannot be read at the moment.
    pub quarantined: Vec<QuarantineStatus>,
    /// Why writes are refused at the moment, if they are.
    pub refusal: Option<String>,
    /// What is free on the disk; `None` when the file system does not tell.
    pub free_bytes: Option<ByteCount>,
}

/// When the write-ahead log is synced for writes that wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncPolicy {
    /// One sync per write.
    Always,
    /// One sync per group of writes.
    Group,
    /// When the operating system likes.
    Os,
}

/// When what is written is safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurabilityStatus {
    /// When the write-ahead log is synced.
    pub policy: SyncPolicy,
    /// How long a write waits for others of its group at most.
    pub group_delay: Duration,
    /// How much makes a group full.
    pub group_bytes: ByteCount,
    /// How often writes are synced that nobody waits for: those of scrapes.
    pub periodic_interval: Duration,
    /// Free space below which writes are refused.
    pub free_bytes_reserve: ByteCount,
    /// How long a store that refuses writes waits before it tries the disk again.
    pub retry_interval: Duration,
}

/// What an opening found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveryStatus {
    /// How long it took.
    pub duration: Duration,
    /// Segments of the log that were read.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Batches that were replayed.
    pub records: u64,
    /// Samples in them.
    pub samples: u64,
    /// Deletions that were replayed.
    pub deletions: u64,
    /// Samples that were passed over because a part has them.
    pub samples_in_parts: u64,
    /// Batches that were found twice: written again after a failed sync.
    pub repeated: u64,
    /// Samples whose series was defined in a damaged record only.
    pub without_series: u64,
    /// Whole records that say nothing.
    pub undecodable: u64,
    /// Ends of segments that a crash had torn and that were cut off.
    pub cut: Vec<LogDamage>,
    /// Damage between records that was passed over.
    pub skipped: Vec<LogDamage>,
    /// Parts that were opened.
    pub parts: u64,
    /// Parts that could not be opened.
    pub quarantined: Vec<QuarantineStatus>,
    /// Directories of parts that never came to count, and that were removed.
    pub stale_parts: Vec<String>,
    /// What else was damaged or missing, one sentence for each: files without samples that were made again, and records of
    /// the log that are gone.
    pub repaired: Vec<String>,
}

impl RecoveryStatus {
    /// Says whether every byte was as it had been written.
    pub fn is_clean(&self) -> bool {
        self.cut.is_empty()
            && self.skipped.is_empty()
            && self.quarantined.is_empty()
            && self.without_series == 0
            && self.undecodable == 0
            && self.repaired.is_empty()
    }
}

/// Bytes of the log that hold no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogDamage {
    /// The segment's file name.
    pub segment: String,
    /// Where they begin.
    pub offset: u64,
    /// How many they are.
    pub bytes: u64,
}

/// A part that is kept aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineStatus {
    /// The name of its directory.
    pub name: String,
    /// What is missing from answers.
    pub range: TimeRange,
    /// Why.
    pub reason: String,
}

/// How long what is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct RetentionStatus {
    /// Rules in their order; the first that fits a series counts, and the last one fits all.
    pub rules: Vec<RetentionRuleStatus>,
    /// Above this size of parts and log the oldest parts go.
    pub bytes: Option<ByteCount>,
    /// Above this share of the file system the oldest parts go.
    pub disk_share: Option<f64>,
    /// The first point in time that is kept of any series.
    pub horizon: Timestamp,
}

/// How long the series of a selector are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRuleStatus {
    /// The selector; `{}` fits every series.
    pub selector: String,
    /// How long samples are kept.
    pub raw: Duration,
    /// How long windows of five minutes are kept.
    pub five_minutes: Duration,
    /// How long windows of an hour are kept.
    pub hour: Duration,
}

/// What is not in a part yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeadStatus {
    /// Active series.
    pub series: u64,
    /// Samples in windows.
    pub samples: u64,
    /// From the first to the last of them.
    pub range: Option<TimeRange>,
    /// Files of the log.
    pub log_segments: u64,
    /// Their bytes.
    pub log_bytes: ByteCount,
}

/// The sealed parts of one resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TierStatus {
    /// The resolution.
    pub tier: Tier,
    /// Parts.
    pub parts: u64,
    /// Samples, or windows.
    pub samples: u64,
    /// Their bytes on disk.
    pub bytes: ByteCount,
    /// From the first to the last of them.
    pub range: TimeRange,
}
