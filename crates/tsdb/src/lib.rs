//! The embedded time series store: WAL, head, parts.
//!
//! # What it is for
//! Keeps samples of any age within the retention on one machine and loses none that it acknowledged, whatever happens
//! to the process, the power or the disk. It implements four traits of `plimsoll_types`: `Appender`, `ActiveSeries`,
//! `Queryable` and `StoreAdmin`.
//!
//! # Model
//! A [`Db`] is one data directory. A write goes into the *WAL* (group commit, [`wal`]) and into the *head*
//! ([`head`]), which holds one [*window*](head::Window) of samples per 30 min, a series in [`chunk`]s and a sorted
//! side buffer. A window that is over is *sealed* into a columnar *part*; later the parts of a day, and then of a longer
//! span, are *merged* into one. The [`manifest`] says which parts count and up to which WAL sequence each window is in
//! them. A query merges parts and windows, newest data first, and passes over what [tombstones](deletion) hide.
//! Parts of *windows* (5 minutes, an hour) stand for samples and are kept for longer; a query for samples never sees
//! them, `select_windows` does. [`ReadOnlyDb`] looks at a directory without changing it.
//!
//! ```text
//! append -> WAL queue -> writer thread -> wal/*.wal           select -> parts (oldest first)
//!       \-> head window (queryable at once) -> seal -> part          -> windows being sealed -> open windows
//! ```
//!
//! # Invariants
//! - What was acknowledged as synced is on disk: in the WAL, or in a part that the manifest names.
//! - The order of the WAL is the order of the head: of two values for one (series, time) the same one wins before and
//!   after a restart.
//! - A sample is in a part or in the head's windows after a restart, never lost between and never in both.
//! - A failed fsync is never repeated as if it had worked; what it covered is written again elsewhere.
//! - Damage is contained: a record, a part. It is counted, named, and never a panic.
//! - A [`deletion`] applies to everything before it in the order of the WAL and to nothing after it, in windows, in parts
//!   and in what is being sealed; after a restart it is in effect everywhere or nowhere.
//! - Merging changes no answer: parts keep their order of age, and of two values for one (series, time) the newer
//!   part's counts.
//! - Nothing is removed because a clock jumped ([`timekeeper`]).
//! - No answer holds a sample that is older than its series' retention, to the millisecond; removal only follows.
//! - A tier tells what its samples told: windows are made before samples go, made again when late samples or deletions
//!   come, and never mixed with samples in one part.
//! - Deliberately absent: tenants.
//!
//! # How to extend
//! A kind of data that a batch may carry gets a section in [`wal::batch`], a place in [`head::Lane`] and a column of the
//! part. Background work is a method of [`Db`] ([`maintain`](Db::maintain), [`merge`](Db::merge), [`scrub`](Db::scrub)) that
//! simulation calls itself; the threads of [`Background`] only call it slowly. What is due when is decided by pure
//! functions beside it (`merge_plan`, `throttle`, `expiry`, `size`).
//! Formats are drawn in `docs/formats`.
//!
//! # Sources
//! Pelkonen et al., "Gorilla: a fast, scalable, in-memory time series database" (VLDB 2015) and Prometheus' `tsdb`
//! (chunk layout, windows of 2 h); Rebello et al., "Can applications recover from fsync failures?" (USENIX ATC 2020).

mod bounded;
pub mod chunk;
mod config;
mod db;
pub mod deletion;
mod error;
pub mod head;
pub mod manifest;
mod merge;
mod metrics;
pub mod part;
pub mod queried;
mod retention_rules;
mod selector_cache;
mod summary;
pub mod timekeeper;
pub mod wal;

pub use config::{Config, Settings, SyncMode, TierRetention};
pub use db::{
    Analysis, Background, ClosedStore, Db, Finding, Maintenance, RESTORE_UNFINISHED, ReadOnlyDb,
    Recovery, Verification, verify,
};
pub use error::{Error, ErrorKind, Result};
pub use metrics::Metrics;
pub use retention_rules::{RetentionRule, RetentionRules};
