//! The older syntax. It cuts a text at commas outside of quotes, and then reads each part alone.

use plimsoll_types::{MatchOp, Matcher};

use super::InvalidMatchers;

/// Reads conditions with commas between; one behind the last is taken.
pub(super) fn parse(text: &str) -> Result<Vec<Matcher>, InvalidMatchers> {
    let begin = usize::from(text.starts_with('{'));
    let inner = &text[begin..];
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    let parts = parts(inner).into_iter();
    parts
        .map(|(at, part)| condition(part, begin + at))
        .collect()
}

/// Reads one condition without braces around it.
pub(super) fn parse_one(text: &str) -> Result<Matcher, InvalidMatchers> {
    condition(text, 0)
}

/// Cuts at commas outside of quotes; a quote behind a backslash does not count. Returns where each part begins, too. What
/// is behind the last comma counts unless it is blank.
fn parts(text: &str) -> Vec<(usize, &str)> {
    let (mut parts, mut begin) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            ',' if !is_quoted => {
                parts.push((begin, &text[begin..at]));
                begin = at + 1;
            }
            // As in Alertmanager a comma in quotes leaves a backslash before it in force.
            ',' => {}
            '"' if is_escaped => is_escaped = false,
            '"' => is_quoted = !is_quoted,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    let last = text[begin..].trim_start();
    if !last.is_empty() {
        parts.push((text.len() - last.len(), last.trim_end()));
    }
    parts
}

/// Reads `name op value`, where `at` is where the part begins in the whole text.
fn condition(part: &str, at: usize) -> Result<Matcher, InvalidMatchers> {
    let wrong = |message: String| InvalidMatchers::new(message, at, at + part.len());
    let (name, op, value) = split(part).ok_or_else(|| {
        wrong(format!(
            "expected a matcher such as a=\"b\", found {part:?}"
        ))
    })?;
    let value = unescaped(value).ok_or_else(|| {
        wrong(format!(
            "the value {value} has a double quote without a backslash"
        ))
    })?;
    Matcher::new(op, name, &value).map_err(|error| wrong(error.message))
}

/// Splits a condition into name, comparison and the value as it is written.
fn split(part: &str) -> Option<(&str, MatchOp, &str)> {
    let part = part.trim_matches(is_space);
    let letters = part.bytes().take_while(|byte| is_name_byte(*byte)).count();
    let (name, rest) = part.split_at(letters);
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let rest = rest.trim_start_matches(is_space);
    const OPERATORS: [(&str, MatchOp); 4] = [
        ("=~", MatchOp::Regex),
        ("=", MatchOp::Equal),
        ("!=", MatchOp::NotEqual),
        ("!~", MatchOp::NotRegex),
    ];
    let (value, op) = OPERATORS
        .iter()
        .find_map(|(spelling, op)| Some((rest.strip_prefix(spelling)?, *op)))?;
    Some((name, op, value.trim_start_matches(is_space)))
}

/// White space of Go's regular expressions.
fn is_space(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\u{c}' | '\r' | ' ')
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':')
}

/// Takes quotes and backslashes off; `None` when a quote stands where none may.
fn unescaped(raw: &str) -> Option<String> {
    let (raw, mut wants_quote) = match raw.strip_prefix('"') {
        Some(rest) => (rest, true),
        None => (raw, false),
    };
    let mut value = String::with_capacity(raw.len());
    let mut characters = raw.chars().peekable();
    while let Some(character) = characters.next() {
        let is_last = characters.peek().is_none();
        match character {
            // A backslash that escapes nothing stands for itself.
            '\\' => match characters.next() {
                Some('n') => value.push('\n'),
                Some(mark @ ('"' | '\\')) => value.push(mark),
                Some(other) => value.extend(['\\', other]),
                None => value.push('\\'),
            },
            '"' if wants_quote && is_last => wants_quote = false,
            '"' => return None,
            other => value.push(other),
        }
    }
    (!wants_quote).then_some(value)
}
