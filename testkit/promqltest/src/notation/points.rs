//! Points in a row: `1 2.5 NaN -Inf`, gaps `_ _x3`, `stale`, repeated and stepped numbers, and histograms.
//!
//! | written | means |
//! |---|---|
//! | `_`, `_xN` | one gap, N gaps |
//! | `AxN` | A, and N times A after it |
//! | `A+BxN`, `A-BxN` | A, and N more, each by B more or less than the one before |

use std::sync::Arc;

use plimsoll_types::{Histogram, HistogramSum, Sample, Timestamp};

use super::histogram::{self, Written};
use super::{float, millis};

/// So many points make no script; a typing error could ask for billions.
const POINTS_MAX: usize = 1_000_000;

/// One point.
#[derive(Clone, Debug, PartialEq)]
pub enum Point {
    /// A float, or the staleness marker.
    Float(f64),
    /// A histogram.
    Histogram {
        /// Its value, with float counts.
        value: Arc<Histogram>,
        /// Whether a counter reset hint is written, so that it is compared.
        has_hint: bool,
    },
}

impl Point {
    /// Returns the point as a sample to load.
    ///
    /// # Errors
    /// When no store would take the histogram.
    pub(crate) fn sample(self, millis: i64) -> Result<Sample, String> {
        let at = Timestamp::from_millis(millis);
        match self {
            Self::Float(value) => Ok(Sample::float(at, value)),
            Self::Histogram { value, .. } => {
                value.validate().map_err(|error| error.to_string())?;
                Ok(Sample::histogram(at, value))
            }
        }
    }
}

/// Reads all points of a line; `None` is a gap.
pub(crate) fn points(text: &str) -> Result<Vec<Option<Point>>, String> {
    let mut points = Vec::new();
    for token in tokens(text) {
        match token.starts_with("{{") {
            true => histograms(token, &mut points)?,
            false => floats(token, &mut points)?,
        }
        check_length(points.len())?;
    }
    Ok(points)
}

/// Reads a line of start timestamps: distances in milliseconds from the sample, `None` where there is none.
pub(crate) fn start_offsets(text: &str) -> Result<Vec<Option<i64>>, String> {
    let mut offsets = Vec::new();
    for token in tokens(text) {
        if let Some(count) = gaps(token)? {
            offsets.extend(std::iter::repeat_n(None, count));
            continue;
        }
        let (base, step, count) = sequence(token)?;
        let step = step.map_or(Ok(0), millis)?;
        let base = millis(base)?;
        offsets.extend((0..=count as i64).map(|index| Some(base + step * index)));
        check_length(offsets.len())?;
    }
    Ok(offsets)
}

fn check_length(length: usize) -> Result<(), String> {
    match length <= POINTS_MAX {
        true => Ok(()),
        false => Err(format!("more than {POINTS_MAX} points in a line")),
    }
}

/// Splits at blanks outside of histograms.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        let mut depth = 0;
        let end = rest.char_indices().find(|(_, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            c.is_whitespace() && depth <= 0
        });
        let (token, after) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        rest = after.trim_start();
        (!token.is_empty()).then_some(token)
    })
}

fn count(text: &str) -> Result<usize, String> {
    let count = text
        .parse::<usize>()
        .map_err(|_| format!("{text:?} is no count"))?;
    check_length(count).map(|()| count)
}

/// Reads `_` or `_xN`.
fn gaps(token: &str) -> Result<Option<usize>, String> {
    match token.strip_prefix('_') {
        None => Ok(None),
        Some("") => Ok(Some(1)),
        Some(rest) => {
            let number = rest
                .strip_prefix('x')
                .ok_or_else(|| format!("{token} is no gap"))?;
            count(number).map(Some)
        }
    }
}

/// Splits `A`, `AxN`, `A+BxN` and `A-BxN`; the step keeps its sign.
fn sequence(token: &str) -> Result<(&str, Option<&str>, usize), String> {
    let Some((values, times)) = token.rsplit_once('x') else {
        return Ok((token, None, 0));
    };
    let times = count(times)?;
    // The sign of the step is the last one that belongs neither to an exponent nor to a number's front.
    let is_step = |(at, c): &(usize, char)| {
        let before = &values[..*at];
        matches!(c, '+' | '-') && !before.is_empty() && !before.ends_with(['e', 'E', '+', '-'])
    };
    Ok(match values.char_indices().rfind(is_step) {
        Some((at, _)) => (&values[..at], Some(&values[at..]), times),
        None => (values, None, times),
    })
}

fn floats(token: &str, points: &mut Vec<Option<Point>>) -> Result<(), String> {
    if let Some(count) = gaps(token)? {
        points.extend(std::iter::repeat_n(None, count));
        return Ok(());
    }
    let number = |text: &str| float(text).ok_or_else(|| format!("{token:?} is no point"));
    let (base, step, count) = sequence(token)?;
    let step = step.map(number).transpose()?;
    let mut value = number(base)?;
    points.push(Some(Point::Float(value)));
    for _ in 0..count {
        value = step.map_or(value, |step| value + step);
        points.push(Some(Point::Float(value)));
    }
    Ok(())
}

fn histograms(token: &str, points: &mut Vec<Option<Point>>) -> Result<(), String> {
    let (first, rest) = histogram::read(token)?;
    let (step, rest) = match rest.strip_prefix(['+', '-']) {
        Some(step) => {
            let (step, after) = histogram::read(step)?;
            (Some((step.value, rest.starts_with('-'))), after)
        }
        None => (None, rest),
    };
    let times = match rest.strip_prefix('x') {
        Some(number) => count(number)?,
        None if rest.is_empty() && step.is_none() => 0,
        None => return Err(format!("wanted x and a count, found {rest:?}")),
    };
    let Written { value, has_hint } = first;
    let mut value = Arc::new(value);
    for index in 0..=times {
        if index > 0
            && let Some((step, is_negative)) = &step
        {
            value = Arc::new(stepped(&value, step, *is_negative)?);
        }
        let value = Arc::clone(&value);
        points.push(Some(Point::Histogram { value, has_hint }));
    }
    Ok(())
}

fn stepped(value: &Histogram, step: &Histogram, is_negative: bool) -> Result<Histogram, String> {
    let mut sum = HistogramSum::new(value);
    let outcome = match is_negative {
        true => sum.subtract(step),
        false => sum.add(step),
    };
    outcome.map_err(|_| "the step has buckets of another kind".to_string())?;
    Ok(sum.value())
}

#[cfg(test)]
mod tests {
    use plimsoll_types::stale_nan;

    use super::*;

    fn shown(text: &str) -> String {
        let point = |point: Option<Point>| match point {
            None => "_".into(),
            Some(Point::Float(value)) if value.to_bits() == stale_nan().to_bits() => "stale".into(),
            Some(Point::Float(value)) => value.to_string(),
            Some(Point::Histogram { value, .. }) => format!("{}/{}", value.count(), value.sum),
        };
        let points: Vec<String> = points(text).unwrap().into_iter().map(point).collect();
        points.join(" ")
    }

    #[test]
    fn every_notation_of_numbers() {
        for (text, expected) in [
            ("1 -2.5  +3\t4e3", "1 -2.5 3 4000"),
            ("NaN Inf -Inf +Inf stale", "NaN inf -inf inf stale"),
            ("_ 1 _x3 2 _x0", "_ 1 _ _ _ 2"),
            ("1x2", "1 1 1"),
            ("1+2x2 3-1x1", "1 3 5 3 2"),
            ("-1-1x1 1e-1+1e-1x1", "-1 -2 0.1 0.2"),
            ("0x3", "0 0 0 0"),
            ("NaNx1 Infx1", "NaN NaN inf inf"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        for wrong in [
            "1x",
            "x3",
            "__",
            "_3",
            "1+x2",
            "one",
            "1x2x3",
            "1x99999999999",
        ] {
            assert!(points(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn histograms_repeat_and_grow() {
        for (text, expected) in [
            ("{{}}", "0/0"),
            ("{{sum:1 count:2}}x1 3", "2/1 2/1 3"),
            (
                "{{ count:1 buckets:[1] }}+{{count:1 sum:.5 buckets:[ 1 ]}}x2",
                "1/0 2/0.5 3/1",
            ),
            ("{{count:2}}-{{count:1}}x1", "2/0 1/0"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        for wrong in [
            "{{}}+{{}}",
            "{{}}y",
            "{{}}x",
            "{{sum:1",
            "{{sum}}",
            "{{sum:1 sum:2}}",
        ] {
            assert!(points(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn start_timestamps_are_durations_in_sequence() {
        let found = start_offsets("_x2 -30s-1mx2 0 +1m -0msx1 1ms-1mx1").unwrap();
        let expected = [
            None,
            None,
            Some(-30_000),
            Some(-90_000),
            Some(-150_000),
            Some(0),
            Some(60_000),
            Some(0),
            Some(0),
            Some(1),
            Some(-59_999),
        ];
        assert_eq!(found, expected);
        assert!(start_offsets("soon").is_err());
    }
}
