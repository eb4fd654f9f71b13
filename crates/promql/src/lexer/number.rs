//! Numbers and durations: both begin with a digit.

use super::TokenKind;

/// Reads the number or duration that `text` begins with: the token or what is wrong with it, and its length.
pub(super) fn read(text: &str) -> (Result<TokenKind, String>, usize) {
    let length = run_length(text);
    let word = &text[..length];
    let kind = if is_duration(word) {
        duration(word).map(TokenKind::Duration)
    } else {
        number(word).map(TokenKind::Number)
    };
    (kind, length)
}

/// Returns the length of the run that can only be one number or duration, a wrong one included.
fn run_length(text: &str) -> usize {
    let is_hex = is_hex(text);
    let mut previous = ' ';
    text.find(|c: char| {
        let exponent_sign = matches!(c, '+' | '-') && matches!(previous, 'e' | 'E') && !is_hex;
        let inside = c.is_ascii_alphanumeric() || c == '_' || c == '.' || exponent_sign;
        previous = c;
        !inside
    })
    .unwrap_or(text.len())
}

fn is_hex(text: &str) -> bool {
    text.starts_with("0x") || text.starts_with("0X")
}

/// Says whether digits are followed by the letter of a unit; a fraction or an exponent before it is for
/// [`duration`] to refuse.
fn is_duration(word: &str) -> bool {
    let (_, after) = scan(word);
    !is_hex(word) && after.starts_with(['y', 'w', 'd', 'h', 'm', 's'])
}

fn duration(word: &str) -> Result<i64, String> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let unit = &word[digits..];
    if let Some(unit) = unit
        .chars()
        .next()
        .filter(|unit| !unit.is_ascii_lowercase() || *unit == 'e')
    {
        return Err(format!("unknown unit \"{unit}\" in duration {word:?}"));
    }
    // Units come with a number each, and nothing follows the last.
    if word.ends_with(|c: char| !c.is_ascii_lowercase()) {
        return Err(malformed(word));
    }
    let millis = match plimsoll_types::parse_duration(word) {
        Ok(duration) => i64::try_from(duration.as_millis()).unwrap_or(i64::MAX),
        Err(_) => return Err(format!("not a valid duration string: {word:?}")),
    };
    // Prometheus keeps durations in nanoseconds of 64 bits, and refuses what does not fit.
    match millis <= i64::MAX / 1_000_000 {
        true => Ok(millis),
        false => Err("duration out of range".into()),
    }
}

fn number(word: &str) -> Result<f64, String> {
    let (scanned, after) = scan(word);
    if !after.is_empty() || !separators_fit(scanned) || scanned.ends_with(['e', 'E', '+', '-']) {
        return Err(malformed(word));
    }
    let plain = scanned.replace('_', "");
    let wrong = |reason| {
        Err(format!(
            "error parsing number: strconv.ParseFloat: parsing {plain:?}: {reason}"
        ))
    };
    if is_hex(&plain) {
        let value = i64::from_str_radix(&plain[2..], 16);
        return value
            .map(|value| value as f64)
            .or_else(|_| wrong("invalid syntax"));
    }
    let is_octal = plain.len() > 1
        && plain.starts_with('0')
        && plain.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    // Go reads a leading zero as octal, and so does Prometheus.
    if let (true, Ok(value)) = (is_octal, i64::from_str_radix(&plain, 8)) {
        return Ok(value as f64);
    }
    match plain.parse::<f64>() {
        // What overflows would silently be infinity.
        Ok(value) if value.is_infinite() => wrong("value out of range"),
        Ok(value) => Ok(value),
        Err(_) => wrong("invalid syntax"),
    }
}

/// An underscore may stand between two digits only.
fn separators_fit(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| {
        let digit = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_hexdigit);
        let after_prefix = is_hex(word) && at == 2;
        *byte != b'_' || (at > 0 && (after_prefix || digit(at - 1)) && digit(at + 1))
    })
}

fn malformed(word: &str) -> String {
    let (scanned, after) = scan(word);
    let shown = match after {
        _ if is_duration(word) => word,
        // A second point still belongs to what Prometheus shows.
        after if after.starts_with('.') => &word[..scanned.len() + 1],
        _ => scanned,
    };
    format!("bad number or duration syntax: {shown:?}")
}

/// Splits digits, one point, one exponent from what follows; two underscores in a row end it.
fn scan(word: &str) -> (&str, &str) {
    let is_hex = is_hex(word);
    let (mut has_point, mut has_exponent) = (false, false);
    let mut at = if is_hex { 2 } else { 0 };
    while let Some(byte) = word.as_bytes().get(at) {
        let inside = match byte {
            b'_' | b'+' | b'-' => true,
            _ if is_hex => byte.is_ascii_hexdigit(),
            b'.' => !std::mem::replace(&mut has_point, true),
            b'e' | b'E' => !std::mem::replace(&mut has_exponent, true),
            _ => byte.is_ascii_digit(),
        };
        if !inside {
            break;
        }
        at += 1;
        if word[..at].ends_with("__") {
            break;
        }
    }
    word.split_at(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_and_durations() {
        for (text, expected) in [
            ("1", TokenKind::Number(1.0)),
            ("4.23", TokenKind::Number(4.23)),
            (".3", TokenKind::Number(0.3)),
            ("5.", TokenKind::Number(5.0)),
            ("1e-7", TokenKind::Number(1e-7)),
            ("0x1F", TokenKind::Number(31.0)),
            ("0x_1", TokenKind::Number(1.0)),
            ("0x5d", TokenKind::Number(93.0)),
            ("0755", TokenKind::Number(493.0)),
            ("0789", TokenKind::Number(789.0)),
            (
                "0777777777777777777777777",
                TokenKind::Number(7.777777777777778e23),
            ),
            ("1_000_000", TokenKind::Number(1e6)),
            ("1e308", TokenKind::Number(1e308)),
            ("1h30m", TokenKind::Duration(5_400_000)),
            ("08h", TokenKind::Duration(28_800_000)),
            ("5ms", TokenKind::Duration(5)),
        ] {
            assert_eq!(read(text), (Ok(expected), text.len()), "{text}");
        }
    }

    #[test]
    fn words_its_refusals_as_prometheus_does() {
        for (text, shown) in [
            ("1__0", "1__"),
            ("1_", "1_"),
            ("1.2.3", "1.2."),
            ("1..2", "1.."),
            ("3x", "3"),
            ("0xg", "0x"),
            ("0b1", "0"),
            ("1e", "1e"),
            ("5m7", "5m7"),
        ] {
            let expected = format!("bad number or duration syntax: {shown:?}");
            assert_eq!(read(text).0, Err(expected), "{text}");
        }
        for (text, expected) in [
            ("1m1h", "not a valid duration string: \"1m1h\""),
            ("1.5h", "unknown unit \".\" in duration \"1.5h\""),
            ("300y", "duration out of range"),
            (
                "1e309",
                "error parsing number: strconv.ParseFloat: parsing \"1e309\": value out of range",
            ),
            (
                "0xffffffffffffffff",
                "error parsing number: strconv.ParseFloat: parsing \"0xffffffffffffffff\": \
                 invalid syntax",
            ),
        ] {
            assert_eq!(read(text).0, Err(expected.to_string()), "{text}");
        }
    }
}
