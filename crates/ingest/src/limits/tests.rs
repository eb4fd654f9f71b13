//! Limits before a store in memory.

mod store;
mod sums;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_testkit::FakeClock;
use plimsoll_types::{Matcher, RejectedReason, Sample, Value};
use proptest::prelude::*;

use super::*;
use crate::config::ValuesRule;
use store::Store;

const OVERFLOW: &str = SeriesLimits::OVERFLOW_VALUE;

struct World {
    store: Arc<Store>,
    clock: FakeClock,
    limiter: Limiter,
    metrics: Metrics,
}

impl World {
    fn new(limits: SeriesLimits) -> Self {
        Self::over(Arc::default(), limits)
    }

    /// Begins anew over what is stored, as after a restart.
    fn over(store: Arc<Store>, limits: SeriesLimits) -> Self {
        let clock = FakeClock::new(Timestamp::from_millis(100_000_000));
        let metrics = Metrics::default();
        let clock_of_limiter = Arc::new(clock.clone());
        let limiter = Limiter::new(
            store.clone(),
            store.clone(),
            clock_of_limiter,
            metrics.clone(),
        );
        limiter.set_limits(&limits);
        Self {
            store,
            clock,
            limiter,
            metrics,
        }
    }

    /// Returns the labels that a series is stored under.
    fn stored(&self, labels: &Labels) -> Option<Labels> {
        let series = self.limiter.resolve(labels).unwrap();
        self.limiter.labels(series)
    }

    fn push(&self, samples: &[(SeriesRef, i64, f64)]) -> Appended {
        let samples = samples.iter().map(|(series, time, value)| {
            (
                *series,
                Sample::float(Timestamp::from_millis(*time), *value),
            )
        });
        let batch = WriteBatch {
            samples: samples.collect(),
            ..WriteBatch::default()
        };
        self.limiter.append(&batch, Durability::Periodic).unwrap()
    }
}

fn labels<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Labels {
    Labels::from_pairs(pairs)
}

fn request(path: &str, method: &str) -> Labels {
    labels([
        ("__name__", "requests_total"),
        ("instance", "a"),
        ("method", method),
        ("path", path),
    ])
}

fn values(limit: u64) -> SeriesLimits {
    SeriesLimits {
        values_per_label: Some(limit),
        ..SeriesLimits::default()
    }
}

fn per_metric(limit: u64) -> SeriesLimits {
    SeriesLimits {
        series_per_metric: Some(limit),
        ..SeriesLimits::default()
    }
}

#[test]
fn without_limits_everything_passes() {
    let world = World::new(SeriesLimits::default());
    for number in 0..100 {
        let labels = request(&number.to_string(), "GET");
        assert_eq!(world.stored(&labels), Some(labels));
    }
    assert_eq!(world.limiter.folding(10), []);
}

#[test]
fn a_value_too_many_is_folded_and_known_ones_stay() {
    let world = World::new(values(2));
    for path in ["/a", "/b"] {
        assert_eq!(
            world.stored(&request(path, "GET")),
            Some(request(path, "GET"))
        );
    }
    assert_eq!(
        world.stored(&request("/c", "GET")),
        Some(request(OVERFLOW, "GET"))
    );
    assert_eq!(
        world.stored(&request("/d", "GET")),
        Some(request(OVERFLOW, "GET"))
    );
    assert_eq!(
        world.stored(&request("/a", "GET")),
        Some(request("/a", "GET"))
    );
    assert_eq!(
        world.stored(&request("/a", "PUT")),
        Some(request("/a", "PUT")),
        "known values"
    );
    assert_eq!(
        world.stored(&request("/d", "PUT")),
        Some(request(OVERFLOW, "PUT"))
    );
    assert_eq!(
        world.stored(&request("/d", "PATCH")),
        Some(request(OVERFLOW, OVERFLOW)),
        "the third method is too many as well"
    );
    let folding = world.limiter.folding(10);
    let shown: Vec<_> = folding
        .iter()
        .map(|one| {
            (
                one.label.as_str(),
                one.limit,
                one.members,
                one.overflow_series,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("path", "values_per_label", 3, 2),
            ("method", "values_per_label", 1, 1)
        ]
    );
    assert_eq!(world.metrics.folded("requests_total", "path"), 3);
}

#[test]
fn the_first_rule_that_names_the_label_and_fits_decides() {
    let rule = |matchers: Vec<Matcher>, label: &str, values| ValuesRule {
        matchers,
        label: label.into(),
        values,
    };
    let world = World::new(SeriesLimits {
        rules: vec![
            rule(vec![Matcher::equal("method", "GET")], "path", 3),
            rule(Vec::new(), "path", 1),
            rule(Vec::new(), "instance", 1),
        ],
        ..values(1)
    });
    for path in ["/a", "/b", "/c"] {
        assert_eq!(
            world.stored(&request(path, "GET")),
            Some(request(path, "GET"))
        );
    }
    assert_eq!(
        world.stored(&request("/d", "GET")),
        Some(request(OVERFLOW, "GET"))
    );
    // Those of the other rule are counted by themselves, and the default is for the method.
    assert_eq!(
        world.stored(&request("/x", "PUT")),
        Some(request("/x", OVERFLOW))
    );
    let elsewhere = |instance| {
        labels([
            ("__name__", "requests_total"),
            ("instance", instance),
            ("method", "GET"),
            ("path", "/a"),
        ])
    };
    assert_eq!(world.stored(&elsewhere("b")), Some(elsewhere(OVERFLOW)));
}

#[test]
fn what_says_where_series_come_from_is_folded_last() {
    let world = World::new(per_metric(20));
    let series = |instance: &str, path: &str| {
        labels([
            ("__name__", "x"),
            ("instance", instance),
            ("job", "j"),
            ("path", path),
        ])
    };
    let mut folded = BTreeSet::new();
    for instance in 0..10 {
        for path in ["/a", "/b", "/c"] {
            let own = series(&instance.to_string(), path);
            let stored = world.stored(&own).unwrap();
            if stored != own {
                folded.insert(stored);
            }
        }
    }
    // Eighteen of its own, one place for the path alone, and one for everything.
    assert_eq!(world.store.count_with("__name__", "x"), 20);
    let everything = labels([
        ("__name__", "x"),
        ("instance", OVERFLOW),
        ("job", OVERFLOW),
        ("path", OVERFLOW),
    ]);
    assert_eq!(folded.len(), 2);
    assert!(folded.contains(&series("6", OVERFLOW)));
    assert!(folded.contains(&everything));
}

#[test]
fn a_histogram_keeps_its_bounds_and_a_scrape_its_own_metrics() {
    let world = World::new(per_metric(4));
    let bucket =
        |path: &str, bound: &str| labels([("__name__", "x_bucket"), ("le", bound), ("path", path)]);
    for (path, bound) in [("/a", "1"), ("/a", "2"), ("/a", "+Inf")] {
        assert_eq!(
            world.stored(&bucket(path, bound)),
            Some(bucket(path, bound))
        );
    }
    assert_eq!(
        world.stored(&bucket("/b", "1")),
        Some(bucket(OVERFLOW, "1"))
    );
    assert_eq!(
        world.stored(&bucket("/b", "2")),
        None,
        "nothing has room for it"
    );
    for instance in 0..9 {
        let up = labels([("__name__", "up"), ("instance", &instance.to_string())]);
        assert_eq!(world.stored(&up), Some(up));
    }
    let lost = world.limiter.resolve(&bucket("/b", "2")).unwrap();
    assert!(world.push(&[(lost, 1, 1.0)]).rejected.is_empty());
    assert_eq!(world.metrics.lost.get(), 1);
    world.clock.advance(LOST_INTERVAL);
    world.limiter.tidy_up();
    let rejected = world.push(&[(lost, 2, 1.0)]).rejected;
    assert_eq!(
        rejected[0].reason,
        RejectedReason::UnknownSeries,
        "it may try again"
    );
}

#[test]
fn tenants_are_limited_each_by_itself() {
    let world = World::new(SeriesLimits {
        tenant_label: Some("team".into()),
        series_per_tenant: Some(4),
        ..SeriesLimits::default()
    });
    let series =
        |team: &str, path: &str| labels([("__name__", "x"), ("path", path), ("team", team)]);
    for path in ["/a", "/b", "/c"] {
        for team in ["red", "blue"] {
            assert_eq!(world.stored(&series(team, path)), Some(series(team, path)));
        }
    }
    assert_eq!(
        world.stored(&series("red", "/d")),
        Some(series("red", OVERFLOW))
    );
    assert_eq!(
        world.stored(&series("green", "/a")),
        Some(series("green", "/a"))
    );
    assert_eq!(world.limiter.folding(1)[0].limit, "series_per_tenant");
}

#[test]
fn a_restart_knows_what_was_active() {
    let before = World::new(values(2));
    for path in ["/a", "/b", "/c"] {
        before.stored(&request(path, "GET"));
    }
    let world = World::over(before.store, values(2));
    assert_eq!(
        world.stored(&request("/d", "GET")),
        Some(request(OVERFLOW, "GET"))
    );
    assert_eq!(
        world.stored(&request("/b", "PUT")),
        Some(request("/b", "PUT"))
    );
    // What came to an end makes room.
    world.store.remove(&request("/a", "GET"));
    assert_eq!(
        world.stored(&request("/e", "GET")),
        Some(request("/e", "GET"))
    );
    assert_eq!(
        world.stored(&request("/f", "GET")),
        Some(request(OVERFLOW, "GET"))
    );
    assert_eq!(
        world.stored(&request("/d", "GET")),
        Some(request(OVERFLOW, "GET")),
        "a member stays one"
    );
}

#[test]
fn other_limits_decide_anew() {
    let world = World::new(values(1));
    world.stored(&request("/a", "GET"));
    let member = world.limiter.resolve(&request("/b", "GET")).unwrap();
    assert!(world.push(&[(member, 1, 1.0)]).rejected.is_empty());
    world.limiter.set_limits(&values(1));
    assert!(
        world.push(&[(member, 2, 1.0)]).rejected.is_empty(),
        "the same limits change nothing"
    );
    world.limiter.set_limits(&values(2));
    let rejected = world.push(&[(member, 3, 1.0)]).rejected;
    assert_eq!(rejected[0].reason, RejectedReason::UnknownSeries);
    let ended = &world.store.samples()[&request(OVERFLOW, "GET")][2];
    assert!(ended.value.is_stale() && ended.timestamp.millis() == 3);
    assert_eq!(
        world.stored(&request("/b", "GET")),
        Some(request("/b", "GET"))
    );
    world.limiter.set_limits(&SeriesLimits::default());
    assert_eq!(
        world.stored(&request("/c", "GET")),
        Some(request("/c", "GET"))
    );
}

#[test]
fn a_member_that_does_not_come_is_forgotten() {
    let world = World::new(values(1));
    world.stored(&request("/a", "GET"));
    let [kept, gone] =
        ["/b", "/c"].map(|path| world.limiter.resolve(&request(path, "GET")).unwrap());
    world.push(&[(kept, 1, 1.0), (gone, 1, 1.0)]);
    for minute in 0..31 {
        world.clock.advance(Duration::from_mins(1));
        assert!(world.push(&[(kept, 2 + minute, 1.0)]).rejected.is_empty());
    }
    let rejected = world.push(&[(kept, 100, 1.0), (gone, 100, 1.0)]).rejected;
    assert_eq!(rejected.len(), 1);
    assert_eq!(
        (rejected[0].index, &rejected[0].reason),
        (1, &RejectedReason::UnknownSeries)
    );
    assert_eq!(world.limiter.folding(9)[0].members, 1);
    assert_ne!(
        world.limiter.resolve(&request("/c", "GET")).unwrap(),
        gone,
        "refs are never used again"
    );
}

#[test]
fn an_overflow_series_that_the_store_forgot_is_found_again() {
    let world = World::new(values(1));
    world.stored(&request("/a", "GET"));
    let member = world.limiter.resolve(&request("/b", "GET")).unwrap();
    world.push(&[(member, 1, 1.0)]);
    world.store.remove(&request(OVERFLOW, "GET"));
    let appended = world.push(&[(member, 2, 1.0)]);
    assert_eq!(appended.rejected[0].reason, RejectedReason::UnknownSeries);
    assert_eq!(
        appended.written.floats, 0,
        "it is counted when it comes again"
    );
    let again = world.limiter.resolve(&request("/b", "GET")).unwrap();
    assert!(world.push(&[(again, 3, 1.0)]).rejected.is_empty());
}

#[test]
fn a_known_series_never_asks_the_limits() {
    let world = World::new(values(1));
    let known = world.limiter.resolve(&request("/a", "GET")).unwrap();
    let looked = world.store.visits();
    for _ in 0..10 {
        assert_eq!(world.limiter.resolve(&request("/a", "GET")).unwrap(), known);
        world.push(&[(known, 1, 1.0)]);
    }
    assert_eq!(world.store.visits(), looked);
}

#[test]
fn many_at_once_do_not_get_past_a_limit() {
    let limits = SeriesLimits {
        series_per_metric: Some(50),
        ..values(20)
    };
    let world = World::new(limits);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let world = &world;
            scope.spawn(move || {
                for number in 0..40 {
                    world.stored(&request(&format!("/{thread}/{number}"), "GET"));
                    world.stored(&request(&format!("/{number}"), &format!("{thread}")));
                    world.stored(&request(&format!("/all/{number}"), "GET"));
                }
            });
        }
    });
    let active = world.store.active();
    assert!(active.len() <= 50, "{} series", active.len());
    assert!(distinct(&active, "path")["requests_total"].len() <= 20);
    let members: u64 = world.limiter.folding(9).iter().map(|one| one.members).sum();
    assert!(members > 100, "{members}");
    // 4 x 80 that are different, and 40 that all of them have: each is active or a member, and none is both.
    let folded = |labels: &&Labels| labels.iter().any(|(_, value)| value == OVERFLOW);
    let own = active.len() - active.iter().filter(folded).count();
    assert_eq!(own as u64 + members, 4 * 80 + 40);
}

#[derive(Clone, Debug)]
enum Step {
    Come(u8, u8, u8),
    Go(u8),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0..2u8, 0..12u8, 0..6u8).prop_map(|(metric, a, b)| Step::Come(metric, a, b)),
        2 => any::<u8>().prop_map(Step::Go),
        1 => Just(Step::Restart),
    ]
}

/// Returns the distinct values of a label in the active series of each metric, without those that are folded.
fn distinct(active: &BTreeSet<Labels>, name: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for labels in active {
        let value = labels.get(name).unwrap_or("");
        if value != OVERFLOW {
            let metric = labels.metric_name().unwrap().to_owned();
            found.entry(metric).or_default().insert(value.to_owned());
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn limits_hold_and_known_series_stay(
        steps in prop::collection::vec(step(), 1..120),
        series in prop::option::of(2..30u64), tenant in prop::option::of(4..40u64), limit in prop::option::of(1..8u64)
    ) {
        let limits = SeriesLimits {
            series_per_metric: series,
            series_per_tenant: tenant,
            values_per_label: limit,
            ..SeriesLimits::default()
        };
        let mut world = World::new(limits.clone());
        let mut own: BTreeMap<Labels, SeriesRef> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Come(metric, a, b) => {
                    let (metric, a, b) = (format!("m{metric}"), a.to_string(), b.to_string());
                    let labels = labels([("__name__", metric.as_str()), ("a", &a), ("b", &b)]);
                    let series = world.limiter.resolve(&labels).unwrap();
                    if let Some(known) = own.get(&labels) {
                        prop_assert_eq!(*known, series, "a known series stays");
                    }
                    if world.limiter.labels(series).as_ref() == Some(&labels) {
                        own.insert(labels, series);
                    }
                }
                Step::Go(which) => {
                    let at = usize::from(which) % own.len().max(1);
                    let gone = own.keys().nth(at).cloned();
                    if let Some(gone) = gone {
                        own.remove(&gone);
                        world.store.remove(&gone);
                    }
                }
                Step::Restart => world = World::over(world.store.clone(), limits.clone()),
            }
            let active = world.store.active();
            for metric in ["m0", "m1"] {
                let count = world.store.count_with("__name__", metric);
                prop_assert!(series.is_none_or(|limit| count <= limit), "{count} series of {metric}");
            }
            prop_assert!(tenant.is_none_or(|limit| active.len() as u64 <= limit));
            for name in ["a", "b"] {
                for (metric, values) in distinct(&active, name) {
                    let count = values.len() as u64;
                    prop_assert!(limit.is_none_or(|limit| count <= limit), "{count} values of {name} in {metric}");
                }
            }
        }
    }
}
