//! The groups that run, and how another configuration changes them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use plimsoll_rules::view::{GroupView, RuleViews};
use plimsoll_rules::{Globals, Group, GroupKey};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::config::{Diagnostic, Diagnostics};
use plimsoll_runtime::tasks::{OnPanic, Task, Tasks};
use plimsoll_state::{DecisionRow, Store};
use plimsoll_types::{Appender, Decision};
use tokio::sync::watch;

use crate::append::Samples;
use crate::asker::{Asker, Asking};
use crate::context::{Context, Outage};
use crate::evaluate::Tools;
use crate::group::GroupTask;
use crate::lane::Lane;
use crate::lease::{self, Keeper, Replica};
use crate::load::RuleSet;
use crate::metrics::Metrics;
use crate::settings::{Settings, Wanted};
use crate::shown::Shown;
use crate::sink::AlertSink;
use crate::{alive, orphans};

/// What the evaluation of rules needs.
pub struct Parts {
    /// How queries are asked.
    pub asker: Asker,
    /// Where samples go.
    pub appender: Arc<dyn Appender>,
    /// Where the state of alerts is kept.
    pub store: Arc<dyn Store>,
    /// Where notices go.
    pub sink: Arc<dyn AlertSink>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where groups run; they stop with its shutdown.
    pub tasks: Tasks,
    /// What is counted.
    pub metrics: Metrics,
    /// How it is done.
    pub options: Options,
}

/// How rules are evaluated.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many rules are evaluated at the same time, over all groups, at least 1; 4.
    pub concurrency: usize,
    /// After a longer time without evaluation alerts that were pending pend anew; 1 h. Those that fire go on.
    pub outage_tolerance: Duration,
    /// Names this process among those that share the store; differs from start to start.
    pub owner: String,
    /// How long a replica may be silent before another one takes its groups over; `None`: the store is not shared.
    pub silence_max: Option<Duration>,
}

/// Evaluates rule groups. Clones share them.
#[derive(Clone)]
pub struct Rules(Arc<Inner>);

struct Inner {
    context: Arc<Context>,
    groups: Mutex<BTreeMap<GroupKey, Handle>>,
    /// What runs beside the groups.
    beside: Mutex<Vec<Task>>,
}

/// A group that runs, or that is being ended.
struct Handle {
    wanted: watch::Sender<Wanted>,
    shown: Arc<Shown>,
    task: Task,
}

/// The groups of a configuration, good and ready to be put into force.
pub struct Prepared {
    groups: BTreeMap<GroupKey, Arc<Settings>>,
    /// What is accepted and most likely not meant.
    pub warnings: Vec<Diagnostic>,
}

/// How long a query may be overdue, beyond its own timeout, before its turn goes to others.
const GRACE: Duration = Duration::from_secs(10);

impl Rules {
    /// Starts without any group. Waits for the store for a few seconds at most.
    pub async fn start(parts: Parts) -> Self {
        let Parts {
            asker,
            appender,
            store,
            sink,
            clock,
            tasks,
            metrics,
            options,
        } = parts;
        let outage = Outage {
            lasted: alive::outage(store.as_ref(), clock.as_ref()).await,
            ended: clock.now(),
            tolerance: options.outage_tolerance,
        };
        let replica = options.silence_max.map(|silence_max| Replica {
            owner: options.owner.clone(),
            silence_max,
        });
        let patience = asker.engine.options().timeout + GRACE;
        let context = Arc::new(Context {
            lane: Lane::new(
                options.concurrency,
                patience,
                Arc::clone(&clock),
                tasks.clone(),
                metrics.clone(),
            ),
            tools: Tools::new(asker, Samples::new(appender, metrics.clone())),
            keeper: Keeper::new(
                lease::RULES,
                Arc::clone(&store),
                Arc::clone(&clock),
                metrics.leases.clone(),
                replica,
            ),
            outage,
            store,
            sink,
            clock,
            tasks,
            metrics,
        });
        let rules = Self(Arc::new(Inner {
            context,
            groups: Mutex::default(),
            beside: Mutex::default(),
        }));
        rules.start_tasks(options.owner);
        rules
    }

    /// Returns the turns in which rules are evaluated, and what asks their queries: what asks beside them takes its turns.
    pub(crate) fn lane(&self) -> (Lane, Arc<Asking>) {
        let context = &self.0.context;
        (context.lane.clone(), Arc::clone(&context.tools.asking))
    }

    fn start_tasks(&self, owner: String) {
        let context = Arc::clone(&self.0.context);
        let tasks = context.tasks.clone();
        let keeper = context.keeper.clone();
        let leases = tasks.spawn_loop("rule leases", move |stop| keeper.clone().run(stop));
        let tools = context.tools.clone();
        tasks.spawn("rule cancel", OnPanic::Report, |stop| async move {
            stop.wait().await;
            tools.cancel();
        });
        let mark = tasks.spawn_loop("rule mark", move |stop| {
            let (store, clock) = (Arc::clone(&context.store), Arc::clone(&context.clock));
            alive::mark(store, clock, owner.clone(), stop)
        });
        let mut beside = self.0.beside.lock().unwrap_or_else(PoisonError::into_inner);
        beside.extend([leases, mark]);
    }

    /// Reads and checks the rule files of a configuration, and prepares their groups. Blocks on the disk, and for as long as
    /// it takes to look at every rule.
    ///
    /// # Errors
    /// What is wrong with any of the files.
    pub fn prepare(&self, files: &[PathBuf], globals: Globals) -> Result<Prepared, Diagnostics> {
        let set = RuleSet::load(files, &self.0.context.tools.asking.asker.features)?;
        Ok(self.prepared(set, globals))
    }

    fn prepared(&self, set: RuleSet, globals: Globals) -> Prepared {
        let globals = Arc::new(globals);
        let mut groups = BTreeMap::new();
        for loaded in set.groups {
            let key = GroupKey::new(loaded.file, loaded.definition.name.as_str());
            let settings = self.unchanged(&key, &loaded.definition, &globals);
            let settings = settings.unwrap_or_else(|| {
                Arc::new(Settings::new(&key, loaded.definition, Arc::clone(&globals)))
            });
            groups.insert(key, settings);
        }
        Prepared {
            groups,
            warnings: set.warnings,
        }
    }

    /// Returns what a group runs with, if the configuration wants the same of it.
    fn unchanged(
        &self,
        key: &GroupKey,
        wanted: &Group,
        globals: &Globals,
    ) -> Option<Arc<Settings>> {
        let groups = self.0.groups();
        let wanted_now = groups.get(key)?.wanted.borrow();
        let settings = wanted_now.settings()?;
        settings
            .is_same(wanted, globals)
            .then(|| Arc::clone(settings))
    }

    /// Puts groups into force: those that are the same go on untouched, changed ones keep what they know, new ones
    /// begin at their next slot, and the series of those that are gone are ended after two intervals.
    pub fn apply(&self, prepared: Prepared) {
        let is_first = self.0.groups().is_empty();
        let mut groups = self.0.groups();
        // Before any group of another name begins, which may write the same series.
        let since = self.0.context.clock.now();
        for (key, handle) in groups.iter() {
            if !prepared.groups.contains_key(key) {
                handle.wanted.send_if_modified(|wanted| {
                    let was_wanted = wanted.settings().is_some();
                    if was_wanted {
                        *wanted = Wanted::End { since };
                    }
                    was_wanted
                });
            }
        }
        for (key, settings) in prepared.groups {
            match groups.get(&key) {
                Some(handle) => handle.want(settings),
                None => {
                    let handle = self.spawn(&key, settings);
                    groups.insert(key, handle);
                }
            }
        }
        drop(groups);
        if is_first {
            self.look_for_orphans();
        }
    }

    fn spawn(&self, key: &GroupKey, settings: Arc<Settings>) -> Handle {
        let context = Arc::clone(&self.0.context);
        let shown = Arc::new(Shown::new(settings.view(key), context.metrics.clone()));
        let (wanted, told) = watch::channel(Wanted::Run(settings));
        let kept = Arc::clone(&shown);
        let (inner, key) = (Arc::downgrade(&self.0), key.clone());
        let mut since = Some(context.clock.now());
        let tasks = context.tasks.clone();
        let task = tasks.spawn_loop("rule group", move |stop| {
            let since = since.take().unwrap_or_else(|| context.clock.now());
            let task = GroupTask::new(
                Arc::clone(&context),
                key.clone(),
                told.clone(),
                Arc::clone(&shown),
                since,
            );
            let (inner, key) = (Weak::clone(&inner), key.clone());
            task.run(move || retire(&inner, &key), stop)
        });
        Handle {
            wanted,
            shown: kept,
            task,
        }
    }

    fn look_for_orphans(&self) {
        let inner = Arc::downgrade(&self.0);
        let context = Arc::clone(&self.0.context);
        self.0
            .context
            .tasks
            .spawn("rule orphans", OnPanic::Report, |stop| {
                let is_known = move |key: &GroupKey| {
                    let inner = inner.upgrade();
                    inner.is_none_or(|inner| inner.groups().contains_key(key))
                };
                orphans::delete(context, is_known, stop)
            });
    }

    /// Waits until nothing is evaluated any more, after the shutdown of its tasks: then the store may be closed.
    pub async fn stopped(&self) {
        let mut tasks: Vec<Task> = self
            .0
            .groups()
            .values()
            .map(|handle| handle.task.clone())
            .collect();
        let beside = self
            .0
            .beside
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        tasks.extend(beside);
        for mut task in tasks {
            // A panic has been logged; it is over as well.
            let _ = task.wait().await;
        }
    }

    /// Returns the newest decisions, the last one first.
    ///
    /// # Errors
    /// When the store of state cannot be read.
    pub async fn decisions(&self, count: u32) -> Result<Vec<Decision>, plimsoll_state::Error> {
        self.read_decisions(DecisionRow::newest(count)).await
    }

    /// Returns the newest decisions about one subject, the last one first: of an alert, its labels as they are printed.
    ///
    /// # Errors
    /// As [`decisions`](Self::decisions).
    pub async fn decisions_about(
        &self,
        subject: &str,
        count: u32,
    ) -> Result<Vec<Decision>, plimsoll_state::Error> {
        self.read_decisions(DecisionRow::about(subject, count))
            .await
    }

    async fn read_decisions(
        &self,
        rows: plimsoll_state::Rows<DecisionRow>,
    ) -> Result<Vec<Decision>, plimsoll_state::Error> {
        let rows = self.0.context.store.rows(rows).await?;
        Ok(rows.into_iter().map(crate::rows::from_decision).collect())
    }
}

/// Forgets a group that ended, unless it is wanted again meanwhile; says whether it is forgotten.
fn retire(inner: &Weak<Inner>, key: &GroupKey) -> bool {
    let Some(inner) = inner.upgrade() else {
        return true;
    };
    let mut groups = inner.groups();
    let is_wanted = groups
        .get(key)
        .is_some_and(|handle| handle.wanted.borrow().settings().is_some());
    if !is_wanted {
        groups.remove(key);
    }
    !is_wanted
}

impl Inner {
    fn groups(&self) -> MutexGuard<'_, BTreeMap<GroupKey, Handle>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handle {
    /// Tells the group what is wanted, unless it is what it has.
    fn want(&self, settings: Arc<Settings>) {
        self.wanted.send_if_modified(|wanted| {
            let is_same = wanted
                .settings()
                .is_some_and(|now| Arc::ptr_eq(now, &settings));
            *wanted = Wanted::Run(settings);
            !is_same
        });
    }
}

impl RuleViews for Rules {
    fn groups(&self) -> Vec<Arc<GroupView>> {
        let groups = self.0.groups();
        let wanted = groups
            .values()
            .filter(|handle| handle.wanted.borrow().settings().is_some());
        wanted.filter_map(|handle| handle.shown.get()).collect()
    }
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.groups().keys()).finish()
    }
}
