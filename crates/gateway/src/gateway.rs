//! The gateway as a whole: the configuration in force, what is known about backends, and what workers share.
//!
//! ```text
//! Config --Draft: files are read, routes compiled (may fail)--> Snapshot --one atomic store--> in force
//! ```
//!
//! A request takes the snapshot once and goes on with it; one that is replaced lives as long as its last request.
//! Backends and routes keep what is known about them by their names: health, counts, limits, connections, orders.

mod backend;
mod control;
mod door;
mod handler;
mod orders;
mod renew;
mod resolve;
mod route;
mod snapshot;
mod views;
mod worker;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_traffic::{Moment, retry};

pub use backend::{Backend, Running};
pub use door::{Door, Entered};
pub use orders::OrderError;
pub use renew::RenewError;
pub use route::{Limit, Route, RouteState};
pub use snapshot::Snapshot;
pub use views::BackendView;
pub use worker::Worker;

use crate::model::Config;
use crate::names::Names;
use crate::pool::TlsError;
use crate::signals::Signals;
use backend::Surroundings;
use snapshot::Draft;

/// What a gateway needs from whoever starts it.
pub struct Needs {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Numbers of routes and backends; those that `signals` knows.
    pub names: Arc<Names>,
    /// Counts requests.
    pub signals: Arc<Signals>,
    /// Of chance: ties, jitter, shares.
    pub seed: u64,
}

/// The gateway as a whole.
pub struct Gateway {
    snapshot: ArcSwap<Snapshot>,
    /// Held by whoever applies a configuration or an order about a route.
    applying: Mutex<SeededRandom>,
    /// What files said when they did not hold, so that it is logged once.
    refused: Mutex<Option<u128>>,
    changed: tokio::sync::watch::Sender<u64>,
    clock: Arc<dyn Clock>,
    names: Arc<Names>,
    signals: Arc<Signals>,
    budget: retry::Budget,
    workers: usize,
    seed: u64,
}

/// Returns where on the gateway's clock it is now.
pub(crate) fn moment(clock: &dyn Clock) -> Moment {
    Moment::from_origin(clock.monotonic().since_origin())
}

impl Gateway {
    /// Puts a configuration in force. Reads files, so it blocks. How many workers there are stays as it is in this
    /// configuration.
    ///
    /// # Errors
    /// A file of a backend's TLS cannot be used.
    pub fn new(config: Config, needs: Needs) -> Result<Arc<Self>, TlsError> {
        let now = moment(&*needs.clock);
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let workers = config.threads.unwrap_or_else(cores).max(1);
        let budget = retry::Budget::new(config.retry_budget, now);
        let mut random = SeededRandom::new(needs.seed);
        let around = Surroundings {
            clock: &needs.clock,
            workers,
            seed: random.next_u64(),
            now,
        };
        let snapshot = Draft::new(config, &needs.names)?.build(None, &needs.names, &around);
        needs.signals.set_live(snapshot.live());
        let gateway = Arc::new(Self {
            changed: tokio::sync::watch::Sender::new(snapshot.version),
            snapshot: ArcSwap::from_pointee(snapshot),
            applying: Mutex::new(random),
            refused: Mutex::default(),
            clock: needs.clock,
            names: needs.names,
            signals: needs.signals,
            budget,
            workers,
            seed: needs.seed,
        });
        let gauges = Arc::downgrade(&gateway);
        gateway.signals.set_gauges(gauges);
        Ok(gateway)
    }

    /// Puts another configuration in force, whole or not at all; reads files, so it blocks. Requests that run go on with
    /// the one they began with.
    ///
    /// # Errors
    /// A file of a backend's TLS cannot be used; nothing changed then.
    pub fn apply(&self, config: Config) -> Result<Arc<Snapshot>, TlsError> {
        let mut random = self.one_at_a_time();
        self.put(config, &mut random)
    }

    /// Puts a configuration in force; `random` is held by who does.
    fn put(&self, config: Config, random: &mut SeededRandom) -> Result<Arc<Snapshot>, TlsError> {
        let draft = Draft::new(config, &self.names)?;
        let before = self.snapshot();
        let around = Surroundings {
            clock: &self.clock,
            workers: self.workers,
            seed: random.next_u64(),
            now: self.now(),
        };
        let after = Arc::new(draft.build(Some(&before), &self.names, &around));
        if before.config.retry_budget != after.config.retry_budget {
            let options = after.config.retry_budget;
            self.budget.reconfigure(options, around.now);
        }
        // Before there can be requests to what is new: those are counted by then.
        self.signals.set_live(after.live());
        self.snapshot.store(Arc::clone(&after));
        let gone = before
            .backends
            .iter()
            .filter(|(name, _)| !after.backends.contains_key(*name));
        gone.for_each(|(_, backend)| backend.retire());
        self.changed.send_replace(after.version);
        Ok(after)
    }

    /// Waits until nobody else changes what is in force, or what outlives it.
    fn one_at_a_time(&self) -> MutexGuard<'_, SeededRandom> {
        self.applying.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what is in force.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Returns how many worker threads there are.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// Returns where on the gateway's clock it is now.
    pub fn now(&self) -> Moment {
        moment(&*self.clock)
    }

    /// Tells when another configuration is in force: its version.
    pub fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Returns the clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Returns the numbers of routes and backends.
    pub fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// Returns what counts requests.
    pub fn signals(&self) -> &Arc<Signals> {
        &self.signals
    }

    /// Returns the budget of retries and hedges.
    pub fn budget(&self) -> &retry::Budget {
        &self.budget
    }
}
