//! Numbers, durations and times for people.

use crate::error::CallError;
use crate::format::{format_float, format_general};
use crate::function::Functions;
use crate::parse::parse_float;
use crate::quote::quote;
use crate::time::Time;
use crate::value::{Signature, Type, Value};
use plimsoll_types::parse_duration;

const LARGE: [&str; 8] = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
const LARGE_1024: [&str; 8] = ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];
const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];

/// Where Go's `int64` ends.
const INT_END: f64 = -(i64::MIN as f64);

type Humanize = fn(f64) -> Result<String, CallError>;

/// Adds the functions.
pub(super) fn add_all(functions: &mut Functions) {
    let all: [(&str, Humanize); 5] = [
        ("humanize", |value| Ok(humanize(value))),
        ("humanize1024", |value| Ok(humanize1024(value))),
        ("humanizeDuration", |value| Ok(duration(value))),
        ("humanizePercentage", |value| {
            Ok(format!("{}%", four(value * 100.0)))
        }),
        ("humanizeTimestamp", timestamp),
    ];
    for (name, humanize) in all {
        functions.add(name, Signature::exact(&[Type::Any]), move |call| {
            let value = float(&call.value(0))?;
            call.make(humanize(value)?)
        });
    }
    functions.add("toTime", Signature::exact(&[Type::Any]), |call| {
        let value = float(&call.value(0))?;
        match is_number(value) {
            true => time(value).map(Value::Time),
            false => Err(CallError::new("value is NaN or Inf")),
        }
    });
    functions.add("toDuration", Signature::exact(&[Type::Any]), |call| {
        let nanoseconds = float(&call.value(0))? * 1e9;
        Ok(Value::Duration(to_int(nanoseconds)))
    });
    functions.add("parseDuration", Signature::exact(&[Type::Text]), |call| {
        seconds(call.text(0)).map(Value::Float)
    });
}

/// `humanizeDuration` of Alertmanager, which takes the same values.
pub(crate) fn humanize_duration(value: &Value) -> Result<String, CallError> {
    float(value).map(duration)
}

/// Reads what can stand for a number: numbers, texts of numbers, durations in seconds.
fn float(value: &Value) -> Result<f64, CallError> {
    match value {
        Value::Float(value) => Ok(*value),
        Value::Int(value) | Value::Int64(value) => Ok(*value as f64),
        Value::Uint(value) => Ok(*value as f64),
        Value::Duration(value) => {
            let (whole, rest) = (value / 1_000_000_000, value % 1_000_000_000);
            Ok(whole as f64 + rest as f64 / 1e9)
        }
        Value::Text(text) => text_float(text),
        other => Err(CallError::new(format!(
            "can't convert {} to float",
            other.type_name()
        ))),
    }
}

/// Go's `strconv.ParseFloat`, which reads infinities and NaN too.
fn text_float(text: &str) -> Result<f64, CallError> {
    let (sign, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (-1.0, &text[1..]),
        Some(b'+') => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    let refuse = |reason: &str| {
        let shown = quote(text, false);
        CallError::new(format!("strconv.ParseFloat: parsing {shown}: {reason}"))
    };
    match unsigned.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => Ok(sign * f64::INFINITY),
        "nan" if unsigned.len() == text.len() => Ok(f64::NAN),
        _ if unsigned.parse::<f64>().is_ok_and(f64::is_infinite) => {
            Err(refuse("value out of range"))
        }
        _ => parse_float(text).ok_or_else(|| refuse("invalid syntax")),
    }
}

/// Go's conversion on the machines that servers have: what does not fit becomes the least number.
fn to_int(value: f64) -> i64 {
    match (-INT_END..INT_END).contains(&value) {
        true => value as i64,
        false => i64::MIN,
    }
}

fn is_number(value: f64) -> bool {
    value.is_finite()
}

/// Go's `%.4g`.
fn four(value: f64) -> String {
    format_general(value, 4)
}

fn humanize(value: f64) -> String {
    if value == 0.0 || !is_number(value) {
        return four(value);
    }
    if value.abs() >= 1.0 {
        return scaled_down(value, 1000.0, &LARGE);
    }
    scaled_up(value)
}

fn humanize1024(value: f64) -> String {
    if value.abs() <= 1.0 || !is_number(value) {
        return four(value);
    }
    scaled_down(value, 1024.0, &LARGE_1024)
}

fn scaled_down(mut value: f64, unit: f64, prefixes: &[&str]) -> String {
    let mut shown = "";
    for prefix in prefixes {
        if value.abs() < unit {
            break;
        }
        shown = prefix;
        value /= unit;
    }
    format!("{}{shown}", four(value))
}

fn scaled_up(mut value: f64) -> String {
    let mut shown = "";
    for prefix in SMALL {
        if value.abs() >= 1.0 {
            break;
        }
        shown = prefix;
        value *= 1000.0;
    }
    format!("{}{shown}", four(value))
}

fn duration(value: f64) -> String {
    if !is_number(value) {
        return four(value);
    }
    if value == 0.0 {
        return format!("{}s", four(value));
    }
    if value.abs() < 1.0 {
        return format!("{}s", scaled_up(value));
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let value = value.abs();
    let whole = to_int(value);
    let (seconds, minutes) = (whole % 60, whole / 60 % 60);
    let (hours, days) = (whole / 3600 % 24, whole / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{sign}{}s", four(value)),
        (0, 0, _) => format!("{sign}{minutes}m {seconds}s"),
        (0, ..) => format!("{sign}{hours}h {minutes}m {seconds}s"),
        _ => format!("{sign}{days}d {hours}h {minutes}m {seconds}s"),
    }
}

fn timestamp(value: f64) -> Result<String, CallError> {
    match is_number(value) {
        true => time(value).map(|time| time.to_string()),
        false => Ok(four(value)),
    }
}

/// Seconds since the epoch as a time, to the millisecond as all of Prometheus' times.
fn time(value: f64) -> Result<Time, CallError> {
    let nanoseconds = value * 1e9;
    if !(-INT_END..=INT_END).contains(&nanoseconds) {
        let shown = format_float(value, 'g', None);
        return Err(CallError::new(format!(
            "{shown} cannot be represented as a nanoseconds timestamp since it overflows int64"
        )));
    }
    let milliseconds = nanoseconds as i64 / 1_000_000;
    Ok(Time::from_nanoseconds(i128::from(milliseconds) * 1_000_000))
}

fn seconds(text: &str) -> Result<f64, CallError> {
    let (sign, amount) = match text.strip_prefix('-') {
        Some(amount) => (-1.0, amount),
        None => (1.0, text),
    };
    if amount.is_empty() {
        return Err(CallError::new("empty duration string"));
    }
    let duration = parse_duration(amount).map_err(|_| {
        let shown = quote(amount, false);
        CallError::new(format!("not a valid duration string: {shown}"))
    })?;
    match duration.as_nanos() > i64::MAX as u128 {
        true => Err(CallError::new("duration out of range")),
        false => Ok(sign * duration.as_secs_f64()),
    }
}
