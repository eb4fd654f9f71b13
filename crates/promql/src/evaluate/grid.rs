//! The steps of an evaluation, and numbers along them.

use std::ops::Range;

use crate::error::{QueryError, QueryErrorKind};

/// Points in time at equal distances, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(crate) start: i64,
    /// Above 0.
    pub(crate) step: i64,
    /// May be 0 for a subquery whose range holds no step.
    pub(crate) count: usize,
    stands: Stands,
}

/// What the steps of a grid are to the steps that the query asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    /// They are those.
    Themselves,
    /// One step stands for so many of them.
    All(usize),
    /// They are those from this one on.
    From(usize),
    /// They are those of a subquery.
    Nothing,
}

impl Grid {
    pub(crate) fn instant(at: i64) -> Self {
        Self {
            start: at,
            step: 1,
            count: 1,
            stands: Stands::Themselves,
        }
    }

    /// Returns a grid of the first step, whose values stand for all steps.
    pub(crate) fn first(&self) -> Self {
        let stands = match self.stands {
            Stands::Themselves => Stands::All(self.count),
            stands => stands,
        };
        Self {
            stands,
            ..Self::instant(self.start)
        }
    }

    /// Returns a grid of some of the steps.
    pub(crate) fn slice(&self, steps: Range<usize>) -> Self {
        let stands = match self.stands {
            Stands::Themselves => Stands::From(steps.start),
            Stands::From(first) => Stands::From(first + steps.start),
            stands => stands,
        };
        Self {
            start: self.at(steps.start),
            count: steps.len(),
            stands,
            ..*self
        }
    }

    /// Returns the same grid for what is inside of a subquery.
    pub(crate) fn in_subquery(self) -> Self {
        Self {
            stands: Stands::Nothing,
            ..self
        }
    }

    /// Returns the steps of the query that a step stands for; `None` inside of subqueries.
    pub(crate) fn steps_of_query(&self, step: usize) -> Option<Range<usize>> {
        match self.stands {
            Stands::Themselves => Some(step..step + 1),
            Stands::From(first) => Some(first + step..first + step + 1),
            Stands::All(count) => Some(0..count),
            Stands::Nothing => None,
        }
    }

    pub(crate) fn range(start: i64, end: i64, step: i64) -> Result<Self, QueryError> {
        let length = i128::from(end) - i128::from(start);
        let count = if length < 0 {
            0
        } else {
            length / i128::from(step) + 1
        };
        match usize::try_from(count).ok().filter(|count| *count < 1 << 40) {
            Some(count) => Ok(Self {
                start,
                step,
                count,
                stands: Stands::Themselves,
            }),
            None => Err(QueryError::new(
                QueryErrorKind::BadData,
                format!("the range has {count} steps, more than can be evaluated"),
            )),
        }
    }

    pub(crate) fn at(&self, index: usize) -> i64 {
        self.start
            .saturating_add(self.step.saturating_mul(index as i64))
    }

    pub(crate) fn end(&self) -> i64 {
        self.at(self.count.saturating_sub(1))
    }
}

/// A number at every step.
#[derive(Clone, Debug)]
pub(crate) enum Scalars {
    /// The same everywhere.
    Constant(f64),
    /// One per step.
    Steps(Vec<f64>),
}

impl Scalars {
    pub(crate) fn at(&self, step: usize) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Steps(values) => values[step],
        }
    }

    pub(crate) fn combine(self, other: &Self, operation: impl Fn(f64, f64) -> f64) -> Self {
        let length = match (&self, other) {
            (Self::Steps(values), _) | (_, Self::Steps(values)) => values.len(),
            (Self::Constant(a), Self::Constant(b)) => return Self::Constant(operation(*a, *b)),
        };
        Self::Steps(
            (0..length)
                .map(|i| operation(self.at(i), other.at(i)))
                .collect(),
        )
    }

    pub(crate) fn map(self, operation: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Constant(value) => Self::Constant(operation(value)),
            Self::Steps(values) => Self::Steps(values.into_iter().map(operation).collect()),
        }
    }
}
