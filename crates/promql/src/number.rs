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

/// Quotes a text as Go's `%q` does, which is how Prometheus' programs write label values and queries.
pub fn quoted(text: &str) -> String {
    Quoted(text).to_string()
}

/// Writes a string as a PromQL literal in double quotes, as Go's `%q` does: what cannot be seen is escaped.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", QuotedBytes(self.0.as_bytes()))
    }
}

/// As [`Quoted`], for what need not be UTF-8.
pub(crate) struct QuotedBytes<'a>(pub(crate) &'a [u8]);

impl Display for QuotedBytes<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for chunk in self.0.utf8_chunks() {
            chunk
                .valid()
                .chars()
                .try_for_each(|c| write_escaped(f, c))?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        f.write_char('"')
    }
}

fn write_escaped(f: &mut Formatter<'_>, c: char) -> fmt::Result {
    match c {
        '"' => f.write_str("\\\""),
        '\\' => f.write_str("\\\\"),
        ' '..='~' => f.write_char(c),
        '\u{07}' => f.write_str("\\a"),
        '\u{08}' => f.write_str("\\b"),
        '\u{0c}' => f.write_str("\\f"),
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        '\u{0b}' => f.write_str("\\v"),
        _ if c.is_ascii() => write!(f, "\\x{:02x}", u32::from(c)),
        _ if is_visible(c) => f.write_char(c),
        '\0'..='\u{ffff}' => write!(f, "\\u{:04x}", u32::from(c)),
        _ => write!(f, "\\U{:08x}", u32::from(c)),
    }
}

/// Says what Go's `unicode.IsPrint` says: letters, marks, numbers, punctuation and symbols can be seen. Rust escapes
/// the others, and marks at the beginning of a text, so that something stands before them here.
fn is_visible(c: char) -> bool {
    let text: String = ['a', c].iter().collect();
    !text.escape_debug().any(|c| c == '\\')
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
        for (text, quoted) in [
            ("a\"\\\n\u{1}", r#""a\"\\\n\x01""#),
            ("\u{e4}\u{1f600}", "\"\u{e4}\u{1f600}\""),
            ("\u{7}\u{7f}\u{200b}\u{ad}", r#""\a\x7f\u200b\u00ad""#),
            ("e\u{301}\u{e0001}", "\"e\u{301}\\U000e0001\""),
        ] {
            assert_eq!(Quoted(text).to_string(), quoted);
        }
    }
}
