//! Limits, control and the shape of results.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use plimsoll_promql::{Control, Engine, Options, QueryErrorKind, QueryResult, Value, parse};
use plimsoll_types::{ByteCount, Labels, Sample, Timestamp, Value as SampleValue};

use crate::storage::Memory;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// `requests_total{instance="0"}` and so on: one sample per 15 s over an hour, rising by one per second.
fn counters(count: usize) -> Memory {
    let mut storage = Memory::default();
    for instance in 0..count {
        let pairs = [
            ("__name__", "requests_total"),
            ("instance", &instance.to_string()),
        ];
        let samples = (0..=240).map(|i| Sample::float(at(15 * i), 15.0 * i as f64));
        storage.add(Labels::from_pairs(pairs), samples);
    }
    storage
}

fn range(engine: &Engine, storage: &Memory, query: &str) -> Result<QueryResult, QueryErrorKind> {
    let (expr, step) = (parse(query).unwrap(), Duration::from_secs(15));
    engine
        .range(storage, &expr, at(0), at(3600), step, &Control::unlimited())
        .map_err(|error| error.kind())
}

#[test]
fn a_range_reads_each_series_once() {
    let storage = counters(7);
    let result = range(
        &Engine::default(),
        &storage,
        "sum(rate(requests_total[5m]))",
    )
    .unwrap();
    assert_eq!(storage.reads(), 7);
    assert_eq!(result.stats.series_read, 7);
    assert_eq!(result.stats.samples_read, 7 * 241);
    let Value::Matrix(matrix) = result.value else {
        panic!("a range query gives a matrix");
    };
    assert_eq!(matrix.len(), 1);
    let SampleValue::Float(last) = matrix[0].samples[239].value else {
        panic!("a rate is a float");
    };
    assert!((last - 7.0).abs() < 1e-9);
}

#[test]
fn an_aggregation_holds_one_input_series_at_a_time() {
    let peak = |count: usize| {
        let result = range(
            &Engine::default(),
            &counters(count),
            "sum(rate(requests_total[5m]))",
        );
        result.unwrap().stats.samples_peak
    };
    assert_eq!(
        peak(50),
        peak(2),
        "samples held do not grow with the series"
    );
}

#[test]
fn an_invariant_part_is_evaluated_once() {
    let storage = counters(1);
    let query = "requests_total / on () group_left () sum(requests_total @ end())";
    let result = range(&Engine::default(), &storage, query).unwrap();
    let Value::Matrix(matrix) = result.value else {
        panic!("a range query gives a matrix");
    };
    assert_eq!(matrix[0].samples.len(), 241);
    assert_eq!(matrix[0].samples[240].value, SampleValue::Float(1.0));
}

#[test]
fn refuses_more_than_its_memory() {
    let storage = counters(40);
    let options = Options {
        memory_max: ByteCount(64 << 10),
        ..Options::default()
    };
    let engine = Engine::new(options);
    // The result of one holds 40 series, that of the other a single one.
    assert_eq!(
        range(&engine, &storage, "requests_total").err(),
        Some(QueryErrorKind::MemoryLimit)
    );
    assert!(range(&engine, &storage, "sum(requests_total)").is_ok());
    let steps = "count_over_time(vector(1)[365d:1ms])";
    assert_eq!(
        range(&engine, &storage, steps).err(),
        Some(QueryErrorKind::MemoryLimit)
    );
    let expr = parse("requests_total").unwrap();
    let hour = Duration::from_secs(15);
    let error = engine
        .range(
            &storage,
            &expr,
            at(0),
            at(3600),
            hour,
            &Control::unlimited(),
        )
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("more than the limit of 64 KiB per query"),
        "{error}"
    );
    assert!(!error.is_retryable());
}

#[test]
fn refuses_more_than_its_samples() {
    let options = Options {
        samples_max: 1000,
        ..Options::default()
    };
    let result = range(&Engine::new(options), &counters(40), "requests_total");
    assert_eq!(result.err(), Some(QueryErrorKind::SampleLimit));
}

#[test]
fn stops_at_its_deadline() {
    // Each look at the clock takes a second.
    let now = Arc::new(AtomicU64::new(0));
    let control = Control::new(move || Duration::from_secs(now.fetch_add(1, Ordering::Relaxed)));
    let control = control.with_timeout(Duration::from_secs(5));
    let expr = parse("sum(rate(requests_total[5m]))").unwrap();
    let error = Engine::default()
        .range(
            &counters(500),
            &expr,
            at(0),
            at(3600),
            Duration::from_secs(15),
            &control,
        )
        .unwrap_err();
    assert_eq!(error.kind(), QueryErrorKind::Timeout);
    assert!(error.to_string().contains("the limit is 5 s"), "{error}");
}

#[test]
fn stops_when_canceled() {
    let flag = Arc::new(AtomicBool::new(true));
    let control = Control::unlimited().with_cancel_flag(flag);
    let expr = parse("requests_total").unwrap();
    let error = Engine::default()
        .instant(&counters(1), &expr, at(60), &control)
        .unwrap_err();
    assert_eq!(error.kind(), QueryErrorKind::Canceled);
}

#[test]
fn refuses_ranges_that_make_no_sense() {
    let storage = counters(1);
    let engine = Engine::default();
    let control = Control::unlimited();
    let kind = |query: &str, start: i64, end: i64, step: u64| {
        let expr = parse(query).unwrap();
        let step = Duration::from_secs(step);
        let result = engine.range(&storage, &expr, at(start), at(end), step, &control);
        result.err().map(|error| error.kind())
    };
    let bad = Some(QueryErrorKind::BadData);
    assert_eq!(kind("requests_total", 0, 60, 0), bad);
    assert_eq!(kind("requests_total", 60, 0, 15), bad);
    assert_eq!(kind("requests_total[5m]", 0, 60, 15), bad);
    assert_eq!(kind("\"text\"", 0, 60, 15), bad);
    assert_eq!(kind("1", 0, 60, 15), None);
}

#[test]
fn names_of_matches_appear_in_errors() {
    let mut storage = Memory::default();
    for (name, instance) in [("a", "1"), ("b", "1"), ("b", "2")] {
        let pairs = [("__name__", name), ("instance", instance), ("job", "x")];
        storage.add(Labels::from_pairs(pairs), [Sample::float(at(0), 1.0)]);
    }
    let error = |query: &str| {
        let expr = parse(query).unwrap();
        let result = Engine::default().instant(&storage, &expr, at(0), &Control::unlimited());
        result.unwrap_err().to_string()
    };
    assert_eq!(
        error("a + on (job) b"),
        "found duplicate series for the match group {job=\"x\"} on the right hand-side of the \
         operation: [{__name__=\"b\", instance=\"2\", job=\"x\"}, \
         {__name__=\"b\", instance=\"1\", job=\"x\"}];many-to-many matching not allowed: matching \
         labels must be unique on one side"
    );
    assert!(error("b + on (job) a").starts_with("multiple matches for labels: many-to-one"));
    assert!(error("b > on (job) a").starts_with("multiple matches for labels: many-to-one"));
    assert!(error("-{__name__=~\"a|b\", instance=\"1\"}").starts_with("vector cannot contain"));
}

#[test]
fn a_quantile_over_time_is_judged_where_it_has_samples() {
    let storage = counters(1);
    let warnings = |query: &str, time| {
        let expr = parse(query).unwrap();
        let result = Engine::default().instant(&storage, &expr, time, &Control::unlimited());
        result.unwrap().warnings
    };
    let query = "quantile_over_time(2, requests_total[5m])";
    assert_eq!(
        warnings(query, at(60)),
        ["PromQL warning: quantile value should be between 0 and 1, got 2 (1:20)"]
    );
    assert_eq!(
        warnings(
            "quantile_over_time((1e3 * 1e3), requests_total[5m])",
            at(60)
        ),
        ["PromQL warning: quantile value should be between 0 and 1, got 1e+06 (1:21)"],
        "parentheses around an argument are no part of it"
    );
    assert!(warnings(query, at(7200)).is_empty());
    assert!(warnings("quantile_over_time(2, nothing[5m])", at(60)).is_empty());
}

#[test]
fn buckets_of_two_metrics_are_two_histograms() {
    let mut storage = Memory::default();
    for (name, job) in [("a_bucket", "x"), ("b_bucket", "y"), ("c_bucket", "y")] {
        for (bound, count) in [("1", 2.0), ("2", 4.0), ("+Inf", 4.0)] {
            let pairs = [("__name__", name), ("job", job), ("le", bound)];
            storage.add(Labels::from_pairs(pairs), [Sample::float(at(0), count)]);
        }
    }
    let ask = |query: &str| {
        let expr = parse(query).unwrap();
        Engine::default().instant(&storage, &expr, at(0), &Control::unlimited())
    };
    let Value::Vector(vector) = ask("histogram_quantile(0.5, {__name__=~\"[ab]_bucket\"})")
        .unwrap()
        .value
    else {
        panic!("a quantile of a vector is a vector");
    };
    let shown = |sample: &plimsoll_promql::InstantSample| sample.labels.to_string();
    assert_eq!(
        vector.iter().map(shown).collect::<Vec<_>>(),
        ["{job=\"x\"}", "{job=\"y\"}"]
    );
    let error = ask("histogram_quantile(0.5, {__name__=~\"[abc]_bucket\"})").unwrap_err();
    assert!(error.to_string().starts_with("vector cannot contain"));
}

#[test]
fn infos_point_into_the_query() {
    let mut storage = Memory::default();
    let samples = (0..4).map(|i| Sample::float(at(15 * i), i as f64));
    storage.add(Labels::from_pairs([("__name__", "load")]), samples);
    let expr = parse("sum(\n  rate(load[1m])\n)").unwrap();
    let result = Engine::default().instant(&storage, &expr, at(45), &Control::unlimited());
    assert_eq!(
        result.unwrap().infos,
        [
            "PromQL info: metric might not be a counter, name does not end in \
          _total/_sum/_count/_bucket: \"load\" (2:8)"
        ]
    );
    // One sample is no rate, and nothing is to be doubted.
    let expr = parse("rate(load[15s])").unwrap();
    let result = Engine::default().instant(&storage, &expr, at(45), &Control::unlimited());
    assert!(result.unwrap().infos.is_empty());
}

#[test]
fn without_takes_away_the_label_of_count_values() {
    let mut storage = Memory::default();
    for (job, value) in [("a", 1.0), ("b", 1.0), ("c", 2.0)] {
        let pairs = [("__name__", "m"), ("job", job), ("zone", "z")];
        storage.add(Labels::from_pairs(pairs), [Sample::float(at(0), value)]);
    }
    let count = |query: &str| {
        let expr = parse(query).unwrap();
        let result = Engine::default().instant(&storage, &expr, at(0), &Control::unlimited());
        let Value::Vector(vector) = result.unwrap().value else {
            panic!("an aggregation is a vector");
        };
        let shown = |sample: &plimsoll_promql::InstantSample| match sample.value {
            SampleValue::Float(value) => format!("{} {value}", sample.labels),
            SampleValue::Histogram(_) => panic!("a count is a float"),
        };
        let mut all: Vec<_> = vector.iter().map(shown).collect();
        all.sort();
        all
    };
    assert_eq!(
        count("count_values without (job) (\"v\", m)"),
        ["{v=\"1\", zone=\"z\"} 2", "{v=\"2\", zone=\"z\"} 1"]
    );
    assert_eq!(
        count("count_values without (job) (\"job\", m)"),
        ["{zone=\"z\"} 3"]
    );
    assert_eq!(
        count("count_values by (job) (\"job\", m)"),
        ["{job=\"1\"} 2", "{job=\"2\"} 1"]
    );
}

#[test]
fn extreme_times_and_offsets_do_not_overflow() {
    let storage = counters(1);
    for query in [
        "requests_total @ 9223372036854774 offset 100y",
        "rate(requests_total[100y] @ -9223372036854774 offset 100y)",
        "sum_over_time(requests_total[100y:50y] offset -100y)",
        "predict_linear(requests_total[5m], 1e300)",
        "year(vector(1e300)) + hour(vector(-1e300))",
    ] {
        let expr = parse(query).unwrap();
        for time in [Timestamp::MIN, at(0), Timestamp::MAX] {
            let result = Engine::default().instant(&storage, &expr, time, &Control::unlimited());
            assert!(result.is_ok(), "{query} at {time}: {result:?}");
        }
    }
}

#[test]
fn the_deepest_allowed_trees_can_be_evaluated() {
    let storage = counters(1);
    for query in [
        format!("{}requests_total{}", "abs(".repeat(97), ")".repeat(97)),
        format!("requests_total{}", " or requests_total".repeat(198)),
        format!("requests_total{}", " + requests_total".repeat(198)),
    ] {
        assert!(range(&Engine::default(), &storage, &query).is_ok());
    }
}
