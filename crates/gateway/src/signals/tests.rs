//! Counting as a whole: against a model, over several workers, reloads, restarts and a store that is away.

mod bounds;
mod export;
mod ledger;
mod model;
mod store;
mod task;
mod text;
mod threads;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Version};
use plimsoll_testkit::MemoryStore;
use plimsoll_traffic::{Criticality, EndpointId, FailureKind, Moment, Outcome, Why};
use plimsoll_types::{
    Labels, Matcher, Queryable, SampleColumns, StorageErrorKind, TimeRange, Timestamp, Value,
};

use super::*;
use crate::names::RouteId;
use crate::reason::Reason;
use crate::record::{Attempt, Record};

/// Some day.
const BEGIN: i64 = 1_700_000_000_000 / 86_400_000 * 86_400_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(BEGIN + seconds * 1000)
}

/// Signals of two routes, `shop` and `blog`, to one backend, `web`, with the endpoints `a` and `b`.
struct World {
    signals: Arc<Signals>,
    store: MemoryStore,
}

impl World {
    fn new() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        let names = Arc::new(Names::default());
        let signals = Signals::new(options, names, at(0));
        signals.set_live(live(&signals, &["shop", "blog"], &["a", "b"]));
        Self {
            signals,
            store: MemoryStore::new(),
        }
    }

    fn export(&self, seconds: i64) -> Exported {
        self.signals.export(&self.store, at(seconds)).unwrap()
    }

    /// Returns the samples of each series of a metric.
    fn series(&self, name: &str) -> BTreeMap<String, SampleColumns> {
        let matchers = [Matcher::equal("__name__", name)];
        let mut selection = self.store.select(&matchers, TimeRange::ALL).unwrap();
        let labels = selection.labels.iter().enumerate();
        labels
            .map(|(index, labels)| {
                let mut columns = SampleColumns::default();
                selection.source.read(index, &mut columns).unwrap();
                let shown = labels.filtered(|label| label != "__name__");
                (shown.to_string(), columns)
            })
            .collect()
    }

    /// Returns the last value of each series of a counter or gauge that has not ended.
    fn values(&self, name: &str) -> BTreeMap<String, f64> {
        let last = |columns: SampleColumns| columns.iter().last();
        let values = self
            .series(name)
            .into_iter()
            .filter_map(|(labels, columns)| match last(columns)?.value {
                value if value.is_stale() => None,
                Value::Float(value) => Some((labels, value)),
                Value::Histogram(histogram) => Some((labels, histogram.count())),
            });
        values.collect()
    }

    fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = Labels::from_pairs(labels.iter().copied());
        self.values(name).get(&labels.to_string()).copied()
    }
}

/// Endpoints are numbered by their places.
fn live(signals: &Signals, routes: &[&str], endpoints: &[&str]) -> Live {
    let names = signals.names();
    let endpoints = endpoints.iter().enumerate();
    Live {
        listeners: vec!["front".into()],
        routes: routes.iter().map(|name| names.route(name)).collect(),
        backends: vec![LiveBackend {
            id: names.backend("web"),
            endpoints: endpoints
                .map(|(index, name)| (EndpointId(index as u32), (*name).into()))
                .collect(),
        }],
    }
}

/// A request of route `shop` that endpoint `a` answered with 200 after 5 ms.
fn record() -> Record {
    Record {
        at: at(0),
        began: Moment::ORIGIN,
        client: "192.0.2.7:4711".parse().unwrap(),
        listener: 0,
        method: Method::GET,
        uri: "/cart?token=secret".parse().unwrap(),
        host: "shop.example".into(),
        user_agent: None,
        version: Version::HTTP_11,
        route: Some(RouteId(0)),
        backend: Some(BackendId(0)),
        criticality: Criticality::P1,
        status: 200,
        grpc_status: None,
        reason: Reason::Ok,
        duration: Duration::from_millis(5),
        head_after: Duration::from_millis(4),
        queue_wait: Duration::ZERO,
        bytes_in: 0,
        bytes_out: 10,
        trace_id: [0xab; 16],
        span_id: [0xcd; 8],
        attempts: vec![attempt(0, Outcome::Success)],
        retry_refused: None,
    }
}

fn attempt(endpoint: u32, outcome: Outcome) -> Attempt {
    Attempt {
        endpoint: EndpointId(endpoint),
        why: Why::Policy,
        is_hedge: false,
        is_reused: false,
        began_after: Duration::ZERO,
        took: Duration::from_millis(4),
        outcome,
    }
}

/// A request that the gateway answered itself.
fn own_answer(status: u16, reason: Reason) -> Record {
    Record {
        status,
        reason,
        backend: None,
        attempts: Vec::new(),
        ..record()
    }
}

fn run(recorder: &Recorder, record: &Record) {
    recorder.begin(record.route, record.criticality);
    recorder.finish(record);
}

#[test]
fn a_request_is_counted_under_all_its_labels() {
    let world = World::new();
    let recorder = world.signals.recorder();
    run(&recorder, &record());
    run(&recorder, &record());
    run(&recorder, &own_answer(404, Reason::NoRoute));
    world.export(5);
    let requests = world.values("plimsoll_gateway_requests_total");
    let mut expected = BTreeMap::new();
    let answered = r#"{backend="web", class="2xx", criticality="P1", endpoint="a", reason="ok", route="shop"}"#;
    expected.insert(answered.to_owned(), 2.0);
    let refused = r#"{class="4xx", criticality="P1", reason="no_route", route="shop"}"#;
    expected.insert(refused.to_owned(), 1.0);
    assert_eq!(requests, expected);
    let durations = world.values("plimsoll_gateway_request_duration_seconds");
    assert_eq!(durations.values().sum::<f64>(), 3.0);
    let bytes = [
        ("criticality", "P1"),
        ("direction", "out"),
        ("route", "shop"),
    ];
    assert_eq!(
        world.value("plimsoll_gateway_body_bytes_total", &bytes),
        Some(30.0)
    );
}

#[test]
fn attempts_retries_and_hedges_are_counted_apart() {
    let world = World::new();
    let recorder = world.signals.recorder();
    let failed = Outcome::Failed(FailureKind::Refused);
    run(
        &recorder,
        &Record {
            attempts: vec![attempt(0, failed), attempt(1, Outcome::Success)],
            ..record()
        },
    );
    let hedge = Attempt {
        is_hedge: true,
        is_reused: true,
        ..attempt(1, Outcome::Cancelled)
    };
    run(
        &recorder,
        &Record {
            // The one that answered is the request's endpoint.
            attempts: vec![attempt(0, Outcome::Success), hedge],
            retry_refused: Some("budget"),
            queue_wait: Duration::from_millis(20),
            ..record()
        },
    );
    world.export(5);
    for (endpoint, count) in [("a", 1.0), ("b", 1.0)] {
        let labels = [
            ("backend", "web"),
            ("class", "2xx"),
            ("criticality", "P1"),
            ("endpoint", endpoint),
            ("reason", "ok"),
            ("route", "shop"),
        ];
        let requests = world.value("plimsoll_gateway_requests_total", &labels);
        assert_eq!(requests, Some(count), "{endpoint}");
    }
    let attempts = world.values("plimsoll_gateway_attempts_total");
    let of = |endpoint: &str, outcome: &str| {
        let labels = [
            ("backend", "web"),
            ("endpoint", endpoint),
            ("outcome", outcome),
        ];
        attempts
            .get(&Labels::from_pairs(labels).to_string())
            .copied()
    };
    assert_eq!(of("a", "refused"), Some(1.0));
    assert_eq!(of("a", "success"), Some(1.0));
    assert_eq!(
        (of("b", "success"), of("b", "cancelled")),
        (Some(1.0), Some(1.0))
    );
    let route = |name: &str, label: &str, value: &str| {
        let labels = [("criticality", "P1"), ("route", "shop"), (label, value)];
        world.value(name, &labels)
    };
    assert_eq!(
        route("plimsoll_gateway_retries_total", "outcome", "success"),
        Some(1.0)
    );
    assert_eq!(
        route("plimsoll_gateway_hedges_total", "outcome", "lost"),
        Some(1.0)
    );
    assert_eq!(
        route("plimsoll_gateway_retries_refused_total", "cause", "budget"),
        Some(1.0)
    );
    let waits = world.values("plimsoll_gateway_queue_wait_seconds");
    assert_eq!(
        waits.values().sum::<f64>(),
        1.0,
        "one of the two had to wait"
    );
    // What was called off says nothing about how long the endpoint takes.
    let took = world.values("plimsoll_gateway_attempt_duration_seconds");
    assert_eq!(took.values().sum::<f64>(), 3.0);
    let connections = [
        ("backend", "web"),
        ("connection", "reused"),
        ("endpoint", "b"),
    ];
    assert_eq!(
        world.value("plimsoll_gateway_attempt_connections_total", &connections),
        Some(1.0)
    );
}

#[test]
fn requests_in_flight_come_out_even() {
    let world = World::new();
    let (one, other) = (world.signals.recorder(), world.signals.recorder());
    let in_flight = |seconds| {
        world.export(seconds);
        let labels = [("criticality", "P1"), ("route", "shop")];
        world.value("plimsoll_gateway_requests_in_flight", &labels)
    };
    one.begin(Some(RouteId(0)), Criticality::P1);
    one.begin(Some(RouteId(0)), Criticality::P1);
    assert_eq!(in_flight(5), Some(2.0));
    // A request may end where it did not begin.
    other.finish(&record());
    assert_eq!(in_flight(10), Some(1.0));
    one.finish(&record());
    assert_eq!(in_flight(15), Some(0.0));
}

#[test]
fn what_happens_beside_requests_is_counted_too() {
    let world = World::new();
    let (backend, endpoint) = (BackendId(0), EndpointId(1));
    let ejected = EventKind::Ejected(Duration::from_secs(30));
    world.signals.happened(backend, endpoint, ejected);
    world
        .signals
        .happened(backend, endpoint, EventKind::Returned);
    world.signals.checked(backend, endpoint, true);
    world.signals.checked(backend, endpoint, false);
    let recorder = world.signals.recorder();
    recorder.dry_run(RouteId(0), Criticality::P2, "per-tenant");
    recorder.mirrored(RouteId(0), Criticality::P2, Mirrored::Different);
    let listener = world.signals.listener("front");
    let open = listener.accepted();
    drop(listener.accepted());
    listener.failed("handshake");
    listener.transferred(3, 4);
    world.export(5);
    let total = |name: &str| world.values(name).values().sum::<f64>();
    for (name, expected) in [
        ("ejections_total", 1.0),
        ("endpoint_events_total", 2.0),
        ("checks_total", 2.0),
        ("limit_dry_run_total", 1.0),
        ("mirrored_total", 1.0),
        ("connections", 1.0),
        ("connections_accepted_total", 2.0),
        ("connection_errors_total", 1.0),
        ("connection_bytes_total", 7.0),
    ] {
        assert_eq!(
            total(&format!("plimsoll_gateway_{name}")),
            expected,
            "{name}"
        );
    }
    drop(open);
    assert_eq!(listener.open(), 0);
}

#[test]
fn gauges_show_what_is_at_the_moment() {
    struct Told;
    impl Gauges for Told {
        fn read(&self) -> Readings {
            Readings {
                endpoints: vec![EndpointReading {
                    backend: BackendId(0),
                    endpoint: EndpointId(1),
                    is_healthy: true,
                    weight: 0.5,
                    breaker: Some(plimsoll_traffic::breaker::State::Open),
                    in_flight: 3,
                }],
                limits: vec![LimitReading {
                    backend: BackendId(0),
                    limit: 20,
                    in_flight: 19,
                    waiting: 2,
                }],
                retry_budget: Some(12.5),
            }
        }
    }
    let world = World::new();
    let told: Arc<dyn Gauges> = Arc::new(Told);
    world.signals.set_gauges(Arc::downgrade(&told));
    world.export(5);
    let endpoint = [("backend", "web"), ("endpoint", "b")];
    assert_eq!(
        world.value("plimsoll_gateway_endpoint_weight", &endpoint),
        Some(0.5)
    );
    assert_eq!(
        world.value("plimsoll_gateway_endpoint_healthy", &endpoint),
        Some(1.0)
    );
    let breaker = world.values("plimsoll_gateway_breaker_state");
    assert_eq!(breaker.len(), 3);
    assert_eq!(breaker.values().sum::<f64>(), 1.0);
    assert_eq!(
        world.value("plimsoll_gateway_queue_length", &[("backend", "web")]),
        Some(2.0)
    );
    assert_eq!(
        world.value("plimsoll_gateway_retry_budget", &[]),
        Some(12.5)
    );
    // Who told is gone, so nobody knows any more.
    drop(told);
    world.export(10);
    assert_eq!(
        world.values("plimsoll_gateway_endpoint_weight"),
        BTreeMap::new()
    );
    assert_eq!(world.value("plimsoll_gateway_retry_budget", &[]), None);
}
