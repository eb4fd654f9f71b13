//! Regular expressions in Go's dialect on Rust's engine.
//!
//! Both are automata without back references. Where the dialects differ Go is the more lenient one: it reads a brace
//! that begins no repetition, and a bracket, `&&`, `--` or `~~` inside a class, as themselves.

use regex::{Regex, RegexBuilder};

/// The most memory that one compiled expression may take.
const COMPILED_BYTES_MAX: usize = 10 << 20;

/// Compiles an expression that matches whole texts, its dot any character.
///
/// # Errors
/// The expression is malformed or needs more than 10 MiB; the text is one line.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(&format!("^(?s:{})$", translate(pattern)))
        .size_limit(COMPILED_BYTES_MAX)
        .build()
        .map_err(|error| reason(pattern, &error))
}

/// The last line of the engine's many.
fn reason(pattern: &str, error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "it is too large once compiled".to_owned(),
        // The engine speaks about the text with our anchors; the plain one has better words.
        _ => match Regex::new(pattern) {
            Err(plain) => last_line(&plain.to_string()),
            Ok(_) => last_line(&error.to_string()),
        },
    }
}

fn last_line(text: &str) -> String {
    let line = text.lines().last().unwrap_or(text);
    line.trim_start_matches("error: ").to_owned()
}

fn translate(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(character) = rest.chars().next() {
        let (part, after) = if in_class {
            class_part(rest, character, &mut in_class)
        } else {
            plain_part(rest, character, &mut in_class)
        };
        text.push_str(&part);
        rest = after;
    }
    text
}

fn plain_part<'a>(rest: &'a str, character: char, in_class: &mut bool) -> (String, &'a str) {
    match character {
        '\\' => escape(rest),
        '[' => {
            *in_class = true;
            // A closing bracket right behind the opening one is itself.
            let negated = usize::from(rest[1..].starts_with('^'));
            let head = 1 + negated;
            match rest[head..].strip_prefix(']') {
                Some(after) => (format!("{}\\]", &rest[..head]), after),
                None => (rest[..head].to_owned(), &rest[head..]),
            }
        }
        '{' if !is_repetition(rest) => ("\\{".to_owned(), &rest[1..]),
        other => (other.to_string(), &rest[other.len_utf8()..]),
    }
}

fn class_part<'a>(rest: &'a str, character: char, in_class: &mut bool) -> (String, &'a str) {
    match character {
        '\\' => escape(rest),
        ']' => {
            *in_class = false;
            ("]".to_owned(), &rest[1..])
        }
        '[' => match rest.find(":]").filter(|_| rest.starts_with("[:")) {
            Some(end) => (rest[..end + 2].to_owned(), &rest[end + 2..]),
            None => ("\\[".to_owned(), &rest[1..]),
        },
        '&' | '~' => (format!("\\{character}"), &rest[1..]),
        '-' if rest.starts_with("--") => ("\\-".to_owned(), &rest[1..]),
        other => (other.to_string(), &rest[other.len_utf8()..]),
    }
}

/// Keeps an escape as it is; `\Q...\E` becomes the escaped text, `\C` and the like stay errors.
fn escape(rest: &str) -> (String, &str) {
    if let Some(quoted) = rest.strip_prefix("\\Q") {
        let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
        return (regex::escape(literal), after);
    }
    let length = rest[1..].chars().next().map_or(0, char::len_utf8);
    (rest[..1 + length].to_owned(), &rest[1 + length..])
}

/// Says whether `{3}`, `{3,}` or `{3,5}` begins here.
fn is_repetition(rest: &str) -> bool {
    let Some((inner, _)) = rest[1..].split_once('}') else {
        return false;
    };
    let (low, high) = inner.split_once(',').unwrap_or((inner, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !low.is_empty() && digits(low) && digits(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_go_s_dialect() {
        for (pattern, text, expected) in [
            ("a.c", "a\nc", true),
            ("b", "abc", false),
            ("a|b", "b", true),
            ("yolo-{1}", "yolo-", true),
            ("yolo-{x}", "yolo-{x}", true),
            ("{,2}", "{,2}", true),
            ("[[]+", "[[", true),
            ("[]a]+", "a]", true),
            ("[^]a]", "b", true),
            ("[[:alpha:]]+", "abc", true),
            ("[a&&b]+", "a&b", true),
            ("\\Qa.b\\E", "a.b", true),
            ("\\Qa.b\\E", "axb", false),
            ("\\d{2,3}", "123", true),
            ("(?i)A", "a", true),
            ("", "", true),
        ] {
            let regex = compile(pattern).unwrap();
            assert_eq!(regex.is_match(text), expected, "{pattern} {text:?}");
        }
        assert_eq!(compile("abc(def").unwrap_err(), "unclosed group");
        assert!(compile("a{1000}{1000}").is_err());
    }
}
