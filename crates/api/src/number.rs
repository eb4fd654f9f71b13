//! Numbers as Prometheus' JSON writes them.

use std::fmt::Write;

use plimsoll_types::Timestamp;

/// Appends a sample value: the shortest text that reads back the same, with an exponent below 1e-6 and from 1e21 on.
///
/// The limits are those of Go's `encoding/json`, the spelling is that of its `strconv`, which Prometheus uses: an
/// exponent has a sign and at least two digits.
pub(crate) fn write_value(text: &mut String, value: f64) {
    let magnitude = value.abs();
    let written = if value.is_nan() {
        text.push_str("NaN");
        Ok(())
    } else if value.is_infinite() {
        text.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
        Ok(())
    } else if magnitude >= 1e21 {
        let short = format!("{value:e}");
        write!(text, "{}", short.replacen('e', "e+", 1))
    } else if magnitude != 0.0 && magnitude < 1e-6 {
        let short = format!("{value:e}");
        let (mantissa, exponent) = short.split_once("e-").expect("it is far below 1");
        write!(text, "{mantissa}e-{exponent:0>2}")
    } else {
        write!(text, "{value}")
    };
    written.expect("writing to a string cannot fail");
}

/// Appends a timestamp in seconds: no fraction when it is whole, three digits otherwise.
pub(crate) fn write_timestamp(text: &mut String, timestamp: Timestamp) {
    let millis = timestamp.millis();
    let sign = if millis < 0 { "-" } else { "" };
    let (seconds, fraction) = (millis.unsigned_abs() / 1000, millis.unsigned_abs() % 1000);
    let written = match fraction {
        0 => write!(text, "{sign}{seconds}"),
        _ => write!(text, "{sign}{seconds}.{fraction:03}"),
    };
    written.expect("writing to a string cannot fail");
}

/// Appends a timestamp in seconds as Go writes a number: scalars and strings have it so, without trailing zeros.
pub(crate) fn write_short_timestamp(text: &mut String, timestamp: Timestamp) {
    let mut long = String::new();
    write_timestamp(&mut long, timestamp);
    let short = match long.contains('.') {
        true => long.trim_end_matches('0').trim_end_matches('.'),
        false => &long,
    };
    text.push_str(short);
}

/// Writes a point in time as RFC 3339 in UTC; a year that has no four digits becomes the nearest that has.
pub(crate) fn rfc3339(timestamp: Timestamp) -> String {
    const YEAR_0001: i64 = -62_135_596_800_000;
    const YEAR_9999: i64 = 253_402_207_200_000;
    let millis = timestamp.millis().clamp(YEAR_0001, YEAR_9999);
    jiff::Timestamp::from_millisecond(millis)
        .expect("it lies inside the years 1 to 9999")
        .to_string()
}

/// What Prometheus says of a point in time that never was.
pub(crate) const NEVER: &str = "0001-01-01T00:00:00Z";

/// Writes a number with a comma between each three digits.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_prometheus_does() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (1e6, "1000000"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (-1.5e300, "-1.5e+300"),
            (1e-6, "0.000001"),
            (1.5e-7, "1.5e-07"),
            (-1e-10, "-1e-10"),
            (5e-324, "5e-324"),
            (0.1 + 0.2, "0.30000000000000004"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            let mut text = String::new();
            write_value(&mut text, value);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn timestamps_are_seconds() {
        for (millis, expected) in [
            (0, "0"),
            (1500, "1.500"),
            (-1, "-0.001"),
            (1_700_000_000_000, "1700000000"),
            (i64::MIN, "-9223372036854775.808"),
        ] {
            let mut text = String::new();
            write_timestamp(&mut text, Timestamp::from_millis(millis));
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn other_spellings_of_numbers() {
        for (millis, expected) in [(1500, "1.5"), (1000, "1"), (100, "0.1"), (12_345, "12.345")] {
            let mut text = String::new();
            write_short_timestamp(&mut text, Timestamp::from_millis(millis));
            assert_eq!(text, expected);
        }
        assert_eq!(
            rfc3339(Timestamp::from_millis(1_500)),
            "1970-01-01T00:00:01.5Z"
        );
        assert_eq!(rfc3339(Timestamp::MIN), NEVER);
        assert!(rfc3339(Timestamp::MAX).starts_with("9999"));
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (11_000, "11,000"),
            (-1_234_567, "-1,234,567"),
        ] {
            assert_eq!(grouped(number), expected);
        }
    }
}
