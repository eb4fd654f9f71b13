//! A metric as labels: `name`, `name{label="value"}`, `{"name", "label"="value"}`.

use plimsoll_types::{Labels, METRIC_NAME};

use crate::error::ParseError;
use crate::lexer::{Lexer, Token, TokenKind};
use crate::number::Quoted;

/// Whether blanks may stand between name and braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blanks {
    Skipped,
    /// A blank ends the metric, and values follow.
    Refused,
}

/// Reads a metric at the front of a text; returns its labels and where it ends.
pub(super) fn read(text: &str, blanks: Blanks) -> Result<(Labels, usize), ParseError> {
    let mut metric = Metric {
        text,
        lexer: Lexer::new(text),
        pairs: Vec::new(),
    };
    let mut token = metric.lexer.token();
    let mut end = 0;
    if token.kind == TokenKind::Word {
        let name = &text[token.span.start..token.span.end];
        if is_reserved(name) {
            return Err(metric.wrong(&token, "a metric"));
        }
        metric.pairs.push((METRIC_NAME.into(), name.into()));
        end = token.span.end;
        let has_braces = text[end..].starts_with('{');
        if blanks == Blanks::Refused && !has_braces {
            return Ok((metric.labels(&token)?, end));
        }
        token = metric.lexer.token();
    }
    match token.kind {
        TokenKind::Symbol("{") => end = metric.braces()?,
        TokenKind::End if blanks == Blanks::Skipped => end = text.len(),
        _ if end == 0 => return Err(metric.wrong(&token, "a metric")),
        _ => {}
    }
    Ok((metric.labels(&token)?, end))
}

/// Says whether a word always means something else, so that no metric is called so without quotes.
fn is_reserved(word: &str) -> bool {
    const WORDS: [&str; 8] = [
        "inf",
        "nan",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "bool",
        "atan2",
    ];
    WORDS
        .iter()
        .any(|reserved| word.eq_ignore_ascii_case(reserved))
}

struct Metric<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    pairs: Vec<(String, String)>,
}

impl Metric<'_> {
    /// Reads up to the closing brace; returns where it ends.
    fn braces(&mut self) -> Result<usize, ParseError> {
        loop {
            let token = self.lexer.token();
            let (name, may_be_metric) = match &token.kind {
                TokenKind::Symbol("}") => return Ok(token.span.end),
                TokenKind::Word => {
                    let name = &self.text[token.span.start..token.span.end];
                    (name.to_string(), false)
                }
                TokenKind::String(name) => (name.clone(), true),
                _ => return Err(self.wrong(&token, "a label or \"}\"")),
            };
            let mut next = self.lexer.token();
            if next.kind == TokenKind::Symbol("=") {
                let value = self.lexer.token();
                let TokenKind::String(text) = value.kind else {
                    return Err(self.wrong(&value, "a label's value in quotes"));
                };
                self.pairs.push((name, text));
                next = self.lexer.token();
            } else if may_be_metric && matches!(next.kind, TokenKind::Symbol("," | "}")) {
                self.pairs.push((METRIC_NAME.into(), name));
            } else {
                return Err(self.wrong(&next, "\"=\""));
            }
            match next.kind {
                TokenKind::Symbol(",") => {}
                TokenKind::Symbol("}") => return Ok(next.span.end),
                _ => return Err(self.wrong(&next, "\",\" or \"}\"")),
            }
        }
    }

    /// Makes the label set; `last` is where an error points.
    fn labels(&self, last: &Token) -> Result<Labels, ParseError> {
        Labels::try_from_pairs(&self.pairs)
            .map_err(|error| ParseError::new(self.text, last.span, error.to_string()))
    }

    fn wrong(&self, token: &Token, wanted: &str) -> ParseError {
        if let TokenKind::Wrong { message, shown_at } = &token.kind {
            return ParseError::new(self.text, token.span, message.clone()).shown_at(*shown_at);
        }
        let found = match token.kind {
            TokenKind::End => "the end".into(),
            _ => Quoted(&self.text[token.span.start..token.span.end]).to_string(),
        };
        let message = format!("expected {wanted}, found {found}");
        ParseError::new(self.text, token.span, message)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_metric;
    use plimsoll_types::Labels;

    #[test]
    fn labels_are_read_with_and_without_a_name() {
        let check = |text: &str, expected: &[(&str, &str)]| {
            let expected = Labels::from_pairs(expected.iter().copied());
            assert_eq!(parse_metric(text), Ok(expected), "{text}");
        };
        check("", &[]);
        check("{}", &[]);
        check(" { } ", &[]);
        check("a", &[("__name__", "a")]);
        check("sum", &[("__name__", "sum")]);
        check("a {b=\"c\",}", &[("__name__", "a"), ("b", "c")]);
        check("{b=\"\"}", &[]);
        check(
            "{\"a.b\",\"c.d\"=\"e\"}",
            &[("__name__", "a.b"), ("c.d", "e")],
        );
        check("{__name__=\"a\",b='c'}", &[("__name__", "a"), ("b", "c")]);
        check("{b=`\"`}", &[("b", "\"")]);
    }

    #[test]
    fn what_is_no_metric_is_refused_with_its_place() {
        for (text, expected) in [
            ("a{b!=\"c\"}", "1:4: "),
            ("a[5m]", "1:2: "),
            ("a{b=\"c\"", "1:8: "),
            ("1", "1:1: "),
            ("bool", "1:1: "),
            ("inf", "1:1: "),
            ("a{b=c}", "1:5: "),
            ("a{b=\"c\",b=\"d\"}", "1:2: "),
            ("a{\"x\"}", "1:2: "),
            ("a b", "1:3: "),
            ("a{b=\"c\"} 1", "1:10: "),
            ("{\"x\" \"y\"}", "1:6: "),
        ] {
            let error = parse_metric(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }
}
