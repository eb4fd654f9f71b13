//! A process that evaluates rules, and what it shares with those before and beside it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use plimsoll_control::{AlertSink, Asker, Metrics, Options, Parts, Rules};
use plimsoll_promql::{Engine, Features, MemoryBudget};
use plimsoll_rules::view::{GroupView, RuleViews};
use plimsoll_rules::{Globals, GroupKey, Schedule};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_state::{
    Answer, Cell, Change, Error, ErrorKind, Holder, Lease, Query, Retention, Store,
};
use plimsoll_testkit::{FakeClock, MemoryStore};
use plimsoll_types::{
    Alert, Appended, Appender, Commit, Durability, Exemplar, Labels, Matcher, Metadata, Queryable,
    Sample, Selection, SeriesRef, StorageError, TimeRange, Timestamp, WriteBatch, Written,
};

pub(crate) const INTERVAL: Duration = Duration::from_secs(10);
/// The tasks of rules that wait; all else that has a name computes, on a thread of its own.
const ASYNCHRONOUS: [&str; 5] = [
    "rule group",
    "rule leases",
    "rule mark",
    "rule orphans",
    "rule cancel",
];
pub(crate) const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// What outlives a process: time, samples, state and rule files.
#[derive(Clone)]
pub(crate) struct Lasting {
    pub(crate) clock: FakeClock,
    pub(crate) samples: MemoryStore,
    pub(crate) state: plimsoll_state::MemoryStore,
    files: Arc<tempfile::TempDir>,
}

/// A process.
pub(crate) struct World {
    pub(crate) lasting: Lasting,
    pub(crate) rules: Rules,
    pub(crate) state: Arc<Away>,
    pub(crate) storage: Arc<Storage>,
    pub(crate) sink: Arc<Recorder>,
    pub(crate) registry: Registry,
    tasks: Tasks,
    shutdown: Shutdown,
}

impl Lasting {
    pub(crate) fn new() -> Self {
        let clock = FakeClock::new(START);
        Self {
            samples: MemoryStore::new(),
            state: plimsoll_state::MemoryStore::new(Arc::new(clock.clone()), Retention::default()),
            clock,
            files: Arc::new(tempfile::tempdir().unwrap()),
        }
    }

    /// Writes a rule file; returns its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.files.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn key(&self, file: &str, group: &str) -> GroupKey {
        let path = self.files.path().join(file);
        GroupKey::new(path.to_str().unwrap(), group)
    }

    /// Stores a sample at the present.
    pub(crate) fn put(&self, labels: &[(&str, &str)], value: f64) {
        let pairs = labels.iter().map(|(name, value)| (*name, *value));
        let series = self.samples.resolve(&Labels::from_pairs(pairs)).unwrap();
        let batch = WriteBatch {
            samples: vec![(series, Sample::float(self.clock.now(), value))],
            ..WriteBatch::default()
        };
        drop(self.samples.append(&batch, Durability::Synced).unwrap());
    }

    /// Starts a process; with `silence_max` it is one of several replicas.
    pub(crate) async fn start(&self, owner: &str, silence_max: Option<Duration>) -> World {
        let (registry, shutdown) = (Registry::new(), Shutdown::new());
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let state = Arc::new(Away {
            store: self.state.clone(),
            is_away: AtomicBool::new(false),
        });
        let storage = Arc::new(Storage {
            store: self.samples.clone(),
            clock: self.clock.clone(),
            is_dead: AtomicBool::new(false),
            panics: AtomicBool::new(false),
            takes_millis: AtomicU64::new(0),
            always_takes_millis: AtomicU64::new(0),
            hangs: Hanging::default(),
            meeting: Meeting::default(),
        });
        let sink = Arc::new(Recorder::default());
        let tasks = Tasks::new(shutdown.clone(), clock.clone(), &registry);
        let parts = Parts {
            asker: Asker {
                engine: Engine::default(),
                storage: storage.clone(),
                clock: clock.clone(),
                memory: MemoryBudget::unlimited(),
                features: Features::default(),
            },
            appender: storage.clone(),
            store: state.clone(),
            sink: sink.clone(),
            tasks: tasks.clone(),
            clock,
            metrics: Metrics::new(&registry),
            options: Options {
                concurrency: 2,
                outage_tolerance: Duration::from_hours(1),
                owner: owner.into(),
                silence_max,
            },
        };
        World {
            lasting: self.clone(),
            rules: Rules::start(parts).await,
            state,
            storage,
            sink,
            registry,
            tasks,
            shutdown,
        }
    }
}

impl World {
    /// Puts rule files into force.
    pub(crate) fn apply(&self, files: &[PathBuf]) -> Result<(), String> {
        let globals = Globals {
            interval: INTERVAL,
            ..Globals::default()
        };
        let prepared = self.rules.prepare(files, globals);
        self.rules
            .apply(prepared.map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Moves time to the next slot of a group and waits until it was evaluated.
    pub(crate) async fn slot(&self, key: &GroupKey) -> Timestamp {
        let slot = self.begin_slot(key);
        self.until("the slot is evaluated", || {
            self.view(key)
                .is_some_and(|view| view.last_slot >= Some(slot))
        })
        .await;
        slot
    }

    /// Moves time to the next slot of a group.
    pub(crate) fn begin_slot(&self, key: &GroupKey) -> Timestamp {
        let schedule = Schedule::new(key, INTERVAL);
        let now = self.lasting.clock.now();
        let slot = schedule.first(now);
        let wait = slot.millis_since(now) as u64;
        self.lasting.clock.advance(Duration::from_millis(wait));
        slot
    }

    pub(crate) fn view(&self, key: &GroupKey) -> Option<Arc<GroupView>> {
        let groups = self.rules.groups();
        groups.into_iter().find(|view| view.key == *key)
    }

    /// Returns the states of all alerts of a group, sorted by labels.
    pub(crate) fn alerts(&self, key: &GroupKey) -> Vec<(String, &'static str, Timestamp)> {
        let view = self.view(key).expect("a group");
        let rules = view.rules.iter().filter_map(|rule| rule.alerting.as_ref());
        let alerts = rules.flat_map(|alerting| &alerting.alerts);
        let mut shown: Vec<_> = alerts
            .map(|alert| {
                (
                    alert.labels.to_string(),
                    alert.state.as_str(),
                    alert.active_at,
                )
            })
            .collect();
        shown.sort();
        shown
    }

    /// Waits until a condition holds; other tasks run meanwhile, time does not.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        until(what, holds).await;
    }

    /// Says whether the metrics have this line.
    pub(crate) fn counts(&self, line: &str) -> bool {
        self.registry.render().lines().any(|found| found == line)
    }

    /// Says whether something is being evaluated on a thread of its own.
    pub(crate) fn computes(&self) -> bool {
        let left = self.tasks.join(Duration::ZERO).now_or_never();
        let running = left.and_then(Result::err).map(|left| left.running);
        running.is_some_and(|running| running.iter().any(|name| !ASYNCHRONOUS.contains(name)))
    }

    /// Stops as a signal would.
    pub(crate) async fn stop(self) {
        self.shutdown.trigger();
        self.rules.stopped().await;
    }

    /// From now on nothing that the process does has an effect but on the store of state: what a crash between the
    /// commit and everything after it leaves.
    pub(crate) fn die_after_commits(&self) {
        self.storage.is_dead.store(true, Ordering::SeqCst);
        self.sink.is_dead.store(true, Ordering::SeqCst);
    }
}

pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..20_000_000_u32 {
        if holds() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("waited in vain until {what}");
}

/// Remembers what was sent.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) sent: Mutex<Vec<Alert>>,
    is_dead: AtomicBool,
}

impl Recorder {
    pub(crate) fn take(&self) -> Vec<Alert> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }
}

impl AlertSink for Recorder {
    fn send(&self, alerts: Vec<Alert>) {
        if !self.is_dead.load(Ordering::SeqCst) {
            self.sent.lock().unwrap().extend(alerts);
        }
    }
}

/// A store of state that can be out of reach for one process.
pub(crate) struct Away {
    store: plimsoll_state::MemoryStore,
    is_away: AtomicBool,
}

impl Away {
    pub(crate) fn set(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    fn check<'a, T: Send + 'a>(&'a self, answer: Answer<'a, T>) -> Answer<'a, T> {
        Box::pin(async move {
            match self.is_away.load(Ordering::SeqCst) {
                true => Err(Error::new(ErrorKind::Unavailable, "out of reach")),
                false => answer.await,
            }
        })
    }
}

impl Store for Away {
    fn commit(&self, lease: Option<&Lease>, changes: Vec<Change>) -> Answer<'_, ()> {
        self.check(self.store.commit(lease, changes))
    }

    fn read(&self, query: Query) -> Answer<'_, Vec<Vec<Cell>>> {
        self.check(self.store.read(query))
    }

    fn acquire(&self, name: &str, owner: &str, ttl: Duration) -> Answer<'_, Option<Lease>> {
        self.check(self.store.acquire(name, owner, ttl))
    }

    fn renew(&self, lease: &Lease, ttl: Duration) -> Answer<'_, Option<Lease>> {
        self.check(self.store.renew(lease, ttl))
    }

    fn release(&self, lease: &Lease) -> Answer<'_, ()> {
        self.check(self.store.release(lease))
    }

    fn holders(&self) -> Answer<'_, Vec<Holder>> {
        self.check(self.store.holders())
    }

    fn place(&self) -> String {
        self.store.place()
    }

    fn close(&self) -> Answer<'_, ()> {
        self.check(self.store.close())
    }
}

/// Samples that a process reads and writes; it may take its time, and it may die.
pub(crate) struct Storage {
    store: MemoryStore,
    clock: FakeClock,
    is_dead: AtomicBool,
    panics: AtomicBool,
    takes_millis: AtomicU64,
    always_takes_millis: AtomicU64,
    pub(crate) hangs: Hanging,
    pub(crate) meeting: Meeting,
}

/// Look-ups of the metric `hang` wait while it is set: as for a disk that does not answer, nothing else ends them.
#[derive(Default)]
pub(crate) struct Hanging {
    is_set: Mutex<bool>,
    waiting: AtomicU64,
    changed: Condvar,
}

impl Hanging {
    pub(crate) fn set(&self, is_set: bool) {
        *self.is_set.lock().unwrap() = is_set;
        self.changed.notify_all();
    }

    /// Returns how many have come to wait.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::SeqCst)
    }

    fn pass(&self, matchers: &[Matcher]) {
        if matchers.iter().any(|matcher| matcher.value() == "hang") {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            let is_set = self.is_set.lock().unwrap();
            drop(self.changed.wait_while(is_set, |is_set| *is_set).unwrap());
        }
    }
}

/// Look-ups of the metric `meet` wait for each other, two by two, once it is on.
#[derive(Default)]
pub(crate) struct Meeting {
    is_on: AtomicBool,
    inside: Mutex<usize>,
    changed: Condvar,
}

impl Meeting {
    /// So long one waits in vain before the test has failed.
    const PATIENCE: Duration = Duration::from_secs(20);

    pub(crate) fn turn_on(&self) {
        self.is_on.store(true, Ordering::SeqCst);
    }

    /// Says how many came and met somebody.
    pub(crate) fn met(&self) -> usize {
        *self.inside.lock().unwrap()
    }

    fn pass(&self, matchers: &[Matcher]) {
        let is_meant = matchers.iter().any(|matcher| matcher.value() == "meet");
        if !is_meant || !self.is_on.load(Ordering::SeqCst) {
            return;
        }
        let mut inside = self.inside.lock().unwrap();
        *inside += 1;
        let wanted = inside.next_multiple_of(2);
        self.changed.notify_all();
        let waited = self
            .changed
            .wait_timeout_while(inside, Self::PATIENCE, |inside| *inside < wanted);
        assert!(
            !waited.unwrap().1.timed_out(),
            "nobody else asks at the same time"
        );
    }
}

impl Storage {
    /// Makes the next look-up take so long, and it alone.
    pub(crate) fn take_time_once(&self, time: Duration) {
        let millis = time.as_millis() as u64;
        self.takes_millis.store(millis, Ordering::SeqCst);
    }

    /// Makes every look-up take so long from now on.
    pub(crate) fn take_time(&self, time: Duration) {
        let millis = time.as_millis() as u64;
        self.always_takes_millis.store(millis, Ordering::SeqCst);
    }

    /// Makes the next writing of samples panic, and it alone.
    pub(crate) fn panic_once(&self) {
        self.panics.store(true, Ordering::SeqCst);
    }
}

impl Appender for Storage {
    fn resolve(&self, labels: &Labels) -> Result<SeriesRef, StorageError> {
        self.store.resolve(labels)
    }

    fn append(&self, batch: &WriteBatch, durability: Durability) -> Result<Appended, StorageError> {
        assert!(
            !self.panics.swap(false, Ordering::SeqCst),
            "a panic that a test wants"
        );
        if !self.is_dead.load(Ordering::SeqCst) {
            return self.store.append(batch, durability);
        }
        let commit: Commit = Box::pin(std::future::pending());
        Ok(Appended {
            written: Written::default(),
            rejected: Vec::new(),
            commit,
        })
    }
}

impl Queryable for Storage {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Selection, StorageError> {
        self.hangs.pass(matchers);
        self.meeting.pass(matchers);
        let time = self.takes_millis.swap(0, Ordering::SeqCst)
            + self.always_takes_millis.load(Ordering::SeqCst);
        self.clock.advance(Duration::from_millis(time));
        self.store.select(matchers, range)
    }

    fn series(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<Labels>, StorageError> {
        self.store.series(selectors, range, limit)
    }

    fn label_names(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<String>, StorageError> {
        self.store.label_names(selectors, range, limit)
    }

    fn label_values(
        &self,
        name: &str,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<String>, StorageError> {
        self.store.label_values(name, selectors, range, limit)
    }

    fn exemplars(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
    ) -> Result<Vec<(Labels, Vec<Exemplar>)>, StorageError> {
        self.store.exemplars(selectors, range)
    }

    fn metadata(
        &self,
        metric: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<Metadata>)>, StorageError> {
        self.store.metadata(metric, limit)
    }
}
