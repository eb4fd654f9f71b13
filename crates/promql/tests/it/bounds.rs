//! What queries may hold: charged before it is allocated, given back with the memory, labels included.

use std::time::Duration;

use plimsoll_promql::{Control, Engine, Options, QueryErrorKind, QueryResult, Value, parse};
use plimsoll_types::{ByteCount, Histogram, Labels, Sample, Timestamp, Value as SampleValue};

use crate::storage::Memory;

const STEP: i64 = 15;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn engine(memory_max: ByteCount) -> Engine {
    Engine::new(Options {
        memory_max,
        ..Options::default()
    })
}

/// Asks for `steps` steps of 15 seconds.
fn range(
    engine: &Engine,
    storage: &Memory,
    query: &str,
    steps: i64,
) -> Result<QueryResult, QueryErrorKind> {
    let expr = parse(query).unwrap();
    let (end, step) = (at(STEP * (steps - 1)), Duration::from_secs(STEP as u64));
    engine
        .range(storage, &expr, at(0), end, step, &Control::unlimited())
        .map_err(|error| error.kind())
}

/// `x{instance="0"}` and so on, each with a sample at every step and a value of its own.
fn gauges(count: usize, steps: i64) -> Memory {
    let mut storage = Memory::default();
    for instance in 0..count {
        let labels = Labels::from_pairs([("__name__", "x"), ("instance", &instance.to_string())]);
        let samples = (0..steps).map(|i| Sample::float(at(STEP * i), instance as f64));
        storage.add(labels, samples);
    }
    storage
}

#[test]
fn tables_are_charged_before_they_are_made() {
    // 2,000 groups at 1,000,000 steps: tens of gigabytes, which would end the test when they were touched.
    let storage = gauges(2000, 1);
    for query in [
        "topk by (instance) (1, x)",
        "quantile by (instance) (0.5, x)",
        "sum by (instance) (x)",
    ] {
        let result = range(&Engine::default(), &storage, query, 1_000_000);
        assert_eq!(result.err(), Some(QueryErrorKind::MemoryLimit), "{query}");
        assert_eq!(storage.reads(), 0, "{query}");
    }
}

#[test]
fn topk_is_charged_for_what_it_keeps() {
    let (storage, engine) = (gauges(2000, 100), engine(ByteCount::MIB));
    let result = range(&engine, &storage, "topk(1, x)", 100).unwrap();
    let Value::Matrix(matrix) = result.value else {
        panic!("a range query gives a matrix");
    };
    assert_eq!(matrix.len(), 1);
    assert_eq!(matrix[0].samples.len(), 100);
    assert!(
        result.stats.samples_peak < 2000,
        "{}",
        result.stats.samples_peak
    );
}

#[test]
fn a_finished_histogram_gives_its_buckets_back() {
    let mut storage = Memory::default();
    for instance in 0..500 {
        for (bound, count) in [("1", 1.0), ("2", 2.0), ("+Inf", 3.0)] {
            let pairs = [
                ("__name__", "x_bucket"),
                ("instance", &instance.to_string()),
                ("le", bound),
            ];
            let samples = (0..200).map(|i| Sample::float(at(STEP * i), count));
            storage.add(Labels::from_pairs(pairs), samples);
        }
    }
    let query = "count(histogram_quantile(0.5, x_bucket))";
    // The buckets of all take 2.3 MiB, the results 0.8.
    let result = range(&engine(ByteCount::MIB.times(2)), &storage, query, 200);
    assert!(result.is_ok(), "{result:?}");
}

#[test]
fn results_that_wait_to_be_read_are_charged() {
    let (parts, series, steps) = (20, 100, 400);
    let storage = gauges(series, steps);
    let peak = |inner: &str| {
        let part =
            |part: usize| format!("label_replace({inner}, \"part\", \"{part}\", \"\", \"\")");
        // Both sides of `or` say what series they have before the first of them is read.
        let query = (0..parts).map(part).collect::<Vec<_>>().join(" or ");
        // Every part for itself, as if they were different.
        let engine = Engine::new(Options {
            optimizes: false,
            ..Options::default()
        });
        let result = range(&engine, &storage, &format!("count({query})"), steps);
        result.unwrap().stats.bytes_peak
    };
    let (streamed, waiting) = (peak("x"), peak("topk by (instance) (1, x)"));
    let columns = (parts - 1) * series * steps as usize * size_of::<f64>();
    assert!(
        waiting > streamed + columns,
        "{waiting}, {streamed} and {columns}"
    );
}

#[test]
fn labels_that_are_made_are_charged() {
    let mut storage = Memory::default();
    let long = "v".repeat(1000);
    for instance in 0..100 {
        let labels = [
            ("__name__", "x"),
            ("instance", &instance.to_string()),
            ("long", &long),
        ];
        storage.add(Labels::from_pairs(labels), [Sample::float(at(0), 1.0)]);
    }
    let peak = |query: &str| {
        let result = range(&Engine::default(), &storage, query, 1);
        result.unwrap().stats.bytes_peak
    };
    let plain = peak("count(x)");
    for (query, copies) in [
        // What takes the place of labels that are charged is not charged again.
        ("count(-x)", 0),
        ("count(rate(x[5m]))", 0),
        (
            "count(label_replace(x, \"a\", \"$1$1\", \"long\", \"(.*)\"))",
            2,
        ),
        ("count(label_join(x, \"a\", \"\", \"long\"))", 1),
        // The labels of the second selector, and those of the result.
        ("count(x * on (instance) group_left () x)", 2),
        ("count(sum without () (x))", 1),
    ] {
        let grown = peak(query) - plain;
        let copies_grown = grown / (100 * 1000);
        assert_eq!(copies_grown, copies, "{query}: {grown} bytes");
    }
}

#[test]
fn one_label_cannot_grow_without_bounds() {
    let storage = gauges(1, 1);
    let template = "$1".repeat(100_000);
    let names = ", \"instance\"".repeat(50_000);
    for query in [
        format!("label_replace(x, \"a\", \"{template}\", \"instance\", \"(.*)\")"),
        format!("label_join(x, \"a\", \",\"{names})"),
    ] {
        let result = range(&engine(ByteCount(64 << 10)), &storage, &query, 1);
        assert_eq!(result.err(), Some(QueryErrorKind::MemoryLimit));
    }
}

#[test]
fn clashes_count_where_the_other_side_has_samples() {
    let mut storage = Memory::default();
    let mut add = |name: &str, job: &str, instance: &str, seconds: i64| {
        let pairs = [("__name__", name), ("job", job), ("instance", instance)];
        let sample = Sample::float(at(seconds), seconds as f64);
        storage.add(Labels::from_pairs(pairs), [sample]);
    };
    // Of job x two series are there at once, at 0; of job y one follows the other.
    add("one", "x", "1", 0);
    add("one", "x", "2", 0);
    add("one", "y", "1", 0);
    add("one", "y", "2", 600);
    add("late", "y", "1", 600);
    add("late", "y", "2", 600);
    add("early", "y", "1", 0);
    let ask = |query: &str, time: i64| {
        let expr = parse(query).unwrap();
        let (start, step) = (at(time), Duration::from_secs(STEP as u64));
        let engine = Engine::default();
        let result = engine.range(&storage, &expr, start, at(600), step, &Control::unlimited());
        match result.map_err(|error| error.to_string())?.value {
            Value::Matrix(matrix) => Ok::<_, String>(matrix.len()),
            other => panic!("a range query gives a matrix, not {other:?}"),
        }
    };
    for group in ["group_left ()", "group_left (nothing)"] {
        let query = format!("late + on (job) {group} one");
        assert_eq!(ask(&query, 0), Ok(2), "{query}");
        // No series of job x stands against the two, yet they are found.
        let query = format!("early + on (job) {group} one");
        let error = ask(&query, 0).unwrap_err();
        assert!(
            error.starts_with("found duplicate series for the match group {job=\"x\"}"),
            "{error}"
        );
    }
}

#[test]
fn a_histogram_that_is_gone_refuses_nothing() {
    let mut storage = Memory::default();
    let first = Sample::histogram(at(0), Histogram::default().into());
    let rest = (1..10).map(|i| Sample::float(at(STEP * i), i as f64));
    let labels = Labels::from_pairs([("__name__", "x")]);
    storage.add(labels, std::iter::once(first).chain(rest));
    let result = range(&Engine::default(), &storage, "-(x > 0)", 10).unwrap();
    let Value::Matrix(matrix) = result.value else {
        panic!("a range query gives a matrix");
    };
    assert_eq!(matrix[0].samples.len(), 9);
    assert_eq!(matrix[0].samples[8].value, SampleValue::Float(-9.0));
}

#[test]
fn a_line_through_the_ends_of_time_does_not_overflow() {
    let mut storage = Memory::default();
    let first = i64::MIN + 10_000;
    let samples = [0, 1000, 2000].map(|millis| {
        let time = Timestamp::from_millis(first + millis);
        Sample::float(time, millis as f64)
    });
    storage.add(Labels::from_pairs([("__name__", "x")]), samples);
    let query = "predict_linear(x[5m] @ -9223372036854764, 1)";
    let result = Engine::default().instant(
        &storage,
        &parse(query).unwrap(),
        Timestamp::MAX,
        &Control::unlimited(),
    );
    let Value::Vector(vector) = result.unwrap().value else {
        panic!("a function of a range vector is a vector");
    };
    assert_eq!(vector.len(), 1, "the samples are inside the window");
}

#[test]
fn regular_expressions_are_of_go_s_dialect() {
    let mut storage = Memory::default();
    for path in ["/api/{id}", "/api/12", "/api/\u{661}"] {
        let pairs = [("__name__", "x"), ("path", path)];
        storage.add(Labels::from_pairs(pairs), [Sample::float(at(0), 1.0)]);
    }
    let labels = |query: &str| {
        let expr = parse(query).unwrap();
        let result = Engine::default().instant(&storage, &expr, at(0), &Control::unlimited());
        let Value::Vector(vector) = result.unwrap().value else {
            panic!("a selector is a vector");
        };
        let shown = vector.iter().map(|sample| sample.labels.to_string());
        shown.collect::<Vec<_>>()
    };
    assert_eq!(labels("x{path=~\"/api/{id}\"}"), ["x{path=\"/api/{id}\"}"]);
    assert_eq!(labels("x{path=~`/api/\\d+`}"), ["x{path=\"/api/12\"}"]);
    assert_eq!(
        labels(
            "label_replace(x{path=~`/api/{.*`}, \"path\", \"$2-${1}\", \"path\", `/(\\w+)/{(\\w+)}`)"
        ),
        ["x{path=\"id-api\"}"]
    );
}
