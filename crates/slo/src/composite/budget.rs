//! The error budget of a composite.

use std::sync::Arc;

use plimsoll_types::Timestamp;

use super::{Composed, Figure};
use crate::{Fraction, Period, Target, Window};

/// The budget of a composite at one moment: of shares, not of events.
#[derive(Clone, Debug, PartialEq)]
pub struct CompositeBudget {
    /// What it is of.
    pub period: Period,
    /// What was promised.
    pub target: Target,
    /// What the composite is; `None` without data.
    pub figure: Option<Figure>,
    /// Its components, in the order in which they are written.
    pub parts: Vec<PartBudget>,
}

/// What a component is in the budget of its composite.
#[derive(Clone, Debug, PartialEq)]
pub struct PartBudget {
    /// The id of the component.
    pub id: Arc<str>,
    /// The index of its objective.
    pub objective: usize,
    /// Its weight.
    pub weight: f64,
    /// What it is; `None` without data.
    pub figure: Option<Figure>,
}

impl CompositeBudget {
    /// Reads the budget of `window` at `now`.
    pub fn read(composed: &Composed<'_>, window: &Window, target: Target, now: Timestamp) -> Self {
        let period = window.at(now);
        let figures = composed.figures(period.from, period.now);
        let parts = composed.parts.iter().zip(figures);
        Self {
            period,
            target,
            figure: composed.figure(period.from, period.now),
            parts: parts
                .map(|((component, _), figure)| PartBudget {
                    id: Arc::clone(&component.id),
                    objective: component.objective,
                    weight: component.weight,
                    figure,
                })
                .collect(),
        }
    }

    /// Returns the used up share of the budget, to a billionth of the composite's share; `None` without data.
    pub fn consumed(&self) -> Option<Fraction> {
        let share = self.figure?.share.clamp(0.0, 1.0);
        let billionths = (share * f64::from(Target::WHOLE)).round() as i128;
        Fraction::new(billionths, self.target.allowed_billionths().into())
    }

    /// Returns the share of the budget that remains, negative when more was used up than there was.
    pub fn remaining(&self) -> Option<Fraction> {
        self.consumed().map(Fraction::complement)
    }
}
