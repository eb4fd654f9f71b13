//! Values, labels and times in the words of promtool, whose output people and their tools know.

use std::fmt::Write;
use std::time::Duration;

use plimsoll_promql::quoted;

use super::file::FoundSample;

/// Writes a set of pairs as `{a="1", b="2"}`.
pub(super) fn labels<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{name}={}", quoted(value)))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

/// Writes a sample as `{__name__="x"} 2E+00`, a histogram in the notation in which it is expected.
pub(super) fn sample(sample: &FoundSample) -> String {
    let value = match &sample.histogram {
        Some(notation) => notation.clone(),
        None => float(sample.value),
    };
    format!("{} {value}", labels(sample.labels.iter()))
}

/// Writes a number with as many digits as it needs and a power of ten.
fn float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let text = format!("{value:E}");
    let (digits, power) = text.split_once('E').unwrap_or((&text, "0"));
    let (sign, power) = match power.strip_prefix('-') {
        Some(power) => ('-', power),
        None => ('+', power),
    };
    format!("{digits}E{sign}{power:0>2}")
}

/// Writes a length of time as Go does: `1h0m30s`, `1.5s`, `500ms`.
pub(super) fn go_duration(duration: Duration) -> String {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    if seconds == 0 && nanos > 0 {
        return format!(
            "{}ms",
            decimal(u64::from(nanos) / 1_000_000, nanos % 1_000_000, 6)
        );
    }
    let mut text = String::new();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    if hours > 0 {
        write!(text, "{hours}h").expect("writing to a string never fails");
    }
    if hours > 0 || minutes > 0 {
        write!(text, "{minutes}m").expect("writing to a string never fails");
    }
    text + &decimal(seconds % 60, nanos, 9) + "s"
}

fn decimal(whole: u64, fraction: u32, digits: usize) -> String {
    match fraction {
        0 => whole.to_string(),
        _ => {
            let fraction = format!("{fraction:0digits$}");
            format!("{whole}.{}", fraction.trim_end_matches('0'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_written_as_go_does() {
        for (value, expected) in [
            (0.0, "0E+00"),
            (1.0, "1E+00"),
            (-0.25, "-2.5E-01"),
            (1e100, "1E+100"),
            (1.0000000000000002, "1.0000000000000002E+00"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(float(value), expected);
        }
        for (millis, expected) in [
            (0, "0s"),
            (500, "500ms"),
            (1_500, "1.5s"),
            (60_000, "1m0s"),
            (3_600_001, "1h0m0.001s"),
        ] {
            assert_eq!(go_duration(Duration::from_millis(millis)), expected);
        }
    }

    #[test]
    fn labels_are_quoted() {
        let pairs = [("a", "x\"y"), ("b", "")];
        assert_eq!(labels(pairs.into_iter()), "{a=\"x\\\"y\", b=\"\"}");
    }
}
