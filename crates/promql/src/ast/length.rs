//! Lengths of time: written out, or calculated from the evaluation (`[step() * 5]`).

use crate::span::Span;

use super::{BinaryOp, Number};

/// A length of time in a range, a step or an `offset`.
#[derive(Clone, Debug, PartialEq)]
pub enum Length {
    /// Milliseconds.
    Millis(i64),
    /// A duration expression. The engine puts milliseconds in its place before it plans.
    Computed(Box<DurationExpr>),
}

impl Length {
    /// Returns the milliseconds when they do not depend on the evaluation.
    pub fn known(&self) -> Option<i64> {
        match self {
            Self::Millis(millis) => Some(*millis),
            Self::Computed(_) => None,
        }
    }

    /// Returns the milliseconds of a length inside a resolved tree.
    pub(crate) fn millis(&self) -> i64 {
        self.known()
            .expect("every length is resolved before the tree is planned")
    }
}

/// A calculation with lengths of time. Its values are seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct DurationExpr {
    /// What it is.
    pub kind: DurationKind,
    /// Where it was written.
    pub span: Span,
    /// How deep it nests; see the facts of [`Expr`](super::Expr).
    pub(crate) depth: usize,
}

/// The kinds of duration expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum DurationKind {
    /// A number of seconds, or a duration.
    Number(Number),
    /// `step()`: the step of the evaluation, 0 for an instant query.
    Step,
    /// `range()`: the end of the evaluation minus its start.
    Range,
    /// `-x`; a leading `+` leaves no trace.
    Negate(Box<DurationExpr>),
    /// Parentheses, kept for the printer.
    Paren(Box<DurationExpr>),
    /// Arithmetic: `+ - * / % ^`.
    Binary(BinaryOp, Box<DurationExpr>, Box<DurationExpr>),
    /// `max_of(a, b)`.
    Max(Box<DurationExpr>, Box<DurationExpr>),
    /// `min_of(a, b)`.
    Min(Box<DurationExpr>, Box<DurationExpr>),
}

impl DurationExpr {
    /// Returns the direct parts, in the order they were written.
    pub(crate) fn children(&self) -> impl Iterator<Item = &Self> {
        let (first, second) = match &self.kind {
            DurationKind::Number(_) | DurationKind::Step | DurationKind::Range => (None, None),
            DurationKind::Negate(inner) | DurationKind::Paren(inner) => (Some(inner), None),
            DurationKind::Binary(_, left, right)
            | DurationKind::Max(left, right)
            | DurationKind::Min(left, right) => (Some(left), Some(right)),
        };
        first.into_iter().chain(second).map(|child| &**child)
    }
}
