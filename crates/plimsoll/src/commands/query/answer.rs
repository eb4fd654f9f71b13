//! An answer of the query API, read.

use plimsoll_types::Labels;
use serde_json::Value;

use crate::commands::Failure;

/// A sample: the time as the server wrote it, and its value.
pub(super) struct Point {
    pub(super) time: String,
    pub(super) value: String,
}

/// One series; an empty name for what has no labels because it is no series.
pub(super) struct Series {
    pub(super) labels: Labels,
    pub(super) points: Vec<Point>,
}

/// What was answered.
pub(super) enum Answer {
    /// `scalar` or `string`, and its one point.
    Single(String, Point),
    /// One sample per series.
    Instant(Vec<Series>),
    /// Samples over time.
    Range(Vec<Series>),
}

impl Answer {
    /// Reads `data` of an answer.
    ///
    /// # Errors
    /// When it has no known type.
    pub(super) fn read(data: &Value) -> Result<Self, Failure> {
        let result = &data["result"];
        Ok(match data["resultType"].as_str() {
            Some(kind @ ("scalar" | "string")) => Self::Single(kind.to_owned(), point(result)),
            Some("vector") => Self::Instant(series(result, ["value", "histogram"])),
            Some("matrix") => Self::Range(series(result, ["values", "histograms"])),
            _ => return Err(Failure::failed("the server's answer has no result type")),
        })
    }
}

fn series(result: &Value, fields: [&str; 2]) -> Vec<Series> {
    let one = |entry: &Value| {
        let mut points = Vec::new();
        for found in fields.iter().filter_map(|field| entry[*field].as_array()) {
            match found.first().is_some_and(Value::is_array) {
                true => points.extend(found.iter().map(point)),
                false => points.push(point(&Value::Array(found.clone()))),
            }
        }
        // Floats and histograms of one series come apart.
        points.sort_by(|a: &Point, b| {
            let seconds = |point: &Point| point.time.parse::<f64>().unwrap_or(f64::NAN);
            seconds(a).total_cmp(&seconds(b))
        });
        Series {
            labels: labels(&entry["metric"]),
            points,
        }
    };
    result.as_array().into_iter().flatten().map(one).collect()
}

fn point(pair: &Value) -> Point {
    let value = match &pair[1] {
        Value::String(value) => harmless(value),
        histogram => format!(
            "count {} sum {}",
            histogram["count"].as_str().unwrap_or("?"),
            histogram["sum"].as_str().unwrap_or("?")
        ),
    };
    let time = pair[0].to_string();
    Point { time, value }
}

/// Reads labels. Control characters are written out: whoever may push may name series, and must not write to an
/// operator's terminal.
pub(super) fn labels(metric: &Value) -> Labels {
    let pairs = metric.as_object().into_iter().flatten();
    let value = |value: &Value| harmless(value.as_str().unwrap_or_default());
    Labels::from_pairs(pairs.map(|(name, text)| (harmless(name), value(text))))
}

/// Escapes control characters.
pub(super) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    shown
}
