//! What the work in the background shares with the rest of a store.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use plimsoll_types::{Tier, Timestamp};

use super::cutoffs::Cutoffs;
use super::expiry::KnownAges;
use super::scrub::Scrub;
use super::{Db, lock};
use crate::Config;
use crate::config::Retention;

/// The state of merging, retention and scrubbing.
pub(super) struct Upkeep {
    /// Held by whoever writes parts again, without `keeping`: sealing goes on meanwhile.
    pub(super) merging: Mutex<()>,
    /// Selections that are not over.
    pub(super) selections: Arc<AtomicUsize>,
    /// Long work ends at the next series.
    pub(super) is_closing: AtomicBool,
    pub(super) scrub: Mutex<Scrub>,
    /// What is known of the ages in parts.
    pub(super) ages: Mutex<KnownAges>,
    retention: RwLock<Arc<Retention>>,
}

impl Upkeep {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            merging: Mutex::new(()),
            selections: Arc::default(),
            is_closing: AtomicBool::new(false),
            scrub: Mutex::default(),
            ages: Mutex::default(),
            retention: RwLock::new(config.retention().clone()),
        }
    }

    /// Returns what limits how much is kept.
    pub(super) fn retention(&self) -> Arc<Retention> {
        let retention = self.retention.read();
        retention.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Relaxed)
    }
}

impl Db {
    /// Returns the first point in time that is kept of any series: older samples are refused, hidden and, in whole parts,
    /// removed.
    pub fn horizon(&self) -> Timestamp {
        self.cutoffs().first(Tier::Raw)
    }

    /// Takes the retention of another configuration over (time, rules, size, share of the disk); the rest of it does not
    /// count. What expires by it is hidden at once and leaves the disk by and by.
    pub fn set_retention(&self, config: &Config) {
        let retention = self.upkeep.retention.write();
        *retention.unwrap_or_else(PoisonError::into_inner) = config.retention().clone();
    }

    pub(super) fn cutoffs(&self) -> Cutoffs {
        Cutoffs::new(self.upkeep.retention(), self.trusted_now())
    }

    pub(super) fn trusted_now(&self) -> Timestamp {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        lock(&self.timekeeper).trusted(now, monotonic)
    }

    /// Takes the lock of those who write parts again.
    pub(super) fn begin_merging(&self) -> std::sync::MutexGuard<'_, ()> {
        lock(&self.upkeep.merging)
    }

    /// Lets long work end soon; it is begun anew by the next process.
    pub(super) fn end_long_work(&self) {
        self.upkeep.is_closing.store(true, Ordering::Relaxed);
    }
}
