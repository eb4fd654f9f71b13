//! What goes wrong with a template, in Go's words: users search the web for them.

use std::fmt;

/// A text that is no template.
///
/// Shown as Go does: `template: NAME:LINE: reason`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template: {name}:{line}: {reason}")]
pub struct ParseError {
    name: String,
    line: usize,
    reason: String,
}

impl ParseError {
    pub(crate) fn new(name: &str, line: usize, reason: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            line,
            reason: reason.into(),
        }
    }

    /// Returns the line of the error, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns what is wrong, without the place.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// A template that could not be executed to its end.
///
/// Shown as Go does: `template: NAME:LINE:COLUMN: executing "NAME" at <PART>: reason`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ExecuteError {
    text: String,
    is_limit: bool,
}

impl ExecuteError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_limit: false,
        }
    }

    pub(crate) fn limit(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_limit: true,
        }
    }

    /// Says whether one of [`Limits`](crate::Limits) was reached.
    pub fn is_limit(&self) -> bool {
        self.is_limit
    }
}

/// Why a function or a method refused its arguments, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct CallError {
    text: String,
    is_limit: bool,
}

impl CallError {
    /// Makes one of a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_limit: false,
        }
    }

    pub(crate) fn limit(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_limit: true,
        }
    }

    pub(crate) fn is_limit(&self) -> bool {
        self.is_limit
    }
}

impl From<ExecuteError> for CallError {
    fn from(error: ExecuteError) -> Self {
        Self {
            is_limit: error.is_limit,
            text: error.text,
        }
    }
}

/// The formatter's only error is that the bytes ran out.
impl From<fmt::Error> for CallError {
    fn from(_: fmt::Error) -> Self {
        Self::limit("the text is longer than the limit allows")
    }
}
