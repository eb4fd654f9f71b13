//! What would have been: the same past under another promise.
//!
//! A [`Plan`] is a promise with all that belongs to it: target, window, method, alerts, states, and the counts that an SLI
//! with other exclusions would have given. [`replay()`] lives through the past with it, tick by tick, with the same code that
//! judges the present, and says what would have come of it: whether the promise was kept, who would have been paged, which
//! outages would have been noticed, and which deploys would have been frozen.

mod joined;
mod nine;
mod outage;
mod replay;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::Timestamp;

use crate::{
    AlertPolicy, BudgetPolicy, BudgetState, Fraction, History, Method, NoData, Period, Severity,
    Target, Window,
};

pub use nine::{Nine, Offer, Year};
pub use outage::{Outage, outages};
pub use replay::replay;

/// A promise that could be made.
#[derive(Clone)]
pub struct Plan<'a> {
    /// For people, such as `99.95 %`.
    pub name: Arc<str>,
    /// The events as this plan's SLI counts them. For other exclusions it is a recount; with corrections, they are applied.
    pub events: &'a dyn History,
    /// The finest slice that the events are known in, all of the time. Burn windows shorter than this tell nothing.
    pub resolution: Duration,
    /// What is known of the time before `events` begin, when it is known more coarsely.
    pub before: Option<Before<'a>>,
    /// What is promised.
    pub target: Target,
    /// Over which time.
    pub window: Window,
    /// How events become a budget.
    pub method: Method,
    /// What unmeasured time means.
    pub no_data: NoData,
    /// When somebody is told.
    pub alerts: AlertPolicy,
    /// Which state the budget is in.
    pub budget: BudgetPolicy,
}

/// The coarse memory of a time of which there are no samples any more: budgets are judged by it, alerts are not.
#[derive(Clone, Copy)]
pub struct Before<'a> {
    /// The events, as the SLI in force counted them.
    pub events: &'a dyn History,
    /// The length of the slices that they are known in.
    pub slice: Duration,
    /// Where it ends and the plan's events begin; at the edge of one of these slices.
    pub to: Timestamp,
}

/// The past, and what is known of it besides counts.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// The first moment that is judged. Counts from before it are used where a window reaches back.
    pub from: Timestamp,
    /// The first moment that is not.
    pub to: Timestamp,
    /// Outages that should have been noticed.
    pub outages: &'a [Outage],
    /// When something was deployed, ascending.
    pub deploys: &'a [Timestamp],
    /// The state from which on deploys are frozen.
    pub freezes_from: BudgetState,
    /// How often budgets are judged; default a minute, at least a base slice.
    pub step: Duration,
}

/// What would have come of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The plan's name.
    pub name: Arc<str>,
    /// The periods of the calendar that lie in the past as a whole, or the windows back from its end; the oldest first.
    pub periods: Vec<Judged>,
    /// The share of ticks with data at which the promise was kept; `None` when there was none.
    pub kept: Option<Fraction>,
    /// What was told, the oldest first; `None` when the past is known too coarsely for the plan's windows, or when the plan
    /// has no alerts. Of the time that is known [`Before`] nothing is told.
    pub alerts: Option<Vec<Told>>,
    /// For each outage, in order, when it was told of first, from its begin; `None` for one that nobody heard of.
    pub noticed: Vec<Option<Duration>>,
    /// How long the budget was in each state, in the order of [`BudgetState::ALL`].
    pub states: [Duration; BudgetState::ALL.len()],
    /// Deploys that would have been frozen.
    pub frozen: Vec<Timestamp>,
}

/// A period and its budget when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Which.
    pub period: Period,
    /// Bad units.
    pub bad: i64,
    /// All units that count.
    pub valid: i64,
    /// The share of the budget that was used up; `None` when nothing was measured.
    pub consumed: Option<Fraction>,
}

/// A time in which an alert would have fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// When it fired.
    pub from: Timestamp,
    /// When it ended, or the end of the past.
    pub to: Timestamp,
    /// The loudest that it became.
    pub severity: Severity,
}

impl Outcome {
    /// Returns how many alerts became this loud at most; `None` when alerts were not replayed.
    pub fn count(&self, severity: Severity) -> Option<usize> {
        let alerts = self.alerts.as_ref()?.iter();
        Some(alerts.filter(|told| told.severity == severity).count())
    }

    /// Returns how many outages somebody heard of.
    pub fn caught(&self) -> usize {
        self.noticed.iter().flatten().count()
    }
}
