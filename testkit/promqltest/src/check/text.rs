//! Values in words, for reports.

use plimsoll_promql::SeriesPoint;
use plimsoll_types::{Histogram, Labels};

use crate::answer::{Answer, AnswerValue, Bucket, Found, FoundHistogram};
use crate::script::{ExpectedSeries, ExpectedValue};

/// Returns an answer in words.
pub(crate) fn shown(answer: &Answer) -> String {
    value(&answer.value)
}

pub(super) fn value(value: &AnswerValue) -> String {
    match value {
        AnswerValue::Scalar(value) => format!("the scalar {value}"),
        AnswerValue::String(text) => format!("the string {text:?}"),
        AnswerValue::Vector(series) => {
            let series = series
                .iter()
                .map(|(labels, value)| found(labels, std::slice::from_ref(value)));
            list("a vector", series)
        }
        AnswerValue::Matrix(series) => list(
            "a matrix",
            series
                .iter()
                .map(|(labels, points)| found_points(labels, points)),
        ),
    }
}

pub(super) fn wanted(value: &ExpectedValue) -> String {
    match value {
        ExpectedValue::Scalar(value) => format!("the scalar {value}"),
        ExpectedValue::String(text) => format!("the string {text:?}"),
        ExpectedValue::Series(all) => series_list(all),
        ExpectedValue::Matrix(_, all) => list("a matrix", all.iter().map(series)),
    }
}

pub(super) fn series_list(all: &[ExpectedSeries]) -> String {
    list("these series", all.iter().map(series))
}

fn list(what: &str, items: impl Iterator<Item = String>) -> String {
    format!("{what}: [{}]", items.collect::<Vec<_>>().join("; "))
}

pub(super) fn series(series: &ExpectedSeries) -> String {
    let points = series.points.iter().map(|point| match point {
        None => " _".to_string(),
        Some(SeriesPoint::Float(value)) => format!(" {}", float(*value)),
        Some(SeriesPoint::Histogram {
            value,
            has_hint: true,
        }) => {
            format!(" {} ({:?})", histogram(value), value.reset_hint)
        }
        Some(SeriesPoint::Histogram { value, .. }) => format!(" {}", histogram(value)),
    });
    format!("{}{}", series.labels, points.collect::<String>())
}

pub(super) fn found(labels: &Labels, values: &[Found]) -> String {
    let values = values.iter().map(|value| format!(" {}", one(value)));
    format!("{labels}{}", values.collect::<String>())
}

pub(super) fn found_points(labels: &Labels, points: &[(i64, Found)]) -> String {
    let points = points
        .iter()
        .map(|(time, value)| format!(" {}@{time}", one(value)));
    format!("{labels}{}", points.collect::<String>())
}

fn one(value: &Found) -> String {
    match value {
        Found::Float(value) => float(*value),
        Found::Histogram(FoundHistogram::Whole(value)) => {
            format!("{} ({:?})", histogram(value), value.reset_hint)
        }
        Found::Histogram(FoundHistogram::Shown {
            count,
            sum,
            buckets,
        }) => {
            format!("{{{{count:{count} sum:{sum}{}}}}}", bucket_list(buckets))
        }
    }
}

fn float(value: f64) -> String {
    match plimsoll_types::is_stale(value) {
        true => "stale".into(),
        false => value.to_string(),
    }
}

fn histogram(value: &Histogram) -> String {
    format!(
        "{{{{schema:{} count:{} sum:{} zero:{}/{}{}}}}}",
        value.schema,
        value.count(),
        value.sum,
        value.zero_count(),
        value.zero_threshold,
        bucket_list(&Bucket::of(value))
    )
}

fn bucket_list(buckets: &[Bucket]) -> String {
    let one = |bucket: &Bucket| {
        let (open, close) = match bucket.rule {
            0 => ('(', ']'),
            1 => ('[', ')'),
            2 => ('(', ')'),
            _ => ('[', ']'),
        };
        format!(
            " {open}{},{}{close}={}",
            bucket.lower, bucket.upper, bucket.count
        )
    };
    buckets.iter().map(one).collect()
}
