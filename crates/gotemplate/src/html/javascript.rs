//! Scripts, as far as it takes to tell code, texts, regular expressions and comments apart.

use super::context::{Context, State};
use super::transition::Step;

const KEYWORDS_BEFORE_REGEXP: [&str; 14] = [
    "break",
    "case",
    "continue",
    "delete",
    "do",
    "else",
    "finally",
    "in",
    "instanceof",
    "return",
    "throw",
    "try",
    "typeof",
    "void",
];

/// Says whether the type of a script is one that browsers run, or data in JSON.
pub(super) fn is_script_type(text: &str) -> bool {
    let kind = text
        .split(';')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_lowercase();
    matches!(
        kind.as_str(),
        "application/ecmascript"
            | "application/javascript"
            | "application/json"
            | "application/ld+json"
            | "application/x-ecmascript"
            | "application/x-javascript"
            | "module"
            | "text/ecmascript"
            | "text/javascript"
            | "text/javascript1.0"
            | "text/javascript1.1"
            | "text/javascript1.2"
            | "text/javascript1.3"
            | "text/javascript1.4"
            | "text/javascript1.5"
            | "text/jscript"
            | "text/livescript"
            | "text/x-ecmascript"
            | "text/x-javascript"
    )
}

/// Reads code up to something else.
pub(super) fn code(mut context: Context, text: &str) -> (Context, usize) {
    let Some(at) = text.find(['"', '`', '\'', '/', '{', '}', '<', '-', '#']) else {
        context.regexp_may_follow = regexp_may_follow(text, context.regexp_may_follow);
        return (context, text.len());
    };
    context.regexp_may_follow = regexp_may_follow(&text[..at], context.regexp_may_follow);
    let rest = &text[at..];
    let quoted = |context: Context, state| Context {
        state,
        regexp_may_follow: true,
        ..context
    };
    match rest.as_bytes()[0] {
        b'"' => (quoted(context, State::JsDoubleQuoted), at + 1),
        b'\'' => (quoted(context, State::JsSingleQuoted), at + 1),
        b'`' => (quoted(context, State::JsTemplate), at + 1),
        b'/' if rest.starts_with("//") => (context.to(State::JsLineComment), at + 2),
        b'/' if rest.starts_with("/*") => (context.to(State::JsBlockComment), at + 2),
        b'/' if context.regexp_may_follow => (context.to(State::JsRegexp), at + 1),
        b'/' => (quoted(context, State::Js), at + 1),
        b'<' if rest.starts_with("<!--") => (context.to(State::JsHtmlOpenComment), at + 4),
        b'-' if rest.starts_with("-->") => (context.to(State::JsHtmlCloseComment), at + 3),
        b'#' if rest.starts_with("#!") => (context.to(State::JsLineComment), at + 2),
        b'{' => {
            if let Some(open) = context.braces.last_mut() {
                *open += 1;
            }
            (context, at + 1)
        }
        b'}' => (closed_brace(context), at + 1),
        _ => (context, at + 1),
    }
}

/// The brace that closes `${` leads back into the text.
fn closed_brace(mut context: Context) -> Context {
    match context.braces.last_mut() {
        None => context,
        Some(0) => {
            context.braces.pop();
            context.to(State::JsTemplate)
        }
        Some(open) => {
            *open -= 1;
            context
        }
    }
}

fn unfinished<T>(text: &str) -> Result<T, String> {
    Err(format!("unfinished escape sequence in JS string: {text:?}"))
}

/// Reads a text between backquotes.
pub(super) fn template(mut context: Context, text: &str) -> Step {
    let mut from = 0;
    while let Some(at) = text[from..].find(['`', '\\', '$']).map(|at| from + at) {
        let rest = &text[at..];
        from = at + 1;
        if rest.starts_with('`') {
            return Ok((context.to(State::Js), at + 1));
        }
        if rest.starts_with("${") {
            context.braces.push(0);
            return Ok((context.to(State::Js), at + 2));
        }
        if let Some(escaped) = rest.strip_prefix('\\') {
            match escaped.chars().next() {
                Some(character) => from += character.len_utf8(),
                None => return unfinished(text),
            }
        }
    }
    Ok((context, text.len()))
}

/// Reads a text in quotes or a regular expression.
pub(super) fn delimited(context: Context, text: &str) -> Step {
    let specials: &[char] = match context.state {
        State::JsSingleQuoted => &['\\', '\''],
        State::JsRegexp => &['\\', '/', '[', ']'],
        _ => &['\\', '"'],
    };
    let (mut from, mut in_class) = (0, false);
    while let Some(at) = text[from..].find(specials).map(|at| from + at) {
        let sign = text.as_bytes()[at];
        from = at + 1;
        match sign {
            b'\\' => match text[from..].chars().next() {
                Some(character) => from += character.len_utf8(),
                None => return unfinished(text),
            },
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if is_script_end(text, at) => {}
            _ if !in_class => {
                let after = Context {
                    regexp_may_follow: false,
                    ..context.to(State::Js)
                };
                return Ok((after, at + 1));
            }
            _ => {}
        }
    }
    match in_class {
        true => Err(format!("unfinished JS regexp charset: {text:?}")),
        false => Ok((context, text.len())),
    }
}

/// An end tag inside of a regular expression does not end it; it is escaped later.
fn is_script_end(text: &str, slash: usize) -> bool {
    let start = slash
        .checked_sub(1)
        .and_then(|start| text.as_bytes().get(start..slash + 7));
    start.is_some_and(|start| start.eq_ignore_ascii_case(b"</script"))
}

/// Says whether a slash behind the code would begin a regular expression.
fn regexp_may_follow(code: &str, before: bool) -> bool {
    let code = code.trim_end_matches(['\t', '\n', '\u{c}', '\r', ' ', '\u{2028}', '\u{2029}']);
    let bytes = code.as_bytes();
    let Some(last) = bytes.last() else {
        return before;
    };
    match last {
        sign @ (b'+' | b'-') => {
            let run = bytes.iter().rev().take_while(|byte| *byte == sign).count();
            run % 2 == 1
        }
        b'.' => !(bytes.len() > 1 && bytes[bytes.len() - 2].is_ascii_digit()),
        b',' | b'<' | b'>' | b'=' | b'*' | b'%' | b'&' | b'|' | b'^' | b'?' | b'!' | b'~'
        | b'(' | b'[' | b':' | b';' | b'{' | b'}' => true,
        _ => {
            let is_name = |c: char| c == '$' || c == '_' || c.is_ascii_alphanumeric();
            let word = &code[code.trim_end_matches(is_name).len()..];
            KEYWORDS_BEFORE_REGEXP.contains(&word)
        }
    }
}
