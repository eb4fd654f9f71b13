//! Error budgets: how much was allowed to fail, how much of that is used up, and how much remains.
//!
//! A target of 99.9 % allows one unit in a thousand to be bad. What a unit is, an event or a slice of time, is the
//! [method](crate::Method)'s matter; a budget counts units. All of its figures are quotients of whole numbers.
//!
//! A window of the calendar has two answers. *Of what has passed*: bad units against what the units so far allow, the only
//! thing that is known, but on the first of the month one failure among ten requests uses up a hundred budgets. *Of the
//! whole period*: bad units against what the period is going to allow, judging by its traffic in earlier weeks. Both are
//! kept apart and named; states and forecasts use the second where there is one.

mod fraction;
#[cfg(test)]
mod tests;

use plimsoll_types::Timestamp;

use crate::projection::Profile;
use crate::{Counts, History, Period, Target, Window};

pub use fraction::Fraction;

/// One error budget at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// What it is of.
    pub period: Period,
    /// What was promised.
    pub target: Target,
    /// What was counted from the begin of the period until now, in units of the method.
    pub counts: Counts,
    /// How many valid units the whole period is going to have, those so far included; `None` for a rolling window, and
    /// where too little is known of the traffic.
    pub forecast_valid: Option<i64>,
}

/// Which of two answers a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volume {
    /// Of the units that were counted so far.
    Elapsed,
    /// Of the units that the whole period is forecast to have.
    Forecast,
}

impl Volume {
    /// Returns its name in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Elapsed => "elapsed",
            Self::Forecast => "forecast",
        }
    }
}

impl Budget {
    /// Reads the budget of `window` at `now`. With a `profile`, the volume of a calendar's period is forecast.
    ///
    /// Complexity: one difference of the history; with a profile also a step for each hour that is to come.
    pub fn read(
        history: &dyn History,
        window: &Window,
        target: Target,
        now: Timestamp,
        profile: Option<&Profile>,
    ) -> Self {
        let period = window.at(now);
        let counts = history.between(period.from, period.now);
        let to_come = profile.filter(|_| period.end > period.now);
        let to_come = to_come.map(|profile| profile.valid_between(period.now, period.end));
        Self {
            period,
            target,
            counts,
            forecast_valid: to_come.map(|to_come| units(counts).1.saturating_add(to_come)),
        }
    }

    /// Returns the bad units.
    pub fn bad(&self) -> i64 {
        units(self.counts).0
    }

    /// Returns all units that count: never fewer than the bad ones.
    pub fn valid(&self) -> i64 {
        units(self.counts).1
    }

    /// Says whether anything was measured. What was not is neither good nor bad: such a budget has no figures.
    pub fn is_measured(&self) -> bool {
        self.valid() > 0 || self.counts.covered > 0
    }

    /// Returns how many of the units so far may be bad; not a whole number in general.
    pub fn allowed(&self) -> Fraction {
        let allowed = i128::from(self.target.allowed_billionths()) * i128::from(self.valid());
        Fraction::new(allowed, Target::WHOLE.into()).expect("both are below 2^94")
    }

    /// Returns the share of good units; `None` without units.
    pub fn compliance(&self) -> Option<Fraction> {
        let (bad, valid) = units(self.counts);
        Fraction::new(i128::from(valid - bad), valid.into())
    }

    /// Says whether the promise is kept, judged by what was counted; `None` when nothing was measured.
    pub fn is_met(&self) -> Option<bool> {
        Some(self.consumed()? <= Fraction::ONE)
    }

    /// Returns the used up share of what the units so far allow: above one when the promise is broken, `None` when nothing
    /// was measured. Where there was no event, nothing is used up.
    pub fn consumed(&self) -> Option<Fraction> {
        self.consumed_of(self.valid())
    }

    /// Returns the used up share of what the whole period is forecast to allow.
    pub fn consumed_of_forecast(&self) -> Option<Fraction> {
        self.consumed_of(self.forecast_valid?)
    }

    /// Returns the share that remains, negative when more is used up than there was: of the whole period where its volume
    /// is forecast, else of what has passed.
    pub fn remaining(&self) -> Option<Fraction> {
        let consumed = match self.volume() {
            Volume::Forecast => self.consumed_of_forecast(),
            Volume::Elapsed => self.consumed(),
        };
        consumed.map(Fraction::complement)
    }

    /// Returns what [`remaining`](Self::remaining) is a share of.
    pub fn volume(&self) -> Volume {
        match self.forecast_valid {
            Some(_) => Volume::Forecast,
            None => Volume::Elapsed,
        }
    }

    /// Returns how many times as fast as allowed the budget was used up: of units so far, so it is their consumed share.
    pub fn burn(&self) -> Option<Fraction> {
        self.consumed()
    }

    /// Returns the share of the passed time in which something was measured, from 0 to 1.
    pub fn coverage(&self) -> Fraction {
        let slices = self.period.slices();
        let covered = self.counts.covered.clamp(0, slices);
        Fraction::new(covered.into(), slices.into()).unwrap_or(Fraction::ZERO)
    }

    fn consumed_of(&self, valid: i64) -> Option<Fraction> {
        if !self.is_measured() {
            return None;
        }
        let bad = i128::from(self.bad()) * i128::from(Target::WHOLE);
        let allowed = i128::from(self.target.allowed_billionths()) * i128::from(valid);
        Some(Fraction::new(bad, allowed).unwrap_or(Fraction::ZERO))
    }
}

/// Returns bad and all units. Where bad ones are told by another metric than all of them, they may come first: then the
/// others are about to follow, and are not fewer.
fn units(counts: Counts) -> (i64, i64) {
    let bad = counts.bad.max(0);
    (bad, counts.valid().max(bad))
}
