//! `html`, `js` and `urlquery`, as the text package has them.

use std::fmt::Write;

use crate::quote::is_printable;

/// Escapes what has a meaning in HTML.
pub(crate) fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\0' => escaped.push('\u{fffd}'),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Escapes what has a meaning in a text of JavaScript, or between tags.
pub(super) fn escape_js(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\'' => escaped.push_str("\\'"),
            '"' => escaped.push_str("\\\""),
            '<' | '>' | '&' | '=' | '\0'..' ' => push_code(&mut escaped, character),
            other if is_printable(other) => escaped.push(other),
            other => push_code(&mut escaped, other),
        }
    }
    escaped
}

fn push_code(escaped: &mut String, character: char) {
    write!(escaped, "\\u{:04X}", u32::from(character)).expect("a String takes everything");
}

/// Escapes a text for the query of a URL, as Go's `url.QueryEscape` does: a space is a plus.
pub(crate) fn query_escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(byte));
            }
            b' ' => escaped.push('+'),
            other => write!(escaped, "%{other:02X}").expect("a String takes everything"),
        }
    }
    escaped
}
