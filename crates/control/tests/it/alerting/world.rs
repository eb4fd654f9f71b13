//! Processes that route alerts, what they share, and a receiver that behaves as told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use plimsoll_alerting::config::{self, Config};
use plimsoll_alerting::surface::Alerting as _;
use plimsoll_alerting::{AlertQuery, Draft, MatcherSets, Post};
use plimsoll_control::alerting::{Alerting, Metrics, Options, Parts};
use plimsoll_runtime::clock::{Clock, Monotonic, SystemClock};
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_state::{
    Answer, Cell, Change, Error, ErrorKind, Holder, Lease, MemoryStore, Query, Retention, Store,
};
use plimsoll_testkit::FakeClock;
use plimsoll_types::{Alert, Annotations, Labels, Matcher, Timestamp};
use tokio::runtime::Runtime;

pub(crate) const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(15);
/// What happens in real time (requests, files, threads that compute) is waited for so long before the test has failed; the
/// time of the processes stands still meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);
/// What a process does for as long as it lives; all its other tasks come to an end.
const FOR_LIFE: [&str; 3] = ["alerting", "alerting leases", "alerting rule notices"];
/// How far time moves at once.
const STEP: Duration = Duration::from_millis(500);

/// A request that the receiver got.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// Its idempotency key.
    pub(crate) key: String,
    pub(crate) body: serde_json::Value,
    /// When it came.
    pub(crate) at: Timestamp,
}

impl Told {
    /// Returns the names of its alerts with their status.
    pub(crate) fn alerts(&self) -> Vec<String> {
        let alerts = self.body["alerts"].as_array().unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let alert = |alert: &serde_json::Value| {
            let name = text(&alert["labels"]["alertname"]);
            format!("{name} {}", text(&alert["status"]))
        };
        let mut alerts: Vec<String> = alerts.iter().map(alert).collect();
        alerts.sort();
        alerts
    }

    pub(crate) fn is_degraded(&self) -> bool {
        self.body.to_string().contains("degraded")
    }
}

/// A webhook on loopback.
#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) url: String,
    told: Arc<Mutex<Vec<Told>>>,
    behaviour: Arc<AtomicU8>,
}

const TAKES: u8 = 0;
const SILENT: u8 = 1;
const FAILS: u8 = 2;

impl Hook {
    fn start(clock: FakeClock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let hook = Self {
            url: format!("http://{}/", listener.local_addr().unwrap()),
            told: Arc::default(),
            behaviour: Arc::default(),
        };
        let serving = hook.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (hook, clock) = (serving.clone(), clock.clone());
                thread::spawn(move || hook.serve(stream.unwrap(), &clock));
            }
        });
        hook
    }

    fn serve(&self, stream: TcpStream, clock: &FakeClock) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut writer = stream;
        loop {
            let (mut length, mut key) = (0, String::new());
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).ok()? == 0 {
                    return None;
                }
                let line = line.trim_end();
                if line.is_empty() {
                    break;
                }
                let (name, value) = line.split_once(": ").unwrap_or((line, ""));
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse().unwrap(),
                    "idempotency-key" => key = value.to_owned(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).ok()?;
            let told = Told {
                key,
                body: serde_json::from_slice(&body).unwrap(),
                at: clock.now(),
            };
            self.told.lock().unwrap().push(told);
            let status = match self.behaviour.load(Ordering::SeqCst) {
                SILENT => return std::iter::repeat_with(thread::park).last(),
                FAILS => "503 Service Unavailable",
                _ => "200 OK",
            };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            writer.write_all(answer.as_bytes()).ok()?;
        }
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    /// Returns what each request said, in their order.
    pub(crate) fn said(&self) -> Vec<Vec<String>> {
        self.told().iter().map(Told::alerts).collect()
    }

    pub(crate) fn takes(&self) {
        self.behaviour.store(TAKES, Ordering::SeqCst);
    }

    pub(crate) fn is_silent(&self) {
        self.behaviour.store(SILENT, Ordering::SeqCst);
    }

    pub(crate) fn fails(&self) {
        self.behaviour.store(FAILS, Ordering::SeqCst);
    }
}

/// A store that one process can lose sight of, that can be full, and that a process that is killed asks no more.
pub(crate) struct Faulty {
    store: Arc<dyn Store>,
    fault: AtomicU8,
    /// How many questions wait for their answer.
    asked: AtomicUsize,
}

/// A question to the store, until it is answered or not waited for any more.
struct Asked<'a>(&'a AtomicUsize);

impl<'a> Asked<'a> {
    fn count(asked: &'a AtomicUsize) -> Self {
        asked.fetch_add(1, Ordering::SeqCst);
        Self(asked)
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

const AWAY: u8 = 1;
const FULL: u8 = 2;
const DEAD: u8 = 3;

impl Faulty {
    fn over(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store,
            fault: AtomicU8::new(0),
            asked: AtomicUsize::new(0),
        })
    }

    pub(crate) fn works(&self) {
        self.fault.store(0, Ordering::SeqCst);
    }

    pub(crate) fn is_away(&self) {
        self.fault.store(AWAY, Ordering::SeqCst);
    }

    pub(crate) fn is_full(&self) {
        self.fault.store(FULL, Ordering::SeqCst);
    }

    fn check<'a, T: Send + 'a>(
        &'a self,
        is_write: bool,
        answer: impl FnOnce() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            let _asked = Asked::count(&self.asked);
            match self.fault.load(Ordering::SeqCst) {
                AWAY => Err(Error::new(ErrorKind::Unavailable, "out of reach")),
                FULL if is_write => Err(Error::new(ErrorKind::NoSpace, "the disk is full")),
                DEAD => std::future::pending().await,
                _ => answer().await,
            }
        })
    }
}

impl Store for Faulty {
    fn commit(&self, lease: Option<&Lease>, changes: Vec<Change>) -> Answer<'_, ()> {
        let lease = lease.cloned();
        Box::pin(async move {
            let _asked = Asked::count(&self.asked);
            let commit = || self.store.commit(lease.as_ref(), changes);
            match self.fault.load(Ordering::SeqCst) {
                0 => commit().await,
                _ => self.check(true, || Box::pin(async { Ok(()) })).await,
            }
        })
    }

    fn read(&self, query: Query) -> Answer<'_, Vec<Vec<Cell>>> {
        self.check(false, || self.store.read(query))
    }

    fn acquire(&self, name: &str, owner: &str, ttl: Duration) -> Answer<'_, Option<Lease>> {
        let (name, owner) = (name.to_owned(), owner.to_owned());
        let store = Arc::clone(&self.store);
        self.check(true, move || {
            Box::pin(async move { store.acquire(&name, &owner, ttl).await })
        })
    }

    fn renew(&self, lease: &Lease, ttl: Duration) -> Answer<'_, Option<Lease>> {
        let (lease, store) = (lease.clone(), Arc::clone(&self.store));
        self.check(true, move || {
            Box::pin(async move { store.renew(&lease, ttl).await })
        })
    }

    fn release(&self, lease: &Lease) -> Answer<'_, ()> {
        let (lease, store) = (lease.clone(), Arc::clone(&self.store));
        self.check(true, move || {
            Box::pin(async move { store.release(&lease).await })
        })
    }

    fn holders(&self) -> Answer<'_, Vec<Holder>> {
        self.check(false, || self.store.holders())
    }

    fn place(&self) -> String {
        self.store.place()
    }

    fn close(&self) -> Answer<'_, ()> {
        self.check(true, || self.store.close())
    }
}

/// What outlives processes: time, the shared store, the receiver.
pub(crate) struct Town {
    pub(crate) clock: FakeClock,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hook: Hook,
}

impl Town {
    pub(crate) fn new() -> Self {
        let clock = FakeClock::new(START);
        let store = MemoryStore::new(Arc::new(clock.clone()), Retention::default());
        Self::over(clock, Arc::new(store))
    }

    pub(crate) fn over(clock: FakeClock, store: Arc<dyn Store>) -> Self {
        Self {
            hook: Hook::start(clock.clone()),
            clock,
            store,
        }
    }

    /// Returns a configuration that tells the receiver of everything; `more` is put below the route.
    pub(crate) fn config(&self, more: &str) -> Config {
        let text = format!(
            "route:\n  receiver: hook\n  group_by: [alertname]\n  group_wait: 10s\n  group_interval: 1m\n  \
             repeat_interval: 4h\n{more}\nreceivers:\n- name: hook\n  webhook_configs:\n  - url: {}\n",
            self.hook.url
        );
        let loaded = config::parse(
            Path::new("alertmanager.yml"),
            &text,
            &config::Options::default(),
        );
        loaded
            .unwrap_or_else(|findings| panic!("{findings}"))
            .config
    }

    /// Starts the only process.
    pub(crate) fn start(&self) -> Node {
        self.node("alone", None, None)
    }

    /// Starts one of several processes, with what it has kept for itself.
    pub(crate) fn replica(&self, owner: &str, local: Arc<dyn Store>) -> Node {
        self.node(owner, Some(SILENCE_MAX), Some(local))
    }

    /// Makes a store for what a replica keeps for itself.
    pub(crate) fn local(&self) -> Arc<dyn Store> {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        Arc::new(MemoryStore::new(clock, Retention::default()))
    }

    fn node(
        &self,
        owner: &str,
        silence_max: Option<Duration>,
        local: Option<Arc<dyn Store>>,
    ) -> Node {
        // On the thread of the test: nothing happens here between two looks, so that on a busy machine time does not run
        // away from who should do something by then, and who is killed does nothing more.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (registry, shutdown) = (Registry::new(), Shutdown::new());
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let store = Faulty::over(Arc::clone(&self.store));
        let tasks = Tasks::new(shutdown.clone(), Arc::clone(&clock), &registry);
        let parts = Parts {
            store: store.clone(),
            local: local.clone(),
            tasks: tasks.clone(),
            clock,
            metrics: Metrics::new(&registry),
            notify: plimsoll_notify::Metrics::new(&registry),
        };
        let options = Options {
            owner: owner.into(),
            silence_max,
            external_url: "http://am.example".into(),
            retention: Duration::from_hours(120),
        };
        let prepared = parts.preparer().prepare(self.config("")).unwrap();
        let alerting = {
            let _inside = runtime.enter();
            Alerting::start(parts, options, prepared)
        };
        Node {
            alerting,
            store,
            local,
            registry,
            tasks,
            clock: self.clock.clone(),
            shutdown,
            runtime: Some(runtime),
        }
    }

    /// Moves time on until something is so, for so long at most.
    pub(crate) fn pass_until(
        &self,
        nodes: &[&Node],
        within: Duration,
        what: &str,
        is_so: impl Fn() -> bool,
    ) {
        let end = self.clock.monotonic().after(within);
        while self.clock.monotonic() < end {
            if self.rest(nodes, &is_so) {
                return;
            }
            self.clock.advance(STEP);
        }
        if !self.rest(nodes, &is_so) {
            let explain = |node: &&Node| ["A", "B", "C"].map(|name| node.explain(name));
            let why: Vec<String> = nodes.iter().flat_map(explain).collect();
            panic!(
                "waited in vain until {what}: {:?}\n{why:#?}",
                self.hook.said()
            );
        }
    }

    /// Moves time on until something is so although an attempt is under way.
    pub(crate) fn pass_with(&self, node: &Node, what: &str, is_so: impl Fn() -> bool) {
        let wait = Wait::begin();
        while !is_so() {
            assert!(wait.goes_on(), "waited in vain until {what}");
            node.catch_up();
            if node.is_idle() {
                self.clock.advance(STEP);
            }
        }
    }

    /// Moves time on.
    pub(crate) fn pass(&self, nodes: &[&Node], time: Duration) {
        let end = self.clock.monotonic().after(time);
        while self.clock.monotonic() < end {
            self.rest(nodes, &|| false);
            self.clock.advance(STEP);
        }
        self.rest(nodes, &|| false);
    }

    /// Lets everybody do what there is to do now; says whether something is so then.
    fn rest(&self, nodes: &[&Node], is_so: &impl Fn() -> bool) -> bool {
        let wait = Wait::begin();
        loop {
            nodes.iter().for_each(|node| node.catch_up());
            if nodes.iter().all(|node| node.is_idle()) {
                return is_so();
            }
            let running: Vec<_> = nodes.iter().map(|node| node.running()).collect();
            assert!(wait.goes_on(), "somebody never comes to rest: {running:?}");
        }
    }
}

/// A wait for something that happens in real time.
struct Wait {
    clock: SystemClock,
    end: Monotonic,
}

impl Wait {
    fn begin() -> Self {
        let clock = SystemClock::new();
        let end = clock.monotonic().after(PATIENCE);
        Self { clock, end }
    }

    /// Lets others run; says whether there is time left.
    fn goes_on(&self) -> bool {
        thread::yield_now();
        self.clock.monotonic() < self.end
    }
}

/// A process.
pub(crate) struct Node {
    pub(crate) alerting: Alerting,
    pub(crate) store: Arc<Faulty>,
    pub(crate) local: Option<Arc<dyn Store>>,
    pub(crate) registry: Registry,
    tasks: Tasks,
    clock: FakeClock,
    shutdown: Shutdown,
    runtime: Option<Runtime>,
}

impl Node {
    pub(crate) fn wait_for<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.as_ref().unwrap().block_on(future)
    }

    /// Posts alerts that fire for five minutes if they are not posted again.
    pub(crate) fn post(&self, names: &[&str]) -> Result<(), String> {
        self.post_until(names, Duration::from_mins(5))
    }

    /// Posts that an alert fires since now.
    pub(crate) fn post_anew(&self, name: &str) -> Result<(), String> {
        let labels = Labels::from_pairs([("alertname", name), ("instance", "i")]);
        self.post_all(
            [labels].into_iter(),
            self.clock.now(),
            Duration::from_mins(5),
        )
    }

    /// Posts alerts that are over.
    pub(crate) fn resolve(&self, names: &[&str]) -> Result<(), String> {
        self.post_until(names, Duration::ZERO)
    }

    fn post_until(&self, names: &[&str], lease: Duration) -> Result<(), String> {
        let labels = |name: &&str| Labels::from_pairs([("alertname", *name), ("instance", "i")]);
        self.post_all(names.iter().map(labels), START, lease)
    }

    /// Posts an alert of one name for each of many instances, at once.
    pub(crate) fn post_instances(&self, name: &str, count: usize) -> Result<(), String> {
        let labels = |instance: usize| {
            let instance = instance.to_string();
            Labels::from_pairs([("alertname", name), ("instance", &instance)])
        };
        self.post_all((0..count).map(labels), START, Duration::from_mins(5))
    }

    fn post_all(
        &self,
        all: impl Iterator<Item = Labels>,
        starts_at: Timestamp,
        lease: Duration,
    ) -> Result<(), String> {
        let now = self.clock.now();
        let post = |labels: Labels| Post {
            alert: Alert {
                labels,
                annotations: Annotations::default(),
                starts_at,
                ends_at: Some(now + lease),
                generator_url: String::new(),
            },
            is_timeout: false,
        };
        let posted = self.alerting.post(all.map(post).collect());
        let refused = self.wait_for(posted).map_err(|error| error.to_string())?;
        assert_eq!(refused, []);
        Ok(())
    }

    /// Returns how many alerts fire.
    pub(crate) fn count(&self) -> usize {
        let mut count = 0;
        self.alerting.read(&mut |engine, now| {
            count = engine.alerts(&AlertQuery::default(), now).len();
        });
        count
    }

    /// Silences an alert for an hour.
    pub(crate) fn silence(&self, name: &str) -> Result<plimsoll_alerting::SilenceId, String> {
        let sets = vec![vec![Matcher::equal("alertname", name)]];
        let draft = Draft {
            id: None,
            matchers: MatcherSets::for_alerts(sets).unwrap(),
            receivers: MatcherSets::default(),
            starts_at: None,
            ends_at: self.clock.now() + Duration::from_hours(1),
            created_by: "me".into(),
            comment: "test".into(),
            annotations: Annotations::default(),
            recurrence: None,
            until_resolved: None,
        };
        let set = self.wait_for(self.alerting.set_silence(draft));
        Ok(set.map_err(|error| error.to_string())?.unwrap())
    }

    /// Returns the alerts that fire, with the silences that keep them back.
    pub(crate) fn shown(&self) -> BTreeMap<String, usize> {
        let mut shown = BTreeMap::new();
        self.alerting.read(&mut |engine, now| {
            for alert in engine.alerts(&AlertQuery::default(), now) {
                let name = alert.labels.get("alertname").unwrap().to_owned();
                shown.insert(name, alert.silenced_by.len());
            }
        });
        shown
    }

    /// Says why an alert was told or not.
    pub(crate) fn explain(&self, name: &str) -> String {
        let labels = Labels::from_pairs([("alertname", name), ("instance", "i")]);
        let mut text = String::new();
        self.alerting.read(&mut |engine, now| {
            text = format!("{:?}", engine.explain(&labels, now).channels);
        });
        text
    }

    pub(crate) fn is_leading(&self) -> bool {
        self.alerting.status().is_leading
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.alerting.status().is_ready
    }

    pub(crate) fn is_degraded(&self) -> bool {
        self.alerting.status().is_degraded
    }

    /// Waits until the loop has handled all that had happened: what is asked of it comes last.
    fn catch_up(&self) {
        for _ in 0..3 {
            self.wait_for(self.alerting.post(Vec::new())).unwrap();
        }
    }

    /// Says whether nothing is being sent, asked or computed, and nothing waits to be written but by a store that takes
    /// nothing.
    fn is_idle(&self) -> bool {
        let takes = self.store.fault.load(Ordering::SeqCst) == 0 && !self.is_degraded();
        let is_written = || {
            let text = self.registry.render();
            let mut lines = text.lines();
            let name = "plimsoll_alerting_changes_uncommitted";
            lines.find_map(|line| line.strip_prefix(name)).unwrap() == " 0"
        };
        self.store.asked.load(Ordering::SeqCst) == 0
            && !self.has_tasks()
            && (!takes || is_written())
    }

    /// Says whether tasks run that come to an end: attempts, rows on their way into an inbox, an engine that is made.
    fn has_tasks(&self) -> bool {
        self.running().iter().any(|name| !FOR_LIFE.contains(name))
    }

    fn running(&self) -> Vec<&'static str> {
        let joined = self.wait_for(self.tasks.join(Duration::ZERO));
        joined.err().map_or_else(Vec::new, |left| left.running)
    }

    /// Ends as by kill -9: nothing that was not done is done any more.
    pub(crate) fn kill(mut self) {
        self.store.fault.store(DEAD, Ordering::SeqCst);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Hears of a signal.
    pub(crate) fn begin_to_stop(&self) {
        self.shutdown.trigger();
    }

    /// Ends as by a signal.
    pub(crate) fn stop(self) {
        self.begin_to_stop();
        self.wait_for(self.alerting.stop());
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
