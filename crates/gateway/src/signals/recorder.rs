//! Counting on a worker's own thread.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_traffic::Criticality;

use super::Signals;
use super::shard::Shard;
use crate::access_log::Lines;
use crate::names::RouteId;
use crate::record::Record;

/// Counts, logs and shows the requests of one worker. Each call locks what belongs to the worker alone; somebody else holds
/// the lock a few times a second for as long as it takes to exchange two pointers.
pub struct Recorder {
    signals: Arc<Signals>,
    local: Arc<Local>,
}

/// What belongs to a worker.
#[derive(Debug)]
pub(crate) struct Local(Mutex<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(super) shard: Box<Shard>,
    pub(crate) lines: Lines,
    /// Nobody records here any more.
    pub(super) is_retired: bool,
}

/// What became of a copy of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mirrored {
    /// The answer was like the client's.
    Same,
    /// It was not.
    Different,
    /// Nobody looked at the answer.
    NotCompared,
    /// There was no answer.
    Failed,
    /// Too many copies are under way.
    Dropped,
}

impl Mirrored {
    /// Returns it as it is written in labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::NotCompared => "not_compared",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}

impl Recorder {
    pub(super) fn new(signals: Arc<Signals>, local: Arc<Local>) -> Self {
        Self { signals, local }
    }

    /// Counts a request as in flight until [`finish`](Self::finish) gets a record with the same route and criticality.
    /// Called as soon as both are known; for a request without a route with `None`.
    pub fn begin(&self, route: Option<RouteId>, criticality: Criticality) {
        self.local.lock().shard.begin(route, criticality);
    }

    /// Counts, logs and shows what became of a request; called once for each [`begin`](Self::begin), also when the client
    /// left or the request's future was dropped.
    pub fn finish(&self, record: &Record) {
        let mut local = self.local.lock();
        local.shard.finish(record);
        if let Some(log) = &*self.signals.access_log.load() {
            log.write(record, &self.signals, &mut local.lines);
        }
        drop(local);
        if self.signals.tap.is_watched() {
            self.signals.tap.offer(record, &self.signals);
        }
    }

    /// Counts a request that a limit with `dry_run` would have refused.
    pub fn dry_run(&self, route: RouteId, criticality: Criticality, limit: &str) {
        let mut local = self.local.lock();
        let route = local.shard.route(Some(route), criticality);
        route.dry_run.add(&limit.into(), 1);
    }

    /// Counts a copy of a request.
    pub fn mirrored(&self, route: RouteId, criticality: Criticality, result: Mirrored) {
        let mut local = self.local.lock();
        let route = local.shard.route(Some(route), criticality);
        route.mirrored.add(&result, 1);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.signals.retire(&self.local);
    }
}

impl Inner {
    /// Says whether nothing of a worker that ended is left to be taken.
    pub(super) fn is_over(&self) -> bool {
        self.is_retired && self.lines.is_empty() && self.shard.is_empty()
    }
}

impl Local {
    pub(super) fn new(shard: Shard) -> Self {
        Self(Mutex::new(Inner {
            shard: Box::new(shard),
            lines: Lines::default(),
            is_retired: false,
        }))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
