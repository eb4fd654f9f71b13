//! What the store gets, and when.

use super::*;

const REQUESTS: &str = "plimsoll_gateway_requests_total";

fn samples(world: &World, name: &str) -> Vec<(i64, String)> {
    let series = world.series(name).into_values();
    let columns = series.into_iter().next().unwrap_or_default();
    let shown = columns.iter().map(|sample| {
        let value = match &sample.value {
            value if value.is_stale() => "stale".into(),
            Value::Float(value) => value.to_string(),
            Value::Histogram(histogram) => format!("{} observations", histogram.count()),
        };
        (sample.timestamp.millis() - BEGIN, value)
    });
    shown.collect()
}

fn shown(samples: &[(i64, &str)]) -> Vec<(i64, String)> {
    let own = samples.iter();
    own.map(|(at, value)| (*at, (*value).into())).collect()
}

#[test]
fn a_series_begins_with_zero_after_the_export_before() {
    let world = World::new();
    let recorder = world.signals.recorder();
    world.export(5);
    run(&recorder, &record());
    world.export(10);
    world.export(15);
    let expected = shown(&[(5001, "0"), (10_000, "1"), (15_000, "1")]);
    assert_eq!(samples(&world, REQUESTS), expected);
    let expected = shown(&[
        (5001, "0 observations"),
        (10_000, "1 observations"),
        (15_000, "1 observations"),
    ]);
    let name = "plimsoll_gateway_request_duration_seconds";
    assert_eq!(samples(&world, name), expected);
}

#[test]
fn while_the_store_is_away_nothing_is_lost() {
    let world = World::new();
    let recorder = world.signals.recorder();
    run(&recorder, &record());
    world.store.set_failure(Some(StorageErrorKind::Io));
    assert!(world.signals.export(&world.store, at(5)).is_err());
    run(&recorder, &record());
    assert!(world.signals.export(&world.store, at(10)).is_err());
    world.store.set_failure(None);
    world.export(15);
    // The first 0 lies where the series was last known to be nothing.
    assert_eq!(samples(&world, REQUESTS), shown(&[(1, "0"), (15_000, "2")]));
}

#[test]
fn what_is_gone_ends_and_begins_anew() {
    let world = World::with(Options {
        every: Duration::from_secs(60),
        ..Options::default()
    });
    let recorder = world.signals.recorder();
    run(&recorder, &record());
    world.export(60);
    world
        .signals
        .set_live(live(&world.signals, &["blog"], &["a", "b"]));
    // It is shown for two minutes more.
    world.export(120);
    world.export(180);
    assert_eq!(
        world.export(240).ended,
        5,
        "the counter, the histogram, the gauge, and bytes in and out"
    );
    assert_eq!(world.export(300).ended, 0);
    world
        .signals
        .set_live(live(&world.signals, &["shop"], &["a", "b"]));
    run(&recorder, &record());
    world.export(360);
    let expected = [
        (1, "0"),
        (60_000, "1"),
        (120_000, "1"),
        (180_000, "1"),
        (240_000, "stale"),
        (300_001, "0"),
        (360_000, "1"),
    ];
    assert_eq!(samples(&world, REQUESTS), shown(&expected));
}

#[test]
fn an_endpoint_that_is_gone_still_gets_what_ends_late() {
    let world = World::new();
    let recorder = world.signals.recorder();
    let of_b = Record {
        attempts: vec![attempt(1, Outcome::Success)],
        ..record()
    };
    world
        .signals
        .set_live(live(&world.signals, &["shop"], &["a"]));
    run(&recorder, &of_b);
    world.export(5);
    let requests = world.values(REQUESTS);
    assert!(
        requests
            .keys()
            .all(|labels| labels.contains(r#"endpoint="b""#)),
        "{requests:?}"
    );
    assert_eq!(requests.len(), 1);
}

#[test]
fn times_ascend_when_the_clock_is_set_back() {
    let world = World::new();
    let recorder = world.signals.recorder();
    run(&recorder, &record());
    world.export(300);
    world.export(10);
    run(&recorder, &record());
    world.export(15);
    world.export(305);
    let expected = [
        (1, "0"),
        (300_000, "1"),
        (300_001, "1"),
        (300_002, "2"),
        (305_000, "2"),
    ];
    assert_eq!(samples(&world, REQUESTS), shown(&expected));
}

#[test]
fn a_clock_that_was_a_year_ahead_stops_nothing() {
    let world = World::new();
    let recorder = world.signals.recorder();
    run(&recorder, &record());
    world.export(5);
    world.export(365 * 86_400);
    run(&recorder, &record());
    world.export(15);
    let expected = [
        (1, "0"),
        (5000, "1"),
        (15_000, "2"),
        (365 * 86_400_000, "1"),
    ];
    assert_eq!(samples(&world, REQUESTS), shown(&expected));
}

#[test]
fn a_store_that_is_full_takes_the_series_it_has() {
    let world = World::new();
    let recorder = world.signals.recorder();
    run(&recorder, &record());
    world.export(5);
    world.store.set_series_limit(world.store.series_count());
    run(&recorder, &record());
    run(&recorder, &own_answer(404, Reason::NoRoute));
    let exported = world.export(10);
    assert_eq!(
        exported.refused, 4,
        "a counter and a histogram, each with its first 0"
    );
    let labels = [
        ("backend", "web"),
        ("class", "2xx"),
        ("criticality", "P1"),
        ("endpoint", "a"),
        ("reason", "ok"),
        ("route", "shop"),
    ];
    assert_eq!(world.value(REQUESTS, &labels), Some(2.0));
    world.store.set_series_limit(usize::MAX);
    assert_eq!(world.export(15).refused, 0);
    assert_eq!(world.values(REQUESTS).values().sum::<f64>(), 3.0);
}

#[test]
fn exemplars_are_the_slowest_and_the_failed() {
    let world = World::new();
    let recorder = world.signals.recorder();
    for (millis, id) in [(20, 1), (900, 2), (30, 3)] {
        run(
            &recorder,
            &Record {
                duration: Duration::from_millis(millis),
                trace_id: [id; 16],
                ..record()
            },
        );
    }
    run(
        &recorder,
        &Record {
            trace_id: [4; 16],
            ..own_answer(503, Reason::NoEndpoint)
        },
    );
    world.export(5);
    let exemplars = |name: &str| {
        let selectors = [vec![Matcher::equal("__name__", name)]];
        let found = world.store.exemplars(&selectors, TimeRange::ALL).unwrap();
        let all = found.into_iter().flat_map(|(_, exemplars)| exemplars);
        all.map(|exemplar| (exemplar.labels.to_string(), exemplar.value))
            .collect::<Vec<_>>()
    };
    let id = |byte: u8| format!("{{trace_id=\"{}\"}}", format!("{byte:02x}").repeat(16));
    let durations = exemplars("plimsoll_gateway_request_duration_seconds");
    assert!(durations.contains(&(id(2), 0.9)), "{durations:?}");
    assert_eq!(durations.len(), 2, "one for each series");
    assert_eq!(exemplars(REQUESTS), [(id(4), 1.0)]);
    world.export(10);
    let again = exemplars("plimsoll_gateway_request_duration_seconds");
    assert_eq!(again.len(), 2, "each is shown once");
}

#[test]
fn exported_series_have_the_labels_of_the_options() {
    let world = World::with(Options {
        labels: Labels::from_pairs([("instance", "edge-1")]),
        ..Options::default()
    });
    run(&world.signals.recorder(), &record());
    world.export(5);
    let requests = world.values(REQUESTS);
    assert!(
        requests
            .keys()
            .all(|labels| labels.contains(r#"instance="edge-1""#))
    );
    let metadata = world.store.metadata(Some(REQUESTS), 10).unwrap();
    assert_eq!(metadata[0].1[0].metric_type.as_str(), "counter");
}
