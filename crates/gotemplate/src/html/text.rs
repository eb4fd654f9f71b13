//! Parts of the template itself: they are written as they are, but comments are left out and stray signs escaped.

use super::context::{Context, Delimiter, State};
use super::transition::after_text;

/// Follows a text and returns where it ends, and what of it is written.
pub(super) fn write(mut context: Context, text: &str) -> Result<(Context, String), String> {
    let (mut output, mut written, mut at) = (String::with_capacity(text.len()), 0, 0);
    while at < text.len() {
        let (next, length) = after_text(context.clone(), &text[at..])?;
        let end = at + length;
        if matches!(context.state, State::Text | State::Rcdata) {
            escape_stray(&context, &next, text, at..end, &mut written, &mut output);
        } else if context.state.is_comment() && context.delimiter == Delimiter::None {
            let has_line_end = text[written..end].contains(['\n', '\r', '\u{2028}', '\u{2029}']);
            match context.state {
                State::JsBlockComment if has_line_end => output.push('\n'),
                State::JsBlockComment | State::CssBlockComment => output.push(' '),
                _ => {}
            }
            written = end;
        }
        let begins_comment = context.state != next.state && next.state.is_comment();
        if begins_comment && next.delimiter == Delimiter::None {
            let sign = match next.state {
                State::HtmlComment | State::JsHtmlOpenComment => 4,
                State::JsHtmlCloseComment => 3,
                _ => 2,
            };
            output.push_str(&text[written..end - sign]);
            written = end;
        }
        if context.state.is_script_literal() && next_special_tag(&text[at..end]).is_some() {
            output.push_str(&text[written..at]);
            escape_special_tags(&text[at..end], &mut output);
            written = end;
        }
        if length == 0 && context == next {
            return Err(format!("no way on in state {:?}", context.state));
        }
        (context, at) = (next, end);
    }
    if !context.state.is_comment() || context.delimiter != Delimiter::None {
        output.push_str(&text[written..]);
    }
    Ok((context, output))
}

/// Escapes `<` that begins no tag.
fn escape_stray(
    context: &Context,
    next: &Context,
    text: &str,
    range: std::ops::Range<usize>,
    written: &mut usize,
    output: &mut String,
) {
    let mut end = range.end;
    if next.state != context.state {
        end = text[range.clone()]
            .rfind('<')
            .map_or(end, |at| range.start + at);
    }
    for at in range.start..end {
        if text.as_bytes()[at] == b'<' && !is_doctype(&text[at..]) {
            output.push_str(&text[*written..at]);
            output.push_str("&lt;");
            *written = at + 1;
        }
    }
}

fn is_doctype(text: &str) -> bool {
    const DOCTYPE: &str = "<!DOCTYPE";
    let start = text.get(..DOCTYPE.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(DOCTYPE))
}

/// Finds what must not stand in a literal of a script: `<script`, `</script` and `<!--`.
fn next_special_tag(text: &str) -> Option<usize> {
    text.match_indices('<').map(|(at, _)| at).find(|at| {
        let rest = &text.as_bytes()[at + 1..];
        let is = |word: &[u8]| {
            rest.get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        is(b"script") || is(b"/script") || is(b"!--")
    })
}

fn escape_special_tags(text: &str, output: &mut String) {
    let mut rest = text;
    while let Some(at) = next_special_tag(rest) {
        output.push_str(&rest[..at]);
        output.push_str("\\x3C");
        rest = &rest[at + 1..];
    }
    output.push_str(rest);
}
