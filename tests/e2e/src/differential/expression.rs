//! Expressions as random queries need them: a text with places for parts, so that parts can be replaced by others.

use std::fmt;

/// Stands where a part goes; it occurs in no query.
const PLACE: char = '\u{a7}';

/// The type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Vector,
    /// A counter's range vector, for functions that want one.
    CounterMatrix,
    Matrix,
    /// What depends on its place in the query and cannot stand elsewhere.
    Fixed,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub(super) kind: Kind,
    /// The text with one place per part, in order.
    text: String,
    pub(super) parts: Vec<Expression>,
}

impl Expression {
    /// Makes an expression; every `$` in the text is the place of a part.
    pub(super) fn new(kind: Kind, text: &str, parts: Vec<Self>) -> Self {
        let text = text.replace('$', &PLACE.to_string());
        assert_eq!(text.matches(PLACE).count(), parts.len(), "{text}");
        Self { kind, text, parts }
    }

    /// Returns an expression without parts, whose text may hold `$`.
    pub(super) fn leaf(kind: Kind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            parts: Vec::new(),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = self.parts.iter();
        for (index, piece) in self.text.split(PLACE).enumerate() {
            if index > 0 {
                let part = parts.next().expect("there is one part per place");
                write!(f, "{part}")?;
            }
            f.write_str(piece)?;
        }
        Ok(())
    }
}
