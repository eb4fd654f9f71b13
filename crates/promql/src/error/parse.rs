//! Errors in the text of a query, shown with the line and carets under what is wrong.

use std::fmt;

use crate::span::{Position, Span};

/// How many characters of a line [`ParseError::render`] shows before the first caret, and how many from there on:
/// lines of generated queries are long.
const SHOWN_BEFORE: usize = 60;
const SHOWN_AFTER: usize = 60;

/// A text that is not a valid PromQL expression.
///
/// Displays as Prometheus does, `1:5: parse error: ...`; [`render`](Self::render) adds the line, carets and a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    message: String,
    hint: Option<String>,
    span: Span,
    shown_at: usize,
    text: String,
}

impl ParseError {
    pub(crate) fn new(text: &str, span: Span, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            span,
            shown_at: span.start,
            text: text.into(),
        }
    }

    /// Names another place in the text of the error than the bytes that are wrong: where Prometheus says it is.
    pub(crate) fn shown_at(self, offset: usize) -> Self {
        Self {
            shown_at: offset,
            ..self
        }
    }

    pub(crate) fn with_hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// Returns what was wanted and what was found, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns what may have been meant, such as `did you mean "rate"?`.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Returns the bytes that are wrong.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Returns the place that the error names, as Prometheus chooses it: for an operator that does not fit, this is the
    /// beginning of the operation, while [`span`](Self::span) is the operator itself.
    pub fn position(&self) -> Position {
        Position::of(&self.text, self.shown_at)
    }

    /// Writes the error, the line that is wrong, a caret under each wrong character, and the hint.
    ///
    /// Of a long line only the part around the carets is there.
    pub fn render(&self) -> String {
        let start = self.span.start.min(self.text.len());
        let (before, after) = self.text.split_at(start);
        let before = before.rsplit('\n').next().unwrap_or_default();
        let after = after.split('\n').next().unwrap_or_default();
        let wrong = &after[..(self.span.end.max(start) - start).min(after.len())];
        let (before, after) = (tail(before, SHOWN_BEFORE), head(after, SHOWN_AFTER));
        // Tabs are repeated, so that the caret stands under its character at every tab width.
        let tabs = |c: char| if c == '\t' { '\t' } else { ' ' };
        let indent: String = before.chars().map(tabs).collect();
        let width = wrong.chars().count().min(after.chars().count());
        let carets = "^".repeat(width.max(1));
        let hint = self
            .hint
            .as_ref()
            .map_or(String::new(), |hint| format!(" {hint}"));
        format!("{self}\n  {before}{after}\n  {indent}{carets}{hint}")
    }
}

/// Cuts all but the last `count` characters.
fn tail(text: &str, count: usize) -> String {
    match text.char_indices().rev().nth(count) {
        Some((at, c)) => format!("...{}", &text[at + c.len_utf8()..]),
        None => text.into(),
    }
}

/// Cuts all but the first `count` characters.
fn head(text: &str, count: usize) -> String {
    match text.char_indices().nth(count) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.into(),
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.is_empty() {
            true => write!(f, "unknown position: parse error: {}", self.message),
            false => write!(f, "{}: parse error: {}", self.position(), self.message),
        }
    }
}

impl std::error::Error for ParseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_carets_under_the_wrong_characters() {
        let error = ParseError::new("sum(\n\ta bc)", Span::new(8, 10), "unexpected \"bc\"");
        assert_eq!(
            error.render(),
            "2:4: parse error: unexpected \"bc\"\n  \ta bc)\n  \t  ^^"
        );
    }

    #[test]
    fn shows_the_place_that_prometheus_names_and_a_hint() {
        let error = ParseError::new("1 and a", Span::new(2, 5), "no \"and\" here")
            .shown_at(0)
            .with_hint(Some("did you mean \"or\"?".into()));
        assert_eq!(
            error.render(),
            "1:1: parse error: no \"and\" here\n  1 and a\n    ^^^ did you mean \"or\"?"
        );
    }

    #[test]
    fn cuts_long_lines_on_both_sides() {
        let text = format!("{}$$$$$$$$$${}", "\u{e4}".repeat(100), "b".repeat(100));
        let rendered = ParseError::new(&text, Span::new(200, 210), "no").render();
        let lines: Vec<&str> = rendered.lines().collect();
        let line = format!(
            "  ...{}{}{}...",
            "\u{e4}".repeat(60),
            "$".repeat(10),
            "b".repeat(50)
        );
        assert_eq!(lines[1], line);
        assert_eq!(lines[2], format!("{}{}", " ".repeat(65), "^".repeat(10)));
        let rendered = ParseError::new(&text, Span::new(0, 310), "no").render();
        assert_eq!(
            rendered.lines().last(),
            Some(&*format!("  {}", "^".repeat(63)))
        );
    }
}
