//! The sealed part: an immutable, columnar directory of files that holds the samples of a span of time.
//!
//! ```text
//! <part>/
//!   values.bin      float columns, one block per series and 8,192 samples          see `floats`
//!   times.bin       timestamps and start timestamps, each distinct vector once      see `integers`
//!   hist.bin        native histograms as columns                                    see `histograms`
//!   exemplars.bin   exemplars, one block per series and 1,024                       see `exemplars`
//!   series.idx      labels, metadata, and per block: where, when, aggregates        see `series`, `aggregate`
//!   symbols         every label name and value, sorted, front-coded                 see `symbols`
//!   postings        series per label pair and per hour, as roaring bitmaps          see `postings`
//!   meta            versions, lengths, checksums; written last                      see `meta`
//!
//! every file but meta:
//! +--------------+  +----------------------------------+     +------------------------+
//! | magic        |  | payload        | CRC32C          | ... | root payload | CRC32C  |
//! | 8 bytes      |  | length bytes   | u32 LE          |     | (index files)          |
//! +--------------+  +----------------------------------+     +------------------------+
//! meta:
//! +----------+-------------+------------+---------------------------------------------+---------+
//! | PLIMPART | version     | length     | sections: tag u16 | length u32 | payload    | CRC32C  |
//! | 8 bytes  | u32 LE      | u32 LE     | length bytes                                | u32 LE  |
//! +----------+-------------+------------+---------------------------------------------+---------+
//! ```
//!
//! The whole format with its reasons is in `docs/formats/part.md`.
//!
//! # Invariants
//! - A directory is a part when its `meta` is whole; `meta` is written after everything else is durable.
//! - What was written comes back bit for bit, or an error comes back. Each block is checked whenever it is read.
//! - A claimed length never decides an allocation before it was compared with bytes or limits that are facts.
//! - Files are read with positioned reads, never mapped: a file that shrinks or a disk that fails gives an error.

mod aggregate;
mod automaton;
mod bytes;
mod compact;
mod error;
mod exemplars;
mod file;
mod floats;
mod histograms;
mod index;
mod integers;
mod labels;
mod meanings;
mod meta;
mod numbers;
mod open_files;
mod postings;
mod reader;
mod recent;
mod schedules;
mod select;
mod series;
mod symbols;
#[cfg(test)]
mod tests;
mod values;
mod windows;
mod writer;

pub use aggregate::Aggregates;
pub(crate) use aggregate::{WHOLE_MAX, is_whole};
pub(crate) use automaton::ValueAutomaton;
pub use error::{Error, ErrorKind};
pub(crate) use histograms::weight as histogram_weight;
pub use meta::{FileMeta, PartMeta};
pub(crate) use numbers::COLUMN_LENGTH_MAX as HISTOGRAM_WEIGHT_MAX;
pub(crate) use open_files::{OpenFiles, OpenFilesMetrics};
pub use reader::{BlockSummary, Part};
pub(crate) use recent::{Caches, PageCache};
pub use series::BlockKind;
pub use writer::{PartWriter, WriteOptions};
