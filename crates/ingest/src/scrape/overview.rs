//! What is scraped and how it goes, for whoever shows it: the jobs publish here, the HTTP API reads.
//!
//! A job publishes its targets whenever they change; each loop writes how its last scrape went into a place that the
//! overview shares, so a reader never waits for a scrape.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_types::{Labels, Timestamp};

use super::target::Target;
use crate::config::ScrapeConfig;

/// How many dropped targets of a job are shown when its `keep_dropped_targets` says nothing.
pub(super) const DROPPED_SHOWN_MAX: usize = 10_000;

/// All that is scraped; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Overview(Arc<Mutex<BTreeMap<String, PoolView>>>);

/// The targets of one job.
#[derive(Clone, Debug, Default)]
pub struct PoolView {
    /// The job's configuration; `None` for a source inside the program.
    pub config: Option<Arc<ScrapeConfig>>,
    /// What is scraped, sorted by labels.
    pub active: Arc<[TargetView]>,
    /// Labels of targets that relabelling dropped, as far as they are kept.
    pub dropped: Arc<[Labels]>,
    /// How many targets relabelling dropped.
    pub dropped_count: usize,
}

/// One target.
#[derive(Clone, Debug)]
pub struct TargetView {
    /// Its labels before relabelling, the job's defaults filled in.
    pub discovered: Labels,
    /// What it became.
    pub target: Arc<Target>,
    pub(super) progress: Progress,
}

impl TargetView {
    /// Returns how the last scrape went; `None` before the first.
    pub fn last_scrape(&self) -> Option<LastScrape> {
        self.progress
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// How a scrape went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastScrape {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, storing included.
    pub duration: Duration,
    /// Why it brought nothing.
    pub error: Option<String>,
}

/// Where a loop notes how its last scrape went.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(Arc<Mutex<Option<LastScrape>>>);

impl Progress {
    pub(super) fn note(&self, last: LastScrape) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
    }
}

impl Overview {
    /// Returns the jobs by name; cheap, since the targets are shared.
    pub fn pools(&self) -> BTreeMap<String, PoolView> {
        self.inner().clone()
    }

    /// Returns one job.
    pub fn pool(&self, job: &str) -> Option<PoolView> {
        self.inner().get(job).cloned()
    }

    pub(super) fn publish(&self, job: &str, view: PoolView) {
        self.inner().insert(job.into(), view);
    }

    pub(super) fn remove(&self, job: &str) {
        self.inner().remove(job);
    }

    fn inner(&self) -> MutexGuard<'_, BTreeMap<String, PoolView>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
