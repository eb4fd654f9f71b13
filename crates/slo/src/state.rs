//! Which state a budget is in: the word that the gateway, the deploy gate and people act on.
//!
//! | from | event | guard | to |
//! |---|---|---|---|
//! | any | less remains than the floor of a worse state | - | that state, at once |
//! | any | more remains than the ceiling of its state, and `leave_by` on top | it has lasted its dwell | the best state whose bounds are cleared as well |
//! | any | nothing was ever measured in the window | no data is not frozen | no data, at once |
//! | any | nothing is measured now | no data is frozen | the same; its dwell goes on |
//! | no data | something was measured | - | what the bounds say, at once |
//!
//! A budget that hovers at a bound changes its state once, not with every tick: worse is at once, better is hard.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Decision, Timestamp, format_duration};

use crate::budget::Volume;
use crate::{Budget, BudgetPolicy, BudgetState, Fraction, NoData, StateRule};

/// The state of a budget and since when it is so: all that must survive a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: BudgetState,
    /// When it was entered.
    pub since: Timestamp,
}

/// What a budget looks like to its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The share that remains; `None` when nothing was measured in the window.
    pub remaining: Option<Fraction>,
    /// Whether something is measured now, within the lateness.
    pub is_fresh: bool,
}

/// A change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state that was left, and since when it was; `None` when the budget is new.
    pub from: Option<Standing>,
    /// The state that was entered, at the time of the change.
    pub to: Standing,
    /// What remained; `None` when nothing was measured.
    pub remaining: Option<Fraction>,
}

impl BudgetState {
    /// All of them, the best first; no data is before all, since nothing is known.
    pub const ALL: [Self; 5] = [
        Self::NoData,
        Self::Healthy,
        Self::Caution,
        Self::Critical,
        Self::Exhausted,
    ];

    /// Returns its name in files, metrics and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoData => "no_data",
            Self::Healthy => "healthy",
            Self::Caution => "caution",
            Self::Critical => "critical",
            Self::Exhausted => "exhausted",
        }
    }

    /// Returns the state of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// The name.
impl fmt::Display for BudgetState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Healthy above 50 %, caution above 25 %, critical above 10 %, else exhausted; five points to leave, half an hour at least.
impl Default for BudgetPolicy {
    fn default() -> Self {
        let rule = |state, below| StateRule {
            state,
            below,
            dwell: Duration::from_secs(1800),
        };
        Self {
            states: vec![
                rule(BudgetState::Healthy, f64::INFINITY),
                rule(BudgetState::Caution, 0.5),
                rule(BudgetState::Critical, 0.25),
                rule(BudgetState::Exhausted, 0.1),
            ],
            leave_by: 5.0,
        }
    }
}

impl BudgetPolicy {
    /// Returns the state of a budget of which this share remains, hysteresis left aside.
    pub fn state_of(&self, remaining: Fraction) -> BudgetState {
        self.state_below(remaining.to_f64())
    }

    /// Judges a budget at `now`; `standing` is what it was before, `None` for a new one. A clock that goes back ends no
    /// dwell early.
    pub fn step(
        &self,
        standing: Option<Standing>,
        observed: Observation,
        no_data: NoData,
        now: Timestamp,
    ) -> (Standing, Option<Transition>) {
        let state = match standing {
            Some(before) if no_data == NoData::Freeze && !observed.is_fresh => before.state,
            Some(before) => self.next(before, observed.remaining, now),
            None => observed
                .remaining
                .map_or(BudgetState::NoData, |left| self.state_of(left)),
        };
        if let Some(before) = standing.filter(|before| before.state == state) {
            return (before, None);
        }
        let to = Standing { state, since: now };
        let transition = Transition {
            from: standing,
            to,
            remaining: observed.remaining,
        };
        (to, Some(transition))
    }

    fn next(&self, before: Standing, remaining: Option<Fraction>, now: Timestamp) -> BudgetState {
        let Some(remaining) = remaining else {
            return BudgetState::NoData;
        };
        let state = self.state_of(remaining);
        if before.state == BudgetState::NoData || state >= before.state {
            return state;
        }
        let dwell = i64::try_from(self.dwell(before.state).as_millis()).unwrap_or(i64::MAX);
        if now.millis_since(before.since) < dwell {
            return before.state;
        }
        // The bounds as they are for a budget that wants to get better.
        self.state_below(remaining.to_f64() - self.leave_by / 100.0)
            .min(before.state)
    }

    /// Returns the last state, in the order of the policy, below whose bound `remaining` is.
    fn state_below(&self, remaining: f64) -> BudgetState {
        // To a billionth, so that 0.15 less 0.05 is 0.1.
        let billionths = |share: f64| (share * 1e9).round();
        let remaining = billionths(remaining);
        let is_reached = |rule: &&StateRule| remaining < billionths(rule.below);
        let mut reached = self.states.iter().filter(is_reached);
        let last = reached.next_back().or(self.states.first());
        last.map_or(BudgetState::Healthy, |rule| rule.state)
    }

    fn dwell(&self, state: BudgetState) -> Duration {
        let found = self.states.iter().find(|rule| rule.state == state);
        found.map_or(Duration::ZERO, |rule| rule.dwell)
    }

    /// Returns the bound below which a state begins, and the one that it has to clear to be left for a better one; `None`
    /// for states that the policy does not have.
    fn bound(&self, state: BudgetState) -> Option<f64> {
        let found = self.states.iter().find(|rule| rule.state == state)?;
        Some(found.below)
    }
}

impl Transition {
    /// Says why, with the figures that it was decided from: `subject` names the budget, `origin` where it is written.
    pub fn decision(
        &self,
        subject: String,
        origin: Arc<str>,
        policy: &BudgetPolicy,
        budget: &Budget,
    ) -> Decision {
        let (state, remaining) = (self.to.state, share(self.remaining));
        let before = self.from.map_or("new", |from| from.state.as_str());
        Decision {
            at: self.to.since,
            kind: "budget.state".into(),
            subject,
            rule: origin,
            inputs: inputs(before, budget),
            outcome: format!("the budget is {state} with {remaining} of it left; it was {before}"),
            counterfactual: counterfactual(policy, state),
        }
    }
}

fn inputs(before: &str, budget: &Budget) -> Vec<(std::borrow::Cow<'static, str>, String)> {
    let period = budget.period;
    let mut inputs = vec![
        ("before".into(), before.to_owned()),
        ("from".into(), shown(period.from)),
        ("to".into(), shown(period.now)),
        ("bad".into(), budget.bad().to_string()),
        ("valid".into(), budget.valid().to_string()),
        ("excluded".into(), budget.counts.excluded.to_string()),
        ("target".into(), format!("{} %", budget.target)),
        ("allowed".into(), budget.allowed().to_number(2)),
        ("consumed".into(), share(budget.consumed())),
        ("coverage".into(), share(Some(budget.coverage()))),
    ];
    if budget.volume() == Volume::Forecast {
        let forecast = budget.forecast_valid.unwrap_or(0);
        inputs.push((
            "valid of the whole period, forecast".into(),
            forecast.to_string(),
        ));
        let consumed = share(budget.consumed_of_forecast());
        inputs.push(("consumed of the whole period, forecast".into(), consumed));
    }
    inputs
}

fn counterfactual(policy: &BudgetPolicy, state: BudgetState) -> String {
    match policy.bound(state) {
        None => "anything that is measured gives it another state".to_owned(),
        Some(below) if below >= 1.0 => {
            let worse = policy.states.iter().find(|rule| rule.below < below);
            let bound = worse.map_or(0.0, |rule| rule.below);
            format!("below {} it gets worse", hundredths(bound))
        }
        Some(below) => format!(
            "from {} on, and {} after its begin at the earliest, it gets better",
            hundredths(below + policy.leave_by / 100.0),
            format_duration(policy.dwell(state)),
        ),
    }
}

fn share(fraction: Option<Fraction>) -> String {
    fraction.map_or_else(
        || "unknown".to_owned(),
        |fraction| format!("{} %", fraction.to_percent(2)),
    )
}

fn hundredths(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

fn shown(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis())
        .map_or_else(|_| at.to_string(), |known| known.to_string())
}
