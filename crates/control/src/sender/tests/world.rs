//! What the tests of the sender need: a receiver that behaves as told, and a clock that moves when it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plimsoll_ingest::config;
use plimsoll_ingest::discovery::{self, SystemResolver};
use plimsoll_runtime::clock::{Clock, Monotonic, Sleep};
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_testkit::FakeClock;
use plimsoll_types::{Alert, Annotations, Labels, Timestamp};
use plimsoll_wire::alertmanager::{Limits, decode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use super::super::{Metrics, Options, Sender};
use crate::sink::AlertSink;

/// How long, in real time, a test waits for what must happen before it fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a receiver does with a request.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// Answers with this status line, these further header lines and this body.
    Says(&'static str, &'static str, String),
    /// Never answers.
    Silent,
    /// Closes the connection.
    Closes,
    /// Sends the head of an answer, and then nothing.
    Stalls,
}

impl Answer {
    pub(super) fn status(line: &'static str) -> Self {
        Self::Says(line, "", String::new())
    }
}

/// A request that came.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) head: String,
    pub(super) alerts: Vec<Vec<(String, String)>>,
    /// When each of them ends, in milliseconds.
    pub(super) ends: Vec<i64>,
}

impl Received {
    /// Returns the label `n` of each alert.
    pub(super) fn names(&self) -> Vec<&str> {
        let name = |labels: &Vec<(String, String)>| labels.iter().position(|(name, _)| name == "n");
        let of = |labels| name(labels).map(|at| &*labels[at].1);
        self.alerts.iter().filter_map(of).collect()
    }
}

/// An Alertmanager on loopback.
pub(super) struct Receiver {
    pub(super) address: String,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: mpsc::Receiver<Received>,
}

impl Receiver {
    /// Starts one that behaves like this, one entry for each request, and answers 200 from then on.
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    pub(super) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        let (tx, requests) = mpsc::channel(1000);
        let script = Arc::clone(&answers);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&script), tx.clone()));
            }
        });
        Self {
            address,
            answers,
            requests,
        }
    }

    /// Behaves like this for further requests.
    pub(super) fn then(&self, answer: Answer) {
        self.answers.lock().unwrap().push_back(answer);
    }

    /// Returns the next request.
    pub(super) async fn next(&mut self) -> Received {
        let next = tokio::time::timeout(PATIENCE, self.requests.recv()).await;
        next.expect("a request comes").unwrap()
    }

    /// Returns the names of the alerts of the next request.
    pub(super) async fn names(&mut self) -> Vec<String> {
        let next = self.next().await;
        next.names().into_iter().map(str::to_owned).collect()
    }

    /// Says that no further request came so far.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.requests.try_recv().is_err()
    }
}

async fn serve(
    mut stream: TcpStream,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: mpsc::Sender<Received>,
) {
    while let Some(received) = read(&mut stream).await {
        let answer = answers.lock().unwrap().pop_front();
        let answer = answer.unwrap_or(Answer::status("200 OK"));
        requests.send(received).await.unwrap();
        match answer {
            Answer::Closes => return,
            Answer::Silent => std::future::pending().await,
            Answer::Stalls => {
                let head = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n";
                stream.write_all(head.as_bytes()).await.unwrap();
                std::future::pending().await
            }
            Answer::Says(status, headers, body) => {
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n");
                // Who has heard enough may be gone.
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(body.as_bytes()).await;
            }
        }
    }
}

/// Reads a request; none when the connection has ended.
async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let lower = text.to_ascii_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.unwrap().parse().unwrap();
    while bytes.len() < head + length {
        stream.read_buf(&mut bytes).await.ok()?;
    }
    let posted = decode(&bytes[head..], &Limits::default()).unwrap();
    Some(Received {
        head: text,
        ends: posted
            .iter()
            .map(|alert| alert.ends_at.unwrap().millis())
            .collect(),
        alerts: posted.into_iter().map(|alert| alert.labels).collect(),
    })
}

/// A clock that knows whether somebody waits for it.
#[derive(Clone)]
pub(super) struct StepClock {
    time: FakeClock,
    waiting: Arc<watch::Sender<Vec<Monotonic>>>,
}

struct Waiting(StepClock, Monotonic);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|waiting| {
            let at = waiting.iter().position(|deadline| *deadline == self.1);
            waiting.swap_remove(at.expect("it was put there"));
        });
    }
}

impl StepClock {
    fn new() -> Self {
        Self {
            time: FakeClock::new(Timestamp::from_millis(1_000_000)),
            waiting: Arc::default(),
        }
    }

    /// Waits until somebody waits for the clock, moves it to where the first wants it, and returns by how much.
    pub(super) async fn step(&self) -> Duration {
        let mut waiting = self.waiting.subscribe();
        let some = waiting.wait_for(|waiting| !waiting.is_empty());
        let some = tokio::time::timeout(PATIENCE, some).await;
        let earliest = *some.expect("somebody waits").unwrap().iter().min().unwrap();
        let pause = earliest.since(self.time.monotonic());
        self.time.advance(pause);
        pause
    }
}

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn monotonic(&self) -> Monotonic {
        self.time.monotonic()
    }

    fn sleep_until(&self, deadline: Monotonic) -> Sleep {
        let sleep = self.time.sleep_until(deadline);
        self.waiting.send_modify(|waiting| waiting.push(deadline));
        let waiting = Waiting(self.clone(), deadline);
        Box::pin(async move {
            let _waiting = waiting;
            sleep.await;
        })
    }
}

/// A sender with all that it needs.
pub(super) struct World {
    pub(super) sender: Arc<Sender>,
    pub(super) clock: StepClock,
    pub(super) stop: Shutdown,
    pub(super) tasks: Tasks,
    registry: Registry,
}

impl World {
    pub(super) fn new(options: Options) -> Self {
        let (clock, registry, stop) = (StepClock::new(), Registry::new(), Shutdown::new());
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let tasks = Tasks::new(stop.clone(), shared.clone(), &registry);
        let context = discovery::Context {
            tasks: tasks.clone(),
            clock: shared,
            resolver: Arc::new(SystemResolver),
            metrics: discovery::Metrics::new(&registry),
        };
        let sender = Sender::new(options, context, Metrics::new(&registry));
        Self {
            sender: Arc::new(sender),
            clock,
            stop,
            tasks,
            registry,
        }
    }

    /// A sender to these sets of Alertmanagers, once they are known.
    pub(super) async fn to(sets: &[String]) -> Self {
        let world = Self::new(Options::default());
        world.apply(sets).await;
        world
    }

    /// Puts these sets into force and waits until their Alertmanagers are known.
    pub(super) async fn apply(&self, sets: &[String]) {
        let text = format!("alerting: {{alertmanagers: [{}]}}\n", sets.join(", "));
        let wanted = text.matches("127.0.0.1").count();
        self.apply_text(&text);
        self.until(|| self.sender.alertmanagers().active.len() == wanted)
            .await;
    }

    pub(super) fn apply_text(&self, text: &str) {
        let loaded = config::parse("prometheus.yml".as_ref(), text, &|_| None);
        let loaded = loaded.unwrap_or_else(|findings| panic!("{findings}"));
        self.sender.apply(&loaded.config).unwrap();
    }

    /// Sends alerts with these labels `n`.
    pub(super) fn send(&self, names: &[&str]) {
        self.sender
            .send(names.iter().map(|name| alert(name, 60_000)).collect());
    }

    /// Waits until something is so.
    pub(super) async fn until(&self, is_so: impl Fn() -> bool) {
        let waiting = async {
            while !is_so() {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "{}", self.registry.render());
    }

    /// Waits until a metric without its `prometheus_notifications_` has this value for an Alertmanager.
    pub(super) async fn counts(&self, name: &str, receiver: &Receiver, value: usize) {
        let url = format!("http://{}/api/v2/alerts", receiver.address);
        let line = format!("prometheus_notifications_{name}{{alertmanager=\"{url}\"}} {value}\n");
        self.until(|| self.registry.render().contains(&line)).await;
    }

    pub(super) fn exposes(&self, text: &str) -> bool {
        self.registry.render().contains(text)
    }
}

pub(super) fn alert(name: &str, ends: i64) -> Alert {
    Alert {
        labels: Labels::from_pairs([("alertname", "A"), ("n", name)]),
        annotations: Annotations::default(),
        starts_at: Timestamp::from_millis(1_000),
        ends_at: Some(Timestamp::from_millis(ends)),
        generator_url: "http://localhost/graph".into(),
    }
}

/// Returns a set with this Alertmanager and further fields in YAML's flow style, such as `, timeout: 1s`.
pub(super) fn set(receiver: &Receiver, more: &str) -> String {
    format!(
        "{{static_configs: [{{targets: ['{}']}}]{more}}}",
        receiver.address
    )
}
