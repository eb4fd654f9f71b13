//! Regular expressions in Go's dialect on Rust's engine.
//!
//! Both are automata without back references. They differ in what the short forms mean (`\d`, `\w`, `\s` and `\b`
//! know ASCII only in Go and all of Unicode in Rust) and in what is special: Go reads a brace that begins no repetition,
//! an escaped sign such as `\<`, and inside a class a bracket, `&&`, `~~` or a `-` behind a short form as themselves.

use regex::{Regex, RegexBuilder};

/// The most memory that one compiled expression may take.
const COMPILED_BYTES_MAX: usize = 10 << 20;

/// Compiles an expression that matches whole texts, its dot any character.
///
/// # Errors
/// The expression is malformed or needs more than 10 MiB; the text is one line.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(&format!("^(?s:{})$", translate(pattern)?))
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

fn translate(pattern: &str) -> Result<String, String> {
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(character) = rest.chars().next() {
        rest = match character {
            '\\' => escape(rest, &mut text)?,
            '[' => class(rest, &mut text)?,
            '{' if !is_repetition(rest) => literal(character, rest, &mut text),
            '(' => group(rest, &mut text)?,
            other => {
                text.push(other);
                &rest[other.len_utf8()..]
            }
        };
    }
    Ok(text)
}

/// Takes one character as itself.
fn literal<'a>(character: char, rest: &'a str, text: &mut String) -> &'a str {
    text.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
    &rest[character.len_utf8()..]
}

/// Refuses the flags that only Rust knows: they would change what the rest means.
fn group<'a>(rest: &'a str, text: &mut String) -> Result<&'a str, String> {
    let flags = rest.strip_prefix("(?").unwrap_or_default();
    let known = |flag: char| matches!(flag, 'i' | 'm' | 's' | 'U' | '-');
    let end = flags.find(|flag| !known(flag)).unwrap_or(flags.len());
    if flags[end..].starts_with(['x', 'u', 'R']) {
        return Err("unrecognized flag".into());
    }
    text.push('(');
    Ok(&rest[1..])
}

/// Reads an escape outside a class.
fn escape<'a>(rest: &'a str, text: &mut String) -> Result<&'a str, String> {
    let behind = &rest[1..];
    if let Some(quoted) = behind.strip_prefix('Q') {
        let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
        text.push_str(&regex::escape(literal));
        return Ok(after);
    }
    for (name, ascii) in [('b', "(?-u:\\b)"), ('B', "(?-u:\\B)")] {
        if let Some(after) = behind.strip_prefix(name) {
            text.push_str(ascii);
            return Ok(after);
        }
    }
    if let Some(after) = shorthand(rest, text) {
        return Ok(after);
    }
    let (character, after) = one_character(rest)?;
    text.push_str(&character);
    Ok(after)
}

/// Reads `\d`, `\pL` and their like, which are classes wherever they stand.
fn shorthand<'a>(rest: &'a str, text: &mut String) -> Option<&'a str> {
    let behind = &rest[1..];
    for (name, class) in [
        ('d', "[0-9]"),
        ('D', "[^0-9]"),
        ('s', "[\\t\\n\\x0C\\r ]"),
        ('S', "[^\\t\\n\\x0C\\r ]"),
        ('w', "[0-9A-Za-z_]"),
        ('W', "[^0-9A-Za-z_]"),
    ] {
        if let Some(after) = behind.strip_prefix(name) {
            text.push_str(class);
            return Some(after);
        }
    }
    let letter = behind.chars().next().filter(|c| matches!(c, 'p' | 'P'))?;
    let name = &behind[1..];
    let length = match name.starts_with('{') {
        true => name.find('}')? + 1,
        false => name.chars().next()?.len_utf8(),
    };
    // `\p{^Greek}` is Go's other spelling of `\P{Greek}`.
    match name[..length].strip_prefix("{^") {
        Some(inner) => {
            let other = if letter == 'p' { 'P' } else { 'p' };
            text.push_str(&format!("\\{other}{{{inner}"));
        }
        None => text.push_str(&rest[..2 + length]),
    }
    Some(&name[length..])
}

/// Reads a class up to its closing bracket.
fn class<'a>(rest: &'a str, text: &mut String) -> Result<&'a str, String> {
    text.push('[');
    let mut rest = &rest[1..];
    if let Some(after) = rest.strip_prefix('^') {
        text.push('^');
        rest = after;
    }
    let mut is_first = true;
    loop {
        match rest.strip_prefix(']') {
            Some(after) if !is_first => {
                text.push(']');
                return Ok(after);
            }
            _ => rest = class_item(rest, text)?,
        }
        is_first = false;
    }
}

/// Reads a named class, a short form, a range, or one character.
fn class_item<'a>(rest: &'a str, text: &mut String) -> Result<&'a str, String> {
    if let Some(end) = rest.find(":]").filter(|_| rest.starts_with("[:")) {
        text.push_str(&rest[..end + 2]);
        return Ok(&rest[end + 2..]);
    }
    if let Some(after) = rest
        .starts_with('\\')
        .then(|| shorthand(rest, text))
        .flatten()
    {
        return Ok(after);
    }
    let (low, after) = one_character(rest)?;
    text.push_str(&low);
    let Some(range) = after.strip_prefix('-').filter(|end| !end.starts_with(']')) else {
        return Ok(after);
    };
    let (high, after) = one_character(range)?;
    text.push('-');
    text.push_str(&high);
    Ok(after)
}

/// Reads a character, escaped or not, and returns how Rust spells it.
fn one_character(rest: &str) -> Result<(String, &str), String> {
    let mut characters = rest.chars();
    let plain = |c: char| regex::escape(c.encode_utf8(&mut [0; 4]));
    let character = match characters.next() {
        None => return Err("unclosed character class".into()),
        Some('\\') => characters.next(),
        Some(other) => return Ok((plain(other), characters.as_str())),
    };
    let after = characters.as_str();
    match character {
        None => Err("incomplete escape sequence".into()),
        Some(sign) if sign.is_ascii() && !sign.is_ascii_alphanumeric() => Ok((plain(sign), after)),
        Some(digit @ '0'..='7') => octal(digit, &rest[1..]),
        Some('x') if after.starts_with('{') => {
            let end = after.find('}').ok_or("unclosed hexadecimal escape")?;
            Ok((rest[..3 + end].to_owned(), &after[end + 1..]))
        }
        Some('x') => match after.get(..2) {
            Some(_) => Ok((rest[..4].to_owned(), &after[2..])),
            None => Err("incomplete escape sequence".into()),
        },
        Some('a' | 'f' | 'n' | 'r' | 't' | 'v' | 'A' | 'z') => Ok((rest[..2].to_owned(), after)),
        Some(_) => Err("unrecognized escape sequence".into()),
    }
}

/// Reads `\0` to `\377`; a single digit but zero would be a back reference.
fn octal(first: char, digits: &str) -> Result<(String, &str), String> {
    let is_octal = |c: char| c.is_digit(8);
    let length = digits.find(|c| !is_octal(c)).unwrap_or(digits.len()).min(3);
    if first != '0' && length == 1 {
        return Err("backreferences are not supported".into());
    }
    let value = u32::from_str_radix(&digits[..length], 8).expect("up to three octal digits");
    Ok((format!("\\x{{{value:x}}}"), &digits[length..]))
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
            ("\\d", "\u{663}", false),
            ("\\D", "\u{663}", true),
            ("\\w+", "\u{fc}", false),
            ("[^\\W]", "\u{fc}", false),
            ("[^\\W]", "u", true),
            ("a\\sb", "a\u{a0}b", false),
            ("(?i)\\w", "\u{212a}", true),
            ("\u{fc}\\b", "\u{fc}", false),
            ("a\\b-b", "a-b", true),
            ("[\\w-.]+", "my-host.org", true),
            ("[\\d-a]+", "1-a", true),
            ("[+--]+", "+,-", true),
            ("[a-z&&a]+", "s&", true),
            ("[a[b]+", "[ab", true),
            ("[[a-z]]", "a]", true),
            ("[a~~b]", "~", true),
            ("\\<a\\>", "<a>", true),
            ("\\b{start}a", "a", false),
            ("\\101\\x42\\x{43}", "ABC", true),
            ("[\\]\\-\\x41]+", "]-A", true),
            ("\\pL\\p{Greek}\\p{^Greek}", "a\u{3b1}b", true),
            ("(?P<n>a)(?<m>b)(?:c)(?i:D)", "abcd", true),
            ("\\ \\/\\_", " /_", true),
            ("a\\Bb", "ab", true),
            ("a\\B", "a", false),
            ("{", "{", true),
            ("a{1", "a{1", true),
            ("(?i)A", "a", true),
            ("", "", true),
        ] {
            let regex = compile(pattern).unwrap();
            assert_eq!(regex.is_match(text), expected, "{pattern} {text:?}");
        }
        assert_eq!(compile("abc(def").unwrap_err(), "unclosed group");
        for pattern in [
            "[a--b]", "[z-a]", "[a-\\d]", "[a", "a\\", "\\1", "\\u0041", "\\Z", "\\x{", "(?x)a",
            "(?-u)a", "(?=a)", "a)", "\\C",
        ] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
        assert!(compile("a{1000}{1000}").is_err());
    }
}
