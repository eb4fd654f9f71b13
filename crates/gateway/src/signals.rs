//! Golden signals: every request counted once, exactly, by the worker that answered it.
//!
//! ```text
//! worker: Recorder.begin, finish --> its own Shard (what happened since the last look)
//!                                        |  swapped for an empty one, in one lock that nobody else holds
//! export, every 5 s, /metrics  --> Totals (since the process began) --> the store, the text of /metrics
//! ```
//!
//! Counts are whole numbers in 64 bits; a distribution is a native histogram of schema 3 (buckets 9 % wide) and, for
//! `/metrics`, a classic one that is counted beside it and not estimated from it. The metrics are listed in
//! `families`. Their labels:
//!
//! | label | of | values |
//! |---|---|---|
//! | `route` | requests | the route's name; absent when none matched |
//! | `backend`, `endpoint` | requests, attempts | of the last attempt; absent when there was none |
//! | `criticality` | requests | `P0` to `P3` |
//! | `class` | requests | [`Class`]: `1xx` to `5xx`, `499` |
//! | `reason` | requests | [`Reason`](crate::reason::Reason) |
//!
//! What is exported is cumulative: while the store is away nothing is lost, the next sample has it all. A series begins
//! with a sample of 0 at the time of the export before it, so that `increase` and the ledger of SLOs see its first events.
//! It ends with a staleness marker when its route or endpoint is configured no more and nothing happened to it for two
//! minutes.
//!
//! # Invariants
//! - The sum over all series of `requests_total` is the number of finished records, at any time.
//! - The observations of `request_duration_seconds` are as many as `requests_total` of the same labels tells.
//! - Series are bounded: beyond [`Options::cells_max`] requests are counted under the label `endpoint="_other"`.

mod activity;
mod cells;
mod class;
mod collector;
mod counts;
mod directory;
mod distribution;
mod export;
mod families;
mod listener;
mod live;
mod recorder;
mod shard;
mod table;
mod task;
mod totals;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use plimsoll_traffic::{EndpointId, EventKind};
use plimsoll_types::{Labels, Timestamp};

use crate::access_log::AccessLog;
use crate::names::{BackendId, Names};
use crate::tap::Tap;

pub use class::Class;
pub use export::Exported;
pub use listener::{ListenerSignals, OpenConnection};
pub use live::{EndpointReading, Gauges, LimitReading, Live, LiveBackend, Readings};
pub use recorder::{Mirrored, Recorder};

#[cfg(test)]
pub(crate) use cells::OUTCOMES;
pub(crate) use cells::outcome_name;
pub(crate) use directory::Directory;
pub(crate) use recorder::Local;

use cells::EndpointKey;
use shard::Shard;
use totals::{NameOf, Totals};

/// How much is counted, and under which labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How often what was counted goes into the store; 5 s.
    pub every: Duration,
    /// The most combinations of route, backend, endpoint, criticality and class that have a series of their own; 20,000.
    pub cells_max: usize,
    /// Labels that each exported series has besides its own; none. SLOs on routes ask for `job="gateway"`.
    pub labels: Labels,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(5),
            cells_max: 20_000,
            labels: Labels::empty(),
        }
    }
}

/// The signals of the process.
pub struct Signals {
    options: Options,
    names: Arc<Names>,
    directory: ArcSwap<Directory>,
    locals: Mutex<Locals>,
    totals: Mutex<Totals>,
    exports: Mutex<export::State>,
    gauges: Mutex<Option<Weak<dyn Gauges>>>,
    listeners: Mutex<Vec<Arc<ListenerSignals>>>,
    access_log: ArcSwapOption<AccessLog>,
    tap: Tap,
}

/// What is recorded and where it goes next.
struct Locals {
    workers: Vec<Arc<Local>>,
    /// What does not happen on a worker.
    control: Arc<Local>,
    /// An empty one, to be exchanged for a full one.
    spare: Box<Shard>,
    /// Rises with each configuration.
    generation: u64,
}

impl Signals {
    /// Makes the signals of a process that begins to count at `now`.
    pub fn new(options: Options, names: Arc<Names>, now: Timestamp) -> Arc<Self> {
        let shard = || Shard::new(options.cells_max, 0);
        Arc::new(Self {
            names,
            directory: ArcSwap::default(),
            locals: Mutex::new(Locals {
                workers: Vec::new(),
                control: Arc::new(Local::new(shard())),
                spare: Box::new(shard()),
                generation: 0,
            }),
            totals: Mutex::new(Totals::new(options.cells_max)),
            exports: Mutex::new(export::State::new(now)),
            gauges: Mutex::default(),
            listeners: Mutex::default(),
            access_log: ArcSwapOption::empty(),
            tap: Tap::default(),
            options,
        })
    }

    /// Makes the recorder of a worker. What it counted is kept when it is dropped.
    pub fn recorder(self: &Arc<Self>) -> Recorder {
        let mut locals = lock(&self.locals);
        let shard = Shard::new(self.options.cells_max, locals.generation);
        let local = Arc::new(Local::new(shard));
        locals.workers.push(local.clone());
        Recorder::new(self.clone(), local)
    }

    /// Says what is configured; called before the first request, and with each reload just before it is in force.
    pub fn set_live(&self, live: Live) {
        let before = self.directory.load_full();
        let after = Directory::new(live, &self.names, &before);
        let mut totals = lock(&self.totals);
        lock(&self.locals).generation += 1;
        // What was counted so far has the numbers of the configuration before.
        self.gather(&mut totals, &|backend, endpoint| {
            let known = before.find(backend, endpoint);
            known.or_else(|| after.find(backend, endpoint))
        });
        self.directory.store(Arc::new(after));
    }

    /// Says who tells gauges.
    pub fn set_gauges(&self, gauges: Weak<dyn Gauges>) {
        *lock(&self.gauges) = Some(gauges);
    }

    /// Returns what counts the connections of a listener; the same for the same name.
    pub fn listener(&self, name: &str) -> Arc<ListenerSignals> {
        let mut listeners = lock(&self.listeners);
        if let Some(known) = listeners.iter().find(|known| **known.name() == *name) {
            return known.clone();
        }
        let new = Arc::new(ListenerSignals::new(name.into()));
        listeners.push(new.clone());
        new
    }

    /// Counts what happened to an endpoint: each of [`Upstream::take_events`](plimsoll_traffic::Upstream).
    pub fn happened(&self, backend: BackendId, endpoint: EndpointId, kind: EventKind) {
        self.control(backend, endpoint, |cell| cell.event(kind));
    }

    /// Counts an active check.
    pub fn checked(&self, backend: BackendId, endpoint: EndpointId, has_passed: bool) {
        self.control(backend, endpoint, |cell| {
            cell.checks[usize::from(has_passed)] += 1;
        });
    }

    /// Returns who watches requests as they end.
    pub fn tap(&self) -> &Tap {
        &self.tap
    }

    /// Says where lines of the access log go from now on; lines that wait go to the same place.
    pub fn set_access_log(&self, log: Option<AccessLog>) {
        let log = log.map(|log| match &*self.access_log.load() {
            Some(before) => log.counting_on_from(before),
            None => log,
        });
        self.access_log.store(log.map(Arc::new));
    }

    /// Opens the file of the access log again; what is written until then is in the old one.
    pub fn reopen_access_log(&self) {
        if let Some(log) = &*self.access_log.load() {
            log.reopen();
        }
    }

    /// Returns how many lines of the access log were written, dropped and lost; `None` without a log.
    pub fn access_log_counts(&self) -> Option<[(&'static str, u64); 3]> {
        self.access_log.load().as_ref().map(|log| log.counts())
    }

    #[cfg(test)]
    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    pub(crate) fn directory(&self) -> arc_swap::Guard<Arc<Directory>> {
        self.directory.load()
    }

    fn control(
        &self,
        backend: BackendId,
        endpoint: EndpointId,
        count: impl FnOnce(&mut cells::EndpointCell),
    ) {
        let control = lock(&self.locals).control.clone();
        let mut local = control.lock();
        count(local.shard.endpoint(EndpointKey { backend, endpoint }));
    }

    /// Moves what was recorded since the last time into the totals.
    fn gather<'a>(&self, totals: &mut Totals, name: &NameOf<'a>) {
        let mut guard = lock(&self.locals);
        let locals = &mut *guard;
        for local in locals.workers.iter().chain([&locals.control]) {
            std::mem::swap(&mut local.lock().shard, &mut locals.spare);
            totals.add(&locals.spare, name);
            match locals.spare.generation == locals.generation {
                true => locals.spare.clear(),
                // Tables keep a place for each key, and some keys are gone with the configuration.
                false => {
                    *locals.spare = Shard::new(self.options.cells_max, locals.generation);
                }
            }
        }
        locals.workers.retain(|local| !local.lock().is_over());
    }

    /// Takes over what a worker that ends has recorded.
    fn retire(&self, local: &Arc<Local>) {
        let directory = self.directory.load();
        self.gather(&mut lock(&self.totals), &|backend, endpoint| {
            directory.find(backend, endpoint)
        });
        // Its lines are written before it is forgotten.
        local.lock().is_retired = true;
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
