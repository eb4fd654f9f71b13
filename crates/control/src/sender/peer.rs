//! One Alertmanager: its queue, and the task that sends what waits there, one request at a time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use plimsoll_runtime::http::{Client, ErrorKind, Request, read_response_capped};
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Task;
use plimsoll_types::{Alert, ByteCount};
use plimsoll_wire::alertmanager::{CONTENT_TYPE, encode};
use tokio::sync::Notify;
use url::Url;

use super::Around;
use super::metrics::PeerMetrics;
use super::queue::{Entry, Queue};

/// The pause after a first failure.
const PAUSE_MIN: Duration = Duration::from_millis(500);
/// The longest pause: an Alertmanager that is back should not wait for its alerts.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// The longest pause that an Alertmanager may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);
/// How long the program may take to end before nobody sends any more: requests are drained, then rule groups end.
const CLOSE_MAX: Duration = Duration::from_secs(25);
/// How long what waits may take to be sent from then on, a little less than tasks are given.
const DRAIN_MAX: Duration = Duration::from_secs(8);
/// How often a batch is tried that the Alertmanager saw and did not take. Then it goes, so that one batch that it cannot
/// swallow holds the others up for less than a minute, after which the rule engine says it again anyway.
const ATTEMPTS_MAX: u32 = 10;
/// What is read of an answer: an Alertmanager says in a few words what is wrong.
const ANSWER_MAX: ByteCount = ByteCount::KIB.times(64);
/// What of it is logged.
const SHOWN_MAX: usize = 300;

/// One Alertmanager.
pub(super) struct Peer {
    shared: Arc<Shared>,
    task: Task,
}

/// How to speak to it.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) client: Client,
    pub(super) timeout: Duration,
}

struct Shared {
    url: Url,
    settings: Mutex<Settings>,
    queue: Mutex<Queue>,
    /// Something waits.
    wake: Notify,
    /// How many alerts are being sent.
    in_flight: AtomicUsize,
    /// Nothing is sent any more.
    is_over: AtomicBool,
    metrics: PeerMetrics,
    around: Around,
}

/// What came of a request.
enum Posted {
    Taken,
    /// Nobody saw it.
    Unreached(String),
    /// It was seen, perhaps, and not taken.
    Failed {
        reason: String,
        retry_after: Option<Duration>,
    },
    /// It would be refused again.
    Refused(String),
}

/// How it went lately.
struct Course {
    /// The pause after the next failure.
    pause: Duration,
    /// Why the last request failed, so that it is logged once; empty when it did not.
    last_reason: String,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            pause: PAUSE_MIN,
            last_reason: String::new(),
        }
    }
}

impl Peer {
    /// Starts to send to `url`.
    pub(super) fn start(url: Url, settings: Settings, around: &Around) -> Self {
        let shared = Arc::new(Shared {
            metrics: around.metrics.of(url.as_str()),
            queue: Mutex::new(Queue::new(around.options.queue_capacity)),
            settings: Mutex::new(settings),
            wake: Notify::new(),
            in_flight: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
            around: around.clone(),
            url,
        });
        let running = Arc::clone(&shared);
        let tasks = &around.discovery.tasks;
        let task = tasks.spawn_loop("alertmanager", move |stop| Arc::clone(&running).run(stop));
        Self { shared, task }
    }

    pub(super) fn url(&self) -> &Url {
        &self.shared.url
    }

    /// Goes on under other settings, from the next request on.
    pub(super) fn reconfigure(&self, settings: Settings) {
        *locked(&self.shared.settings) = settings;
    }

    /// Puts alerts into the queue.
    pub(super) fn push(&self, alerts: &[Arc<Alert>]) {
        let now = self.shared.around.discovery.clock.monotonic();
        let dropped =
            self.shared
                .change(|queue| match self.shared.is_over.load(Ordering::Relaxed) {
                    true => alerts.len(),
                    false => queue.push(alerts, now),
                });
        if dropped > 0 {
            let alertmanager = self.url().as_str();
            tracing::warn!(
                alertmanager,
                dropped,
                "the queue is full or at its end, alerts are dropped"
            );
            self.shared.metrics.dropped(dropped);
        }
        self.shared.wake.notify_one();
    }

    /// Ends it once what waits is sent.
    pub(super) fn stop(&self) {
        self.task.stop();
    }
}

impl Shared {
    async fn run(self: Arc<Self>, stop: Shutdown) {
        // After a panic: nobody knows what became of them.
        self.metrics
            .dropped(self.in_flight.swap(0, Ordering::Relaxed));
        let out_of_time = async {
            stop.wait().await;
            if self.around.options.drains_on_shutdown {
                self.patience().await;
            }
        };
        tokio::select! {
            () = self.work(&stop) => {}
            () = out_of_time => {}
        }
        self.drop_the_rest();
    }

    /// Sends batches until it is time to end and nothing waits, or what waits cannot be sent.
    async fn work(&self, stop: &Shutdown) {
        let mut course = Course::default();
        loop {
            let batch = self.take();
            if batch.is_empty() {
                tokio::select! {
                    biased;
                    () = self.wake.notified() => continue,
                    () = self.over(stop) => return,
                }
            }
            let posted = self.post(&batch).await;
            self.in_flight.store(0, Ordering::Relaxed);
            let Some(pause) = self.settle(posted, batch, &mut course) else {
                continue;
            };
            if stop.is_triggered() {
                return;
            }
            tokio::select! {
                () = self.around.discovery.clock.sleep(pause) => {}
                // One more try, then the program ends.
                () = stop.wait() => {}
            }
        }
    }

    /// Does what follows from a request, and returns how long to wait when it is to be sent again.
    fn settle(&self, posted: Posted, batch: Vec<Entry>, course: &mut Course) -> Option<Duration> {
        let alertmanager = self.url.as_str();
        let (reason, batch, wanted) = match posted {
            Posted::Taken => {
                if !course.last_reason.is_empty() {
                    tracing::info!(alertmanager, "it takes alerts again");
                }
                *course = Course::default();
                return None;
            }
            Posted::Refused(reason) => {
                let count = batch.len();
                tracing::error!(alertmanager, count, reason, "it refuses alerts");
                self.metrics.failed(count);
                self.metrics.dropped(count);
                return None;
            }
            Posted::Unreached(reason) => (reason, batch, None),
            Posted::Failed {
                reason,
                retry_after,
            } => {
                let tried = batch.into_iter().map(Entry::tried);
                (reason, tried.collect(), retry_after)
            }
        };
        if course.last_reason != reason {
            tracing::warn!(alertmanager, reason, "alerts could not be sent, they wait");
            course.last_reason = reason;
        }
        self.put_back(batch);
        let pause = course.pause;
        course.pause = (pause * 2).min(PAUSE_MAX);
        Some(wanted.unwrap_or(pause))
    }

    /// Waits for as long as what waits may take to be sent.
    async fn patience(&self) {
        let discovery = &self.around.discovery;
        if discovery.tasks.shutdown().is_triggered() {
            tokio::select! {
                biased;
                () = self.around.closed.wait() => {}
                () = discovery.clock.sleep(CLOSE_MAX) => {}
            }
        }
        discovery.clock.sleep(DRAIN_MAX).await;
    }

    /// Waits until it is time to end: this Alertmanager is gone, or the program ends and nobody sends any more.
    async fn over(&self, stop: &Shutdown) {
        stop.wait().await;
        if self.around.discovery.tasks.shutdown().is_triggered() {
            self.around.closed.wait().await;
        }
    }

    fn take(&self) -> Vec<Entry> {
        let now = self.around.discovery.clock.monotonic();
        let size = self.around.options.batch_size.max(1);
        let (batch, expired) = self.change(|queue| {
            let (batch, expired) = queue.take(size, now);
            self.in_flight.store(batch.len(), Ordering::Relaxed);
            (batch, expired)
        });
        self.metrics.dropped(expired);
        batch
    }

    fn put_back(&self, batch: Vec<Entry>) {
        let count = batch.len();
        self.metrics.failed(count);
        let (tired, kept): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .partition(|entry| entry.attempts >= ATTEMPTS_MAX);
        self.metrics.retried(kept.len());
        let unfit = self.change(|queue| queue.put_back(kept));
        self.metrics.dropped(tired.len() + unfit);
    }

    fn drop_the_rest(&self) {
        let in_flight = self.in_flight.swap(0, Ordering::Relaxed);
        let waiting = self.change(|queue| {
            // Under the lock of the queue, so that nothing is put there afterwards.
            self.is_over.store(true, Ordering::Relaxed);
            queue.clear()
        });
        let count = waiting + in_flight;
        self.metrics.dropped(count);
        if count > 0 {
            let alertmanager = self.url.as_str();
            tracing::warn!(alertmanager, count, "alerts that still waited are dropped");
        }
    }

    async fn post(&self, batch: &[Entry]) -> Posted {
        let Settings { client, timeout } = locked(&self.settings).clone();
        let body = encode(batch.iter().map(|entry| &*entry.alert));
        let request = Request::post(self.url.clone(), body.into(), timeout)
            .with_header(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        let clock = &self.around.discovery.clock;
        let started = clock.monotonic();
        let response = match client.send(request).await {
            Ok(response) => response,
            Err(error) => return unsent(&error),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        // Read to its end, so that the connection can be used again; what it says matters only when it is no.
        let answer = read_response_capped(response, ANSWER_MAX).await;
        if status.is_success() {
            let latency = clock.monotonic().since(started);
            self.metrics.sent(batch.len(), latency);
            return Posted::Taken;
        }
        let answer = answer.unwrap_or_default();
        judged(status, &headers, &String::from_utf8_lossy(&answer))
    }

    /// Changes the queue and tells the metrics by how much it grew.
    fn change<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queue = locked(&self.queue);
        let before = queue.len() as i64;
        let changed = change(&mut queue);
        self.metrics.queued(queue.len() as i64 - before);
        changed
    }
}

fn unsent(error: &plimsoll_runtime::http::Error) -> Posted {
    let reason = error.chain();
    match error.kind() {
        ErrorKind::Connect | ErrorKind::Tls | ErrorKind::Secret => Posted::Unreached(reason),
        ErrorKind::Timeout | ErrorKind::Broken | ErrorKind::TooLarge | ErrorKind::Overloaded => {
            Posted::Failed {
                reason,
                retry_after: None,
            }
        }
        ErrorKind::Configuration | ErrorKind::Redirect => Posted::Refused(reason),
    }
}

fn judged(status: StatusCode, headers: &HeaderMap, answer: &str) -> Posted {
    let shown = answer.trim();
    let shown = &shown[..shown.floor_char_boundary(SHOWN_MAX)];
    let reason = format!("it answered {status}: {shown:?}");
    match status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        true => Posted::Failed {
            reason,
            retry_after: retry_after(headers),
        },
        false => Posted::Refused(reason),
    }
}

/// Reads how many seconds a peer wants to be left alone; a date is not believed, its clock is not ours.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    let wanted = Duration::from_secs(text.trim().parse().ok()?);
    Some(wanted.clamp(PAUSE_MIN, RETRY_AFTER_MAX))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
