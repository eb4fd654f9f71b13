//! Numbers and strings as Prometheus writes them.

use std::fmt::{self, Display, Formatter, Write};

/// Writes a number as Go's `%v` and `%g` do: `1`, `0.5`, `1e+06`, `+Inf`, `NaN`.
pub(crate) fn format(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-4..1e6).contains(&magnitude) {
        return value.to_string();
    }
    let text = format!("{value:e}");
    // Go writes a sign and at least two digits in the exponent.
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// Writes a number as Go's `FormatFloat(value, 'f', -1, 64)` does, which names label values: never an exponent.
pub(crate) fn format_plain(value: f64) -> String {
    if value.is_finite() {
        value.to_string()
    } else {
        format(value)
    }
}

/// Reads a float as Go's `ParseFloat` does for the spellings that bucket bounds come in.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    // Rust knows the same spellings of infinity and NaN, in any case and with a sign.
    text.parse().ok()
}

/// Writes a string as a PromQL literal in double quotes.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers_as_go_does() {
        for (value, expected) in [
            (1.0, "1"),
            (-0.5, "-0.5"),
            (1e21, "1e+21"),
            (1e6, "1e+06"),
            (1234567.5, "1.2345675e+06"),
            (999999.5, "999999.5"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e300, "1.5e+300"),
            (f64::INFINITY, "+Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(format(value), expected);
        }
        assert_eq!(format_plain(1e22), "10000000000000000000000");
    }

    #[test]
    fn quotes_control_characters() {
        assert_eq!(Quoted("a\"\\\n\u{1}").to_string(), r#""a\"\\\n\u0001""#);
    }
}
