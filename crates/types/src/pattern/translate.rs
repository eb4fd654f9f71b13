//! From Go's dialect of regular expressions to Rust's.
//!
//! They differ in what the short forms mean (`\d`, `\w`, `\s` and `\b` know ASCII only in Go and all of Unicode in
//! Rust) and in what is special: Go reads a brace that begins no repetition, an escaped sign such as `\<`, and inside a
//! class a bracket, `&&`, `~~` or a `-` behind a short form as themselves.

/// Spells an expression of Go's dialect in Rust's.
///
/// Parentheses are balanced in what it returns, so that a group around it holds all of it: `a)|(b` is an error, not
/// two halves that escape their anchors.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut depth = 0_usize;
    while let Some(character) = rest.chars().next() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or("unopened group")?,
            _ => {}
        }
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
    match depth {
        0 => Ok(text),
        _ => Err("unclosed group".into()),
    }
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
        let name = rest[2..end.max(2)].trim_start_matches('^');
        // Anything else would be copied unread, and could close our own group.
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err("invalid character class range".into());
        }
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
