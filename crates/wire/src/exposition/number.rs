//! Numbers as Go reads and writes them, because every exporter and every stored label value follows Go's rules.

use std::fmt::Write;

/// The NaN that Prometheus stores for any `NaN` in an exposition (`value.NormalNaN`).
pub(super) const NORMAL_NAN_BITS: u64 = 0x7ff8_0000_0000_0001;

/// Reads what Go's `strconv.ParseFloat` reads, without hexadecimal numbers and underscores; NaN is the normal NaN.
///
/// Rust's grammar is the same but for two points: a sign before `nan` and numbers beyond the range of f64 (which Rust
/// turns into infinity) are refused.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    if let Some(value) = parse_small_integer(text.as_bytes()) {
        return Some(value);
    }
    let value: f64 = text.parse().ok()?;
    if value.is_nan() {
        return text
            .eq_ignore_ascii_case("nan")
            .then_some(f64::from_bits(NORMAL_NAN_BITS));
    }
    let out_of_range = value.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit());
    (!out_of_range).then_some(value)
}

/// Most lines hold a counter below 10^15: exact in f64 and much faster than the general way.
fn parse_small_integer(digits: &[u8]) -> Option<f64> {
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    let mut value = 0u64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    Some(value as f64)
}

/// Turns OpenMetrics seconds into milliseconds as Prometheus does, towards zero, beyond the range saturating.
///
/// Unlike there, a product that lies a rounding error below a whole millisecond is that millisecond: `1.001` seconds
/// are 1001 ms, not 1000.
pub(super) fn seconds_to_millis(seconds: f64) -> i64 {
    let millis = seconds * 1000.0;
    let whole = millis.round();
    if (millis - whole).abs() <= 2.0 * f64::EPSILON * millis.abs() {
        whole as i64
    } else {
        millis as i64
    }
}

/// Writes a float as Go's `strconv.FormatFloat(value, 'g', -1, 64)`: the shortest text that reads back the same.
pub(super) fn write_go_float(out: &mut String, value: f64) {
    if value.is_nan() {
        out.push_str("NaN");
        return;
    }
    if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
        return;
    }
    let start = out.len();
    write!(out, "{value:e}").expect("writing to a string never fails");
    let mark = start + out[start..].find('e').expect("the format {:e} has an e");
    let exponent: i32 = out[mark + 1..].parse().expect("an exponent is a number");
    out.truncate(mark);
    // Go's border when the shortest text is asked for: six digits, whatever the number of significant ones.
    if (-4..6).contains(&exponent) {
        out.truncate(start);
        write!(out, "{value}").expect("writing to a string never fails");
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(out, "e{sign}{:02}", exponent.abs()).expect("writing to a string never fails");
    }
}

/// Writes a float as OpenMetrics wants it, and as Prometheus stores `le` and `quantile`: whole numbers end in `.0`.
pub(super) fn write_openmetrics_float(out: &mut String, value: f64) {
    let start = out.len();
    write_go_float(out, value);
    if value.is_finite() && !out[start..].contains(['e', '.']) {
        out.push_str(".0");
    }
}

/// Writes milliseconds as OpenMetrics seconds without a rounding error.
pub(super) fn write_millis_as_seconds(out: &mut String, millis: i64) {
    let (whole, part) = (millis.unsigned_abs() / 1000, millis.unsigned_abs() % 1000);
    let sign = if millis < 0 { "-" } else { "" };
    write!(out, "{sign}{whole}").expect("writing to a string never fails");
    if part != 0 {
        write!(out, ".{part:03}").expect("writing to a string never fails");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn go(value: f64) -> String {
        let mut out = String::new();
        write_go_float(&mut out, value);
        out
    }

    fn openmetrics(value: f64) -> String {
        let mut out = String::new();
        write_openmetrics_float(&mut out, value);
        out
    }

    #[test]
    fn reads_what_go_reads() {
        for (text, expected) in [
            ("1", 1.0),
            ("+1.5e3", 1500.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("-0", -0.0),
            ("0000000000000000000000000000000000000000001.2e-1", 0.12),
            ("999999999999999", 999_999_999_999_999.0),
            ("9223372036854775808", 9_223_372_036_854_775_808.0),
            ("1e-999", 0.0),
            ("iNf", f64::INFINITY),
            ("-infinity", f64::NEG_INFINITY),
        ] {
            let value = parse_float(text).unwrap_or_else(|| panic!("{text} was refused"));
            assert_eq!(value.to_bits(), expected.to_bits(), "{text}");
        }
        for text in ["nan", "NaN", "NAN"] {
            assert_eq!(parse_float(text).map(f64::to_bits), Some(NORMAL_NAN_BITS));
        }
        for text in [
            "", "+", ".", "e5", "1e", "0x1", "0x1p-3", "0b1", "0o1", "1_000", "+nan", "-NaN",
            "infi", "1e999", "1 ", "1\r", "\u{661}",
        ] {
            assert_eq!(parse_float(text), None, "{text:?}");
        }
    }

    #[test]
    fn writes_what_go_writes() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (123_456.0, "123456"),
            (1_000_000.0, "1e+06"),
            (2_478_268_416.0, "2.478268416e+09"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-300, "1.5e-300"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(go(value), expected);
        }
        for (value, expected) in [
            (1.0, "1.0"),
            (0.5, "0.5"),
            (1e6, "1e+06"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(openmetrics(value), expected);
        }
    }

    #[test]
    fn milliseconds_survive_the_way_through_seconds() {
        for (seconds, millis) in [
            (1.001, 1001),
            (-1.001, -1001),
            (1.0019, 1001),
            (1_605_281_325.131, 1_605_281_325_131),
            (12_345_678_901_234_567_890.123, i64::MAX),
        ] {
            assert_eq!(seconds_to_millis(seconds), millis, "{seconds}");
        }
    }

    proptest! {
        #[test]
        fn floats_read_back_bit_for_bit(bits: u64) {
            let value = f64::from_bits(bits);
            let expected = if value.is_nan() { NORMAL_NAN_BITS } else { bits };
            prop_assert_eq!(parse_float(&go(value)).map(f64::to_bits), Some(expected));
            prop_assert_eq!(parse_float(&openmetrics(value)).map(f64::to_bits), Some(expected));
        }

        #[test]
        fn milliseconds_read_back(millis in -(1i64 << 51)..1 << 51) {
            let mut text = String::new();
            write_millis_as_seconds(&mut text, millis);
            prop_assert_eq!(parse_float(&text).map(seconds_to_millis), Some(millis));
        }
    }
}
