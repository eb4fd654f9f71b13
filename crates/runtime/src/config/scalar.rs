//! What a plain YAML 1.1 scalar means, as go-yaml resolves it.

/// A scalar that was written without quotes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    Unsigned(u64),
    Negative(i64),
    Float(f64),
    Text,
}

pub(super) fn resolve(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            return Resolved::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            return Resolved::Bool(false);
        }
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Resolved::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        _ => {}
    }
    number(text).unwrap_or(Resolved::Text)
}

fn number(text: &str) -> Option<Resolved> {
    let (negative, digits) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        b'0'..=b'9' | b'.' => (false, text),
        _ => return None,
    };
    let digits = digits.replace('_', "");
    if let Some(magnitude) = whole(&digits) {
        return match (negative, i64::try_from(magnitude)) {
            (false, _) => Some(Resolved::Unsigned(magnitude)),
            (true, Ok(magnitude)) => Some(Resolved::Negative(-magnitude)),
            (true, Err(_)) => Some(Resolved::Float(-(magnitude as f64))),
        };
    }
    let decimal = digits
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    let signed_twice = digits.starts_with(['+', '-']);
    let value: f64 = digits.parse().ok().filter(|_| decimal && !signed_twice)?;
    Some(Resolved::Float(if negative { -value } else { value }))
}

/// Go's `ParseInt` with base 0: `0x`, `0o`, `0b` and a leading zero for octal.
fn whole(digits: &str) -> Option<u64> {
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &*lower),
    };
    let legal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(digits, radix)
        .ok()
        .filter(|_| legal && !digits.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_as_go_yaml_does() {
        for (text, expected) in [
            ("", Resolved::Null),
            ("~", Resolved::Null),
            ("yes", Resolved::Bool(true)),
            ("Off", Resolved::Bool(false)),
            ("12", Resolved::Unsigned(12)),
            ("1_000", Resolved::Unsigned(1000)),
            ("0x1F", Resolved::Unsigned(31)),
            ("010", Resolved::Unsigned(8)),
            ("-3", Resolved::Negative(-3)),
            ("1e3", Resolved::Float(1000.0)),
            (".5", Resolved::Float(0.5)),
            ("-.inf", Resolved::Float(f64::NEG_INFINITY)),
            ("15s", Resolved::Text),
            ("+-1", Resolved::Text),
            ("-", Resolved::Text),
            ("inf", Resolved::Text),
            ("0x", Resolved::Text),
        ] {
            assert_eq!(resolve(text), expected, "{text:?}");
        }
    }
}
