//! Compares results with what a script expects.

use plimsoll_promql::{QueryResult, Value};
use plimsoll_types::{
    BucketCounts, Counts, Histogram, Labels, Sample, Span, Timestamp, Value as SampleValue,
};
use regex::Regex;

use super::notation::{self, Point};
use super::script::{Eval, Text, Wanted, When};

type Check = Result<(), String>;

/// Series with their samples, in order.
type Series = Vec<(Labels, Vec<Sample>)>;

pub(crate) fn result(eval: &Eval, result: &QueryResult) -> Check {
    for wanted in &eval.wanted {
        match wanted {
            Wanted::Warn(text) => message(text, &result.warnings)?,
            Wanted::Info(text) => message(text, &result.infos)?,
            Wanted::NoWarn if !result.warnings.is_empty() => {
                return Err(format!("it warned: {:?}", result.warnings));
            }
            Wanted::NoInfo if !result.infos.is_empty() => {
                return Err(format!("it informed: {:?}", result.infos));
            }
            Wanted::NoWarn | Wanted::NoInfo | Wanted::Fail(_) => {}
        }
    }
    match &result.value {
        Value::String(found) => match &eval.string {
            Some(expected) if expected == found => Ok(()),
            other => Err(format!("expected {other:?}, found {found:?}")),
        },
        Value::Scalar(found) => scalar(eval, *found),
        value => same(&expected(eval)?, &series(value), eval.ordered),
    }
}

/// Checks that one of the texts is what is wanted.
pub(crate) fn message(wanted: &Text, found: &[String]) -> Check {
    let fits = |text: &String| match wanted {
        Text::Any => true,
        Text::Exact(exact) => text == exact || text.ends_with(&format!(": {exact}")),
        Text::Regex(regex) => Regex::new(regex).unwrap().is_match(text),
    };
    match found.iter().any(fits) {
        true => Ok(()),
        false => Err(format!("expected {wanted:?}, found {found:?}")),
    }
}

fn scalar(eval: &Eval, found: f64) -> Check {
    let expected = eval
        .series
        .first()
        .and_then(|text| notation::float(text.trim()));
    match expected {
        Some(expected) if close(expected, found) => Ok(()),
        _ => Err(format!("expected {:?}, found {found}", eval.series)),
    }
}

fn expected(eval: &Eval) -> Result<Series, String> {
    let (start, step) = match (eval.matrix, eval.when) {
        (Some(matrix), _) => matrix,
        (None, When::Instant(time)) => (time, 1),
        (None, When::Range { start, step, .. }) => (start, step),
    };
    let mut series = Vec::new();
    for line in &eval.series {
        let (metric, values) = match notation::float(line.trim()) {
            Some(_) => ("{}", line.as_str()),
            None => notation::split(line),
        };
        let points = notation::points(values)?;
        let samples = points.into_iter().enumerate();
        let samples = samples.filter_map(|(at, point)| {
            point.map(|point: Point| point.sample(start + step * at as i64))
        });
        series.push((notation::labels(metric)?, samples.collect()));
    }
    Ok(series)
}

fn series(value: &Value) -> Series {
    match value {
        Value::Scalar(value) => {
            vec![(
                Labels::empty(),
                vec![Sample::float(Timestamp::EPOCH, *value)],
            )]
        }
        Value::String(_) => Vec::new(),
        Value::Vector(vector) => vector
            .iter()
            .map(|found| {
                let sample = Sample {
                    timestamp: found.timestamp,
                    start: Default::default(),
                    value: found.value.clone(),
                };
                (found.labels.clone(), vec![sample])
            })
            .collect(),
        Value::Matrix(matrix) => matrix
            .iter()
            .map(|found| (found.labels.clone(), found.samples.clone()))
            .collect(),
    }
}

fn same(expected: &Series, found: &Series, ordered: bool) -> Check {
    let (mut expected, mut found) = (expected.clone(), found.clone());
    expected.retain(|(_, samples)| !samples.is_empty());
    if !ordered {
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        found.sort_by(|a, b| a.0.cmp(&b.0));
    }
    let fits = expected.len() == found.len()
        && expected.iter().zip(&found).all(|(a, b)| {
            a.0 == b.0
                && a.1.len() == b.1.len()
                && a.1.iter().zip(&b.1).all(|(a, b)| same_sample(a, b))
        });
    match fits {
        true => Ok(()),
        false => Err(format!(
            "expected {}, found {}",
            show(&expected),
            show(&found)
        )),
    }
}

fn show(series: &Series) -> String {
    let value = |sample: &Sample| match &sample.value {
        SampleValue::Float(value) => value.to_string(),
        SampleValue::Histogram(histogram) => format!("{histogram:?}"),
    };
    let line = |(labels, samples): &(Labels, Vec<Sample>)| {
        let samples: Vec<String> = samples
            .iter()
            .map(|sample| format!("{}@{}", value(sample), sample.timestamp))
            .collect();
        format!("{labels} {}", samples.join(" "))
    };
    format!(
        "[{}]",
        series.iter().map(line).collect::<Vec<_>>().join("; ")
    )
}

/// Checks that a range has, at one time, what an instant query found.
pub(crate) fn same_at(time: i64, instant: &QueryResult, range: &QueryResult) -> Check {
    let mut found = series(&range.value);
    for (_, samples) in &mut found {
        samples.retain(|sample| sample.timestamp.millis() == time);
    }
    found.retain(|(_, samples)| !samples.is_empty());
    let mut expected = series(&instant.value);
    for (_, samples) in &mut expected {
        samples
            .iter_mut()
            .for_each(|sample| sample.timestamp = Timestamp::from_millis(time));
    }
    same(&expected, &found, false)
}

fn same_sample(a: &Sample, b: &Sample) -> bool {
    a.timestamp == b.timestamp
        && match (&a.value, &b.value) {
            (SampleValue::Float(a), SampleValue::Float(b)) => close(*a, *b),
            (SampleValue::Histogram(a), SampleValue::Histogram(b)) => same_histogram(a, b),
            _ => false,
        }
}

/// Equal to six digits, as Prometheus compares.
fn close(a: f64, b: f64) -> bool {
    if a.is_nan() || b.is_nan() {
        return a.is_nan() && b.is_nan();
    }
    a == b || (a - b).abs() <= 1e-6 * (a.abs() + b.abs()).min(f64::MAX)
}

fn same_histogram(a: &Histogram, b: &Histogram) -> bool {
    let (x, y) = (counts(a), counts(b));
    let same_buckets = |a: Vec<(i64, f64)>, b: Vec<(i64, f64)>| {
        a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.0 == b.0 && close(a.1, b.1))
    };
    a.schema == b.schema
        && a.zero_threshold == b.zero_threshold
        && a.custom_bounds == b.custom_bounds
        && close(a.sum, b.sum)
        && close(x.count, y.count)
        && close(x.zero, y.zero)
        && same_buckets(
            buckets(&a.positive_spans, &x.positive),
            buckets(&b.positive_spans, &y.positive),
        )
        && same_buckets(
            buckets(&a.negative_spans, &x.negative),
            buckets(&b.negative_spans, &y.negative),
        )
}

fn counts(histogram: &Histogram) -> BucketCounts<f64> {
    match &histogram.counts {
        Counts::Float(counts) => counts.clone(),
        Counts::Integer(_) => panic!("the scripts only make float histograms"),
    }
}

fn buckets(spans: &[Span], counts: &[f64]) -> Vec<(i64, f64)> {
    let mut next = 0;
    let indices = spans.iter().flat_map(|span| {
        let start = next + i64::from(span.offset);
        next = start + i64::from(span.length);
        start..next
    });
    indices
        .zip(counts.iter().copied())
        .filter(|(_, count)| *count != 0.0)
        .collect()
}
