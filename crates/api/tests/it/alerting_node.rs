//! An engine behind the router: what is promised as durable is kept in memory here.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use plimsoll_alerting::rows::{Change, HistoryRow, Rows};
use plimsoll_alerting::surface::{Alerting, Answer, Status, Unavailable};
use plimsoll_alerting::{
    Config, Draft, Engine, Event, Post, Refusal, Settings, SilenceError, SilenceId, Step, config,
};
use plimsoll_runtime::clock::Clock;
use plimsoll_types::Timestamp;

use crate::harness::Server;

/// Teams, an inhibition and a mute.
pub(crate) const CONFIG: &str = "
global:
  slack_api_url: https://secret.example/x
route:
  receiver: team-a
  group_by: [alertname]
  routes:
  - matchers: [team=\"b\"]
    receiver: team-b
    continue: true
  - matchers: [team=~\"b|c\"]
    receiver: team-c
    mute_time_intervals: [always]
receivers:
- name: team-a
- name: team-b
- name: team-c
inhibit_rules:
- source_matchers: [severity=\"critical\"]
  target_matchers: [severity=\"warning\"]
  equal: [job]
time_intervals:
- name: always
  time_intervals:
  - times: [{start_time: 00:00, end_time: 24:00}]
";

/// An engine, stepped by whoever asks.
pub(crate) struct Node {
    engine: Mutex<Engine>,
    history: Mutex<Vec<HistoryRow>>,
    clock: Arc<dyn Clock>,
    fresh: AtomicU64,
    started: Timestamp,
    /// Whether nothing can be made durable.
    pub(crate) is_full: AtomicBool,
    /// Whoever holds it to write keeps everybody from looking. Looking on a thread of the network panics.
    pub(crate) gate: tokio::sync::RwLock<()>,
    /// Posted alerts that were wrong by themselves.
    pub(crate) invalid: AtomicUsize,
}

impl Node {
    pub(crate) fn new(text: &str, clock: Arc<dyn Clock>) -> Arc<Self> {
        let now = clock.now();
        let config = Arc::new(read(text));
        let (engine, _) = Engine::restore(config, Settings::default(), Rows::default(), now);
        Arc::new(Self {
            engine: Mutex::new(engine),
            history: Mutex::default(),
            clock,
            fresh: AtomicU64::new(1),
            started: now,
            is_full: AtomicBool::new(false),
            gate: tokio::sync::RwLock::default(),
            invalid: AtomicUsize::new(0),
        })
    }

    pub(crate) fn step(&self, event: Event) -> Step {
        let step = self.engine.lock().unwrap().step(event, self.clock.now());
        let rows = step.changes.iter().filter_map(|change| match change {
            Change::AddHistory(row) => Some(row.clone()),
            _ => None,
        });
        self.history.lock().unwrap().extend(rows);
        step
    }

    fn durable<T>(&self, make: impl FnOnce() -> T) -> Result<T, Unavailable> {
        match self.is_full.load(Ordering::Relaxed) {
            true => Err(Unavailable("the disk is full".into())),
            false => Ok(make()),
        }
    }

    fn silence(&self, event: Event) -> Result<SilenceId, SilenceError> {
        self.step(event).silence.expect("an event about a silence")
    }
}

pub(crate) fn read(text: &str) -> Config {
    let loaded = config::parse(Path::new("alertmanager.yml"), text, &Default::default());
    loaded.expect("the test's configuration").config
}

impl Alerting for Node {
    fn post(&self, alerts: Vec<Post>) -> Answer<'_, Vec<Refusal>> {
        Box::pin(async { self.durable(|| self.step(Event::Posted(alerts)).refused) })
    }

    fn set_silence(&self, draft: Draft) -> Answer<'_, Result<SilenceId, SilenceError>> {
        let number = self.fresh.fetch_add(1, Ordering::Relaxed);
        let fresh = SilenceId::from_random(u128::from(number));
        let draft = Box::new(draft);
        Box::pin(async move { self.durable(|| self.silence(Event::SetSilence { draft, fresh })) })
    }

    fn expire_silence(&self, id: SilenceId) -> Answer<'_, Result<SilenceId, SilenceError>> {
        Box::pin(async move { self.durable(|| self.silence(Event::ExpireSilence(id))) })
    }

    fn read(&self, look: &mut dyn FnMut(&Engine, Timestamp)) {
        let _gate = self.gate.blocking_read();
        look(&self.engine.lock().unwrap(), self.clock.now());
    }

    fn count_invalid(&self, count: usize) {
        self.invalid.fetch_add(count, Ordering::Relaxed);
    }

    fn history(&self, count: u32) -> Answer<'_, Vec<HistoryRow>> {
        Box::pin(async move {
            let _gate = self.gate.read().await;
            self.durable(|| {
                let history = self.history.lock().unwrap();
                history.iter().rev().take(count as usize).cloned().collect()
            })
        })
    }

    fn status(&self) -> Status {
        Status {
            config: self.engine.lock().unwrap().config().clone(),
            config_since: self.started,
            name: "node-1".into(),
            started: self.started,
            is_leading: true,
            is_degraded: false,
            is_ready: true,
        }
    }
}

/// A server at 1970-01-01T00:01:40Z that routes alerts.
pub(crate) fn server() -> (Server, Arc<Node>) {
    server_with(CONFIG)
}

/// A server at 1970-01-01T00:01:40Z that routes alerts as a configuration says.
pub(crate) fn server_with(text: &str) -> (Server, Arc<Node>) {
    let mut made = None;
    let server = Server::governed(plimsoll_testkit::MemoryStore::new(), |parts| {
        let node = Node::new(text, parts.clock.clone());
        parts.surface.alerting = Some(node.clone());
        made = Some(node);
    });
    (server, made.expect("the closure was called"))
}

/// A server that routes alerts, and what its screens are told.
pub(crate) fn server_with_ui(change: impl FnOnce(&plimsoll_api::UiParts)) -> (Server, Arc<Node>) {
    let mut made = None;
    let server = Server::governed(plimsoll_testkit::MemoryStore::new(), |parts| {
        let node = Node::new(CONFIG, parts.clock.clone());
        parts.surface.alerting = Some(node.clone());
        change(&parts.surface.ui);
        made = Some(node);
    });
    (server, made.expect("the closure was called"))
}
