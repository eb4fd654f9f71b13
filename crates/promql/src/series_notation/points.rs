//! Values in a row: numbers, gaps, markers and histograms, repeated and stepped.

use std::sync::Arc;

use plimsoll_types::{Histogram, HistogramSum, stale_nan};

use super::histogram::{self, Written};
use super::reader::Reader;
use super::{POINTS_MAX, SeriesPoint};
use crate::error::ParseError;

/// Reads items up to the end of the text.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Vec<Option<SeriesPoint>>, ParseError> {
    let mut points = Vec::new();
    loop {
        reader.skip_blanks();
        if reader.is_at_end() {
            return Ok(points);
        }
        let start = reader.at();
        match reader.rest().as_bytes() {
            [b'_', ..] => gaps(reader, &mut points)?,
            [b'{', b'{', ..] => histograms(reader, &mut points)?,
            _ => floats(reader, &mut points)?,
        }
        if !(reader.is_at_end() || reader.is_at_blank()) {
            return Err(reader.wrong("expected a blank between values"));
        }
        if points.len() > POINTS_MAX {
            return Err(reader.wrong_since(start, too_many()));
        }
    }
}

fn too_many() -> String {
    format!("a series has at most {POINTS_MAX} values")
}

/// Reads `xN` where it is there.
fn repetition(reader: &mut Reader<'_>) -> Result<Option<usize>, ParseError> {
    if !reader.take("x") {
        return Ok(None);
    }
    let start = reader.at();
    let digits = reader.take_while(|c| c.is_ascii_digit());
    if digits.is_empty() || reader.rest().starts_with('.') {
        return Err(reader.wrong("expected a whole number of repetitions"));
    }
    let count = digits.parse().ok().filter(|count| *count <= POINTS_MAX);
    let too_many = || reader.wrong_since(start, too_many());
    count.map(Some).ok_or_else(too_many)
}

fn gaps(reader: &mut Reader<'_>, points: &mut Vec<Option<SeriesPoint>>) -> Result<(), ParseError> {
    reader.take("_");
    let count = repetition(reader)?.unwrap_or(1);
    points.extend(std::iter::repeat_n(None, count));
    Ok(())
}

fn floats(
    reader: &mut Reader<'_>,
    points: &mut Vec<Option<SeriesPoint>>,
) -> Result<(), ParseError> {
    let mut marker = reader.clone();
    if marker.word() == "stale" {
        *reader = marker;
        points.push(Some(SeriesPoint::Float(stale_nan())));
        return Ok(());
    }
    let mut value = reader.signed_number()?;
    let step = match reader.sign() {
        Some(sign) => Some(sign * reader.number()?),
        None => None,
    };
    let times = repetition(reader)?;
    if step.is_some() && times.is_none() {
        return Err(reader.wrong("expected x and how often the step is made"));
    }
    points.push(Some(SeriesPoint::Float(value)));
    for _ in 0..times.unwrap_or(0) {
        // Added each time, as Prometheus does: 0.1 and ten steps of 0.1 are not quite 1.1.
        value = step.map_or(value, |step| value + step);
        points.push(Some(SeriesPoint::Float(value)));
    }
    Ok(())
}

fn histograms(
    reader: &mut Reader<'_>,
    points: &mut Vec<Option<SeriesPoint>>,
) -> Result<(), ParseError> {
    let start = reader.at();
    let Written { value, has_hint } = histogram::read(reader)?;
    let step = match reader.sign() {
        Some(sign) => Some((histogram::read(reader)?.value, sign < 0.0)),
        None => None,
    };
    let times = repetition(reader)?;
    if step.is_some() && times.is_none() {
        return Err(reader.wrong("expected x and how often the step is made"));
    }
    let mut value = Arc::new(value);
    for index in 0..=times.unwrap_or(0) {
        if index > 0
            && let Some((step, is_negative)) = &step
        {
            let next = stepped(&value, step, *is_negative);
            value = Arc::new(next.map_err(|message| reader.wrong_since(start, message))?);
        }
        let value = Arc::clone(&value);
        points.push(Some(SeriesPoint::Histogram { value, has_hint }));
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
    use super::super::parse_points;
    use super::*;

    fn shown(text: &str) -> String {
        let point = |point: Option<SeriesPoint>| match point {
            None => "_".into(),
            Some(SeriesPoint::Float(value)) if value.to_bits() == stale_nan().to_bits() => {
                "stale".into()
            }
            Some(SeriesPoint::Float(value)) => value.to_string(),
            Some(SeriesPoint::Histogram { value, .. }) => {
                format!("{}/{}", value.count(), value.sum)
            }
        };
        let points = parse_points(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let points: Vec<String> = points.into_iter().map(point).collect();
        points.join(" ")
    }

    fn refuses(wrong: &[&str]) {
        for text in wrong {
            assert!(parse_points(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_notation_of_numbers() {
        for (text, expected) in [
            ("", ""),
            (" 1 -2.5  +3\t4e3\n5 ", "1 -2.5 3 4000 5"),
            ("NaN Inf -inf +Inf stale nan", "NaN inf -inf inf stale NaN"),
            ("_ 1 _x3 2 _x0", "_ 1 _ _ _ 2"),
            ("1x2", "1 1 1"),
            ("1+2x2 3-1x1", "1 3 5 3 2"),
            ("-1-1x1 1e-1+1e-1x1", "-1 -2 0.1 0.2"),
            ("0x3 01x1 +1x0", "0 0 0 0 1 1 1"),
            (".5 1.", "0.5 1"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_as_strict_as_in_prometheus() {
        refuses(&[
            "1x",
            "x3",
            "__",
            "_3",
            "1+x2",
            "one",
            "1x2x3",
            "1x99999999999",
            "NaNx1",
            "Infx1",
            "stalex1",
            "Stale",
            "-stale",
            "infinity",
            "1+2",
            "1 + 2x3",
            "1+-2x3",
            "1_",
            "1_000",
            "1,2",
            "0x1f",
            "1x1.5",
            "1x-2",
            "1+1x3-1x2",
            "5m",
            "1e",
            ".",
            "-",
            "1+Infx2",
        ]);
        refuses(&["1x600000 1x600000"]);
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
        refuses(&[
            "{{}}+{{}}",
            "{{}}y",
            "{{}}x",
            "{{sum:1",
            "{{sum}}",
            "{{sum:1 sum:2}}",
            "{{}}{{}}",
            "{{schema:-53 custom_values:[1]}}+{{schema:1}}x1",
        ]);
    }
}
