//! The notation of series: labels, then points such as `1 2+3x5 _ stale {{schema:0 sum:5 count:4}}`.

use std::sync::Arc;

use plimsoll_promql::{ExprKind, parse};
use plimsoll_types::{
    BucketCounts, Counts, Histogram, Labels, METRIC_NAME, ResetHint, Sample, Span, Timestamp,
    stale_nan,
};

/// What a point of a series is.
#[derive(Clone, Debug)]
pub(crate) enum Point {
    Float(f64),
    Histogram(Box<Histogram>),
}

impl Point {
    pub(crate) fn sample(self, millis: i64) -> Sample {
        let at = Timestamp::from_millis(millis);
        match self {
            Self::Float(value) => Sample::float(at, value),
            Self::Histogram(histogram) => Sample::histogram(at, Arc::new(*histogram)),
        }
    }
}

/// Reads a duration, or a number of seconds; both may be negative.
pub(crate) fn millis(text: &str) -> Result<i64, String> {
    let (sign, plain) = text
        .strip_prefix('-')
        .map_or((1, text), |plain| (-1, plain));
    let millis = match plain.parse::<f64>() {
        Ok(seconds) => (seconds * 1000.0) as i64,
        Err(_) => plimsoll_types::parse_duration(plain)
            .map_err(|error| error.to_string())?
            .as_millis() as i64,
    };
    Ok(sign * millis)
}

/// Splits a line into its labels and the rest.
pub(crate) fn split(line: &str) -> (&str, &str) {
    let (mut depth, mut quoted) = (0, None);
    for (at, c) in line.char_indices() {
        match (quoted, c) {
            (Some(quote), c) if c == quote => quoted = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quoted = Some(c),
            (None, '{') => depth += 1,
            (None, '}') => depth -= 1,
            (None, c) if c.is_whitespace() && depth == 0 => {
                return (&line[..at], line[at..].trim());
            }
            _ => {}
        }
    }
    (line, "")
}

/// Reads labels with the parser of selectors.
pub(crate) fn labels(text: &str) -> Result<Labels, String> {
    let (selector, dummy) = match text {
        "{}" => return Ok(Labels::empty()),
        _ if text.starts_with('{') && parse(text).is_err() => (format!("dummy{text}"), true),
        _ => (text.to_string(), false),
    };
    let expr = parse(&selector).map_err(|error| error.to_string())?;
    let ExprKind::Selector(selector) = &expr.kind else {
        return Err(format!("{text} is no selector"));
    };
    let matchers = selector.matchers.iter();
    let pairs = matchers.filter(|matcher| !dummy || matcher.name() != METRIC_NAME);
    Ok(Labels::from_pairs(
        pairs.map(|matcher| (matcher.name(), matcher.value())),
    ))
}

/// Reads a quoted string.
pub(crate) fn string(text: &str) -> String {
    match parse(text).map(|expr| expr.kind) {
        Ok(ExprKind::String(value)) => value,
        other => panic!("{text} is no string: {other:?}"),
    }
}

/// Reads a float in the notation of the scripts.
pub(crate) fn float(text: &str) -> Option<f64> {
    match text {
        "stale" => Some(stale_nan()),
        _ => text.parse().ok(),
    }
}

/// Reads all points of a line; `None` is a gap.
pub(crate) fn points(text: &str) -> Result<Vec<Option<Point>>, String> {
    let mut points = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = match rest.find("{{") {
            Some(0) => histogram_token_end(rest),
            _ => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        token(&rest[..end], &mut points)?;
        rest = rest[end..].trim_start();
    }
    Ok(points)
}

/// A histogram holds blanks, so its token ends at the first blank outside the braces.
fn histogram_token_end(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            c if c.is_whitespace() && depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

fn token(text: &str, points: &mut Vec<Option<Point>>) -> Result<(), String> {
    if text.starts_with("{{") {
        return histogram_token(text, points);
    }
    if let Some(rest) = text.strip_prefix('_') {
        let count = rest.strip_prefix('x').map_or(Ok(1), str::parse::<usize>);
        let count = count.map_err(|_| format!("{text} is no gap"))?;
        points.extend(std::iter::repeat_n(None, count));
        return Ok(());
    }
    let wrong = || format!("{text} is no point");
    if let Some(value) = float(text) {
        points.push(Some(Point::Float(value)));
        return Ok(());
    }
    let (sequence, count) = text.rsplit_once('x').ok_or_else(wrong)?;
    let count: usize = count.parse().map_err(|_| wrong())?;
    // The sign of the step is the last one that does not belong to an exponent or to the start.
    let sign = sequence
        .char_indices()
        .skip(1)
        .filter(|(at, c)| {
            matches!(c, '+' | '-') && !sequence[..*at].ends_with(['e', 'E', '+', '-'])
        })
        .map(|(at, _)| at)
        .last();
    let (start, step) = match sign {
        Some(at) => (
            float(&sequence[..at]),
            float(sequence[at..].trim_start_matches('+')),
        ),
        None => (float(sequence), Some(0.0)),
    };
    let (start, step) = (start.ok_or_else(wrong)?, step.ok_or_else(wrong)?);
    let mut value = start;
    for _ in 0..=count {
        points.push(Some(Point::Float(value)));
        if step != 0.0 {
            value += step;
        }
    }
    Ok(())
}

fn histogram_token(text: &str, points: &mut Vec<Option<Point>>) -> Result<(), String> {
    let end = text.find("}}").ok_or("a histogram does not end")? + 2;
    let first = histogram(&text[..end])?;
    let rest = &text[end..];
    if rest.is_empty() {
        points.push(Some(Point::Histogram(Box::new(first))));
        return Ok(());
    }
    let (step, count) = match rest.strip_prefix('+').or_else(|| rest.strip_prefix('-')) {
        Some(step) => {
            let end = step.find("}}").ok_or("a histogram does not end")? + 2;
            (Some(histogram(&step[..end])?), &step[end..])
        }
        None => (None, rest),
    };
    let sign = if rest.starts_with('-') { -1.0 } else { 1.0 };
    let count: usize = count
        .trim_start_matches('x')
        .parse()
        .map_err(|_| "no count".to_string())?;
    let mut current = first;
    for _ in 0..=count {
        points.push(Some(Point::Histogram(Box::new(current.clone()))));
        if let Some(step) = &step {
            add(&mut current, step, sign)?;
        }
    }
    Ok(())
}

/// Adds histograms of the same shape, which is all that the notation needs.
fn add(to: &mut Histogram, step: &Histogram, sign: f64) -> Result<(), String> {
    let (Counts::Float(a), Counts::Float(b)) = (&mut to.counts, &step.counts) else {
        return Err("only float histograms are added".into());
    };
    let pad = |from: &[f64], length: usize| {
        let mut from = from.to_vec();
        from.resize(length, 0.0);
        from
    };
    let same_start =
        |a: &[Span], b: &[Span]| a.is_empty() || b.is_empty() || a[0].offset == b[0].offset;
    if to.schema != step.schema
        || to.custom_bounds != step.custom_bounds
        || !same_start(&to.positive_spans, &step.positive_spans)
        || !same_start(&to.negative_spans, &step.negative_spans)
    {
        return Err("only histograms of the same shape are added".into());
    }
    a.count += sign * b.count;
    a.zero += sign * b.zero;
    to.sum += sign * step.sum;
    for (a, b, spans, others) in [
        (
            &mut a.positive,
            &b.positive,
            &mut to.positive_spans,
            &step.positive_spans,
        ),
        (
            &mut a.negative,
            &b.negative,
            &mut to.negative_spans,
            &step.negative_spans,
        ),
    ] {
        let length = a.len().max(b.len());
        let sums = pad(a, length).into_iter().zip(pad(b, length));
        *a = sums.map(|(a, b)| a + sign * b).collect();
        if others.iter().map(|span| span.length).sum::<u32>() as usize == length && length > 0 {
            spans.clone_from(others);
        }
    }
    to.reset_hint = ResetHint::Unknown;
    Ok(())
}

/// Reads `{{schema:0 sum:5 count:4 buckets:[1 2 1]}}`.
pub(crate) fn histogram(text: &str) -> Result<Histogram, String> {
    let inner = text.trim_start_matches("{{").trim_end_matches("}}");
    let mut histogram = Histogram::default();
    let mut counts = BucketCounts::<f64>::default();
    let (mut offset, mut negative_offset) = (0, 0);
    let mut rest = inner.trim();
    while !rest.is_empty() {
        let (name, after) = rest
            .split_once(':')
            .ok_or_else(|| format!("{rest} is no field"))?;
        let (value, after) = if let Some(list) = after.strip_prefix('[') {
            list.split_once(']').ok_or("a list does not end")?
        } else {
            after.split_once(char::is_whitespace).unwrap_or((after, ""))
        };
        let number = || float(value).ok_or_else(|| format!("{value} is no number"));
        let list = || -> Result<Vec<f64>, String> {
            let parts = value.split_whitespace();
            parts
                .map(|part| float(part).ok_or_else(|| format!("{part} is no number")))
                .collect()
        };
        match name.trim() {
            "schema" => histogram.schema = number()? as i8,
            "sum" => histogram.sum = number()?,
            "count" => counts.count = number()?,
            "z_bucket" => counts.zero = number()?,
            "z_bucket_w" => histogram.zero_threshold = number()?,
            "buckets" => counts.positive = list()?,
            "n_buckets" => counts.negative = list()?,
            "offset" => offset = number()? as i32,
            "n_offset" => negative_offset = number()? as i32,
            "custom_values" => histogram.custom_bounds = list()?,
            "counter_reset_hint" => {
                histogram.reset_hint = match value {
                    "reset" => ResetHint::Reset,
                    "not_reset" => ResetHint::NotReset,
                    "gauge" => ResetHint::Gauge,
                    _ => ResetHint::Unknown,
                }
            }
            other => return Err(format!("unknown field {other:?}")),
        }
        rest = after.trim_start();
    }
    let span = |offset: i32, counts: &[f64]| {
        let length = counts.len() as u32;
        (length > 0)
            .then_some(Span { offset, length })
            .into_iter()
            .collect()
    };
    histogram.positive_spans = span(offset, &counts.positive);
    histogram.negative_spans = span(negative_offset, &counts.negative);
    histogram.counts = Counts::Float(counts);
    Ok(histogram)
}
