//! What every test here needs: a server that answers as told, and scrapes that happen when the test says so.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::request::Parts;
use plimsoll_ingest::config;
use plimsoll_ingest::discovery::{self, SystemResolver};
use plimsoll_ingest::scrape::{Metrics, Scrapes};
use plimsoll_runtime::clock::{Clock, Monotonic, Sleep};
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_testkit::{FakeClock, MemoryStore};
use plimsoll_types::{
    Appended, Appender, Durability, Labels, SeriesRef, StorageError, Timestamp, WriteBatch,
};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

/// The scrape timeout of all jobs here. A sleep of this length is not waited for: a fetch is under way. No other sleep may
/// have it: the clock stands still between events, so all others are whole seconds or fractions by chance.
pub(super) const TIMEOUT: Duration = Duration::from_millis(7001);

/// How long, in real time, a test waits for others to wait for the clock before it says who does.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server on loopback that answers every request by one function.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) address: String,
    requests: Arc<Mutex<Vec<Parts>>>,
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    pub(super) async fn start(answer: impl Fn(&Parts) -> Response + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answer, noted) = (Arc::new(answer), requests.clone());
        let app = axum::Router::new().fallback(move |request: Request| {
            let parts = request.into_parts().0;
            let response = answer(&parts);
            noted.lock().unwrap().push(parts);
            std::future::ready(response)
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, requests }
    }

    /// Starts a server that always answers this text.
    pub(super) async fn text(body: &'static str) -> Self {
        Self::start(move |_| text(body)).await
    }

    /// Returns the requests so far.
    pub(super) fn requests(&self) -> Vec<Parts> {
        self.requests.lock().unwrap().clone()
    }
}

/// A body that a test changes between two scrapes.
#[derive(Clone, Default)]
pub(super) struct Script(Arc<Mutex<String>>);

impl Script {
    pub(super) fn set(&self, body: &str) {
        *self.0.lock().unwrap() = body.into();
    }

    pub(super) fn answer(&self) -> Response {
        text(self.0.lock().unwrap().clone())
    }
}

pub(super) fn text(body: impl Into<Body>) -> Response {
    typed("text/plain; version=0.0.4", body)
}

pub(super) fn typed(content_type: &str, body: impl Into<Body>) -> Response {
    let builder = http::Response::builder().header("content-type", content_type);
    builder.body(body.into()).unwrap()
}

pub(super) fn status(code: u16) -> Response {
    http::Response::builder()
        .status(code)
        .body(Body::from("a 1\n"))
        .unwrap()
}

/// A clock that knows who waits for it.
#[derive(Clone)]
pub(super) struct SteppedClock {
    pub(super) time: FakeClock,
    waiting: Arc<watch::Sender<BTreeMap<u64, Monotonic>>>,
    next: Arc<AtomicU64>,
}

struct Waiting(SteppedClock, u64);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|waiting| {
            waiting.remove(&self.1);
        });
    }
}

impl SteppedClock {
    fn new() -> Self {
        Self {
            time: FakeClock::new(Timestamp::from_millis(1_000_000)),
            waiting: Arc::new(watch::Sender::new(BTreeMap::new())),
            next: Arc::default(),
        }
    }

    /// Waits until so many wait for the clock, and moves it to where the first of them wants it.
    pub(super) async fn step(&self, sleepers: usize) {
        self.step_when(|waiting| waiting == sleepers).await;
    }

    /// As [`step`](Self::step), as soon as it is true of the number of those that wait.
    pub(super) async fn step_when(&self, is_time: impl Fn(usize) -> bool) {
        let mut waiting = self.waiting.subscribe();
        let sleepers = waiting.wait_for(|waiting| is_time(waiting.len()));
        let earliest = match tokio::time::timeout(PATIENCE, sleepers).await {
            Ok(all) => *all.unwrap().values().min().unwrap(),
            Err(_) => panic!(
                "nobody moved at {:?}; waiting until {:?}",
                self.time.monotonic(),
                *self.waiting.borrow()
            ),
        };
        self.time.advance(earliest.since(self.time.monotonic()));
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn monotonic(&self) -> Monotonic {
        self.time.monotonic()
    }

    fn sleep_until(&self, deadline: Monotonic) -> Sleep {
        let sleep = self.time.sleep_until(deadline);
        if deadline.since(self.time.monotonic()) == TIMEOUT {
            return sleep;
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.waiting.send_modify(|waiting| {
            waiting.insert(id, deadline);
        });
        let waiting = Waiting(self.clone(), id);
        Box::pin(async move {
            let _waiting = waiting;
            sleep.await;
        })
    }
}

/// A store that tells of every write.
struct Telling {
    store: MemoryStore,
    appended: mpsc::Sender<()>,
}

impl Appender for Telling {
    fn resolve(&self, labels: &Labels) -> Result<SeriesRef, StorageError> {
        self.store.resolve(labels)
    }

    fn append(&self, batch: &WriteBatch, durability: Durability) -> Result<Appended, StorageError> {
        let appended = self.store.append(batch, durability);
        self.appended.try_send(()).unwrap();
        appended
    }
}

/// All that scrapes need.
pub(super) struct World {
    pub(super) scrapes: Scrapes,
    pub(super) store: MemoryStore,
    pub(super) clock: SteppedClock,
    appended: mpsc::Receiver<()>,
}

impl World {
    pub(super) fn new() -> Self {
        let (store, clock, registry) = (MemoryStore::new(), SteppedClock::new(), Registry::new());
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let (tx, appended) = mpsc::channel(10_000);
        let context = discovery::Context {
            tasks: Tasks::new(Shutdown::new(), shared.clone(), &registry),
            clock: shared.clone(),
            resolver: Arc::new(SystemResolver),
            metrics: discovery::Metrics::new(&registry),
        };
        let telling = Telling {
            store: store.clone(),
            appended: tx,
        };
        let metrics = Metrics::new(&registry);
        let scrapes = Scrapes::new(Arc::new(telling), shared, metrics, context);
        Self {
            scrapes,
            store,
            clock,
            appended,
        }
    }

    /// Makes one with these jobs in force.
    pub(super) async fn with(jobs: &[String]) -> Self {
        let mut world = Self::new();
        world.apply(jobs).await;
        world
    }

    /// Puts these jobs into force.
    pub(super) async fn apply(&mut self, jobs: &[String]) {
        let text = format!(
            "global: {{scrape_interval: 10s, scrape_timeout: 7001ms}}\nscrape_configs: [{}]\n",
            jobs.join(", ")
        );
        let loaded = config::parse(Path::new("prometheus.yml"), &text, &|_| None);
        let loaded = loaded.unwrap_or_else(|findings| panic!("{findings}"));
        self.scrapes.apply(&loaded.config).await.unwrap();
    }

    /// Lets the only target be scraped, or the first one of so many that wait.
    pub(super) async fn scrape(&mut self, sleepers: usize) {
        self.clock.step(sleepers).await;
        self.written().await;
    }

    /// Waits for a write.
    pub(super) async fn written(&mut self) {
        self.appended.recv().await.unwrap();
    }

    /// Returns the values of a series in order of time.
    pub(super) fn values(&self, series: &str) -> Vec<String> {
        let samples = self.store.dump().remove(series).unwrap_or_default();
        samples.into_iter().map(|(_, value)| value).collect()
    }

    /// Returns the times of a series.
    pub(super) fn times(&self, series: &str) -> Vec<i64> {
        let samples = self.store.dump().remove(series).unwrap_or_default();
        samples.into_iter().map(|(time, _)| time).collect()
    }

    /// Returns the values of the one series with this metric name.
    pub(super) fn metric(&self, name: &str) -> Vec<String> {
        let dump = self.store.dump();
        let is_it = |series: &&String| series.split('{').next() == Some(name);
        let found: Vec<&String> = dump.keys().filter(is_it).collect();
        match found.as_slice() {
            [] => Vec::new(),
            [one] => self.values(one),
            more => panic!("{name} is {more:?}"),
        }
    }
}

/// Returns a job with one target and further fields in YAML's flow style, such as `, honor_labels: true`.
pub(super) fn job(name: &str, address: &str, more: &str) -> String {
    format!("{{job_name: {name}, static_configs: [{{targets: ['{address}']}}]{more}}}")
}
