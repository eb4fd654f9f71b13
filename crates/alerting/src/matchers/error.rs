//! What is wrong with a text that should be matchers.

/// A text that is no matchers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidMatchers {
    message: String,
    at: usize,
    end: usize,
}

impl InvalidMatchers {
    /// `at..end` are the bytes that are meant.
    pub(super) fn new(message: impl Into<String>, at: usize, end: usize) -> Self {
        Self {
            message: message.into(),
            at,
            end,
        }
    }

    /// Returns what was wanted and what was found: lower case, no final stop.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the bytes of the text that are meant; the range may be empty, at its end.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.at..self.end
    }
}
