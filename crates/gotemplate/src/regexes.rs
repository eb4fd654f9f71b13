//! Regular expressions as Go's `regexp` reads them, searched for anywhere in a text.

use plimsoll_types::Pattern;
use regex::{Captures, Regex, RegexBuilder};

use crate::error::CallError;

/// What one compiled expression may take.
const COMPILED_BYTES_MAX: usize = 1 << 20;
/// Go refuses more.
const REPEATS_MAX: u64 = 1_000;
const EXPRESSION_BYTES_MAX: usize = 16 << 10;

/// Compiles an expression.
///
/// # Errors
/// When it is malformed, longer than 16 KiB, or needs more than 1 MiB.
pub(crate) fn compile(expression: &str) -> Result<Regex, CallError> {
    if expression.len() > EXPRESSION_BYTES_MAX {
        return Err(CallError::new(format!(
            "error parsing regexp: expression longer than {EXPRESSION_BYTES_MAX} bytes"
        )));
    }
    let refuse = |reason: String| CallError::new(format!("error parsing regexp: {reason}"));
    let pattern = Pattern::new(expression).map_err(|error| refuse(error.to_string()))?;
    RegexBuilder::new(&search(&pattern))
        .size_limit(COMPILED_BYTES_MAX)
        .build()
        .map_err(|_| refuse("it is too large once compiled".into()))
}

/// Sums up what an expression repeats, by Go's rule that no part is repeated more than 1000 times.
///
/// # Errors
/// When nested repetitions multiply to more.
pub(crate) fn repeats(expression: &str) -> Result<u64, CallError> {
    // The products inside of the open groups, the innermost last, and that of the last item.
    let (mut groups, mut item, mut sum) = (vec![1_u64], 1_u64, 0_u64);
    let mut rest = expression;
    while let Some(character) = rest.chars().next() {
        let mut length = character.len_utf8();
        match character {
            '\\' => {
                length += rest[1..].chars().next().map_or(0, char::len_utf8);
                item = 1;
            }
            '[' => {
                length = class_length(rest);
                item = 1;
            }
            '(' => groups.push(1),
            ')' if groups.len() > 1 => item = groups.pop().unwrap_or(1),
            '{' => {
                if let Some((count, end)) = repetition(rest) {
                    item = item.saturating_mul(count.max(1));
                    sum = sum.saturating_add(item);
                    length = end;
                }
            }
            '*' | '+' | '?' => {}
            _ => item = 1,
        }
        if item > REPEATS_MAX {
            return Err(CallError::new(format!(
                "error parsing regexp: invalid repeat count: `{}`",
                &rest[..length]
            )));
        }
        if let Some(group) = groups.last_mut() {
            *group = item.max(*group);
        }
        rest = &rest[length..];
    }
    Ok(sum)
}

/// Returns the length of a class in brackets.
fn class_length(text: &str) -> usize {
    let start = if text.starts_with("[^") { 2 } else { 1 };
    let mut is_escaped = false;
    let end = text.char_indices().skip(start + 1).find(|(_, character)| {
        let ends = *character == ']' && !is_escaped;
        is_escaped = *character == '\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// Reads `{3}`, `{3,}` or `{3,5}`: the larger number, and the length.
fn repetition(text: &str) -> Option<(u64, usize)> {
    let end = text.find('}')?;
    let (low, high) = text[1..end].split_once(',').unwrap_or((&text[1..end], ""));
    let low: u64 = low.parse().ok()?;
    let high = if high.is_empty() {
        low
    } else {
        high.parse().ok()?
    };
    Some((low.max(high), end + 1))
}

/// Takes off the anchors and the flag that selectors have and a search has not.
fn search(pattern: &Pattern) -> String {
    let anchored = pattern.anchored();
    anchored
        .strip_prefix("^(?s:")
        .and_then(|rest| rest.strip_suffix(")$"))
        .unwrap_or(anchored)
        .to_owned()
}

/// Replaces all matches by what the replacement expands to, as Go's `ReplaceAllString` does.
///
/// # Errors
/// When the result is longer than `bytes_max`.
pub(crate) fn replace_all(
    regex: &Regex,
    text: &str,
    replacement: &str,
    bytes_max: usize,
) -> Result<String, CallError> {
    let (mut result, mut end) = (String::new(), 0);
    for found in regex.captures_iter(text) {
        let whole = found.get_match();
        result.push_str(&text[end..whole.start()]);
        expand(regex, &found, replacement, &mut result);
        end = whole.end();
        if result.len() > bytes_max {
            return Err(CallError::limit("the text is longer than the limit allows"));
        }
    }
    result.push_str(&text[end..]);
    Ok(result)
}

/// Expands `$1`, `${name}` and `$$`; groups that are unknown or did not match are empty.
fn expand(regex: &Regex, found: &Captures<'_>, replacement: &str, result: &mut String) {
    let mut rest = replacement;
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            result.push('$');
            rest = after;
        } else if let Some((name, after)) = group_name(rest) {
            result.push_str(group(regex, found, name));
            rest = after;
        } else {
            result.push('$');
        }
    }
    result.push_str(rest);
}

fn group<'t>(regex: &Regex, found: &Captures<'t>, name: &str) -> &'t str {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    let index = match is_number && (name.len() == 1 || !name.starts_with('0')) {
        true => name.parse().ok(),
        false => regex.capture_names().position(|known| known == Some(name)),
    };
    index
        .and_then(|index| found.get(index))
        .map_or("", |group| group.as_str())
}

fn group_name(rest: &str) -> Option<(&str, &str)> {
    let braced = rest.strip_prefix('{');
    let text = braced.unwrap_or(rest);
    let end = text
        .find(|character: char| !(character.is_alphanumeric() || character == '_'))
        .unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    let after = match braced {
        Some(_) => after.strip_prefix('}')?,
        None => after,
    };
    (!name.is_empty()).then_some((name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_as_go_does() {
        for (expression, text, expected) in [
            ("b", "abc", true),
            ("a.c", "a\nc", false),
            ("^b", "ab", false),
            ("(?i)B", "abc", true),
            ("", "", true),
        ] {
            assert_eq!(
                compile(expression).unwrap().is_match(text),
                expected,
                "{expression}"
            );
        }
        assert!(compile("(").is_err());
        assert!(compile("(?=a)").is_err());
    }

    #[test]
    fn bounds_repetitions_as_go_does() {
        for (expression, expected) in [
            ("a", Some(0)),
            ("a{1000}", Some(1000)),
            ("a{2,30}b{4}", Some(34)),
            ("(a{10}){100}", Some(1010)),
            ("(a{10}){101}", None),
            ("((a{10}|b)c{9}){10}{10}", Some(10 + 9 + 100 + 1000)),
            ("[{9999}]\\{9999}{", Some(0)),
            ("a{1001}", None),
        ] {
            assert_eq!(repeats(expression).ok(), expected, "{expression}");
        }
    }

    #[test]
    fn replaces_as_go_does() {
        for (expression, text, replacement, expected) in [
            ("(a+)(?P<rest>b)?", "aab-a", "[$1|${rest}]", "[aa|b]-[a|]"),
            ("x*", "abc", "-", "-a-b-c-"),
            ("a", "aaa", "$$", "$$$"),
            ("(.*):.*", "host:9090", "$1", "host"),
            ("a", "a", "$", "$"),
            ("(a)", "a", "$1x", ""),
        ] {
            let regex = compile(expression).unwrap();
            assert_eq!(
                replace_all(&regex, text, replacement, 100).unwrap(),
                expected
            );
        }
        let regex = compile("").unwrap();
        assert!(replace_all(&regex, "aaaa", "bbbbbbbb", 20).is_err());
    }
}
