//! Styles, as far as it takes to tell texts, URLs and comments apart.

use super::context::{Context, State};
use super::tag::SPACES;
use super::transition::{Step, url};

/// Reads rules up to a text, a URL or a comment.
pub(super) fn code(context: Context, text: &str) -> (Context, usize) {
    let mut from = 0;
    while let Some(at) = text[from..].find(['(', '"', '\'', '/']).map(|at| from + at) {
        let rest = &text[at..];
        from = at + 1;
        if rest.starts_with('(') && ends_with_url(text[..at].trim_end_matches(SPACES)) {
            let start = text.len() - rest[1..].trim_start_matches(SPACES).len();
            return match text.as_bytes().get(start) {
                Some(b'"') => (context.to(State::CssDoubleQuotedUrl), start + 1),
                Some(b'\'') => (context.to(State::CssSingleQuotedUrl), start + 1),
                _ => (context.to(State::CssUrl), start),
            };
        }
        let state = match rest.as_bytes() {
            [b'/', b'/', ..] => State::CssLineComment,
            [b'/', b'*', ..] => State::CssBlockComment,
            [b'"', ..] => return (context.to(State::CssDoubleQuoted), at + 1),
            [b'\'', ..] => return (context.to(State::CssSingleQuoted), at + 1),
            _ => continue,
        };
        return (context.to(state), at + 2);
    }
    (context, text.len())
}

fn ends_with_url(text: &str) -> bool {
    let is_name = |c: char| c == '-' || c == '_' || c.is_ascii_alphanumeric() || !c.is_ascii();
    let word = &text[text.trim_end_matches(is_name).len()..];
    word.eq_ignore_ascii_case("url")
}

/// Reads a text or a URL.
pub(super) fn text(mut context: Context, text: &str) -> Step {
    let ends: &[char] = match context.state {
        State::CssDoubleQuoted | State::CssDoubleQuotedUrl => &['\\', '"'],
        State::CssSingleQuoted | State::CssSingleQuotedUrl => &['\\', '\''],
        _ => &['\\', '\t', '\n', '\u{c}', '\r', ' ', ')'],
    };
    let mut from = 0;
    while let Some(at) = text[from..].find(ends).map(|at| from + at) {
        let Some(escaped) = text[at..].strip_prefix('\\') else {
            return Ok((context.to(State::Css), at + 1));
        };
        let Some(character) = escaped.chars().next() else {
            return Err(format!(
                "unfinished escape sequence in CSS string: {text:?}"
            ));
        };
        from = at + 1 + character.len_utf8();
        context = url(context, &decode(&text[..from]));
    }
    Ok((url(context, &decode(&text[from..])), text.len()))
}

/// Decodes escapes: up to six hexadecimal digits and a space, or any sign as itself.
pub(super) fn decode(text: &str) -> String {
    let (mut decoded, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('\\') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let digits = rest
            .bytes()
            .take(6)
            .take_while(u8::is_ascii_hexdigit)
            .count();
        match digits {
            0 => {
                // A sign stands for itself; at the end there is none.
                let Some(character) = rest.chars().next() else {
                    break;
                };
                decoded.push(character);
                rest = &rest[character.len_utf8()..];
            }
            _ => {
                let code = u32::from_str_radix(&rest[..digits], 16).ok();
                decoded.push(code.and_then(char::from_u32).unwrap_or('\u{fffd}'));
                rest = &rest[digits..];
                let space = rest
                    .strip_prefix("\r\n")
                    .or_else(|| rest.strip_prefix(SPACES));
                rest = space.unwrap_or(rest);
            }
        }
    }
    decoded.push_str(rest);
    decoded
}
