//! A store: one data directory, open.
//!
//! ```text
//! <data>/LOCK       held while a process has the store open; holds its pid
//! <data>/FORMAT     version of the layout
//! <data>/MANIFEST   which parts count, see `manifest`; MANIFEST.copy holds the same
//! <data>/CLOCK      the last time that was trusted, see `open::trust`
//! <data>/QUERIED    when each metric was last queried, see `queried`
//! <data>/wal/       segments, see `wal`
//! <data>/parts/     one directory per part, see `part`
//! <data>/snapshots/ one directory per snapshot, see `snapshot`; made by the first one
//! ```
//!
//! Locks are taken in this order: `merging`, `keeping`, `gate`, `order`, `view`, the series table, a window's shard.

mod active;
mod admin;
mod analysis;
mod append;
mod background;
mod cardinality;
mod churn;
mod clean;
mod closed;
mod cutoffs;
mod delete;
mod expiry;
mod find;
mod hidden;
mod known;
mod lock;
mod merge_plan;
mod merging;
mod open;
mod pace;
mod queried;
mod query;
mod read_only;
mod recovery;
mod retention;
mod rewrite;
mod scrub;
mod seal;
mod size;
mod snapshot;
mod source;
mod statistics;
mod status;
mod summary;
mod throttle;
mod tiers;
mod together;
mod upkeep;
mod verify;
mod view;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::disk::{Disk, SystemDisk};
use plimsoll_types::{
    Appended, Appender, Durability, Exemplar, Kept, Labels, Matcher, Metadata, Meter, Queryable,
    Selection, SeriesRef, StorageError, Tier, TimeRange, Timestamp, WindowSelection, WriteBatch,
};

use crate::head::SeriesTable;
use crate::manifest::Manifest;
use crate::part::Caches;
use crate::timekeeper::Timekeeper;
use crate::wal::{SeriesLabels, Wal};
use crate::{Config, Error, Metrics, Result};

pub use analysis::Analysis;
pub use background::Background;
pub use closed::ClosedStore;
pub use open::RESTORE_UNFINISHED;
pub use read_only::ReadOnlyDb;
pub use recovery::Recovery;
pub use seal::Maintenance;
pub use verify::{Finding, Verification, verify};

use lock::DirectoryLock;
use upkeep::Upkeep;
use view::{LivePart, View};

/// A store that is open. Dropping it syncs and closes the WAL.
///
/// ```no_run
/// use std::sync::Arc;
/// use plimsoll_runtime::clock::SystemClock;
/// use plimsoll_tsdb::{Background, Config, Db, Metrics, Settings};
///
/// # fn main() -> plimsoll_tsdb::Result<()> {
/// let config = Config::new(Settings::new("/var/lib/plimsoll/metrics"))?;
/// let db = Arc::new(Db::open(config, Arc::new(SystemClock::new()), Metrics::default())?);
/// let background = Background::start(db.clone())?;
/// // Hand `db` to ingestion as an `Appender` and to queries as a `Queryable`.
/// background.stop();
/// db.close();
/// # Ok(())
/// # }
/// ```
pub struct Db {
    config: Config,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    series: Arc<SeriesTable>,
    wal: Wal,
    /// Makes the order of the WAL the order of the head.
    order: Mutex<()>,
    /// Keeps the sweep of series (writer) out of appends and selections (readers).
    gate: RwLock<()>,
    view: RwLock<View>,
    timekeeper: Mutex<Timekeeper>,
    /// What the file `CLOCK` says.
    trusted_stored: Mutex<Option<Timestamp>>,
    keeping: Mutex<Keeping>,
    recovery: Recovery,
    caches: Caches,
    queried: queried::QueriedFile,
    upkeep: Upkeep,
    /// Something was deleted since the last sweep of series.
    has_deleted: AtomicBool,
    _lock: Option<DirectoryLock>,
}

/// What maintenance alone works on.
struct Keeping {
    manifest: Manifest,
    /// Parts that count no more; their directories go when their last reader is gone.
    retired: Vec<Arc<LivePart>>,
    /// A part whose manifest may or may not be on disk, so that its directory must stay for the moment.
    undecided: Option<u64>,
    /// The WAL holds no sequence before this one.
    wal_begins: u64,
}

impl Db {
    /// Opens the store on the machine's file system and locks its directory.
    ///
    /// # Errors
    /// `InUse`, `ReadOnlyDirectory`, `NewerVersion` (nothing was touched), `Corrupt` (the manifest), `Io`, `NoSpace`.
    pub fn open(config: Config, clock: Arc<dyn Clock>, metrics: Metrics) -> Result<Self> {
        let lock = DirectoryLock::acquire(config.directory())?;
        open::open(config, Arc::new(SystemDisk), clock, metrics, Some(lock))
    }

    /// Opens the store on any disk, without a lock: for simulation, where one process owns the disk anyway.
    ///
    /// # Errors
    /// As [`open`](Self::open), save `InUse`.
    pub fn open_on(
        config: Config,
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> Result<Self> {
        open::open(config, disk, clock, metrics, None)
    }

    /// Returns what the opening found.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Returns the metrics that were given at opening.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Returns the configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Says why writes are refused at the moment, if they are.
    pub fn refusal(&self) -> Option<StorageError> {
        self.wal.refusal()
    }

    /// Makes everything durable that was appended so far; with [`SyncMode::Os`](crate::SyncMode::Os) it only hands it to
    /// the operating system. Blocks on the disk; not for an async task.
    ///
    /// # Errors
    /// What the disk says; the store then refuses writes until it works again.
    pub fn sync(&self) -> std::result::Result<(), StorageError> {
        self.wal.sync()
    }

    /// Syncs and stops taking writes, and writes down what was queried; queries go on. Blocks on the disk.
    pub fn close(&self) {
        self.end_long_work();
        self.wal.close();
        self.write_queried();
    }

    fn contents(&self) -> query::Contents<'_> {
        query::Contents {
            series: &self.series,
            gate: &self.gate,
            view: &self.view,
            horizon: self.horizon(),
            upkeep: Some((&self.upkeep, self.trusted_now())),
        }
    }

    fn parts_directory(&self) -> PathBuf {
        self.config.directory().join(open::PARTS)
    }
}

impl Appender for Db {
    fn resolve(&self, labels: &Labels) -> std::result::Result<SeriesRef, StorageError> {
        append::resolve(self, labels)
    }

    fn labels(&self, series: SeriesRef) -> Option<Labels> {
        SeriesLabels::labels(&*self.series, series)
    }

    fn append(
        &self,
        batch: &WriteBatch,
        durability: Durability,
    ) -> std::result::Result<Appended, StorageError> {
        append::append(self, batch, durability)
    }
}

impl Queryable for Db {
    fn select(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> std::result::Result<Selection, StorageError> {
        self.select_metered(matchers, range, &find::Unmetered)
    }

    fn select_metered(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        meter: &dyn Meter,
    ) -> std::result::Result<Selection, StorageError> {
        let selection = query::select(self.contents(), matchers, range, meter)?;
        let queried = &self.queried.table;
        queried.note(matchers, &selection.labels, self.clock.now());
        Ok(selection)
    }

    fn kept(&self, matchers: &[Matcher]) -> Kept {
        tiers::kept(self.contents(), matchers)
    }

    fn select_windows(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        tier: Tier,
        meter: &dyn Meter,
    ) -> std::result::Result<Option<WindowSelection>, StorageError> {
        tiers::select_windows(self.contents(), matchers, range, tier, meter)
    }

    fn series(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> std::result::Result<Vec<Labels>, StorageError> {
        query::series(self.contents(), selectors, range, limit)
    }

    fn label_names(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> std::result::Result<Vec<String>, StorageError> {
        query::label_names(self.contents(), selectors, range, limit)
    }

    fn label_values(
        &self,
        name: &str,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> std::result::Result<Vec<String>, StorageError> {
        query::label_values(self.contents(), name, selectors, range, limit)
    }

    fn exemplars(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
    ) -> std::result::Result<Vec<(Labels, Vec<Exemplar>)>, StorageError> {
        query::exemplars(self.contents(), selectors, range)
    }

    fn metadata(
        &self,
        metric: Option<&str>,
        limit: usize,
    ) -> std::result::Result<Vec<(String, Vec<Metadata>)>, StorageError> {
        Ok(self.series.meanings(metric, limit))
    }
}

impl From<crate::part::Error> for Error {
    fn from(error: crate::part::Error) -> Self {
        use crate::part::Error as Part;
        match error {
            Part::Io {
                action,
                path,
                source,
            } => Self::io(&format!("go on {action}"), &path, source),
            Part::NewerVersion {
                file,
                found,
                supported,
            } => Self::newer_version(&file, found.into(), supported.into()),
            Part::Corrupt { .. } | Part::Invalid { .. } => {
                Self::new(crate::ErrorKind::Corrupt, error.to_string())
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
