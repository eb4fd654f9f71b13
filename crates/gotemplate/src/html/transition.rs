//! From one place in a document to the next.

use super::attribute::unescape_entities;
use super::context::{Attribute, Context, Delimiter, Element, State, UrlPart};
use super::{css, javascript, tag};

/// A place and how many bytes were read to get there.
pub(super) type Step = Result<(Context, usize), String>;

/// Reads a part of a text that is not empty.
pub(super) fn after_text(mut context: Context, text: &str) -> Step {
    let ends: &[char] = match context.delimiter {
        Delimiter::None => {
            let end = special_tag_end(&context, text);
            return match end {
                Some(0) => Ok((Context::default(), 0)),
                Some(end) => step(context, &text[..end]),
                None => step(context, text),
            };
        }
        Delimiter::DoubleQuote => &['"'],
        Delimiter::SingleQuote => &['\''],
        Delimiter::SpaceOrTagEnd => &[' ', '\t', '\n', '\u{c}', '\r', '>'],
    };
    let end = text.find(ends);
    let value = &text[..end.unwrap_or(text.len())];
    if context.delimiter == Delimiter::SpaceOrTagEnd
        && let Some(sign) = value.chars().find(|sign| "\"'<=`".contains(*sign))
    {
        return Err(format!(
            "{:?} in unquoted attr: {value:?}",
            sign.to_string()
        ));
    }
    let Some(end) = end else {
        let decoded = unescape_entities(text);
        let mut rest = &decoded[..];
        while !rest.is_empty() {
            let (next, length) = step(context, rest)?;
            context = next;
            rest = &rest[length..];
        }
        return Ok((context, text.len()));
    };
    let is_other_script = context.state == State::Attribute
        && context.element == Element::Script
        && context.attribute == Attribute::ScriptType
        && !javascript::is_script_type(value);
    let element = if is_other_script {
        Element::None
    } else {
        context.element
    };
    // A quote belongs to the value, a space or the end of the tag does not.
    let quote = usize::from(context.delimiter != Delimiter::SpaceOrTagEnd);
    Ok((Context::with(State::Tag, element), end + quote))
}

/// Finds the end tag of a script, style, title or textarea.
fn special_tag_end(context: &Context, text: &str) -> Option<usize> {
    let name = match context.element {
        Element::None => return None,
        Element::Script if context.state.is_script_literal() || context.state.is_comment() => {
            return None;
        }
        Element::Script => "script",
        Element::Style => "style",
        Element::Textarea => "textarea",
        Element::Title => "title",
    };
    text.match_indices("</").map(|(at, _)| at).find(|at| {
        let rest = &text.as_bytes()[at + 2..];
        let is_name = rest
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()));
        is_name
            && rest
                .get(name.len())
                .is_some_and(|next| b"> \t\n\x0c/".contains(next))
    })
}

/// Reads on in the grammar of the state.
fn step(context: Context, text: &str) -> Step {
    match context.state {
        State::Text => Ok(tag::text(context, text)),
        State::Tag => tag::tag(context, text),
        State::AttributeName => tag::attribute_name(context, text),
        State::AfterName => Ok(tag::after_name(context, text)),
        State::BeforeValue => Ok(tag::before_value(context, text)),
        State::HtmlComment => Ok(match text.find("-->") {
            Some(at) => (Context::default(), at + 3),
            None => (context, text.len()),
        }),
        State::Rcdata | State::Attribute | State::Srcset => Ok((context, text.len())),
        State::Url => Ok((url(context, text), text.len())),
        State::Js => Ok(javascript::code(context, text)),
        State::JsDoubleQuoted | State::JsSingleQuoted | State::JsRegexp => {
            javascript::delimited(context, text)
        }
        State::JsTemplate => javascript::template(context, text),
        State::JsBlockComment => Ok(block_comment(context, State::Js, text)),
        State::JsLineComment | State::JsHtmlOpenComment | State::JsHtmlCloseComment => {
            let ends = ['\n', '\r', '\u{2028}', '\u{2029}'];
            Ok(line_comment(context, State::Js, &ends, text))
        }
        State::Css => Ok(css::code(context, text)),
        State::CssDoubleQuoted
        | State::CssSingleQuoted
        | State::CssDoubleQuotedUrl
        | State::CssSingleQuotedUrl
        | State::CssUrl => css::text(context, text),
        State::CssBlockComment => Ok(block_comment(context, State::Css, text)),
        State::CssLineComment => Ok(line_comment(
            context,
            State::Css,
            &['\n', '\u{c}', '\r'],
            text,
        )),
    }
}

/// Follows a URL to its query or fragment.
pub(super) fn url(context: Context, text: &str) -> Context {
    let url_part = match context.url_part {
        _ if text.contains(['#', '?']) => UrlPart::QueryOrFragment,
        UrlPart::None if !text.trim_start_matches(tag::SPACES).is_empty() => UrlPart::PreQuery,
        part => part,
    };
    Context {
        url_part,
        ..context
    }
}

fn block_comment(context: Context, outside: State, text: &str) -> (Context, usize) {
    match text.find("*/") {
        Some(at) => (context.to(outside), at + 2),
        None => (context, text.len()),
    }
}

/// The end of the line is not a part of the comment.
fn line_comment(context: Context, outside: State, ends: &[char], text: &str) -> (Context, usize) {
    match text.find(ends) {
        Some(at) => (context.to(outside), at),
        None => (context, text.len()),
    }
}
