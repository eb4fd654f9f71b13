//! How scripts write times, labels and values.

mod nhcb;
mod starts;

use plimsoll_promql::{ExprKind, SeriesPoint, parse, parse_metric, parse_points};
use plimsoll_types::{Labels, stale_nan};

pub(crate) use nhcb::derive;
pub(crate) use starts::start_offsets;

/// What follows the metric in a line of start timestamps.
pub(crate) const START_SUFFIX: &str = "@st";

/// Reads a duration, or a number of seconds, with or without sign, as milliseconds.
pub(crate) fn millis(text: &str) -> Result<i64, String> {
    let (sign, plain) = match text.strip_prefix('-') {
        Some(plain) => (-1, plain),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let is_number = plain
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if let Some(seconds) = is_number.then(|| plain.parse::<f64>().ok()).flatten() {
        return Ok(sign * (seconds * 1000.0).round() as i64);
    }
    let duration = plimsoll_types::parse_duration(plain).map_err(|error| error.to_string())?;
    let millis = i64::try_from(duration.as_millis()).map_err(|error| error.to_string())?;
    Ok(sign * millis)
}

/// Splits a line into its metric and the rest.
pub(crate) fn split(line: &str) -> (&str, &str) {
    let (mut depth, mut quoted, mut escaped) = (0, None, false);
    for (at, c) in line.char_indices() {
        match (quoted, c) {
            _ if escaped => escaped = false,
            (Some('"' | '\''), '\\') => escaped = true,
            (Some(quote), c) if c == quote => quoted = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quoted = Some(c),
            (None, '{') => depth += 1,
            (None, '}') => depth -= 1,
            (None, c) if c.is_whitespace() && depth == 0 => {
                return (&line[..at], line[at..].trim_start());
            }
            _ => {}
        }
    }
    (line, "")
}

/// Reads labels as they are written before values.
pub(crate) fn labels(text: &str) -> Result<Labels, String> {
    parse_metric(text).map_err(|error| format!("{text}: {error}"))
}

/// Reads all values of a line; `None` is a gap.
pub(crate) fn points(text: &str) -> Result<Vec<Option<SeriesPoint>>, String> {
    parse_points(text).map_err(|error| format!("{text}: {error}"))
}

/// Reads a quoted string.
pub(crate) fn string(text: &str) -> Result<String, String> {
    match parse(text).map(|expr| expr.kind) {
        Ok(ExprKind::String(value)) => Ok(value),
        _ => Err(format!("{text} is no string in quotes")),
    }
}

/// Reads a float; `stale` is the staleness marker.
pub(crate) fn float(text: &str) -> Option<f64> {
    match text {
        "stale" => Some(stale_nan()),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_ends_where_its_labels_do() {
        for (line, expected) in [
            ("a 1 2", ("a", "1 2")),
            ("a{b=\"c d\",e=\"}\"}\t1", ("a{b=\"c d\",e=\"}\"}", "1")),
            ("{\"x y\", l=`\"`} 1", ("{\"x y\", l=`\"`}", "1")),
            (
                "a{b=\"\\\" \"} {{sum:1 count:2}}",
                ("a{b=\"\\\" \"}", "{{sum:1 count:2}}"),
            ),
            ("a {{sum:1}}", ("a", "{{sum:1}}")),
            ("{} 1", ("{}", "1")),
        ] {
            assert_eq!(split(line), expected, "{line}");
        }
    }
}
