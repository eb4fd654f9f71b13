//! When the burning of a budget is worth telling somebody: one alert with tiers per budget.
//!
//! A [`BurnRule`](crate::BurnRule) asks for much burning in a long window, which proves that it matters, and in a short one,
//! which proves that it goes on. All rules of a budget share one [`Alert`](plimsoll_types::Alert): the most urgent rule that
//! is on decides how loud it is, and another tier is a change of the same alert.
//!
//! ```text
//! rule:   Off  -- holds --------------------> Held(since)      (On at once when `hold` is 0)
//!         Held -- does not hold ------------> Off
//!         Held -- held for `hold` ----------> On
//!         On   -- burns below off x factor -> On, quiet since
//!         On   -- quiet for `keep` ---------> Off
//! alert:  fires while a rule is on; its severity is that of the loudest rule that is on
//! ```
//!
//! Bad events that an alert told of start no second one after its end: long windows count from there. What was not measured
//! neither starts nor ends anything: see [`Condition`].

mod condition;
mod decide;
mod defaults;
mod exhaustion;
mod phase;
mod poisson;
mod saved;
mod state;
mod step;
#[cfg(test)]
mod tests;
mod texts;
mod unreachable;
mod windows;
mod withheld;

pub use condition::{Condition, Verdict};
pub use defaults::{rule_of_budget, rules, workbook_rules};
pub use exhaustion::Exhaustion;
pub use poisson::{at_least, at_most};
pub use saved::NotSaved;
pub use state::{Burn, Outcome, RESEND, RESOLVED_KEPT};
pub use unreachable::{Unreachable, unreachable};

use std::time::Duration;

use plimsoll_types::{Labels, Timestamp};

use crate::{AlertPolicy, CalendarUnit, History, NoData, Target, Window};

/// The budget that is judged; borrowed from the catalogue and the stream at every tick.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// `service/name` of the SLO or composite.
    pub id: &'a str,
    /// The service.
    pub service: &'a str,
    /// The name within the service.
    pub name: &'a str,
    /// The objective's name; empty when there is one only.
    pub objective: &'a str,
    /// What is promised to this group.
    pub target: Target,
    /// The first window, whose budget burns.
    pub window: &'a Window,
    /// Labels of the SLO.
    pub labels: &'a Labels,
    /// Labels of the group; empty for the whole.
    pub group: &'a Labels,
    /// File and line.
    pub origin: &'a str,
    /// What unmeasured time means.
    pub no_data: NoData,
    /// When somebody is told.
    pub policy: &'a AlertPolicy,
    /// Where a reader sees the budget; empty when there is no such page.
    pub url: &'a str,
}

impl Subject<'_> {
    /// Returns the length of the budget's window; of a period of the calendar, that of a usual one.
    pub fn window_length(&self) -> Duration {
        window_length(self.window)
    }

    /// Measures all rules of the policy, in its order; pure, for views and explanations. `burn` is the alert as it is now;
    /// what its last one told of counts no more.
    pub fn conditions(&self, burn: &Burn, history: &dyn History, now: Timestamp) -> Vec<Condition> {
        let mut windows = windows::Windows::new(self, history, burn.told_until, now);
        let rules = self.policy.rules.iter();
        rules
            .map(|rule| condition::measure(rule, &mut windows))
            .collect()
    }
}

/// Returns the length of a window; of a period of the calendar, that of a usual one.
pub fn window_length(window: &Window) -> Duration {
    const DAY: Duration = Duration::from_secs(86_400);
    match window {
        Window::Rolling(length) => *length,
        Window::Calendar { unit, .. } => match unit {
            CalendarUnit::Day => DAY,
            CalendarUnit::Week => 7 * DAY,
            CalendarUnit::Month => 30 * DAY,
            CalendarUnit::Quarter => 91 * DAY,
            CalendarUnit::Year => 365 * DAY,
        },
    }
}
