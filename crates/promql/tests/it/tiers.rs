//! Answers from windows: the same bits where samples are there, nearly the same where they are gone, and announced.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_promql::{Control, Engine, Options, QueryResult, Value, parse};
use plimsoll_types::{
    BucketCounts, Counts, Exemplar, Histogram, Kept, Labels, Matcher, Metadata, Meter, Queryable,
    ResetHint, Sample, SampleColumns, Selection, Span, StorageError, Tier, TierWindow, TimeRange,
    Timestamp, WindowSelection, WindowSource, stale_nan,
};

use crate::storage::Memory;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A store that keeps samples since some time, and windows of all that was ever there.
struct Tiered {
    all: Memory,
    kept: Kept,
}

struct Windows {
    series: Vec<Vec<TierWindow>>,
}

impl WindowSource for Windows {
    fn read(&mut self, index: usize, into: &mut Vec<TierWindow>) -> Result<(), StorageError> {
        into.clone_from(&self.series[index]);
        Ok(())
    }
}

impl Queryable for Tiered {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Selection, StorageError> {
        let first = self.kept.raw.saturating_add_millis(1);
        self.all
            .select(matchers, TimeRange::new(range.start.max(first), range.end))
    }

    fn kept(&self, _: &[Matcher]) -> Kept {
        self.kept
    }

    fn select_windows(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        tier: Tier,
        _: &dyn Meter,
    ) -> Result<Option<WindowSelection>, StorageError> {
        let length = tier.window_millis().unwrap();
        let mut found = self.all.select(matchers, TimeRange::ALL)?;
        let since = self.kept.since(tier).unwrap();
        let (mut labels, mut series) = (Vec::new(), Vec::new());
        for (index, own) in found.labels.into_iter().enumerate() {
            let mut columns = SampleColumns::default();
            found.source.read(index, &mut columns)?;
            let mut windows = Vec::new();
            TierWindow::roll(&columns, length, &mut windows);
            windows
                .retain(|w| range.contains(w.end) && since <= w.end.saturating_add_millis(-length));
            if !windows.is_empty() {
                labels.push(own);
                series.push(windows);
            }
        }
        Ok(Some(WindowSelection {
            labels,
            source: Box::new(Windows { series }),
            warnings: Vec::new(),
        }))
    }

    fn series(
        &self,
        s: &[Vec<Matcher>],
        r: TimeRange,
        l: usize,
    ) -> Result<Vec<Labels>, StorageError> {
        self.all.series(s, r, l)
    }

    fn label_names(
        &self,
        s: &[Vec<Matcher>],
        r: TimeRange,
        l: usize,
    ) -> Result<Vec<String>, StorageError> {
        self.all.label_names(s, r, l)
    }

    fn label_values(
        &self,
        name: &str,
        s: &[Vec<Matcher>],
        r: TimeRange,
        l: usize,
    ) -> Result<Vec<String>, StorageError> {
        self.all.label_values(name, s, r, l)
    }

    fn exemplars(
        &self,
        s: &[Vec<Matcher>],
        r: TimeRange,
    ) -> Result<Vec<(Labels, Vec<Exemplar>)>, StorageError> {
        self.all.exemplars(s, r)
    }

    fn metadata(
        &self,
        metric: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<Metadata>)>, StorageError> {
        self.all.metadata(metric, limit)
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn labels(name: &str, number: usize) -> Labels {
    Labels::from_pairs([
        ("__name__", name),
        ("job", &format!("job{}", number)),
        ("n", &number.to_string()),
    ])
}

fn histogram(count: u64, reset_hint: ResetHint) -> Arc<Histogram> {
    let (low, high) = (count / 3, count - count / 3);
    Arc::new(Histogram {
        sum: count as f64 * 1.5,
        reset_hint,
        positive_spans: vec![Span {
            offset: 0,
            length: 2,
        }],
        counts: Counts::Integer(BucketCounts {
            count,
            positive: vec![low, high],
            ..BucketCounts::default()
        }),
        ..Histogram::default()
    })
}

/// Four days of a sample a minute: counters of whole numbers and of fractions, gauges, gaps, series that end and begin,
/// NaN, native histograms, and a series of both.
fn samples() -> Memory {
    let mut all = Memory::default();
    for number in 0..2usize {
        let mut add = |name: &str, sample: &dyn Fn(i64, Timestamp) -> Option<Sample>| {
            let samples =
                (0..4 * DAY / MINUTE).filter_map(|index| sample(index, at(index * MINUTE)));
            all.add(labels(name, number), samples.collect::<Vec<_>>());
        };
        let wave = |index: i64| ((index + 31 * number as i64) as f64 * 0.01).sin();
        let period = 500 + 40 * number as i64;
        add("whole_total", &|index, time| {
            Some(Sample::float(time, (index % period) as f64))
        });
        add("fraction_total", &|index, time| {
            Some(Sample::float(time, (index % 90) as f64 * 0.1))
        });
        add("gauge", &|index, time| {
            (index % 97 < 80).then(|| Sample::float(time, wave(index)))
        });
        add(
            "ended",
            &|index, time| match index - 2000 - 100 * number as i64 {
                before if before < 0 => Some(Sample::float(time, wave(index))),
                0 => Some(Sample::float(time, stale_nan())),
                after if after > 1500 => Some(Sample::float(time, 1.0)),
                _ => None,
            },
        );
        add("odd", &|index, time| {
            Some(Sample::float(
                time,
                if index % 13 == 0 { f64::NAN } else { -1.0 },
            ))
        });
        add("native", &|index, time| {
            let count = (index % period).unsigned_abs() * 3;
            Some(Sample::histogram(
                time,
                histogram(count, ResetHint::Unknown),
            ))
        });
        add("native_gauge", &|index, time| {
            Some(Sample::histogram(
                time,
                histogram(index.unsigned_abs() % 70, ResetHint::Gauge),
            ))
        });
        add("both", &|index, time| match index % 1000 < 500 {
            true => Some(Sample::histogram(
                time,
                histogram(index.unsigned_abs(), ResetHint::Unknown),
            )),
            false => Some(Sample::float(time, index as f64)),
        });
    }
    all
}

fn range(store: &dyn Queryable, query: &str, (start, end, step): (i64, i64, i64)) -> QueryResult {
    let options = Options {
        helpers_max: 1,
        ..Options::default()
    };
    let step = Duration::from_millis(step.unsigned_abs());
    let control = Control::unlimited();
    let expr = parse(query).unwrap();
    Engine::new(options)
        .range(store, &expr, at(start), at(end), step, &control)
        .unwrap()
}

fn announced(result: &QueryResult) -> Vec<&str> {
    let is_about_windows = |info: &&String| info.contains("windows");
    result
        .infos
        .iter()
        .filter(is_about_windows)
        .map(String::as_str)
        .collect()
}

const METRICS: [&str; 8] = [
    "whole_total",
    "fraction_total",
    "gauge",
    "ended",
    "odd",
    "native",
    "native_gauge",
    "both",
];
const FUNCTIONS: [&str; 10] = [
    "rate",
    "increase",
    "delta",
    "avg_over_time",
    "sum_over_time",
    "min_over_time",
    "max_over_time",
    "count_over_time",
    "last_over_time",
    "present_over_time",
];

fn queries() -> Vec<String> {
    let mut queries = Vec::new();
    for metric in METRICS {
        queries.push(metric.to_string());
        queries.push(format!("sum by (job) ({metric} offset 1h)"));
        for function in FUNCTIONS {
            queries.push(format!("{function}({metric}[3h])"));
        }
    }
    for query in [
        "sum by (job) (rate(whole_total[1h]))",
        "sum(increase(fraction_total[1h] offset 1d))",
        "rate(whole_total[1h]) / on (n) group_left () avg_over_time(gauge[3h])",
        "histogram_quantile(0.9, sum by (job) (rate(native[1h])))",
        "max_over_time(rate(whole_total[1h])[6h:1h])",
        "first_over_time({__name__=~\"gauge|ended\"}[3h])",
        "topk(2, last_over_time(gauge[3h] @ end()))",
    ] {
        queries.push(query.into());
    }
    queries
}

/// As text, so that NaN equals itself and a bit makes a difference.
fn text(result: &QueryResult) -> String {
    format!("{:?}", result.value)
}

#[test]
fn windows_give_the_bits_that_samples_give_while_these_are_there() {
    let all = samples();
    let everything = Kept {
        raw: Timestamp::MIN,
        five_minutes: Some(Timestamp::MIN),
        hour: Some(Timestamp::MIN),
    };
    let tiered = Tiered {
        all: all.clone(),
        kept: everything,
    };
    let mut from_windows = 0;
    for query in queries() {
        for steps in [(6 * HOUR, 4 * DAY, HOUR), (6 * HOUR, 4 * DAY, 25 * MINUTE)] {
            let (plain, found) = (range(&all, &query, steps), range(&tiered, &query, steps));
            assert_eq!(text(&found), text(&plain), "{query} {steps:?}");
            assert_eq!(found.warnings, plain.warnings, "{query}");
            let others = |result: &QueryResult| {
                let mut infos = result.infos.clone();
                infos.retain(|info| !info.contains("windows"));
                infos
            };
            assert_eq!(others(&found), others(&plain), "{query}");
            from_windows += usize::from(!announced(&found).is_empty());
        }
    }
    assert!(
        from_windows > 2 * METRICS.len() * FUNCTIONS.len() - 30,
        "{from_windows}"
    );
    let result = range(&tiered, "rate(whole_total[3h])", (6 * HOUR, 4 * DAY, HOUR));
    assert_eq!(
        announced(&result),
        ["PromQL info: answered from 1h windows, which tell the same as samples here (1:6)"]
    );
    // A short query, and one that windows do not fit, is answered from samples.
    for steps in [(6 * HOUR, 9 * HOUR, HOUR), (6 * HOUR + 1, 4 * DAY, HOUR)] {
        assert!(announced(&range(&tiered, "rate(whole_total[3h])", steps)).is_empty());
    }
}

/// Says whether two values are the same but for rounding.
fn is_close(a: &plimsoll_types::Value, b: &plimsoll_types::Value) -> bool {
    use plimsoll_types::Value::{Float, Histogram};
    let close = |a: f64, b: f64| {
        (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12 * a.abs().max(b.abs()).max(1.0)
    };
    match (a, b) {
        (Float(a), Float(b)) => close(*a, *b),
        (Histogram(a), Histogram(b)) => close(a.count(), b.count()) && close(a.sum, b.sum),
        _ => false,
    }
}

#[test]
fn what_samples_are_gone_of_is_answered_from_windows() {
    let all = samples();
    let kept = Kept {
        raw: at(2 * DAY),
        five_minutes: Some(at(DAY)),
        hour: Some(Timestamp::MIN),
    };
    let tiered = Tiered {
        all: all.clone(),
        kept,
    };
    let steps = (6 * HOUR, 4 * DAY, HOUR);
    for query in queries() {
        // Counters of histograms have no sum in windows.
        if query.contains("@")
            || query.starts_with("avg_over_time(native[")
            || query.starts_with("sum_over_time(native[")
            || query.contains("both")
        {
            continue;
        }
        let (plain, found) = (range(&all, &query, steps), range(&tiered, &query, steps));
        assert!(!announced(&found).is_empty(), "{query}");
        let (Value::Matrix(plain), Value::Matrix(found)) = (&plain.value, &found.value) else {
            panic!("a range gives a matrix");
        };
        let is_selector = METRICS.contains(&&*query) || query.contains("offset 1h)");
        let samples = |series: &plimsoll_promql::RangeSeries| {
            // An hour's last value stands for its series where five minutes' does not.
            let from = if is_selector { DAY + 2 * HOUR } else { 0 };
            series
                .samples
                .iter()
                .filter(|s| s.timestamp.millis() > from)
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(found.len(), plain.len(), "{query}");
        for (found, plain) in found.iter().zip(plain) {
            assert_eq!(found.labels, plain.labels, "{query}");
            let (found, plain) = (samples(found), samples(plain));
            assert_eq!(found.len(), plain.len(), "{query}");
            for (found, plain) in found.iter().zip(&plain) {
                assert_eq!(found.timestamp, plain.timestamp, "{query}");
                assert!(
                    is_close(&found.value, &plain.value),
                    "{query} {found:?} {plain:?}"
                );
            }
        }
    }
}

#[test]
fn the_reader_learns_where_windows_stand_for_samples() {
    let kept = Kept {
        raw: at(2 * DAY),
        five_minutes: None,
        hour: Some(Timestamp::MIN),
    };
    let tiered = Tiered {
        all: samples(),
        kept,
    };
    let steps = (6 * HOUR, 4 * DAY, HOUR);
    let result = range(&tiered, "sum(rate(whole_total[5m]))", steps);
    assert_eq!(
        announced(&result),
        [
            "PromQL info: answered from 1h windows where samples are gone, which are kept since 1970-01-03T00:00:00Z (1:10)"
        ]
    );
    let Value::Matrix(series) = &result.value else {
        panic!("a range gives a matrix")
    };
    assert_eq!(
        series[0].samples.len(),
        4 * 24 - 5,
        "every step has a value"
    );
    let result = range(&tiered, "quantile_over_time(0.5, gauge[1h])", steps);
    assert_eq!(
        announced(&result),
        [
            "PromQL info: quantile_over_time cannot be answered from windows, and samples are kept since 1970-01-03T00:00:00Z only (1:25)"
        ]
    );
    let Value::Matrix(series) = &result.value else {
        panic!("a range gives a matrix")
    };
    assert_eq!(
        series[0].samples[0].timestamp,
        at(2 * DAY + HOUR).max(series[0].samples[0].timestamp)
    );
    assert!(
        announced(&range(
            &tiered,
            "quantile_over_time(0.5, gauge[1h])",
            (3 * DAY, 4 * DAY, HOUR)
        ))
        .is_empty()
    );
}

#[test]
fn unaligned_ranges_are_answered_to_the_window() {
    let all = samples();
    let kept = Kept {
        raw: at(3 * DAY),
        five_minutes: Some(Timestamp::MIN),
        hour: None,
    };
    let tiered = Tiered {
        all: all.clone(),
        kept,
    };
    // A counter that grows by one a minute.
    let steps = (6 * HOUR + 77_000, 2 * DAY, 17 * MINUTE);
    for (query, expected) in [
        ("increase(whole_total[1h])", 60.0),
        ("increase(whole_total[2m])", 2.0),
        ("increase(whole_total[7m])", 7.0),
        ("rate(whole_total[61m]) * 60", 1.0),
        ("count_over_time(whole_total[10m])", 10.0),
        ("count_over_time(whole_total[1m])", 1.0),
    ] {
        let result = range(&tiered, query, steps);
        let Value::Matrix(series) = &result.value else {
            panic!("a range gives a matrix")
        };
        assert_eq!(series.len(), 2, "{query}");
        for sample in &series[0].samples {
            let plimsoll_types::Value::Float(value) = sample.value else {
                panic!("{sample:?}")
            };
            // Around a reset a counter begins at less than it grows by.
            let is_near = (value - expected).abs() < 0.3 * expected + 0.1;
            assert!(is_near, "{query} {sample:?}");
        }
        assert_eq!(
            series[0].samples.len(),
            range(&all, query, steps).value_len(),
            "{query}"
        );
    }
}

trait Length {
    fn value_len(&self) -> usize;
}

impl Length for QueryResult {
    fn value_len(&self) -> usize {
        match &self.value {
            Value::Matrix(series) => series[0].samples.len(),
            _ => 0,
        }
    }
}

#[test]
fn a_plan_shows_the_tier() {
    let kept = Kept {
        raw: at(2 * DAY),
        five_minutes: None,
        hour: Some(Timestamp::MIN),
    };
    let tiered = Tiered {
        all: samples(),
        kept,
    };
    let expr = parse("sum(rate(whole_total[1h]))").unwrap();
    let steps = (at(DAY), at(3 * DAY), Duration::from_secs(3600));
    let plan = Engine::default()
        .explain(&tiered, &expr, steps, &Control::unlimited())
        .unwrap();
    let text = plan.to_string();
    assert!(text.contains("(steps 0..25 from 1h windows)"), "{text}");
    assert!(text.contains("(steps 25..49 from samples)"), "{text}");
}
