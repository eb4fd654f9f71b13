//! How scripts write times, labels and values.

mod histogram;
mod nhcb;
mod points;

use plimsoll_promql::{ExprKind, parse};
use plimsoll_types::{Labels, METRIC_NAME, MatchOp, stale_nan};

pub(crate) use nhcb::derive;
pub use points::Point;
pub(crate) use points::{points, start_offsets};

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
            // `metric {labels} values` is written too.
            (None, c) if c.is_whitespace() && depth == 0 => {
                let rest = line[at..].trim_start();
                if rest.starts_with('{') && !rest.starts_with("{{") && !line[..at].contains('{') {
                    continue;
                }
                return (&line[..at], rest);
            }
            _ => {}
        }
    }
    (line, "")
}

/// Reads labels as a selector without values to compare with other than `=`.
pub(crate) fn labels(text: &str) -> Result<Labels, String> {
    let text = text.trim();
    if text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|inner| inner.trim().is_empty())
    {
        return Ok(Labels::empty());
    }
    // A selector needs a condition that not everything fulfils, a label set does not.
    let (selector, dummy) = match text.starts_with('{') && parse(text).is_err() {
        true => (format!("dummy{text}"), true),
        false => (text.to_string(), false),
    };
    let expr = parse(&selector).map_err(|error| format!("{text}: {error}"))?;
    let ExprKind::Selector(selector) = &expr.kind else {
        return Err(format!("{text} is no series"));
    };
    let mut pairs = Vec::new();
    for matcher in selector.matchers.iter() {
        if matcher.op() != MatchOp::Equal {
            return Err(format!(
                "{text}: a series has labels with =, not conditions"
            ));
        }
        if !(dummy && matcher.name() == METRIC_NAME) {
            pairs.push((matcher.name(), matcher.value()));
        }
    }
    Labels::try_from_pairs(&pairs).map_err(|error| error.to_string())
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
            ("a {b=\"c\"} 1", ("a {b=\"c\"}", "1")),
            ("{} 1", ("{}", "1")),
        ] {
            assert_eq!(split(line), expected, "{line}");
        }
    }

    #[test]
    fn labels_are_read_with_and_without_a_name() {
        let check = |text: &str, expected: &[(&str, &str)]| {
            let expected = Labels::from_pairs(expected.iter().copied());
            assert_eq!(labels(text), Ok(expected), "{text}");
        };
        check("{}", &[]);
        check("{ }", &[]);
        check("a", &[("__name__", "a")]);
        check("a {b=\"c\"}", &[("__name__", "a"), ("b", "c")]);
        check("{b=\"\"}", &[]);
        check(
            "{\"a.b\",\"c.d\"=\"e\"}",
            &[("__name__", "a.b"), ("c.d", "e")],
        );
        check("{__name__=\"a\",b='c'}", &[("__name__", "a"), ("b", "c")]);
        for wrong in ["a{b!=\"c\"}", "a[5m]", "a{b=\"c\"", "1"] {
            assert!(labels(wrong).is_err(), "{wrong}");
        }
    }
}
