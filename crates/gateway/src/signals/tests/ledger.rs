//! An SLO on a route: what the ledger counts from exported samples is what clients saw.

use plimsoll_promql::Features;
use plimsoll_runtime::config::Source;
use plimsoll_slo::Counts;
use plimsoll_slo::engine::{Engine, Options as EngineOptions};
use plimsoll_slo::view::Address;
use proptest::prelude::*;

use super::*;

const FILE: &str = r#"
version: plimsoll/v1
service: shop
slos:
  - name: requests
    objective: 99.9
    sli: {gateway: {route: shop}}
  - name: tiers
    objectives:
      - {name: answered, objective: 99.9}
      - {name: fast, objective: 95, below: 250ms}
      - {name: slow, objective: 99, below: 1s}
    sli: {gateway: {route: shop}}
  - name: strict
    objective: 99.9
    sli: {gateway: {route: shop, slower_than: 250ms, sheds: bad, match: 'criticality=~"P0|P1"'}}
"#;

/// What a request should count as, for an SLO whose threshold is so many milliseconds.
fn expected(record: &Record, below_millis: Option<u64>, sheds_are_bad: bool) -> Counts {
    let mut counts = Counts::default();
    let is_slow =
        |below: u64| record.endpoint().is_some() && record.duration > Duration::from_millis(below);
    let is_shed = matches!(
        record.reason,
        Reason::QueueFull | Reason::QueueTimeout | Reason::Shed
    );
    let place = match record.class() {
        Class::ClientGone => &mut counts.excluded,
        _ if record.reason == Reason::RateLimited => &mut counts.excluded,
        _ if is_shed && !sheds_are_bad => &mut counts.excluded,
        Class::ServerError => &mut counts.bad,
        _ if below_millis.is_some_and(is_slow) => &mut counts.bad,
        _ => &mut counts.good,
    };
    *place += 1;
    counts
}

fn engine() -> Engine {
    let source = Source::new("slo.yml".as_ref(), FILE).unwrap();
    let file = plimsoll_slo::file::check(&source, &Features::default()).unwrap();
    assert!(file.warnings.is_empty(), "{:?}", file.warnings);
    let mut engine = Engine::new(Arc::new(file.catalog), EngineOptions::default(), at(0));
    assert_eq!(engine.catch_up(at(0)), None);
    engine
}

/// Shows the engine all samples of the store that it wants.
fn feed(engine: &mut Engine, world: &World) {
    let interest = engine.interest();
    let mut selection = world.store.select(&[], TimeRange::ALL).unwrap();
    for (index, labels) in selection.labels.iter().enumerate() {
        if !interest.wants(labels) {
            continue;
        }
        let mut columns = SampleColumns::default();
        selection.source.read(index, &mut columns).unwrap();
        let id = engine.series(labels).expect("it is wanted");
        for sample in columns.iter() {
            engine.observe(id, &sample);
        }
    }
}

fn counts(engine: &Engine, name: &str, objective: Option<&str>) -> (i64, i64, i64) {
    let address = Address {
        id: format!("shop/{name}"),
        objective: objective.map(str::to_owned),
        group: None,
    };
    let read = engine.read_budget(&address, |history, _, _| history.between(at(0), at(3600)));
    let counts = read.unwrap();
    (counts.good, counts.bad, counts.excluded)
}

#[derive(Clone, Debug)]
struct Request {
    criticality: usize,
    millis: u64,
    /// Status, reason, and whether an endpoint was asked.
    end: (u16, Reason, bool),
}

fn request() -> impl Strategy<Value = Request> {
    let ends = vec![
        (200, Reason::Ok, true),
        (404, Reason::Ok, true),
        (429, Reason::Ok, true),
        (500, Reason::Ok, true),
        (200, Reason::UpstreamTruncated, true),
        (200, Reason::ClientGone, true),
        (499, Reason::ClientGone, false),
        (429, Reason::RateLimited, false),
        (503, Reason::QueueFull, false),
        (503, Reason::Shed, false),
        (503, Reason::NoEndpoint, false),
        (504, Reason::Timeout, true),
        (302, Reason::Answered, false),
    ];
    // 250 ms and 1 s are edges of buckets, so that the threshold is exact.
    let millis = prop::sample::select(vec![1_u64, 249, 250, 251, 999, 1000, 1001, 5000]);
    (0_usize..4, millis, prop::sample::select(ends)).prop_map(|(criticality, millis, end)| {
        Request {
            criticality,
            millis,
            end,
        }
    })
}

impl Request {
    fn record(&self) -> Record {
        let (status, reason, is_asked) = self.end;
        let attempts = match is_asked {
            true => vec![attempt(0, Outcome::Success)],
            false => Vec::new(),
        };
        Record {
            status,
            reason,
            criticality: Criticality::ALL[self.criticality],
            duration: Duration::from_millis(self.millis),
            backend: is_asked.then_some(BackendId(0)),
            attempts,
            ..record()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_ledger_counts_what_clients_saw(
        rounds in prop::collection::vec(prop::collection::vec(request(), 0..12), 1..8),
        restart_at in 0_usize..8,
    ) {
        // As `plimsoll serve` calls it.
        let options = Options {
            labels: Labels::from_pairs([("job", "gateway"), ("instance", "edge-1")]),
            ..Options::default()
        };
        let mut world = World::with(options.clone());
        let mut sums = [Counts::default(); 5];
        let mut seconds = 0;
        for (index, requests) in rounds.iter().enumerate() {
            if index == restart_at {
                // The process begins anew, the store stays.
                let signals = Signals::new(options.clone(), Arc::new(Names::default()), at(seconds + 1));
                signals.set_live(live(&signals, &["shop", "blog"], &["a", "b"]));
                world.signals = signals;
            }
            let recorder = world.signals.recorder();
            for request in requests {
                let record = request.record();
                run(&recorder, &record);
                // Another route is nobody's business.
                run(&recorder, &Record { route: Some(RouteId(1)), ..record.clone() });
                let is_vital = record.criticality <= Criticality::P1;
                let counted = [
                    expected(&record, None, false),
                    expected(&record, None, false),
                    expected(&record, Some(250), false),
                    expected(&record, Some(1000), false),
                    if is_vital { expected(&record, Some(250), true) } else { Counts::default() },
                ];
                for (sum, one) in sums.iter_mut().zip(counted) {
                    sum.good += one.good;
                    sum.bad += one.bad;
                    sum.excluded += one.excluded;
                }
            }
            seconds += 5;
            world.export(seconds);
        }
        let mut engine = engine();
        feed(&mut engine, &world);
        engine.tick(at(seconds + 60));
        let found = [
            counts(&engine, "requests", None),
            counts(&engine, "tiers", Some("answered")),
            counts(&engine, "tiers", Some("fast")),
            counts(&engine, "tiers", Some("slow")),
            counts(&engine, "strict", None),
        ];
        let sums = sums.map(|sum| (sum.good, sum.bad, sum.excluded));
        prop_assert_eq!(found, sums);
    }
}
