//! A selector by itself, as `match[]` parameters write it.

use plimsoll_types::Matcher;

use super::{Parser, TEXT_BYTES_MAX};
use crate::ast::ExprKind;
use crate::error::ParseError;
use crate::features::Features;
use crate::lexer::TokenKind;
use crate::span::Span;

/// Reads one selector without range and modifiers, such as `up{job="node"}`; unlike in an expression it may select every
/// series, even without a condition.
///
/// ```
/// let matchers = plimsoll_promql::parse_selector("up{job=\"node\"}").unwrap();
/// assert_eq!(matchers.len(), 2);
/// let error = plimsoll_promql::parse_selector("up[5m]").unwrap_err();
/// assert_eq!(error.to_string(), "1:3: parse error: unexpected \"[\"");
/// ```
///
/// # Errors
/// As [`parse`](crate::parse).
pub fn parse_selector(text: &str) -> Result<Vec<Matcher>, ParseError> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("the selector is longer than {TEXT_BYTES_MAX} bytes");
        return Err(ParseError::new("", Span::default(), message));
    }
    let mut parser = Parser::new(text, Features::default());
    let first = parser.peek().clone();
    let name = match &first.kind {
        TokenKind::Symbol("{") => None,
        TokenKind::Word => {
            parser.next();
            Some((parser.text_of(&first).to_string(), first.span))
        }
        _ => return Err(parser.unexpected("")),
    };
    parser.may_select_all = true;
    let expr = parser.selector(name)?;
    if parser.peek().kind != TokenKind::End {
        return Err(parser.unexpected(""));
    }
    match expr.kind {
        ExprKind::Selector(selector) => Ok(selector.matchers.to_vec()),
        _ => Err(parser.unexpected("")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_selector_is_one() {
        for (text, count) in [
            ("up", 1),
            ("{}", 0),
            (" sum{a=\"b\",} ", 2),
            ("{\"a b\"}", 1),
        ] {
            assert_eq!(parse_selector(text).unwrap().len(), count, "{text}");
        }
        for (text, error) in [
            ("sum(", "1:4: parse error: unexpected \"(\""),
            ("1", "1:1: parse error: unexpected number \"1\""),
            ("up + up", "1:4: parse error: unexpected <op:+>"),
            ("up offset 5m", "1:4: parse error: unexpected <offset>"),
            ("-up", "1:1: parse error: unexpected <op:->"),
            ("\"a\"", "1:1: parse error: unexpected string \"\\\"a\\\"\""),
            (
                "{",
                "1:2: parse error: unexpected end of input inside braces",
            ),
        ] {
            assert_eq!(
                parse_selector(text).unwrap_err().to_string(),
                error,
                "{text}"
            );
        }
    }
}
