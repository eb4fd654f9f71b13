//! When a budget is going to be used up, judging by the traffic of each hour of the week and the failures of last week.
//!
//! A forecast is made of many possible futures. Each follows the [`Profile`]'s traffic, hour by hour, and fails as often
//! as hours of the last seven days did: blocks of six hours are drawn from them, because failures come together, and later
//! ones are drawn more often (half as often for each two days of age). A rolling window also forgets: an outage that leaves
//! it gives its budget back. The answer is when one in ten, five in ten and nine in ten of the futures have used it up.
//!
//! The numbers are drawn from a seed: the same history, time and seed give the same forecast.

mod drawn;
mod profile;
#[cfg(test)]
mod tests;

use std::time::Duration;

use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_types::Timestamp;

use crate::burn::Exhaustion;
use crate::{Budget, History, Target, Window};
use drawn::Recent;

pub use profile::Profile;

/// How far and how thoroughly a forecast looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookAhead {
    /// How far, in whole hours; a calendar's period ends it earlier, because then there is a new budget. Default 28 days.
    pub length: Duration,
    /// How many futures; default 200.
    pub futures: u32,
    /// What the numbers are drawn from.
    pub seed: u64,
}

/// The default for a seed.
impl LookAhead {
    /// Returns the default with this seed.
    pub const fn seeded(seed: u64) -> Self {
        Self {
            length: Duration::from_secs(28 * 24 * 3600),
            futures: 200,
            seed,
        }
    }
}

/// When a budget is going to be used up. `None` is later than the forecast looks ahead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Projection {
    /// The share of the budget that remains now.
    pub remaining: f64,
    /// In one future of ten it is used up by then.
    pub p10: Option<Duration>,
    /// In five of ten.
    pub p50: Option<Duration>,
    /// In nine of ten.
    pub p90: Option<Duration>,
    /// The share of futures in which it is used up at all, from 0 to 1.
    pub likelihood: f64,
    /// How far it looked.
    pub looked_ahead: Duration,
}

const HOUR: Duration = Duration::from_secs(3600);
/// Failures come together: so many hours in a row are drawn at once.
const BLOCK_HOURS: usize = 6;

impl Projection {
    /// Forecasts the budget of `window` at `now`; `None` when nothing was measured, or too little to know the traffic.
    ///
    /// Complexity: a difference of the history for each hour of the look-ahead and of last week, and a step for each hour
    /// of each future.
    pub fn read(
        history: &dyn History,
        window: &Window,
        target: Target,
        now: Timestamp,
        profile: Option<&Profile>,
        look_ahead: LookAhead,
    ) -> Option<Self> {
        let budget = Budget::read(history, window, target, now, profile);
        let remaining = budget.remaining()?.to_f64();
        let course = Course::new(history, window, &budget, profile?, look_ahead);
        let looked_ahead = course.steps.iter().map(|step| step.length).sum();
        if remaining <= 0.0 {
            let at_once = vec![Some(Duration::ZERO)];
            return Some(Self::of(remaining, at_once, looked_ahead));
        }
        let recent = Recent::read(history, now);
        if !recent.has_failures() {
            return Some(Self::of(remaining, vec![None], looked_ahead));
        }
        let mut random = SeededRandom::new(look_ahead.seed);
        let futures = (0..look_ahead.futures.max(1)).map(|_| course.future(&recent, &mut random));
        Some(Self::of(remaining, futures.collect(), looked_ahead))
    }

    /// Returns what burn alerts ask for.
    pub fn exhaustion(&self) -> Exhaustion {
        Exhaustion {
            remaining: self.remaining,
            p10: self.p10,
            p50: self.p50,
            p90: self.p90,
        }
    }

    fn of(remaining: f64, mut futures: Vec<Option<Duration>>, looked_ahead: Duration) -> Self {
        futures.sort_unstable_by_key(|left| left.unwrap_or(Duration::MAX));
        let count = futures.len();
        let quantile = |tenths: usize| futures[(count * tenths).div_ceil(10).clamp(1, count) - 1];
        let used_up = futures.iter().flatten().count();
        Self {
            remaining,
            p10: quantile(1),
            p50: quantile(5),
            p90: quantile(9),
            likelihood: used_up as f64 / count as f64,
            looked_ahead,
        }
    }
}

/// What all futures have in common.
struct Course {
    bad: f64,
    valid: f64,
    allowed: f64,
    steps: Vec<Step>,
    /// After how many hours of the future the window forgets them, too; `None` for one that forgets nothing.
    forgets_after: Option<usize>,
}

/// An hour that is to come; the last one of a period of the calendar may be shorter.
#[derive(Clone, Copy)]
struct Step {
    length: Duration,
    /// Units that it is going to have.
    valid: f64,
    /// What leaves the window in it.
    leaves: Leaving,
}

#[derive(Clone, Copy, Default)]
struct Leaving {
    bad: f64,
    valid: f64,
}

impl Course {
    fn new(
        history: &dyn History,
        window: &Window,
        budget: &Budget,
        profile: &Profile,
        look_ahead: LookAhead,
    ) -> Self {
        let period = budget.period;
        let is_rolling = matches!(window, Window::Rolling(_));
        let length = match is_rolling {
            true => look_ahead.length,
            false => look_ahead.length.min(period.rest()),
        };
        let steps = (0..whole_hours(length)).map(|hour| {
            let begin = period.now + hours(hour);
            let step = length.saturating_sub(hours(hour)).min(HOUR);
            let leaves = match is_rolling {
                true => leaving(history, period.from + hours(hour), period.now),
                false => Leaving::default(),
            };
            Step {
                length: step,
                valid: profile.rate_at(begin) * step.as_secs_f64() / HOUR.as_secs_f64(),
                leaves,
            }
        });
        Self {
            bad: budget.bad() as f64,
            valid: budget.forecast_valid.unwrap_or(budget.valid()) as f64,
            allowed: budget.target.allowed(),
            steps: steps.collect(),
            forgets_after: is_rolling.then(|| whole_hours(period.length()).max(1)),
        }
        .with_fixed_volume(!is_rolling)
    }

    /// A calendar's period has its whole volume from the begin on; hours add failures to it only.
    fn with_fixed_volume(mut self, is_fixed: bool) -> Self {
        if is_fixed {
            for step in &mut self.steps {
                step.leaves.valid = step.valid;
            }
        }
        self
    }

    /// Lives through one future; returns when the budget is used up in it.
    fn future(&self, recent: &Recent, random: &mut dyn Random) -> Option<Duration> {
        let (mut bad, mut valid) = (self.bad, self.valid);
        let mut excess = bad - self.allowed * valid;
        let mut drawn = Vec::with_capacity(self.steps.len());
        for (block, steps) in self.steps.chunks(BLOCK_HOURS).enumerate() {
            let shares = recent.draw(random);
            for (place, (step, share)) in steps.iter().zip(shares).enumerate() {
                let hour = block * BLOCK_HOURS + place;
                let forgotten = self.forgotten(hour, &drawn);
                drawn.push(share * step.valid);
                bad += share * step.valid - step.leaves.bad - forgotten.bad;
                valid += step.valid - step.leaves.valid - forgotten.valid;
                let before = std::mem::replace(&mut excess, bad - self.allowed * valid);
                if excess > 0.0 {
                    let within = (-before / (excess - before)).clamp(0.0, 1.0);
                    return Some(hours(hour) + step.length.mul_f64(within));
                }
            }
        }
        None
    }

    /// Returns what leaves a rolling window of what this future had in it; `drawn` are the bad units of its hours.
    fn forgotten(&self, hour: usize, drawn: &[f64]) -> Leaving {
        let first = self.forgets_after.and_then(|after| hour.checked_sub(after));
        first.map_or(Leaving::default(), |hour| Leaving {
            bad: drawn[hour],
            valid: self.steps[hour].valid,
        })
    }
}

/// Returns what leaves a rolling window in the hour that begins at `from`; what is to come yet leaves later.
fn leaving(history: &dyn History, from: Timestamp, now: Timestamp) -> Leaving {
    let to = (from + HOUR).min(now);
    let counts = history.between(from, to);
    Leaving {
        bad: counts.bad.max(0) as f64,
        valid: counts.valid() as f64,
    }
}

fn whole_hours(length: Duration) -> usize {
    usize::try_from(length.as_secs().div_ceil(3600)).unwrap_or(usize::MAX)
}

fn hours(count: usize) -> Duration {
    HOUR.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
}
