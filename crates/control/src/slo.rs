//! Runs the engine of service level objectives: samples are counted as they are written, judged every ten seconds, and
//! what follows is durable before it leaves.
//!
//! ```text
//! scrapes, pushes, rules --> tap --> store of samples
//!                             | watched ones          ^ counted again after a start          ^ metrics of budgets
//!                             v                       |                                      |
//!                           queue --> counting --> engine --- every 10 s ---> step --> teller --> alerts
//!                                                   ^  |                                |
//!                          answers of PromQL -------+  +--> snapshot file               +--> store of state
//! ```
//!
//! | what fails | then |
//! |---|---|
//! | the process, anywhere | the next start reads the last snapshot and counts the stored samples after it again: the same counts |
//! | the snapshot file | a failed one leaves the one before; a damaged one is put aside, and samples are counted from when the oldest objective began, as far as they are kept |
//! | the store of state | budgets are counted and alerts are sent all the same; states and alerts are written later |
//! | the store of samples, writing | metrics of budgets are missing; nothing else needs them |
//! | counting falls behind | what did not fit into the queue is read from the store of samples |
//! | a file of objectives | a reload with an error changes nothing |
//! | a replica | each counts for itself what it scrapes; the one that has the lease tells |

mod asking;
mod correcting;
mod counting;
mod edges;
mod journal;
mod known;
mod load;
mod metrics;
mod queue;
mod replaying;
mod restore;
mod rows;
mod shell;
mod snapshot;
mod surface;
mod tap;
mod teller;
mod verify;
mod wishes;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use plimsoll_promql::Features;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::config::Diagnostics;
use plimsoll_runtime::disk::Disk;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::{OnPanic, Task, Tasks};
use plimsoll_slo::Catalog;
use plimsoll_slo::engine::{self, Engine};
use plimsoll_state::Store;
use plimsoll_types::{Appender, Queryable};
use tokio::sync::{Semaphore, mpsc, oneshot};

pub use load::SloSet;
pub use metrics::Metrics;
pub use tap::Tap;

use self::known::Known;
use self::shell::{Ask, Shell};
use self::snapshot::SnapshotFile;
use self::teller::Teller;
use crate::asker::Asking;
use crate::lane::Lane;
use crate::lease::{self, Keeper, Replica};
use crate::rules::Rules;
use crate::sink::AlertSink;

/// How many calls wait for the loop before callers wait themselves.
const ASKS: usize = 16;
/// How many steps wait to be told. A step is told in seconds even when the store of state is away, and comes every ten.
const STEPS: usize = 4;
/// How long each of the tasks is waited for at the end.
const END_MAX: Duration = Duration::from_secs(5);

/// What objectives need.
pub struct Parts {
    /// Through which samples are written: it sees those that count.
    pub tap: Tap,
    /// Where samples are read again.
    pub queryable: Arc<dyn Queryable>,
    /// Where the metrics of budgets go.
    pub appender: Arc<dyn Appender>,
    /// Where corrections, states and alerts are durable; replicas share it.
    pub store: Arc<dyn Store>,
    /// Where alerts go.
    pub sink: Arc<dyn AlertSink>,
    /// Where the snapshot is written.
    pub disk: Arc<dyn Disk>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where it runs. It outlives their shutdown: [`Slos::stop`] ends it.
    pub tasks: Tasks,
    /// What is counted of it.
    pub metrics: Metrics,
}

/// How it is done.
#[derive(Clone, Debug)]
pub struct Options {
    /// Names this process among those that share the store; differs from start to start.
    pub owner: String,
    /// How long a replica may be silent before another one takes over; `None`: the store is not shared.
    pub silence_max: Option<Duration>,
    /// How late a sample may come and still be counted.
    pub lateness: Duration,
    /// Time between two snapshots.
    pub snapshot_interval: Duration,
    /// Where the snapshot is kept.
    pub directory: PathBuf,
    /// Where readers reach this server, without a slash at the end.
    pub external_url: String,
}

/// The objectives of a configuration, good and ready to be put into force.
pub struct Prepared {
    set: SloSet,
    snapshot_interval: Duration,
}

impl Prepared {
    /// Returns what is accepted and most likely not meant.
    pub fn warnings(&self) -> &[plimsoll_runtime::config::Diagnostic] {
        &self.set.warnings
    }
}

/// Objectives as they are counted; clones share them.
#[derive(Clone)]
pub struct Slos(Arc<Inner>);

struct Inner {
    engine: RwLock<Engine>,
    tap: Tap,
    queryable: Arc<dyn Queryable>,
    appender: Arc<dyn Appender>,
    store: Arc<dyn Store>,
    sink: Arc<dyn AlertSink>,
    snapshot: SnapshotFile,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    lane: Lane,
    asking: Arc<Asking>,
    metrics: Metrics,
    options: Options,
    snapshot_millis: AtomicU64,
    known: Known,
    /// One SLO is verified or planned for at a time: it takes as much memory as counting it.
    verifying: Semaphore,
    /// One correction is taken at a time: whether its id is free is decided before it is durable.
    correcting: Semaphore,
    asks: mpsc::Sender<Ask>,
    /// Set when everything has to end.
    stop: Shutdown,
    /// What runs, in the order in which it ends, each with what ends it.
    running: Mutex<Vec<(Shutdown, Task)>>,
}

impl Slos {
    /// Starts without any objective. PromQL is asked in the turns of `rules`.
    pub fn start(parts: Parts, rules: &Rules, options: Options) -> Self {
        let (lane, asking) = rules.lane();
        let (asks, asked) = mpsc::channel(ASKS);
        let replica = options.silence_max.map(|silence_max| Replica {
            owner: options.owner.clone(),
            silence_max,
        });
        let (store, clock) = (Arc::clone(&parts.store), Arc::clone(&parts.clock));
        let leases = parts.metrics.leases.clone();
        let keeper = Keeper::new(lease::SLO, store, clock, leases, replica);
        let now = parts.clock.now();
        let catalog = Arc::new(Catalog::default());
        let inner = Arc::new(Inner {
            engine: RwLock::new(Engine::new(catalog, options.engine(), now)),
            tap: parts.tap,
            queryable: parts.queryable,
            appender: parts.appender,
            store: parts.store,
            sink: parts.sink,
            snapshot: SnapshotFile::new(parts.disk, &options.directory),
            clock: parts.clock,
            tasks: parts.tasks,
            lane,
            asking,
            metrics: parts.metrics,
            snapshot_millis: AtomicU64::new(millis(options.snapshot_interval)),
            options,
            known: Known::default(),
            verifying: Semaphore::new(1),
            correcting: Semaphore::new(1),
            asks,
            stop: Shutdown::new(),
            running: Mutex::default(),
        });
        let slos = Self(inner);
        slos.start_tasks(keeper, asked);
        slos
    }

    fn start_tasks(&self, keeper: Keeper, asked: mpsc::Receiver<Ask>) {
        let inner = &self.0;
        let tasks = inner.tasks.clone();
        let standing = keeper.want("slo");
        let (steps, told) = mpsc::channel(STEPS);
        let (no_more_leases, no_more_steps) = (Shutdown::new(), Shutdown::new());
        let stop = no_more_leases.clone();
        let leases = tasks.spawn_loop("slo leases", move |_| keeper.clone().run(stop.clone()));
        let teller = Teller::new(Arc::clone(inner), standing);
        // It ends when who makes steps is gone.
        let teller = tasks.spawn("slo notices", OnPanic::Fatal, |_| teller.run(told));
        let (known, no_more_rows) = (Arc::clone(inner), inner.stop.clone());
        let known = tasks.spawn_loop("slo rows", move |_| {
            known::keep_reading(Arc::clone(&known), no_more_rows.clone())
        });
        let (asker, no_more_queries) = (Arc::clone(inner), inner.stop.clone());
        let queries = tasks.spawn_loop("slo queries", move |_| {
            asking::keep_asking(Arc::clone(&asker), no_more_queries.clone())
        });
        let shell = Shell::new(Arc::clone(inner), asked, steps);
        let shell = tasks.spawn("slo", OnPanic::Fatal, |_| shell.run());
        let mut running = inner.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.extend([
            (inner.stop.clone(), shell),
            (inner.stop.clone(), known),
            (inner.stop.clone(), queries),
            (no_more_steps, teller),
            (no_more_leases, leases),
        ]);
    }

    /// Reads and checks the files of a configuration. Blocks on the disk.
    ///
    /// # Errors
    /// What is wrong with any of the files.
    pub fn prepare(
        files: &[PathBuf],
        snapshot_interval: Duration,
        features: &Features,
    ) -> Result<Prepared, Diagnostics> {
        let set = SloSet::load(files, features)?;
        Ok(Prepared {
            set,
            snapshot_interval,
        })
    }

    /// Puts objectives into force: those that count as before go on as if nothing had happened. The first time it also
    /// reads back what was counted before the start, which goes on after this returns.
    pub async fn apply(&self, prepared: Prepared) {
        let interval = millis(prepared.snapshot_interval);
        self.0.snapshot_millis.store(interval, Ordering::Relaxed);
        let catalog = Arc::new(prepared.set.catalog);
        let (reply, applied) = oneshot::channel();
        if self
            .0
            .asks
            .send(Ask::Apply { catalog, reply })
            .await
            .is_ok()
        {
            // When the loop is gone the program ends.
            let _ = applied.await;
        }
    }

    /// Ends it: what was written is counted, a snapshot is made, and what was decided is told. Then the stores may be
    /// closed.
    pub async fn stop(&self) {
        let running = self.0.running.lock();
        let running = running.unwrap_or_else(PoisonError::into_inner).clone();
        for (stop, mut task) in running {
            stop.trigger();
            // A panic has been logged; it is over as well.
            tokio::select! {
                _ = task.wait() => {}
                () = self.0.clock.sleep(END_MAX) => {}
            }
        }
    }
}

impl Inner {
    fn engine(&self) -> RwLockReadGuard<'_, Engine> {
        self.engine.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn engine_mut(&self) -> RwLockWriteGuard<'_, Engine> {
        self.engine.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn snapshot_interval(&self) -> Duration {
        Duration::from_millis(self.snapshot_millis.load(Ordering::Relaxed))
    }
}

impl Options {
    fn engine(&self) -> engine::Options {
        engine::Options {
            lateness: self.lateness,
            ..engine::Options::default()
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
