//! What can go wrong: with the text of a query ([`ParseError`]) and with its evaluation ([`QueryError`]).

use std::fmt;

use plimsoll_types::StorageError;

use crate::span::{Position, Span};

/// A text that is not a valid PromQL expression.
///
/// Displays as Prometheus does, `1:5: parse error: ...`; [`render`](Self::render) adds the line and a caret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    message: String,
    span: Span,
    text: String,
}

impl ParseError {
    pub(crate) fn new(text: &str, span: Span, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            span,
            text: text.into(),
        }
    }

    /// Returns what was wanted and what was found, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the bytes that are wrong.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Returns where the wrong bytes begin.
    pub fn position(&self) -> Position {
        Position::of(&self.text, self.span.start)
    }

    /// Writes the error, the line it is in and a caret under each wrong character.
    pub fn render(&self) -> String {
        let start = self.span.start.min(self.text.len());
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |at| start + at);
        let line = &self.text[line_start..line_end];
        // Tabs are repeated, so that the caret stands under its character at every tab width.
        let indent: String = self.text[line_start..start]
            .chars()
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let end = self.span.end.clamp(start, line_end);
        let width = self.text[start..end].chars().count();
        format!("{self}\n  {line}\n  {indent}{}", "^".repeat(width.max(1)))
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: parse error: {}", self.position(), self.message)
    }
}

impl std::error::Error for ParseError {}

/// The kinds of evaluation errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueryErrorKind {
    /// The request makes no sense: a step of zero, an end before the start, an instant range vector asked for a range.
    BadData,
    /// The expression cannot be evaluated over this data, such as a many-to-many match.
    Execution,
    /// The deadline passed.
    Timeout,
    /// The caller gave up.
    Canceled,
    /// More samples than the limit would be held at once.
    SampleLimit,
    /// More bytes than the limit would be held at once.
    MemoryLimit,
    /// The store failed.
    Storage,
}

/// A query that was not answered.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    kind: QueryErrorKind,
    message: String,
    #[source]
    source: Option<StorageError>,
}

impl QueryError {
    pub(crate) fn new(kind: QueryErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    pub(crate) fn execution(message: impl Into<String>) -> Self {
        Self::new(QueryErrorKind::Execution, message)
    }

    /// Returns the kind.
    pub fn kind(&self) -> QueryErrorKind {
        self.kind
    }

    /// Says whether the same query may succeed later without a change.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            QueryErrorKind::Timeout | QueryErrorKind::Canceled => true,
            QueryErrorKind::Storage => self.source.as_ref().is_some_and(|e| e.is_retryable()),
            QueryErrorKind::BadData
            | QueryErrorKind::Execution
            | QueryErrorKind::SampleLimit
            | QueryErrorKind::MemoryLimit => false,
        }
    }
}

impl From<StorageError> for QueryError {
    fn from(error: StorageError) -> Self {
        Self {
            kind: QueryErrorKind::Storage,
            message: "the store could not be read".into(),
            source: Some(error),
        }
    }
}

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
}
