//! What single samples count.

use super::*;
use crate::sli::{Comparison, Exclusion};

fn watched() -> Engine {
    engine(slo(Source::Watches(requests())))
}

#[test]
fn a_counter_counts_the_difference_in_the_slice_of_the_later_sample() {
    let mut engine = watched();
    feed(&mut engine, &series("200", "eu"), 5, 100.0);
    feed(&mut engine, &series("200", "eu"), 25, 130.0);
    feed(&mut engine, &series("500", "eu"), 5, 7.0);
    feed(&mut engine, &series("500", "eu"), 25, 10.0);
    engine.tick(at(40));
    assert_eq!(
        good_bad(counts(&engine, None, 0, 20)),
        (0, 0),
        "both were there before"
    );
    assert_eq!(good_bad(counts(&engine, None, 20, 30)), (30, 3));
    let all = counts(&engine, None, 0, 40);
    assert_eq!((all.good, all.bad, all.covered), (30, 3, 3));
}

#[test]
fn after_a_reset_the_whole_value_counts() {
    let mut engine = watched();
    for (seconds, value) in [(0, 100.0), (10, 110.0), (20, 4.0), (30, 9.0)] {
        feed(&mut engine, &series("200", "eu"), seconds, value);
    }
    assert_eq!(counts(&engine, None, 0, 40).good, 10 + 4 + 5);
    let restarted = Sample {
        start: StartTimestamp::from_millis(at(35).millis()),
        ..Sample::float(at(40), 50.0)
    };
    observe(&mut engine, &series("200", "eu"), &restarted);
    assert_eq!(
        counts(&engine, None, 40, 50).good,
        50,
        "it began anew and is ahead already"
    );
}

#[test]
fn a_first_sample_counts_when_its_beginning_was_seen() {
    let first = |ups: &[(i64, f64)], start: i64| {
        let mut engine = watched();
        for (seconds, value) in ups {
            feed(&mut engine, &up(), *seconds, *value);
        }
        let start = StartTimestamp::from_millis(if start == 0 { 0 } else { at(start).millis() });
        let sample = Sample {
            start,
            ..Sample::float(at(60), 42.0)
        };
        observe(&mut engine, &series("200", "eu"), &sample);
        let before = counts(&engine, None, 0, 100).good;
        // The scrape itself, and later ones, tell nothing.
        feed(&mut engine, &up(), 60, 1.0);
        feed(&mut engine, &up(), 70, 1.0);
        assert_eq!(counts(&engine, None, 0, 100).good, before);
        before
    };
    assert_eq!(first(&[], 0), 0, "it may have been there for years");
    assert_eq!(
        first(&[(45, 1.0)], 0),
        42,
        "it was not there at the last scrape"
    );
    assert_eq!(first(&[(45, 0.0)], 0), 0, "nobody looked");
    assert_eq!(first(&[(30, 1.0), (45, 0.0)], 0), 42);
    assert_eq!(first(&[], 50), 42, "it says so itself");
    assert_eq!(first(&[], -50), 0, "it began before it was watched");
}

#[test]
fn a_scrape_that_is_heard_of_late_makes_a_series_new() {
    let mut engine = watched();
    feed(&mut engine, &series("200", "eu"), 60, 42.0);
    assert_eq!(counts(&engine, None, 0, 100).good, 0);
    feed(&mut engine, &up(), 45, 1.0);
    assert_eq!(counts(&engine, None, 0, 100).good, 42);
}

#[test]
fn a_late_sample_splits_a_difference_and_is_a_revision() {
    let mut engine = watched();
    feed(&mut engine, &series("200", "eu"), 0, 10.0);
    feed(&mut engine, &series("200", "eu"), 60, 30.0);
    assert_eq!(counts(&engine, None, 60, 70).good, 20);
    assert_eq!(
        feed(&mut engine, &series("200", "eu"), 30, 25.0),
        Observed::Revised
    );
    assert_eq!(counts(&engine, None, 30, 40).good, 15);
    assert_eq!(counts(&engine, None, 60, 70).good, 5);
    assert_eq!(
        feed(&mut engine, &series("200", "eu"), 30, 25.0),
        Observed::Known
    );
    assert_eq!(
        feed(&mut engine, &series("200", "eu"), 30, 5.0),
        Observed::Revised,
        "it is replaced"
    );
    assert_eq!(counts(&engine, None, 0, 70).good, 5 + 25);
    assert_eq!(engine.tick(at(70)).revisions.len(), 2);
    assert_eq!(engine.tallies().revisions, 2);
}

#[test]
fn what_is_older_than_the_lateness_is_told_and_not_counted() {
    let mut engine = watched();
    feed(&mut engine, &series("200", "eu"), 0, 10.0);
    feed(&mut engine, &series("200", "eu"), 600, 30.0);
    engine.tick(at(600));
    assert_eq!(
        feed(&mut engine, &series("200", "eu"), 299, 20.0),
        Observed::TooLate
    );
    assert_eq!(
        feed(&mut engine, &series("200", "eu"), 300, 20.0),
        Observed::Revised
    );
    assert_eq!(
        feed(&mut engine, &series("200", "eu"), 1201, 20.0),
        Observed::TooEarly
    );
    assert_eq!(
        (engine.tallies().too_late, engine.tallies().too_early),
        (1, 1)
    );
}

#[test]
fn only_time_between_near_samples_is_measured() {
    let mut engine = watched();
    for seconds in [0, 300, 601] {
        engine.tick(at(seconds));
        feed(&mut engine, &series("200", "eu"), seconds, 1.0);
    }
    assert_eq!(counts(&engine, None, 0, 301).covered, 30);
    assert_eq!(
        counts(&engine, None, 0, 620).covered,
        32,
        "the last one is alone"
    );
}

#[test]
fn groups_are_apart_and_their_sum_is_the_whole() {
    let mut slo = slo(Source::Watches(requests()));
    slo.dimensions = by_region(2);
    let mut engine = engine(slo);
    for (index, region) in ["eu", "us", "asia", "africa"].into_iter().enumerate() {
        feed(&mut engine, &series("200", region), 0, 0.0);
        feed(&mut engine, &series("500", region), 0, 0.0);
        feed(&mut engine, &series("200", region), 10, 10.0 + index as f64);
        feed(&mut engine, &series("500", region), 10, index as f64);
    }
    let of = |group| good_bad(counts(&engine, group, 0, 20));
    assert_eq!((of(Some("eu")), of(Some("us"))), ((10, 0), (11, 1)));
    assert_eq!(of(Some(OTHER)), (12 + 13, 2 + 3));
    assert_eq!(of(None), (46, 6));
    assert!(engine.tallies().groups_refused > 0);
    assert_eq!(counts(&engine, None, 0, 20).covered, 2);
    assert!(engine.view("checkout/availability").unwrap().is_folded);
}

#[test]
fn excluded_events_are_counted_apart() {
    let mut watches = requests();
    for watch in &mut watches {
        watch.exclude = vec![Exclusion {
            matchers: selector(&[("code", MatchOp::Equal, "503")]),
            reason: "client".into(),
        }];
    }
    let mut engine = engine(slo(Source::Watches(watches)));
    for code in ["200", "500", "503"] {
        feed(&mut engine, &series(code, "eu"), 0, 0.0);
        feed(&mut engine, &series(code, "eu"), 10, 5.0);
    }
    let counts = counts(&engine, None, 0, 20);
    assert_eq!((counts.good, counts.bad, counts.excluded), (5, 5, 5));
}

#[test]
fn each_sample_of_a_gauge_is_an_event() {
    let reading = Reading::Check {
        comparison: Comparison::Equal,
        bound: 1.0,
    };
    let success = selector(&[("__name__", MatchOp::Equal, "probe_success")]);
    let mut engine = engine(slo(Source::Watches(vec![watch(success, reading, 1, 0)])));
    let probe = Labels::from_pairs([("__name__", "probe_success"), ("instance", "x")]);
    for (seconds, value) in [(0, 1.0), (10, 0.0), (20, 1.0), (30, f64::NAN)] {
        feed(&mut engine, &probe, seconds, value);
    }
    assert_eq!(good_bad(counts(&engine, None, 0, 40)), (2, 1));
}

#[test]
fn an_objective_has_no_data_until_its_bucket_is_there() {
    let name = |name| ("__name__", MatchOp::Equal, name);
    let count = watch(selector(&[name("latency_count")]), Reading::Counter, 0, 1);
    let bucket = Watch {
        needed: true,
        ..watch(selector(&[name("latency_bucket")]), Reading::Counter, 1, -1)
    };
    let mut engine = engine(slo(Source::Watches(vec![count, bucket])));
    let labels =
        |name: &str| Labels::from_pairs([("__name__", name), ("job", "shop"), ("instance", "a")]);
    feed(&mut engine, &labels("latency_count"), 0, 100.0);
    feed(&mut engine, &labels("latency_count"), 10, 150.0);
    let nothing = counts(&engine, None, 0, 60);
    assert_eq!(
        (nothing.valid(), nothing.covered),
        (0, 0),
        "no bucket: all would be bad"
    );
    feed(&mut engine, &labels("latency_count"), 20, 170.0);
    feed(&mut engine, &labels("latency_bucket"), 20, 90.0);
    feed(&mut engine, &labels("latency_count"), 30, 180.0);
    feed(&mut engine, &labels("latency_bucket"), 30, 99.0);
    assert_eq!(good_bad(counts(&engine, None, 0, 60)), (9, 1));
}

#[test]
fn series_that_are_gone_are_forgotten_and_what_they_counted_stays() {
    let mut engine = watched();
    feed(&mut engine, &series("200", "eu"), 0, 10.0);
    feed(&mut engine, &series("200", "eu"), 10, 30.0);
    let id = engine.series(&series("200", "eu")).unwrap();
    for minute in 1..=400 {
        engine.tick(at(minute * 60));
    }
    assert_eq!(engine.tallies().series, 0);
    assert_eq!(
        engine.observe(id, &Sample::float(at(24_000), 1.0)),
        Observed::UnknownSeries
    );
    assert_eq!(counts(&engine, None, 0, 3600).good, 20);
}

#[test]
fn only_what_an_objective_watches_is_wanted() {
    let engine = watched();
    let interest = engine.interest();
    assert!(interest.wants(&series("200", "eu")) && interest.wants(&up()));
    let other = series("200", "eu")
        .to_builder()
        .set("__name__", "other")
        .build();
    assert!(!interest.wants(&other));
    assert!(
        !Engine::new(Arc::default(), Options::default(), at(0))
            .interest()
            .wants(&up())
    );
    assert_eq!(interest.selectors().len(), 2);
}

#[test]
fn a_bucket_that_is_not_there_is_named_until_it_comes() {
    let named = |name, edge: Option<&str>| {
        let mut matchers = vec![Matcher::equal("__name__", name)];
        matchers.extend(edge.map(|edge| Matcher::equal("le", edge)));
        matchers
    };
    let all = watch(named("d_count", None), Reading::Counter, 0, 1);
    let mut part = watch(named("d_bucket", Some("0.3")), Reading::Counter, 1, -1);
    part.needed = true;
    let mut engine = engine(slo(Source::Watches(vec![all, part])));
    let missing = |engine: &Engine| {
        engine
            .view("checkout/availability")
            .unwrap()
            .missing_buckets
    };
    let of = |pairs: &[(&'static str, &'static str)]| {
        let target = [("job", "shop"), ("instance", "a")];
        Labels::from_pairs(pairs.iter().copied().chain(target))
    };
    let [before, counted] = [0, 15].map(|seconds| {
        let found = missing(&engine);
        feed(&mut engine, &of(&[("__name__", "d_count")]), seconds, 1.0);
        found
    });
    assert_eq!(before, counted, "the count alone is no data");
    assert_eq!(missing(&engine)[0].buckets, named("d_bucket", None));
    for seconds in [30, 45] {
        feed(
            &mut engine,
            &of(&[("__name__", "d_bucket"), ("le", "0.3")]),
            seconds,
            1.0,
        );
    }
    assert_eq!(missing(&engine), []);
}
