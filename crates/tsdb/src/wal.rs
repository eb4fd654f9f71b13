//! The write-ahead log: what was acknowledged and is not in a part yet.
//!
//! A directory of segments of about 64 MiB, each a header and a row of records (`docs/formats/wal.md`):
//!
//! ```text
//! segment | "PLIMWAL\0" 8 | version 4 | zero 4 | run 8 | first sequence 8 | CRC32C 4 | record | record | ...
//! record  | "PWR1" 4 | type 1 | flags 1 | zero 2 | sequence 8 | stored length 4 | raw length 4 | CRC32C 4 | payload |
//! ```
//!
//! All numbers are little end first. A segment's name is `<index>-<salt>.wal`, both 8 hex digits; the salt goes into
//! every record's CRC, so that bytes which look like a record (a label value may hold any bytes) are none.
//!
//! - **Group commit.** One thread writes and syncs. While a sync runs, the next group gathers; two syncs begin at
//!   least `group_delay` apart unless a group is full. A write alone is synced at once.
//! - **Self-contained segments.** The first use of a series in a segment logs its labels again, so that removing old
//!   segments never takes a definition that a later one needs.
//! - **A failed write or sync** closes the segment for good. What it may not hold durably is still in memory and is
//!   written again into a new segment, whose header says from which sequence on; replay ignores those records in the
//!   segments before. If that fails too, the commits fail, the store refuses writes, and tries again later.
//! - **Replay** passes over a damaged record to the next intact one, and cuts what follows the last one.

pub mod batch;
mod bytes;
mod examine;
mod histogram;
mod pieces;
mod record;
mod replay;
mod segment;
mod writer;

pub use bytes::Malformed;
pub use histogram::{decode_histogram, encode_histogram};
pub use record::{Damage, Record, RecordKind, scan};
pub use replay::{Cut, Missing, Replayed, Skipped};
pub use segment::SegmentId;

pub(crate) use examine::{Flaw, examine};
pub(crate) use replay::{Replay, ReplaySink, last_sequence};
pub(crate) use writer::{SeriesLabels, Wal, WalOptions, WalParts, WalRecord};

#[cfg(test)]
pub(crate) use histogram::tests::histograms as histogram_strategy;
