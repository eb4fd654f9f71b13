//! The methods of `time.Time` and `time.Duration` that a template can call.

use jiff::ToSpan;

use super::layout::{month_name, weekday_name};
use super::{Time, format_duration, saturate};
use crate::error::CallError;
use crate::value::{Enumerated, Signature, Type, Value};

const DURATION: Type = Type::Named("time.Duration");

/// Returns what a method of `time.Time` wants.
pub(crate) fn time_method(name: &str) -> Option<Signature> {
    let parameters: &[Type] = match name {
        "Format" => &[Type::Text],
        "After" | "Before" | "Equal" | "Sub" | "Compare" => &[Type::Time],
        "Add" | "Round" | "Truncate" => &[DURATION],
        "AddDate" => &[Type::Int, Type::Int, Type::Int],
        "Day" | "Hour" | "IsZero" | "Local" | "Minute" | "Month" | "Nanosecond" | "Second"
        | "String" | "UTC" | "Unix" | "UnixMicro" | "UnixMilli" | "UnixNano" | "Weekday"
        | "Year" | "YearDay" => &[],
        _ => return None,
    };
    Some(Signature::exact(parameters))
}

/// Calls a method of `time.Time`.
pub(crate) fn call_time(time: &Time, name: &str, arguments: &[Value]) -> Result<Value, CallError> {
    let zoned = &time.0;
    let nanoseconds = time.nanoseconds();
    let since_epoch = |unit: i128| Value::Int64(saturate(nanoseconds.div_euclid(unit)));
    let result = match (name, arguments) {
        ("Format", [Value::Text(layout)]) => Value::from(time.format(layout)),
        ("After", [Value::Time(other)]) => (nanoseconds > other.nanoseconds()).into(),
        ("Before", [Value::Time(other)]) => (nanoseconds < other.nanoseconds()).into(),
        ("Equal", [Value::Time(other)]) => (nanoseconds == other.nanoseconds()).into(),
        ("Compare", [Value::Time(other)]) => {
            Value::Int(nanoseconds.cmp(&other.nanoseconds()) as i64)
        }
        ("Sub", [Value::Time(other)]) => Value::Duration(time.since(other)),
        ("Add", [Value::Duration(duration)]) => time.plus(i128::from(*duration)).into(),
        ("Truncate" | "Round", [Value::Duration(unit)]) => {
            // Go counts from its zero time, not from the epoch.
            let since_zero = nanoseconds - Time::zero().nanoseconds();
            let rounded = round(since_zero, i128::from(*unit), name == "Round");
            time.plus(rounded - since_zero).into()
        }
        ("AddDate", [Value::Int(years), Value::Int(months), Value::Int(days)]) => {
            add_date(time, [*years, *months, *days])?.into()
        }
        ("Year", _) => Value::Int(zoned.year().into()),
        ("Month", _) => Value::Enumerated(Enumerated {
            type_name: "time.Month",
            number: zoned.month().into(),
            name: month_name(zoned.month()),
        }),
        ("Weekday", _) => Value::Enumerated(Enumerated {
            type_name: "time.Weekday",
            number: zoned.weekday().to_sunday_zero_offset().into(),
            name: weekday_name(zoned.weekday().to_sunday_zero_offset()),
        }),
        ("Day", _) => Value::Int(zoned.day().into()),
        ("YearDay", _) => Value::Int(zoned.day_of_year().into()),
        ("Hour", _) => Value::Int(zoned.hour().into()),
        ("Minute", _) => Value::Int(zoned.minute().into()),
        ("Second", _) => Value::Int(zoned.second().into()),
        ("Nanosecond", _) => Value::Int(zoned.subsec_nanosecond().into()),
        ("Unix", _) => since_epoch(1_000_000_000),
        ("UnixMilli", _) => since_epoch(1_000_000),
        ("UnixMicro", _) => since_epoch(1_000),
        ("UnixNano", _) => since_epoch(1),
        ("IsZero", _) => (*time == Time::zero()).into(),
        ("UTC" | "Local", _) => time.utc().into(),
        ("String", _) => time.to_string().into(),
        _ => return Err(CallError::new(format!("there is no method {name}"))),
    };
    Ok(result)
}

/// Adds to the date; what goes over the end of a month runs into the next, as in Go.
fn add_date(time: &Time, [years, months, days]: [i64; 3]) -> Result<Time, CallError> {
    let far = |_| CallError::new("the date is too far away");
    let zoned = &time.0;
    let month = i128::from(zoned.month()) - 1 + i128::from(months);
    let year = i128::from(zoned.year()) + i128::from(years) + month.div_euclid(12);
    let year = i16::try_from(year).map_err(|_| CallError::new("the date is too far away"))?;
    let month = i8::try_from(month.rem_euclid(12) + 1).expect("a month is at most 12");
    let first = jiff::civil::Date::new(year, month, 1).map_err(far)?;
    let days = (i64::from(zoned.day()) - 1).saturating_add(days);
    let span = jiff::Span::new().try_days(days).map_err(far)?;
    let date = first.checked_add(span).map_err(far)?;
    let moved = zoned.datetime().with().date(date).build().map_err(far)?;
    let zoned = moved.to_zoned(zoned.time_zone().clone()).map_err(far)?;
    Ok(Time(zoned.checked_add(0.seconds()).map_err(far)?))
}

/// Rounds to a multiple of the unit, half away from zero, or towards zero.
fn round(amount: i128, unit: i128, is_nearest: bool) -> i128 {
    if unit <= 0 {
        return amount;
    }
    let rest = amount % unit;
    match is_nearest && rest.abs() * 2 >= unit {
        true => amount - rest + unit * rest.signum(),
        false => amount - rest,
    }
}

/// Returns what a method of `time.Duration` wants.
pub(crate) fn duration_method(name: &str) -> Option<Signature> {
    let parameters: &[Type] = match name {
        "Round" | "Truncate" => &[DURATION],
        "Abs" | "Hours" | "Microseconds" | "Milliseconds" | "Minutes" | "Nanoseconds"
        | "Seconds" | "String" => &[],
        _ => return None,
    };
    Some(Signature::exact(parameters))
}

/// Calls a method of `time.Duration`.
pub(crate) fn call_duration(
    nanoseconds: i64,
    name: &str,
    arguments: &[Value],
) -> Result<Value, CallError> {
    // Whole units first: Go keeps the precision of the fraction.
    let parts = |unit: i64| (nanoseconds / unit) as f64 + (nanoseconds % unit) as f64 / unit as f64;
    let result = match (name, arguments) {
        ("Round" | "Truncate", [Value::Duration(unit)]) => Value::Duration(saturate(round(
            i128::from(nanoseconds),
            i128::from(*unit),
            name == "Round",
        ))),
        ("Abs", _) => Value::Duration(nanoseconds.saturating_abs()),
        ("Hours", _) => parts(3_600_000_000_000).into(),
        ("Minutes", _) => parts(60_000_000_000).into(),
        ("Seconds", _) => parts(1_000_000_000).into(),
        ("Milliseconds", _) => Value::Int64(nanoseconds / 1_000_000),
        ("Microseconds", _) => Value::Int64(nanoseconds / 1_000),
        ("Nanoseconds", _) => Value::Int64(nanoseconds),
        ("String", _) => format_duration(nanoseconds).into(),
        _ => return Err(CallError::new(format!("there is no method {name}"))),
    };
    Ok(result)
}
