//! Runs the engine of alerting: what is posted is durable before it is acknowledged, what the engine decides is durable
//! before it leaves, and of several replicas one decides.
//!
//! ```text
//! API, rule engine -- posts, silences --> the loop (shell) --> engine step --> journal --> store of state
//!                                             ^                                  | durable
//!                                             +---- verdicts ---- outbox <-------+
//! ```
//!
//! | what fails | then |
//! |---|---|
//! | the process, anywhere | nothing that was acknowledged is lost; an attempt whose end nobody knows is repeated under the same key |
//! | the replica that routes | another one takes the lease over, reads the rows, and goes on with timers, silences and notices on their way |
//! | the database, for all | posts go into a file of each replica; after `grace_without_database` each pages from what it knows and marks notices as degraded; afterwards the rows of who leads count, and what was accepted is handed over |
//! | the disk of the only replica | a post is answered 503 with the reason; what is known pages on, marked as degraded |
//! | a receiver | its attempts wait in the outbox; no other receiver waits for it (`outbox`) |
//! | a reload with an error | nothing is changed |

mod ask;
mod health;
mod inbox;
mod journal;
mod metrics;
mod outbox;
mod rows;
mod shell;
mod sink;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use arc_swap::ArcSwap;
use plimsoll_alerting::config::Config;
use plimsoll_alerting::rows::HistoryRow;
use plimsoll_alerting::surface::{self, Answer, Status, Unavailable};
use plimsoll_alerting::{Draft, Engine, Post, Refusal, Settings, SilenceError, SilenceId};
use plimsoll_notify::{Sender, TemplateError, Templates};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::{OnPanic, Task, Tasks};
use plimsoll_state::Store;
use plimsoll_types::Timestamp;
use tokio::sync::{mpsc, oneshot};

pub use metrics::Metrics;

use self::ask::{Ask, SilenceWish};
use self::health::Health;
use self::inbox::Inbox;
use self::shell::{Phase, Shell};
use self::sink::RuleSink;
use crate::lease::{self, Keeper, Replica};
use crate::sink::AlertSink;

/// How many calls wait for the loop before callers wait themselves.
const ASKS: usize = 256;
/// How long each of the tasks is waited for at the end; half a second more than the loop may take.
const END_MAX: Duration = Duration::from_millis(4_500);
/// The most lines of history that one call reads.
const HISTORY_MAX: u32 = 10_000;

/// What alerting needs.
pub struct Parts {
    /// Where everything is durable; replicas share it.
    pub store: Arc<dyn Store>,
    /// A file of this machine for what is accepted while a shared store is away; `None` where the store is a file itself.
    pub local: Option<Arc<dyn Store>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where it runs. It outlives their shutdown: [`Alerting::stop`] ends it.
    pub tasks: Tasks,
    /// What is counted.
    pub metrics: Metrics,
    /// What is counted of attempts.
    pub notify: plimsoll_notify::Metrics,
}

/// How it is done.
#[derive(Clone, Debug)]
pub struct Options {
    /// Names this process among those that share the store; differs from start to start.
    pub owner: String,
    /// How long a replica may be silent before another one takes over; `None`: the store is not shared.
    pub silence_max: Option<Duration>,
    /// Where readers reach this server, without a slash at the end.
    pub external_url: String,
    /// How long expired silences are kept; Alertmanager's default is 120 h.
    pub retention: Duration,
}

/// A configuration that can be put into force.
pub struct Prepared {
    config: Arc<Config>,
    sender: Arc<Sender>,
}

/// Makes configurations ready; blocks on the disk for their templates. Clones share everything.
#[derive(Clone)]
pub struct Preparer {
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    notify: plimsoll_notify::Metrics,
}

impl Preparer {
    /// Reads the templates of a configuration.
    ///
    /// # Errors
    /// The first file that cannot be read or is no template.
    pub fn prepare(&self, config: Config) -> Result<Prepared, TemplateError> {
        let clock = Arc::clone(&self.clock);
        let templates = Templates::load(&config.templates, Arc::new(move || clock.now()))?;
        let (clock, tasks) = (Arc::clone(&self.clock), self.tasks.clone());
        let sender = Sender::new(templates, tasks, clock, self.notify.clone());
        Ok(Prepared {
            config: Arc::new(config),
            sender: Arc::new(sender),
        })
    }
}

impl Parts {
    /// Returns what makes configurations ready, also the first one.
    pub fn preparer(&self) -> Preparer {
        Preparer {
            clock: Arc::clone(&self.clock),
            tasks: self.tasks.clone(),
            notify: self.notify.clone(),
        }
    }
}

/// Alerting as it runs; clones share it.
#[derive(Clone)]
pub struct Alerting(Arc<Inner>);

struct Inner {
    engine: RwLock<Engine>,
    in_force: ArcSwap<InForce>,
    asks: mpsc::Sender<Ask>,
    store: Arc<dyn Store>,
    inbox: Inbox,
    health: Arc<Health>,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    metrics: Metrics,
    options: Options,
    started: Timestamp,
    shown: Shown,
    sink: Arc<RuleSink>,
    preparer: Preparer,
    /// The loop and what runs beside it, in the order in which they end, each with what ends it.
    running: std::sync::Mutex<Vec<(Shutdown, Task)>>,
}

/// What a reload changes.
struct InForce {
    config: Arc<Config>,
    sender: Arc<Sender>,
    since: Timestamp,
}

/// What the loop shows of itself.
#[derive(Debug, Default)]
struct Shown {
    is_leading: AtomicBool,
    is_degraded: AtomicBool,
    is_ready: AtomicBool,
}

impl Alerting {
    /// Starts with a configuration. Nothing is decided before the rows were read; what is posted until then is durable
    /// all the same.
    pub fn start(parts: Parts, options: Options, prepared: Prepared) -> Self {
        let preparer = parts.preparer();
        let Parts {
            store,
            local,
            clock,
            tasks,
            metrics,
            ..
        } = parts;
        let replica = options.silence_max.map(|silence_max| Replica {
            owner: options.owner.clone(),
            silence_max,
        });
        let keeper = Keeper::new(
            lease::ALERTING,
            Arc::clone(&store),
            Arc::clone(&clock),
            metrics.leases.clone(),
            replica,
        );
        let (asks, asked) = mpsc::channel(ASKS);
        let health = Arc::new(Health::default());
        let now = clock.now();
        let settings = options.settings(false);
        let inner = Arc::new(Inner {
            engine: RwLock::new(Engine::new(Arc::clone(&prepared.config), settings, now)),
            in_force: ArcSwap::from_pointee(InForce {
                config: prepared.config,
                sender: prepared.sender,
                since: now,
            }),
            asks,
            inbox: Inbox::new(
                Arc::clone(&store),
                local,
                Arc::clone(&clock),
                options.owner.clone(),
                Arc::clone(&health),
            ),
            store,
            health,
            sink: Arc::new(RuleSink::new(Arc::clone(&clock), metrics.clone())),
            clock,
            tasks,
            metrics,
            options,
            started: now,
            shown: Shown::default(),
            preparer,
            running: std::sync::Mutex::default(),
        });
        inner.metrics.named.in_force(&inner.in_force().config, now);
        let alerting = Self(inner);
        alerting.start_tasks(keeper, asked);
        alerting
    }

    /// Starts what runs. All of it outlives the shutdown of the tasks, until [`stop`](Self::stop) is called: requests
    /// that are finished and rules that are evaluated for the last time still find somebody to tell.
    fn start_tasks(&self, keeper: Keeper, asked: mpsc::Receiver<Ask>) {
        let inner = Arc::clone(&self.0);
        let standing = Arc::new(keeper.want("alerting"));
        let tasks = inner.tasks.clone();
        let stops = [(); 3].map(|()| Shutdown::new());
        let [no_more_notices, no_more_steps, no_more_leases] = stops.clone();
        let leases = tasks.spawn_loop("alerting leases", move |_| {
            keeper.clone().run(no_more_leases.clone())
        });
        let shell = Shell::new(Arc::clone(&inner), asked, standing, no_more_steps.clone());
        // A step that panics has left an engine that nobody should decide with: the next start has the rows.
        let running = tasks.spawn("alerting", OnPanic::Fatal, |_| shell.run(no_more_steps));
        let (sink, weak) = (Arc::clone(&inner.sink), Arc::downgrade(&inner));
        let sink = tasks.spawn_loop("alerting rule notices", move |_| {
            Arc::clone(&sink).run(weak.clone(), no_more_notices.clone())
        });
        let mut all = inner.running.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(stops.into_iter().zip([sink, running, leases]));
    }

    /// Makes another configuration ready and changes nothing yet. Blocks on the disk.
    ///
    /// # Errors
    /// As for [`Preparer::prepare`].
    pub fn prepare(&self, config: Config) -> Result<Prepared, TemplateError> {
        self.0.preparer.prepare(config)
    }

    /// Puts a configuration into force. Groups whose route stays keep their timers and what was told.
    pub async fn apply(&self, prepared: Prepared) {
        let inner = &self.0;
        let config = Arc::clone(&prepared.config);
        let since = inner.clock.now();
        inner.in_force.store(Arc::new(InForce {
            config: prepared.config,
            sender: prepared.sender,
            since,
        }));
        inner.metrics.named.in_force(&config, since);
        let (reply, answered) = oneshot::channel();
        if inner.asks.send(Ask::Reload { config, reply }).await.is_ok() {
            // When the loop is gone the program ends.
            let _ = answered.await;
        }
    }

    /// Returns where the rule engine's notices go.
    pub fn sink(&self) -> Arc<dyn AlertSink> {
        Arc::clone(&self.0.sink) as Arc<dyn AlertSink>
    }

    /// Ends it, after everybody who posts: what the rule engine said is taken, all is durable that can be, and nothing is
    /// sent any more. Then the store may be closed.
    pub async fn stop(&self) {
        let running = self.0.running.lock();
        let running = running.unwrap_or_else(PoisonError::into_inner).clone();
        for (stop, mut task) in running {
            stop.trigger();
            // One that hangs keeps the next from its end, and with it a lease from others, no longer than this. A panic has
            // been logged; it is over as well.
            tokio::select! {
                _ = task.wait() => {}
                () = self.0.clock.sleep(END_MAX) => {}
            }
        }
    }

    async fn ask<T>(&self, ask: impl FnOnce(ask::Reply<T>) -> Ask) -> Result<T, Unavailable> {
        let (reply, answer) = oneshot::channel();
        let stopping = || Unavailable("the server is stopping".into());
        let sent = self.0.asks.send(ask(reply)).await;
        sent.map_err(|_| stopping())?;
        answer.await.unwrap_or_else(|_| Err(stopping()))
    }
}

impl surface::Alerting for Alerting {
    fn post(&self, posts: Vec<Post>) -> Answer<'_, Vec<Refusal>> {
        Box::pin(self.ask(|reply| Ask::Post { posts, reply }))
    }

    fn set_silence(&self, draft: Draft) -> Answer<'_, Result<SilenceId, SilenceError>> {
        let wish = SilenceWish::Set(Box::new(draft));
        Box::pin(self.ask(|reply| Ask::Silence { wish, reply }))
    }

    fn expire_silence(&self, id: SilenceId) -> Answer<'_, Result<SilenceId, SilenceError>> {
        let wish = SilenceWish::Expire(id);
        Box::pin(self.ask(|reply| Ask::Silence { wish, reply }))
    }

    fn read(&self, look: &mut dyn FnMut(&Engine, Timestamp)) {
        look(&self.0.engine(), self.0.clock.now());
    }

    fn count_invalid(&self, count: usize) {
        self.0.metrics.named.invalid(count as u64);
    }

    fn history(&self, count: u32) -> Answer<'_, Vec<HistoryRow>> {
        Box::pin(async move {
            let newest = plimsoll_state::rows::alerting::HistoryRow::newest(count.min(HISTORY_MAX));
            let read = self.0.store.rows(newest).await;
            let read = read.map_err(|error| Unavailable(error.chain()))?;
            Ok(rows::from_history(read))
        })
    }

    fn status(&self) -> Status {
        let in_force = self.0.in_force();
        let shown = &self.0.shown;
        Status {
            config: Arc::clone(&in_force.config),
            config_since: in_force.since,
            name: self.0.options.owner.clone(),
            started: self.0.started,
            is_leading: shown.is_leading.load(Ordering::Relaxed),
            is_degraded: shown.is_degraded.load(Ordering::Relaxed),
            is_ready: shown.is_ready.load(Ordering::Relaxed),
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

    fn in_force(&self) -> Arc<InForce> {
        self.in_force.load_full()
    }

    fn has_replicas(&self) -> bool {
        self.options.silence_max.is_some()
    }
}

impl Options {
    fn settings(&self, is_leading: bool) -> Settings {
        Settings {
            external_url: self.external_url.clone(),
            retention: self.retention,
            is_leading,
        }
    }
}

impl Shown {
    fn set(&self, phase: Phase, is_degraded: bool) {
        let is_leading = matches!(phase, Phase::Leading | Phase::Alone);
        self.is_leading.store(is_leading, Ordering::Relaxed);
        self.is_degraded.store(is_degraded, Ordering::Relaxed);
        self.is_ready
            .store(phase != Phase::Reading, Ordering::Relaxed);
    }
}
