//! A store that is looked at and never changed: for tools that list, dump and count what is on disk.
//!
//! It takes no lock, so the store may be in use. Its owner may then seal, clean and cut while we read; so the manifest is
//! read once more at the end, and when it is another one by then, we begin again. Files that are open by then can be read
//! to their end, whatever the owner removes; a part of which more files exist than may be open can be gone when it is read,
//! which is an error that names it.

use std::ops::ControlFlow;
use std::sync::{Arc, RwLock};

use plimsoll_runtime::disk::{Disk, SystemDisk};
use plimsoll_types::{
    Exemplar, Kept, Labels, Matcher, Metadata, Meter, PartStatistics, Queryable, SampleColumns,
    Selection, StorageError, StoreStatistics, Tier, TimeRange, Timestamp, WindowSelection,
};

use super::analysis::{self, Analysis, Question};
use super::find;
use super::open::{self, FORMAT};
use super::queried;
use super::query::{self, Contents};
use super::recovery::Recovery;
use super::view::View;
use super::{hidden::LiveTombstone, statistics, tiers};
use crate::bounded::CacheMetrics;
use crate::head::{SeriesTable, Window};
use crate::manifest::{self, Manifest};
use crate::part::{Caches, OpenFiles, OpenFilesMetrics, PageCache};
use crate::queried::Queried;
use crate::{Config, Result};

/// So often a store that changes while it is read is read again.
const ATTEMPTS: usize = 5;
/// What decoded pages of the parts' indexes may take.
const PAGES_BYTES: usize = 32 << 20;

/// A data directory that is only read: everything on disk, whatever its age, without what was deleted.
pub struct ReadOnlyDb {
    series: SeriesTable,
    gate: RwLock<()>,
    view: RwLock<View>,
    recovery: Recovery,
    queried: Option<Queried>,
}

impl ReadOnlyDb {
    /// Reads the parts' indexes and the whole WAL of the configured directory; of the settings only the directory, the
    /// window's length, the limit of series and that of open files count.
    ///
    /// # Errors
    /// `Config` when the directory is no store's, `NewerVersion`, `Corrupt` (the manifest), `Io`. A damaged part or
    /// record is no error; [`recovery`](Self::recovery) names it.
    pub fn open(config: &Config) -> Result<Self> {
        Self::open_on(config, Arc::new(SystemDisk))
    }

    /// As [`open`](Self::open), on any disk.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_on(config: &Config, disk: Arc<dyn Disk>) -> Result<Self> {
        let directory = config.directory();
        let is_there = |name: &&str| disk.exists(&directory.join(name));
        if ![FORMAT, manifest::NAME].iter().any(is_there) {
            return Err(open::no_store(&*disk, directory));
        }
        let mut attempt = 1;
        loop {
            // What is wrong with it is met again, and reported, by the reading.
            let before = Manifest::load(&*disk, directory).ok();
            let read = Self::read(config, &disk);
            let is_same = before == Manifest::load(&*disk, directory).ok();
            if is_same || attempt == ATTEMPTS {
                return read;
            }
            attempt += 1;
        }
    }

    fn read(config: &Config, disk: &Arc<dyn Disk>) -> Result<Self> {
        let settings = config.settings();
        let series = Arc::new(SeriesTable::new(settings.series_limit));
        let caches = Caches {
            pages: PageCache::new(PAGES_BYTES, CacheMetrics::default()),
            selectors: None,
            files: OpenFiles::new(
                settings.part_files_max as usize,
                OpenFilesMetrics::default(),
            ),
        };
        let loaded = open::load(config, disk, &series, &caches, open::Purpose::Read)?;
        let tombstones = loaded.manifest.tombstones.iter();
        let (parts, tiers) = loaded.parts;
        let view = View {
            parts,
            tiers,
            sealing: Vec::new(),
            open: loaded.windows,
            quarantined: loaded.manifest.quarantined.clone(),
            tombstones: tombstones
                .map(|tombstone| LiveTombstone::new(tombstone.clone()))
                .collect(),
        };
        let series = Arc::into_inner(series).expect("the replay that shared it is over");
        Ok(Self {
            series,
            gate: RwLock::new(()),
            view: RwLock::new(view),
            recovery: loaded.recovery,
            queried: queried::read(&**disk, config.directory()),
        })
    }

    /// Returns what the reading found; nothing of it was repaired.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Returns the sealed parts, oldest first.
    pub fn parts(&self) -> Vec<PartStatistics> {
        statistics::parts(&self.view())
    }

    /// Returns what is in the store, as [`StoreAdmin::statistics`](plimsoll_types::StoreAdmin::statistics) does; the
    /// head is what the WAL holds.
    pub fn statistics(&self, limit: usize) -> StoreStatistics {
        let view = self.view();
        let windows: Vec<Arc<Window>> = view.windows().cloned().collect();
        StoreStatistics {
            parts: statistics::parts(&view),
            replay: statistics::replay(&self.recovery),
            tombstones: view.tombstones.len() as u64,
            ..statistics::head(&self.series, &windows, limit)
        }
    }

    /// Calls `visit` with the labels and the samples inside `range` of every series that fulfils all matchers of any
    /// one of `selectors` (every series when there is none), in the order of their labels, one series at a time. Series
    /// without a sample there are passed over. `Break` ends the walk.
    ///
    /// # Errors
    /// `Io` and `Corrupt`.
    pub fn dump(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        visit: &mut dyn FnMut(&Labels, &SampleColumns) -> ControlFlow<()>,
    ) -> std::result::Result<(), StorageError> {
        let all = [Vec::new()];
        let selectors = if selectors.is_empty() {
            &all
        } else {
            selectors
        };
        let mut selections = Vec::with_capacity(selectors.len());
        let mut series: Vec<(Labels, usize, usize)> = Vec::new();
        for (number, matchers) in selectors.iter().enumerate() {
            let mut selection = self.select(matchers, range)?;
            let labels = std::mem::take(&mut selection.labels).into_iter();
            series.extend(
                labels
                    .enumerate()
                    .map(|(index, labels)| (labels, number, index)),
            );
            selections.push(selection);
        }
        series.sort();
        series.dedup_by(|(a, ..), (b, ..)| a == b);
        let mut columns = SampleColumns::default();
        for (labels, number, index) in series {
            selections[number].source.read(index, &mut columns)?;
            if !columns.is_empty() && visit(&labels, &columns).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Counts series, labels and churn of one part, named as [`parts`](Self::parts) does, or of the whole store; every
    /// list holds the `limit` highest counts at most.
    ///
    /// # Errors
    /// `Closed` when there is no such part, `Io` and `Corrupt`.
    pub fn analyze(
        &self,
        part: Option<&str>,
        limit: usize,
    ) -> std::result::Result<Analysis, StorageError> {
        self.analyze_use(part, limit, Timestamp::MIN)
    }

    /// As [`analyze`](Self::analyze), and counts a metric as unused that was last queried before `unused_before`, or not at
    /// all.
    ///
    /// # Errors
    /// As [`analyze`](Self::analyze).
    pub fn analyze_use(
        &self,
        part: Option<&str>,
        limit: usize,
        unused_before: Timestamp,
    ) -> std::result::Result<Analysis, StorageError> {
        let queried = self
            .queried
            .as_ref()
            .map(|queried| (queried, unused_before));
        let question = Question {
            part,
            limit,
            queried,
        };
        analysis::analyze(self.contents(), question)
    }

    /// Returns when metrics were last queried; `None` when that is not noted in this directory.
    pub fn queried(&self) -> Option<&Queried> {
        self.queried.as_ref()
    }

    pub(super) fn view(&self) -> std::sync::RwLockReadGuard<'_, View> {
        let view = self.view.read();
        view.unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn contents(&self) -> Contents<'_> {
        Contents {
            series: &self.series,
            gate: &self.gate,
            view: &self.view,
            horizon: Timestamp::MIN,
            upkeep: None,
        }
    }
}

impl Queryable for ReadOnlyDb {
    fn select(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> std::result::Result<Selection, StorageError> {
        query::select(self.contents(), matchers, range, &find::Unmetered)
    }

    fn select_metered(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        meter: &dyn Meter,
    ) -> std::result::Result<Selection, StorageError> {
        query::select(self.contents(), matchers, range, meter)
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
