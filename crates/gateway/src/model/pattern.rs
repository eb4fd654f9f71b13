//! Regular expressions that can be compared, so that a reload sees what changed.

use std::ops::Deref;

use regex::{Error, Regex, RegexBuilder, bytes};

/// The most bytes that a compiled expression may take.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// A regular expression over text; two are equal when they are written alike.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// A regular expression over bytes; two are equal when they are written alike.
#[derive(Clone, Debug)]
pub struct BodyPattern(bytes::Regex);

impl Pattern {
    /// Compiles an expression that must match a text as a whole.
    ///
    /// # Errors
    /// The text is no expression, or takes more than 1 MiB compiled.
    pub fn whole(text: &str) -> Result<Self, Error> {
        // By itself first: `a)|(b` is none, and must not become one between our parentheses.
        Self::anywhere(text)?;
        Self::anywhere(&format!("^(?:{text})$"))
    }

    /// Compiles an expression that may match a part of a text.
    ///
    /// # Errors
    /// As for [`whole`](Self::whole).
    pub fn anywhere(text: &str) -> Result<Self, Error> {
        let mut builder = RegexBuilder::new(text);
        builder.size_limit(COMPILED_BYTES_MAX).build().map(Self)
    }
}

impl BodyPattern {
    /// Compiles an expression that may match a part of a body.
    ///
    /// # Errors
    /// As for [`Pattern::whole`].
    pub fn anywhere(text: &str) -> Result<Self, Error> {
        let mut builder = bytes::RegexBuilder::new(text);
        builder.size_limit(COMPILED_BYTES_MAX).build().map(Self)
    }
}

impl Deref for Pattern {
    type Target = Regex;

    fn deref(&self) -> &Regex {
        &self.0
    }
}

impl Deref for BodyPattern {
    type Target = bytes::Regex;

    fn deref(&self) -> &bytes::Regex {
        &self.0
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl PartialEq for BodyPattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}
