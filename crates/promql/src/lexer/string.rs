//! String literals with Go's escapes; text between back quotes has none.

/// Where in the literal something is wrong, how long that is, and what.
type Wrong = (usize, usize, String);

/// Reads the literal that `text` begins with; returns its value and its length in bytes, quotes included.
pub(super) fn unquote(text: &str, quote: char) -> Result<(Vec<u8>, usize), Wrong> {
    let mut bytes = Vec::new();
    let mut at = 1;
    loop {
        let Some(next) = text[at..].chars().next() else {
            return Err((0, 1, unterminated(quote)));
        };
        match next {
            _ if next == quote => break,
            '\n' if quote != '`' => return Err((0, at, unterminated(quote))),
            '\\' if quote != '`' => at += escape(&text[at..], quote, at, &mut bytes)?,
            _ => {
                at += next.len_utf8();
                bytes.extend_from_slice(next.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    Ok((bytes, at + 1))
}

fn unterminated(quote: char) -> String {
    if quote == '`' {
        "unterminated raw string".into()
    } else {
        "unterminated quoted string".into()
    }
}

/// Resolves the escape that `rest` begins with into `bytes`; returns its length.
fn escape(rest: &str, quote: char, at: usize, bytes: &mut Vec<u8>) -> Result<usize, Wrong> {
    let wrong = |length: usize, message: &str| Err((at, length, message.to_string()));
    let Some(kind) = rest[1..].chars().next() else {
        return wrong(1, "unterminated escape sequence");
    };
    let plain = match kind {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' => b'\\',
        _ if kind == quote => quote as u8,
        _ => return numeric_escape(rest, kind, at, bytes),
    };
    bytes.push(plain);
    Ok(2)
}

/// As Go's `%#U` writes a character.
fn code_point(c: char) -> String {
    format!("U+{:04X} '{c}'", u32::from(c))
}

fn numeric_escape(rest: &str, kind: char, at: usize, bytes: &mut Vec<u8>) -> Result<usize, Wrong> {
    let wrong = |length: usize, message: &str| Err((at, length, message.to_string()));
    let (skip, digits, radix) = match kind {
        'x' => (2, 2, 16),
        'u' => (2, 4, 16),
        'U' => (2, 8, 16),
        '0'..='7' => (1, 3, 8),
        _ => {
            let message = format!("unknown escape sequence {}", code_point(kind));
            return Err((at, 1 + kind.len_utf8(), message));
        }
    };
    let length = skip + digits;
    let mut value = 0;
    for (index, c) in rest.char_indices().skip(skip).take(digits) {
        let Some(digit) = c.to_digit(radix) else {
            let message = format!("illegal character {} in escape sequence", code_point(c));
            return Err((at, index + c.len_utf8(), message));
        };
        value = value * radix + digit;
    }
    if rest.len() < length {
        return wrong(rest.len(), "escape sequence not terminated");
    }
    match (kind, u8::try_from(value), char::from_u32(value)) {
        ('u' | 'U', _, Some(c)) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        ('u' | 'U', _, None) => {
            return wrong(length, "escape sequence is an invalid Unicode code point");
        }
        (_, Ok(byte), _) => bytes.push(byte),
        _ => return wrong(length, "escape sequence is an invalid Unicode code point"),
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_escapes() {
        for (text, expected) in [
            (r#""a\n\t\"b""#, "a\n\t\"b"),
            (r"'it\'s'", "it's"),
            (r"`a\n`", r"a\n"),
            (r#""\x41\u00e4\U0001F600\101""#, "A\u{e4}\u{1f600}A"),
            (r#""\xc3\xa4""#, "\u{e4}"),
        ] {
            let quote = text.chars().next().unwrap();
            assert_eq!(unquote(text, quote), Ok((expected.into(), text.len())));
        }
    }

    #[test]
    fn refuses_what_is_not_a_string() {
        for text in [
            "\"a",
            "\"a\nb\"",
            r#""\q""#,
            r#""\x4""#,
            r#""\ud800""#,
            r#""\400""#,
            "`a",
            r#""\"#,
        ] {
            let quote = text.chars().next().unwrap();
            assert!(unquote(text, quote).is_err(), "{text}");
        }
    }
}
