//! The stores under test, and rows to put into them.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_state::{
    AlertPhase, AlertRow, DecisionRow, Location, MemoryStore, Parts, Patience, Retention, Store,
    open,
};
use plimsoll_testkit::{FakeClock, Postgres};
use plimsoll_types::{Annotations, Labels, Timestamp};
use tempfile::TempDir;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

pub(crate) fn parts(clock: Arc<dyn Clock>) -> Parts {
    let metrics = Registry::new();
    Parts {
        tasks: Tasks::new(Shutdown::new(), Arc::clone(&clock), &metrics),
        clock,
        metrics,
        retention: Retention::default(),
        patience: Patience::default(),
    }
}

pub(crate) fn real_time() -> Parts {
    parts(Arc::new(SystemClock::new()))
}

/// A store of each kind, with what must outlive it.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) store: Arc<dyn Store>,
    _folder: Option<TempDir>,
    _server: Option<Arc<Postgres>>,
}

/// Opens one store of each kind, empty; PostgreSQL only where it is installed.
pub(crate) async fn all(retention: Retention) -> Vec<Subject> {
    let clock = FakeClock::new(NOW);
    let mut subjects = vec![Subject {
        name: "memory",
        store: Arc::new(MemoryStore::new(Arc::new(clock.clone()), retention)),
        _folder: None,
        _server: None,
    }];
    let folder = TempDir::new().unwrap();
    let mut with = parts(Arc::new(clock.clone()));
    with.retention = retention;
    let location = Location::in_directory(folder.path());
    subjects.push(Subject {
        name: "sqlite",
        store: open(&location, with).await.unwrap(),
        _folder: Some(folder),
        _server: None,
    });
    if let Some(server) = shared_server() {
        let mut with = real_time();
        with.retention = retention;
        let location = new_database(&server);
        subjects.push(Subject {
            name: "postgres",
            store: open(&location, with).await.unwrap(),
            _folder: None,
            _server: Some(server),
        });
    }
    subjects
}

/// Returns the server that tests which run at the same time share.
pub(crate) fn shared_server() -> Option<Arc<Postgres>> {
    static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = shared.upgrade() {
        return Some(server);
    }
    let server = Arc::new(Postgres::start()?);
    *shared = Arc::downgrade(&server);
    Some(server)
}

pub(crate) fn new_database(server: &Postgres) -> Location {
    location(&server.create_database(&new_name()))
}

pub(crate) fn new_name() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("state{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn location(url: &str) -> Location {
    Location::parse(url, Path::new("data")).unwrap()
}

pub(crate) fn alert(group: &str, number: usize) -> AlertRow {
    AlertRow {
        file: "rules/checkout.yml".into(),
        group: group.into(),
        rule: "HighErrors-0123456789abcdef".into(),
        labels: Labels::from_pairs([
            ("alertname", "HighErrors".into()),
            ("instance", number.to_string()),
        ]),
        phase: AlertPhase::Pending,
        active_at: NOW,
        fired_at: None,
        resolved_at: None,
        keep_firing_since: None,
        last_sent_at: None,
        valid_until: None,
        value: 0.125,
        annotations: Annotations::from_pairs([("summary", "too many errors")]),
    }
}

pub(crate) fn decision(number: i64) -> DecisionRow {
    DecisionRow {
        at: NOW + Duration::from_secs(number as u64),
        kind: "alert.firing".into(),
        subject: format!("subject {}", number % 3),
        rule: "rules/checkout.yml;errors;HighErrors".into(),
        inputs: vec![
            ("value".into(), "0.125".into()),
            ("value".into(), "twice".into()),
        ],
        outcome: "the alert fires".into(),
        counterfactual: "below 0.1 it would not".into(),
    }
}

/// Returns all alerts of a group, in the order of their keys.
pub(crate) async fn alerts(store: &Arc<dyn Store>, group: &str) -> Vec<AlertRow> {
    let rows = AlertRow::of_group("rules/checkout.yml", group);
    store.rows(rows).await.unwrap()
}
