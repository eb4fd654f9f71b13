//! The notation in which scripts and unit tests write series: `up{job="node"} 1+1x5 _x3 stale {{sum:1 count:2}}`.
//!
//! A description is a metric and, behind blanks, the values that it has at equal distances in time:
//!
//! | written | means |
//! |---|---|
//! | `1`, `-2.5`, `3e4`, `NaN`, `+Inf` | a number |
//! | `stale` | the marker of staleness |
//! | `_`, `_xN` | one gap, N gaps |
//! | `AxN` | A, and N times A after it |
//! | `A+BxN`, `A-BxN` | A, and N more, each by B more or less than the one before |
//! | `{{sum:1 count:2}}` | a histogram, see `histogram.rs`; repeated and stepped in the same ways |
//!
//! It is read as strictly as Prometheus reads it: no blanks inside an item, none between name and braces, no
//! hexadecimal numbers, and nothing is repeated that is not a number or a histogram.

mod hints;
mod histogram;
mod metric;
mod points;
mod reader;
mod write;

use std::sync::Arc;

use plimsoll_types::{Histogram, Labels};

use crate::error::ParseError;

pub use hints::stored_reset_hint;
pub use write::histogram_notation;

use reader::Reader;

/// So many values make no test; a typing error could ask for billions.
const POINTS_MAX: usize = 1_000_000;

/// A series and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesDescription {
    /// Its labels, the metric's name among them.
    pub labels: Labels,
    /// Its values, one per step; `None` is a gap. At most a million.
    pub points: Vec<Option<SeriesPoint>>,
}

/// One value of a series.
#[derive(Clone, Debug, PartialEq)]
pub enum SeriesPoint {
    /// A float, or the staleness marker.
    Float(f64),
    /// A histogram.
    Histogram {
        /// Its value, with float counts; nothing says that a store would take it.
        value: Arc<Histogram>,
        /// Whether a counter reset hint is written, so that it is to be compared.
        has_hint: bool,
    },
}

/// Reads a series and its values.
///
/// ```
/// let series = plimsoll_promql::parse_series("up{job=\"node\"} 1x2 _").unwrap();
/// assert_eq!((series.labels.metric_name(), series.points.len()), (Some("up"), 4));
/// let error = plimsoll_promql::parse_series("up 1 2y").unwrap_err();
/// assert_eq!(error.span().start, 5);
/// ```
///
/// # Errors
/// The first thing that is wrong, with its place in `text`.
pub fn parse_series(text: &str) -> Result<SeriesDescription, ParseError> {
    let (labels, end) = metric::read(text, metric::Blanks::Refused)?;
    let mut reader = Reader::new(text, end);
    if !(reader.is_at_end() || reader.is_at_blank()) {
        return Err(reader.wrong("expected a blank between the metric and its values"));
    }
    let points = points::read(&mut reader)?;
    Ok(SeriesDescription { labels, points })
}

/// Reads labels as a metric is written, `up{job="node"}`; the empty text is the empty set.
///
/// # Errors
/// The first thing that is wrong, with its place in `text`.
pub fn parse_metric(text: &str) -> Result<Labels, ParseError> {
    let (labels, end) = metric::read(text, metric::Blanks::Skipped)?;
    let mut reader = Reader::new(text, end);
    reader.skip_blanks();
    match reader.is_at_end() {
        true => Ok(labels),
        false => Err(reader.wrong("expected the end behind the labels")),
    }
}

/// Reads values without a metric; `None` is a gap.
///
/// # Errors
/// The first thing that is wrong, with its place in `text`.
pub fn parse_points(text: &str) -> Result<Vec<Option<SeriesPoint>>, ParseError> {
    points::read(&mut Reader::new(text, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_a_metric_and_values() {
        let series = parse_series("a{b=\"c d\",e=\"}\"}\t1 2").unwrap();
        assert_eq!(series.labels.to_string(), "a{b=\"c d\", e=\"}\"}");
        assert_eq!(series.points.len(), 2);
        for (text, points) in [("a", 0), ("{} 1", 1), ("a ", 0), ("\n  :b 1\n", 1)] {
            assert_eq!(parse_series(text).unwrap().points.len(), points, "{text}");
        }
    }

    #[test]
    fn errors_have_their_place() {
        for (text, expected) in [
            ("a {b=\"c\"} 1", "1:3: "),
            ("a 1 2y", "1:5: "),
            ("a 1\n+", "2:2: "),
            ("a{b!=\"c\"} 1", "1:4: "),
            ("a{} 1 {{sum:x}}", "1:13: "),
            ("a@ 1", "1:2: "),
            ("\u{b}\u{e4}", "1:1: "),
            ("a \u{b}\u{e4} 1", "1:3: "),
        ] {
            let error = parse_series(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
            let rendered = parse_series(text).unwrap_err().render();
            assert!(rendered.contains('^'), "{rendered}");
        }
    }
}
