//! Templates with `$1`, `${name}` and `$$`, expanded as Go's `Regexp.Expand` does.

use regex::{Captures, Regex};

/// Expands a template with what a regular expression captured; groups that are unknown or did not match are empty.
pub(super) fn expand(regex: &Regex, found: &Captures<'_>, template: &str) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            text.push('$');
            rest = after;
        } else if let Some((name, after)) = name(rest) {
            text.push_str(group(regex, found, name));
            rest = after;
        } else {
            // Malformed: the dollar is just a dollar.
            text.push('$');
        }
    }
    text.push_str(rest);
    text
}

fn group<'t>(regex: &Regex, found: &Captures<'t>, name: &str) -> &'t str {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    // Go takes a number with leading zeros for a name, and no group has one like that.
    let group = if is_number && (name.len() == 1 || !name.starts_with('0')) {
        name.parse().ok().and_then(|index| found.get(index))
    } else {
        regex
            .capture_names()
            .position(|known| known == Some(name))
            .and_then(|index| found.get(index))
    };
    group.map_or("", |group| group.as_str())
}

/// Splits the name of a group, with or without braces, from what follows it.
fn name(rest: &str) -> Option<(&str, &str)> {
    let inner = rest.strip_prefix('{');
    let text = inner.unwrap_or(rest);
    let end = text
        .find(|character: char| !(character.is_alphanumeric() || character == '_'))
        .unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    if name.is_empty() {
        return None;
    }
    match inner {
        Some(_) => Some((name, after.strip_prefix('}')?)),
        None => Some((name, after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_as_go_does() {
        let regex = Regex::new("^(?s:(a+)(?P<rest>.*)(x)?)$").unwrap();
        let found = regex.captures("aab").unwrap();
        for (template, expected) in [
            ("plain", "plain"),
            ("$1", "aa"),
            ("${1}x", "aax"),
            ("$1x", ""),
            ("$rest", "b"),
            ("${rest}-$1", "b-aa"),
            ("$0", "aab"),
            ("$3", ""),
            ("$9", ""),
            ("$$1", "$1"),
            ("$", "$"),
            ("a$-b", "a$-b"),
            ("${1", "${1"),
            ("${}", "${}"),
            ("$\u{e9}", ""),
            ("$123456789", ""),
            ("$01", ""),
            ("$99999999999999999999999", ""),
        ] {
            assert_eq!(expand(&regex, &found, template), expected, "{template}");
        }
    }
}
