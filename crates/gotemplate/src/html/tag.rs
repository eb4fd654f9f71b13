//! Text between tags, tags, and the names of attributes.

use super::attribute::attribute_kind;
use super::context::{Attribute, Context, Delimiter, Element, State};
use super::transition::Step;

/// White space of HTML.
pub(super) const SPACES: [char; 5] = [' ', '\t', '\n', '\u{c}', '\r'];

/// Looks for a tag or a comment.
pub(super) fn text(context: Context, text: &str) -> (Context, usize) {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(at) = text[from..].find('<').map(|at| from + at) {
        if text[at..].starts_with("<!--") {
            return (Context::with(State::HtmlComment, Element::None), at + 4);
        }
        let is_end = bytes.get(at + 1) == Some(&b'/');
        let start = at + 1 + usize::from(is_end);
        let length = tag_name_length(&bytes[start.min(bytes.len())..]);
        if length > 0 {
            let name = text[start..start + length].to_ascii_lowercase();
            let element = match name.as_str() {
                _ if is_end => Element::None,
                "script" => Element::Script,
                "style" => Element::Style,
                "textarea" => Element::Textarea,
                "title" => Element::Title,
                _ => Element::None,
            };
            return (Context::with(State::Tag, element), start + length);
        }
        from = at + 1;
    }
    (context, text.len())
}

/// Letters and digits, with single colons and dashes between them.
fn tag_name_length(bytes: &[u8]) -> usize {
    if !bytes.first().is_some_and(u8::is_ascii_alphabetic) {
        return 0;
    }
    let mut length = 1;
    loop {
        let is_name = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        if is_name(length) {
            length += 1;
        } else if matches!(bytes.get(length), Some(b':' | b'-')) && is_name(length + 1) {
            length += 2;
        } else {
            return length;
        }
    }
}

/// Inside a tag: looks for the next attribute or the end.
pub(super) fn tag(context: Context, text: &str) -> Step {
    let start = text.len() - text.trim_start_matches(SPACES).len();
    let rest = &text[start..];
    if rest.is_empty() {
        return Ok((context, text.len()));
    }
    if rest.starts_with('>') {
        let state = match context.element {
            Element::None => State::Text,
            Element::Script => State::Js,
            Element::Style => State::Css,
            Element::Textarea | Element::Title => State::Rcdata,
        };
        return Ok((Context::with(state, context.element), start + 1));
    }
    let length = attribute_name_length(rest)?;
    if length == 0 {
        return Err(format!(
            "expected space, attr name, or end of tag, but got {rest:?}"
        ));
    }
    let name = rest[..length].to_lowercase();
    let attribute = match context.element {
        Element::Script if name == "type" => Attribute::ScriptType,
        _ => attribute_kind(&name).attribute(),
    };
    let state = match length == rest.len() {
        true => State::AttributeName,
        false => State::AfterName,
    };
    let context = Context {
        attribute,
        ..Context::with(state, context.element)
    };
    Ok((context, start + length))
}

fn attribute_name_length(text: &str) -> Result<usize, String> {
    for (at, sign) in text.char_indices() {
        match sign {
            ' ' | '\t' | '\n' | '\u{c}' | '\r' | '=' | '>' => return Ok(at),
            '\'' | '"' | '<' => {
                return Err(format!(
                    "{:?} in attribute name: {text:?}",
                    sign.to_string()
                ));
            }
            _ => {}
        }
    }
    Ok(text.len())
}

/// Goes on with a name that an action began.
pub(super) fn attribute_name(context: Context, text: &str) -> Step {
    let length = attribute_name_length(text)?;
    match length == text.len() {
        true => Ok((context, length)),
        false => Ok((context.to(State::AfterName), length)),
    }
}

/// Looks for the equals sign; without one the attribute has no value.
pub(super) fn after_name(context: Context, text: &str) -> (Context, usize) {
    let start = text.len() - text.trim_start_matches(SPACES).len();
    match text[start..].chars().next() {
        None => (context, text.len()),
        Some('=') => (context.to(State::BeforeValue), start + 1),
        Some(_) => (context.to(State::Tag), start),
    }
}

/// Looks for the quote that begins the value.
pub(super) fn before_value(context: Context, text: &str) -> (Context, usize) {
    let start = text.len() - text.trim_start_matches(SPACES).len();
    let (delimiter, quote) = match text[start..].chars().next() {
        None => return (context, text.len()),
        Some('"') => (Delimiter::DoubleQuote, 1),
        Some('\'') => (Delimiter::SingleQuote, 1),
        Some(_) => (Delimiter::SpaceOrTagEnd, 0),
    };
    let state = context.attribute.start();
    (
        Context {
            state,
            delimiter,
            ..context
        },
        start + quote,
    )
}
