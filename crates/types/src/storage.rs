//! The two traits through which the crates of floor 1 meet: [`Appender`] to write, [`Queryable`] to ask.
//!
//! Writing is in two steps, because they have two costs. [`Appender::append`] makes samples queryable and puts them into
//! the WAL's buffer; the [`Commit`] it returns becomes ready when their group is on disk as the caller's
//! [`Durability`] asks. A push handler awaits the commit before it answers; a scrape drops it.
//!
//! Asking is in two steps as well: [`Queryable::select`] finds the series and returns their labels, then the
//! [`SampleSource`] reads one series at a time, so that `sum by (x)` never holds more than one input series.

mod active;
mod admin;
mod cardinality;
mod rollup;
mod status;
mod summary;
mod tier;
mod windows;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::{Exemplar, Labels, Matcher, Metadata, Sample, SampleColumns, TimeRange};

pub use active::ActiveSeries;
pub use admin::{
    HeadStatistics, NamedCount, PartStatistics, ReplayStatistics, StoreAdmin, StoreStatistics,
    TopCounts,
};
pub use cardinality::{Cardinality, CardinalityQuery, Churn, MetricChurn, MetricSeries, Unused};
pub use rollup::{FloatRollup, HistogramRollup};
pub use status::{
    DurabilityStatus, HeadStatus, LogDamage, QuarantineStatus, RecoveryStatus, RetentionRuleStatus,
    RetentionStatus, StoreStatus, SyncPolicy, TierStatus,
};
pub use summary::Summary;
pub use tier::Tier;
pub use windows::{Joined, Kept, TierWindow, WindowSelection, WindowSource, window_end};

/// Names a series inside one open store. Refs are never used again for another series while the store is open, and
/// mean nothing after it closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesRef(pub u64);

/// When a commit may be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// After the group was fsynced (as the store's WAL mode defines it): for everything that is acknowledged to a peer.
    Synced,
    /// At once; the store syncs once a second. For scrapes, which nobody was promised.
    Periodic,
}

/// What one push or scrape brings, in columns by kind.
#[derive(Clone, Debug, Default)]
pub struct WriteBatch {
    /// Samples in any order.
    pub samples: Vec<(SeriesRef, Sample)>,
    /// Exemplars in any order.
    pub exemplars: Vec<(SeriesRef, Exemplar)>,
    /// Metadata of series; the last one counts.
    pub metadata: Vec<(SeriesRef, Metadata)>,
}

impl WriteBatch {
    /// Says whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty() && self.exemplars.is_empty() && self.metadata.is_empty()
    }

    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.samples.clear();
        self.exemplars.clear();
        self.metadata.clear();
    }
}

/// How much was written; repeats of a stored sample count as written, so that a retry is answered like the first try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Float samples.
    pub floats: u64,
    /// Histogram samples.
    pub histograms: u64,
    /// Exemplars.
    pub exemplars: u64,
}

/// Why one sample was not written while others of its batch were.
#[derive(Clone, Debug, PartialEq)]
pub enum RejectedReason {
    /// Older than the store keeps.
    TooOld {
        /// The first point in time that is kept.
        limit: crate::Timestamp,
    },
    /// Further ahead of the store's clock than it accepts.
    TooFarInFuture {
        /// The last point in time that is accepted.
        limit: crate::Timestamp,
    },
    /// The ref names no series (any more): resolve the labels again.
    UnknownSeries,
    /// The histogram contradicts itself.
    InvalidHistogram(crate::HistogramError),
    /// The store holds as many active series as it was allowed to.
    SeriesLimit {
        /// The limit.
        limit: u64,
    },
}

impl fmt::Display for RejectedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooOld { limit } => {
                write!(
                    f,
                    "the sample is older than the retention, which begins at {limit} ms"
                )
            }
            Self::TooFarInFuture { limit } => write!(
                f,
                "the sample is too far in the future, the latest accepted time is {limit} ms"
            ),
            Self::UnknownSeries => f.write_str("the series reference is not known"),
            Self::InvalidHistogram(error) => write!(f, "the histogram is invalid: {error}"),
            Self::SeriesLimit { limit } => {
                write!(f, "the store's limit of {limit} active series is reached")
            }
        }
    }
}

/// A sample that was not written.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    /// Its index in [`WriteBatch::samples`].
    pub index: usize,
    /// Why.
    pub reason: RejectedReason,
}

/// Becomes ready when the batch is as durable as was asked for.
///
/// # Cancel safety
/// Dropping it does not undo the write; it only gives up knowing when it is durable.
pub type Commit = Pin<Box<dyn Future<Output = Result<(), StorageError>> + Send>>;

/// What became of a batch.
pub struct Appended {
    /// What is now queryable.
    pub written: Written,
    /// What was refused, in ascending order of index.
    pub rejected: Vec<Rejected>,
    /// When it is durable.
    pub commit: Commit,
}

/// Takes samples. Safe to call from many threads; blocks only on memory locks and, under back pressure, on the WAL.
pub trait Appender: Send + Sync {
    /// Returns the ref of the series with these labels, making it when it is new.
    ///
    /// # Errors
    /// [`StorageErrorKind::SeriesLimit`] when one more series would exceed the limit.
    fn resolve(&self, labels: &Labels) -> Result<SeriesRef, StorageError>;

    /// Returns the labels of a series that [`resolve`](Self::resolve) named, for messages; `None` when it is forgotten or
    /// the store does not tell.
    fn labels(&self, series: SeriesRef) -> Option<Labels> {
        let _ = series;
        None
    }

    /// Writes a batch; one bad sample does not stop the others.
    ///
    /// # Errors
    /// [`StorageErrorKind::ReadOnly`], [`Overloaded`](StorageErrorKind::Overloaded) or
    /// [`Io`](StorageErrorKind::Io) when nothing of the batch was written.
    fn append(&self, batch: &WriteBatch, durability: Durability) -> Result<Appended, StorageError>;
}

/// How many blocks of samples a series has, for those who want to know why a query takes long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockCounts {
    /// Those that reading the series decodes.
    pub read: u64,
    /// Those beside the range, which are not looked at.
    pub skipped: u64,
}

/// Reads the samples of selected series, one at a time.
pub trait SampleSource: Send {
    /// Replaces the contents of `into` by the samples of series `index` of the selection, ascending, inside the
    /// selection's range, staleness markers included.
    ///
    /// # Errors
    /// [`StorageErrorKind::Io`] and [`StorageErrorKind::Corrupt`].
    fn read(&mut self, index: usize, into: &mut SampleColumns) -> Result<(), StorageError>;

    /// Tells the blocks of series `index` without reading them; zero where there are none, as in memory.
    fn blocks(&self, index: usize) -> BlockCounts {
        let _ = index;
        BlockCounts::default()
    }

    /// Returns the [`Summary`] of the samples of series `index` inside `range`, which lies inside the selection's:
    /// exactly what [`read`](Self::read) and a walk over those samples would give, but without decoding the blocks
    /// that lie inside `range` as a whole. `None` when there is no sample, or when the source cannot tell exactly or
    /// no faster than by reading; the caller then reads.
    ///
    /// It costs the decoding of up to two blocks, so it pays for a range of many blocks (a block is a series' share of
    /// a part: some hours), and for a few ranges per series.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn summary(&mut self, index: usize, range: TimeRange) -> Result<Option<Summary>, StorageError> {
        let _ = (index, range);
        Ok(None)
    }

    /// Returns another reader of the same selection, for another thread; both see the same samples. A
    /// source returns `None` always or never: always when it is for one thread only.
    fn fork(&self) -> Option<Box<dyn SampleSource>> {
        None
    }
}

/// The series that a selector found.
pub struct Selection {
    /// Their labels, sorted, no set twice.
    pub labels: Vec<Labels>,
    /// Their samples.
    pub source: Box<dyn SampleSource>,
    /// What the reader should know, such as a part that was quarantined and is missing here.
    pub warnings: Vec<String>,
}

/// Counts the memory that answering a question takes.
pub trait Meter {
    /// Counts bytes that are about to be allocated.
    ///
    /// # Errors
    /// [`StorageErrorKind::Overloaded`] when they may not be.
    fn take(&self, bytes: usize) -> Result<(), StorageError>;
}

/// Answers questions. Safe to call from many threads; does blocking IO, so shells call it on a blocking thread.
pub trait Queryable: Send + Sync {
    /// Finds the series that fulfil all matchers and may have a sample inside `range`.
    ///
    /// # Errors
    /// [`StorageErrorKind::Io`] and [`StorageErrorKind::Corrupt`].
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Selection, StorageError>;

    /// As [`select`](Self::select), and asks `meter` for all that it allocates in proportion to the series it looks at,
    /// before it does so. What it asked for is free again when the selection is dropped.
    ///
    /// # Errors
    /// As [`select`](Self::select), and whatever `meter` says.
    fn select_metered(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        meter: &dyn Meter,
    ) -> Result<Selection, StorageError> {
        let selection = self.select(matchers, range)?;
        let bytes = selection.labels.iter().map(Labels::byte_count);
        meter.take(bytes.sum())?;
        Ok(selection)
    }

    /// Tells since when each tier is kept of the series that fulfil all matchers.
    fn kept(&self, matchers: &[Matcher]) -> Kept {
        let _ = matchers;
        Kept::SAMPLES
    }

    /// Finds the series that fulfil all matchers and may have a window of `tier` that ends inside `range`. Where no windows
    /// were made yet, they are calculated from samples while they are read. `None` when the store keeps no such tier.
    ///
    /// # Errors
    /// As [`select_metered`](Self::select_metered).
    fn select_windows(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        tier: Tier,
        meter: &dyn Meter,
    ) -> Result<Option<WindowSelection>, StorageError> {
        let _ = (matchers, range, tier, meter);
        Ok(None)
    }

    /// Returns the label sets of the series that fulfil all matchers of any one of `selectors` (all series when there
    /// is none) and may have a sample inside `range`: sorted, no set twice, at most `limit`.
    ///
    /// # Errors
    /// [`StorageErrorKind::Io`] and [`StorageErrorKind::Corrupt`].
    fn series(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<Labels>, StorageError>;

    /// Returns the label names of those series, sorted, at most `limit`.
    ///
    /// # Errors
    /// As [`series`](Self::series).
    fn label_names(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<String>, StorageError>;

    /// Returns the values that a label has in those series, sorted, at most `limit`.
    ///
    /// # Errors
    /// As [`series`](Self::series).
    fn label_values(
        &self,
        name: &str,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<String>, StorageError>;

    /// Returns the exemplars of the series that fulfil all matchers of any one of `selectors`, inside `range`, sorted
    /// by labels and time.
    ///
    /// # Errors
    /// As [`series`](Self::series).
    fn exemplars(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
    ) -> Result<Vec<(Labels, Vec<Exemplar>)>, StorageError>;

    /// Returns metric names with what is known of their meaning, sorted; several entries for a name when sources
    /// disagree. `metric` asks for one name only, `limit` counts names.
    ///
    /// # Errors
    /// As [`series`](Self::series).
    fn metadata(
        &self,
        metric: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<Metadata>)>, StorageError>;
}

/// The kinds of storage errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StorageErrorKind {
    /// The disk said no.
    Io,
    /// Bytes on disk are not what was written.
    Corrupt,
    /// The store does not take writes: no space left, or opened for reading.
    ReadOnly,
    /// Too much is in flight; the same write may succeed later.
    Overloaded,
    /// One more series would exceed the limit.
    SeriesLimit,
    /// The store is shutting down.
    Closed,
}

/// An error of a store.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct StorageError {
    kind: StorageErrorKind,
    message: String,
}

impl StorageError {
    /// Makes an error; `message` says what was wanted and what was found, with the path where there is one.
    pub fn new(kind: StorageErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// Returns the kind.
    pub fn kind(&self) -> StorageErrorKind {
        self.kind
    }

    /// Says whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            StorageErrorKind::Io
            | StorageErrorKind::ReadOnly
            | StorageErrorKind::Overloaded
            | StorageErrorKind::SeriesLimit
            | StorageErrorKind::Closed => true,
            StorageErrorKind::Corrupt => false,
        }
    }
}
