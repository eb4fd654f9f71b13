use std::time::Duration;

use http::{Method, Version};
use plimsoll_traffic::{Criticality, EndpointId, Moment, Outcome, Why};
use plimsoll_types::Timestamp;

use super::*;
use crate::names::Names;
use crate::reason::Reason;
use crate::record::Attempt;
use crate::signals::{Class, Live, LiveBackend, Options};

fn signals() -> Arc<Signals> {
    let names = Arc::new(Names::default());
    let live = Live {
        listeners: vec!["front".into()],
        routes: vec![names.route("shop")],
        backends: vec![LiveBackend {
            id: names.backend("web"),
            endpoints: vec![(EndpointId(0), "a".into()), (EndpointId(1), "b".into())],
        }],
    };
    let signals = Signals::new(Options::default(), names, Timestamp::EPOCH);
    signals.set_live(live);
    signals
}

fn record(signals: &Signals) -> Record {
    let attempt = |endpoint| Attempt {
        endpoint: EndpointId(endpoint),
        why: Why::Policy,
        is_hedge: false,
        is_reused: false,
        began_after: Duration::ZERO,
        took: Duration::from_millis(1),
        outcome: Outcome::Success,
    };
    Record {
        at: Timestamp::EPOCH,
        began: Moment::ORIGIN,
        client: "[::ffff:192.0.2.7]:1".parse().unwrap(),
        listener: 0,
        method: Method::GET,
        uri: "/cart/7".parse().unwrap(),
        host: "shop.example".into(),
        user_agent: None,
        version: Version::HTTP_11,
        route: Some(signals.names().route("shop")),
        backend: Some(signals.names().backend("web")),
        criticality: Criticality::P1,
        status: 502,
        grpc_status: None,
        reason: Reason::UpstreamClosed,
        duration: Duration::from_millis(50),
        head_after: Duration::ZERO,
        queue_wait: Duration::ZERO,
        bytes_in: 0,
        bytes_out: 0,
        trace_id: [7; 16],
        span_id: [8; 8],
        attempts: vec![attempt(0), attempt(1)],
        retry_refused: None,
    }
}

fn finish(signals: &Arc<Signals>, record: &Record) {
    let recorder = signals.recorder();
    recorder.begin(record.route, record.criticality);
    recorder.finish(record);
}

#[test]
fn a_watcher_sees_what_passes_its_filter() {
    let signals = signals();
    let record = record(&signals);
    let some = |text: &str| Some(text.to_owned());
    let passing = Filter {
        route: some("shop"),
        backend: some("web"),
        endpoint: some("a"),
        classes: vec![Class::ServerError],
        reasons: vec![Reason::UpstreamClosed, Reason::Timeout],
        status: Some(502),
        method: Some(Method::GET),
        path_prefix: some("/cart"),
        client: Some("192.0.2.7".parse().unwrap()),
        criticality: Some(Criticality::P1),
        at_least: Some(Duration::from_millis(50)),
        trace_id: Some([7; 16]),
    };
    let changes: [fn(&mut Filter); 12] = [
        |filter| filter.route = Some("blog".into()),
        |filter| filter.backend = Some("other".into()),
        |filter| filter.endpoint = Some("c".into()),
        |filter| filter.classes = vec![Class::Success],
        |filter| filter.reasons = vec![Reason::Ok],
        |filter| filter.status = Some(503),
        |filter| filter.method = Some(Method::POST),
        |filter| filter.path_prefix = Some("/blog".into()),
        |filter| filter.client = Some("192.0.2.8".parse().unwrap()),
        |filter| filter.criticality = Some(Criticality::P0),
        |filter| filter.at_least = Some(Duration::from_millis(51)),
        |filter| filter.trace_id = Some([8; 16]),
    ];
    let mut all = signals.tap().watch(Filter::default()).unwrap();
    let mut passed = signals.tap().watch(passing.clone()).unwrap();
    let mut others: Vec<_> = changes
        .into_iter()
        .map(|change| {
            let mut filter = passing.clone();
            change(&mut filter);
            signals.tap().watch(filter).unwrap()
        })
        .collect();
    finish(&signals, &record);
    for watch in [&mut all, &mut passed] {
        let seen = watch.try_next().expect("it passes");
        assert_eq!((seen.record.status, seen.record.attempts.len()), (502, 2));
        assert!(seen.line.starts_with('{') && seen.line.contains(r#""reason":"upstream_closed""#));
        assert!(watch.try_next().is_none());
    }
    for (index, watch) in others.iter_mut().enumerate() {
        assert!(watch.try_next().is_none(), "change {index}");
    }
}

#[test]
fn a_slow_watcher_misses_requests_and_knows_how_many() {
    let signals = signals();
    let record = record(&signals);
    let mut watch = signals.tap().watch(Filter::default()).unwrap();
    for _ in 0..WAITING_MAX + 3 {
        finish(&signals, &record);
    }
    assert_eq!((watch.missed(), watch.missed()), (3, 0));
    let seen = std::iter::from_fn(|| watch.try_next()).count();
    assert_eq!(seen, WAITING_MAX);
}

#[test]
fn watchers_are_bounded_and_leave_by_being_dropped() {
    let signals = signals();
    let mut watches: Vec<_> = (0..WATCHERS_MAX)
        .map(|_| signals.tap().watch(Filter::default()).unwrap())
        .collect();
    let error = signals.tap().watch(Filter::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "16 taps are open already, which is the most"
    );
    watches.pop();
    watches.push(signals.tap().watch(Filter::default()).unwrap());
    watches.clear();
    assert!(signals.tap().is_watched());
    // The next request finds nobody, and later ones do not look.
    finish(&signals, &record(&signals));
    assert!(!signals.tap().is_watched());
}
