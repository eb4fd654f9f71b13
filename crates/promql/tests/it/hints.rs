//! Counter reset hints that a store gives as clients sent them; answers as of a Prometheus 3.13 that was sent the same.

use std::sync::Arc;

use plimsoll_promql::{Control, Engine, QueryResult, Value, parse};
use plimsoll_types::{
    BucketCounts, Counts, Histogram, Labels, ResetHint, Sample, Span, Timestamp,
    Value as SampleValue,
};

use crate::storage::Memory;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(minutes * 60_000)
}

/// Observations that two buckets share.
fn histogram(count: u32, reset_hint: ResetHint) -> Arc<Histogram> {
    let half = f64::from(count) / 2.0;
    Arc::new(Histogram {
        reset_hint,
        sum: count.into(),
        positive_spans: vec![Span {
            offset: 0,
            length: 2,
        }],
        counts: Counts::Float(BucketCounts {
            count: count.into(),
            positive: vec![half, half],
            ..BucketCounts::default()
        }),
        ..Histogram::default()
    })
}

/// `x` with a histogram every minute.
fn storage(counts: &[(u32, ResetHint)]) -> Memory {
    let mut storage = Memory::default();
    let samples = (0..)
        .zip(counts)
        .map(|(minute, (count, hint))| Sample::histogram(at(minute), histogram(*count, *hint)));
    storage.add(Labels::from_pairs([("__name__", "x")]), samples);
    storage
}

fn ask(storage: &Memory, query: &str, minute: i64) -> QueryResult {
    let expr = parse(query).unwrap();
    Engine::default()
        .instant(storage, &expr, at(minute), &Control::unlimited())
        .unwrap()
}

/// Returns the float of the one series of an answer.
fn float(storage: &Memory, query: &str) -> f64 {
    match ask(storage, query, 2).value {
        Value::Vector(samples) if samples.len() == 1 => match samples[0].value {
            SampleValue::Float(value) => value,
            SampleValue::Histogram(_) => panic!("{query} gives a histogram"),
        },
        other => panic!("{query} gives {other:?}"),
    }
}

#[test]
fn a_reset_that_no_count_shows_is_forgotten() {
    use ResetHint::{Reset, Unknown};
    let storage = storage(&[(2, Unknown), (4, Reset), (6, Unknown)]);
    assert_eq!(float(&storage, "resets(x[121s])"), 0.0);
    let increase = float(&storage, "histogram_count(increase(x[121s]))");
    assert!((increase - 4.0 * 121.0 / 120.0).abs() < 1e-9, "{increase}");
}

#[test]
fn counts_that_fall_are_a_reset_whatever_the_client_says() {
    use ResetHint::NotReset;
    let storage = storage(&[(6, NotReset), (4, NotReset), (6, NotReset)]);
    assert_eq!(float(&storage, "resets(x[121s])"), 1.0);
    let increase = float(&storage, "histogram_count(increase(x[121s]))");
    assert!((increase - 6.0 * 121.0 / 120.0).abs() < 1e-9, "{increase}");
}

#[test]
fn the_sample_before_a_window_tells_of_its_first() {
    use ResetHint::Unknown;
    let warns = |counts: &[u32], query: &str| {
        let counts: Vec<_> = counts.iter().map(|count| (*count, Unknown)).collect();
        let minute = counts.len() as i64 - 1;
        !ask(&storage(&counts), query, minute).warnings.is_empty()
    };
    let query = "histogram_count(sum_over_time(x[2m]))";
    assert!(warns(&[1, 2, 1], query), "no reset, then one");
    assert!(!warns(&[2, 1], query), "nobody knows, then a reset");
    assert!(
        !warns(&[3, 2, 1], query),
        "what began with a reset is not known to"
    );
    assert!(!warns(&[3, 2, 3], query), "as above, then no reset");
}

#[test]
fn buckets_are_there_for_those_who_look_at_them() {
    use ResetHint::Unknown;
    let storage = storage(&[(4, Unknown), (4, Unknown), (4, Unknown)]);
    let both = "histogram_quantile(0.5, sum(x)) + histogram_count(sum(x))";
    assert_eq!(float(&storage, both), 5.0, "one sum(x) has buckets");
    let both = "histogram_count(sum(x)) + histogram_quantile(0.5, sum(x))";
    assert_eq!(float(&storage, both), 5.0, "the other way round");
    assert_eq!(float(&storage, "histogram_count(x </ 1)"), 2.0);
    let inside = "histogram_count(x and histogram_quantile(0.5, x) == 1)";
    assert_eq!(float(&storage, inside), 4.0);
}
