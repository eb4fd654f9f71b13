//! Go's quoted texts and characters, both ways.

use std::fmt::Write;
use std::sync::LazyLock;

use regex::Regex;

/// Says whether a character shows something: letters, marks, numbers, punctuation, symbols and the plain space.
pub(crate) fn is_printable(character: char) -> bool {
    static PRINTABLE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("^[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S} ]$").expect("the expression is constant")
    });
    match character {
        ' '..='~' => true,
        '\u{0}'..='\u{7f}' => false,
        other => PRINTABLE.is_match(other.encode_utf8(&mut [0; 4])),
    }
}

/// Quotes a text as Go's `strconv.Quote` does.
pub fn quoted(text: &str) -> String {
    quote(text, false)
}

/// Quotes a text as Go's `%q` does; with `is_ascii`, as `%+q`.
pub(crate) fn quote(text: &str, is_ascii: bool) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        push_escaped(&mut quoted, character, '"', is_ascii);
    }
    quoted.push('"');
    quoted
}

/// Quotes a character as Go's `%q` does a number.
pub(crate) fn quote_character(character: char, is_ascii: bool) -> String {
    let mut quoted = String::from("'");
    push_escaped(&mut quoted, character, '\'', is_ascii);
    quoted.push('\'');
    quoted
}

fn push_escaped(quoted: &mut String, character: char, mark: char, is_ascii: bool) {
    let short = match character {
        '\u{7}' => Some('a'),
        '\u{8}' => Some('b'),
        '\u{c}' => Some('f'),
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        '\u{b}' => Some('v'),
        '\\' => Some('\\'),
        other if other == mark => Some(mark),
        _ => None,
    };
    let code = u32::from(character);
    let written = match short {
        Some(letter) => write!(quoted, "\\{letter}"),
        None if is_printable(character) && (!is_ascii || character.is_ascii()) => {
            quoted.write_char(character)
        }
        None if code < 0x20 || code == 0x7f => write!(quoted, "\\x{code:02x}"),
        None if code < 0x1_0000 => write!(quoted, "\\u{code:04x}"),
        None => write!(quoted, "\\U{code:08x}"),
    };
    written.expect("a String takes everything");
}

/// Reads a text in double quotes or backquotes, marks included. Bytes that make no UTF-8 become U+FFFD.
pub(crate) fn unquote(quoted: &str) -> Option<String> {
    let bytes = unquoted_bytes(quoted)?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads a text in double quotes or backquotes, marks included, as Go's `strconv.Unquote` does. `None` when it is not one;
/// escapes may make bytes that are no UTF-8.
pub fn unquoted_bytes(quoted: &str) -> Option<Vec<u8>> {
    if let Some(raw) = inner(quoted, '`') {
        return (!raw.contains('`')).then(|| raw.replace('\r', "").into_bytes());
    }
    let mut rest = inner(quoted, '"')?;
    let mut bytes = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let (unit, after) = next_unit(rest, '"')?;
        match unit {
            Unit::Byte(byte) => bytes.push(byte),
            Unit::Character(one) => bytes.extend(one.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = after;
    }
    Some(bytes)
}

/// Reads the character behind a single quote, and returns what stands behind it: the closing quote, if all is well.
pub(crate) fn unquote_character(quoted: &str) -> Option<(u32, &str)> {
    let (unit, after) = next_unit(quoted.strip_prefix('\'')?, '\'')?;
    let code = match unit {
        Unit::Byte(byte) => byte.into(),
        Unit::Character(character) => character.into(),
    };
    Some((code, after))
}

fn inner(quoted: &str, mark: char) -> Option<&str> {
    quoted.strip_prefix(mark)?.strip_suffix(mark)
}

enum Unit {
    Byte(u8),
    Character(char),
}

/// Takes a character or an escape off the front.
fn next_unit(text: &str, mark: char) -> Option<(Unit, &str)> {
    let mut characters = text.chars();
    let first = characters.next()?;
    if first != '\\' {
        let is_plain = first != mark && first != '\n';
        return is_plain.then_some((Unit::Character(first), characters.as_str()));
    }
    let letter = characters.next()?;
    let rest = characters.as_str();
    let plain = |character| Some((Unit::Character(character), rest));
    match letter {
        'a' => plain('\u{7}'),
        'b' => plain('\u{8}'),
        'f' => plain('\u{c}'),
        'n' => plain('\n'),
        'r' => plain('\r'),
        't' => plain('\t'),
        'v' => plain('\u{b}'),
        '\\' => plain('\\'),
        other if other == mark => plain(mark),
        'x' => coded(rest, 2, 16, true),
        'u' => coded(rest, 4, 16, false),
        'U' => coded(rest, 8, 16, false),
        '0'..='7' => coded(&text[1..], 3, 8, true),
        _ => None,
    }
}

fn coded(text: &str, length: usize, radix: u32, is_byte: bool) -> Option<(Unit, &str)> {
    let digits = text.get(..length)?;
    let is_digit = |character: char| character.is_digit(radix);
    let code = digits
        .chars()
        .all(is_digit)
        .then(|| u32::from_str_radix(digits, radix).ok())??;
    let unit = match is_byte {
        true => Unit::Byte(u8::try_from(code).ok()?),
        false => Unit::Character(char::from_u32(code)?),
    };
    Some((unit, &text[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_unquotes() {
        for (text, quoted) in [
            ("plain", "\"plain\""),
            ("a\"b\\", "\"a\\\"b\\\\\""),
            ("\n\t\u{1}\u{7f}", "\"\\n\\t\\x01\\x7f\""),
            ("\u{e9}\u{a0}\u{200b}", "\"\u{e9}\\u00a0\\u200b\""),
            ("\u{e0001}", "\"\\U000e0001\""),
        ] {
            assert_eq!(quote(text, false), quoted);
            assert_eq!(unquote(quoted).as_deref(), Some(text));
        }
        assert_eq!(quote("\u{e9}", true), "\"\\u00e9\"");
        assert_eq!(unquote("`a\\\r\nb`").as_deref(), Some("a\\\nb"));
        assert_eq!(unquote("\"\\303\\xa9\"").as_deref(), Some("\u{e9}"));
        for bad in [
            "\"\\'\"",
            "\"\\400\"",
            "\"\\x4\"",
            "\"\\ud800\"",
            "\"a",
            "\"\\q\"",
            "'a'",
        ] {
            assert_eq!(unquote(bad), None, "{bad}");
        }
        assert_eq!(unquote_character("'\\''"), Some((39, "'")));
        assert_eq!(unquote_character("'ab'"), Some((97, "b'")));
        assert_eq!(unquote_character("''"), None);
        assert_eq!(unquote_character("'\\\"'"), None);
    }
}
