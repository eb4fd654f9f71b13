//! How much traffic each hour of the week has.

use std::time::Duration;

use plimsoll_types::Timestamp;

use super::HOUR;
use crate::History;

const WEEK_HOURS: usize = 168;
const DAY_HOURS: usize = 24;
const HOUR_MILLIS: i64 = HOUR.as_millis() as i64;
/// How many weeks are looked at; each older one counts half as much.
const WEEKS: u32 = 4;
/// With less than a day, nobody knows how a day goes.
const MEASURED_HOURS_MIN: usize = DAY_HOURS;

/// The units that each hour of the week has in the mean of the last weeks.
///
/// An hour of the week that was never measured has the mean of the same hour of other days, or else of all hours. Hours
/// are those of UTC, so where clocks are changed a profile is an hour off until it has learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// From midnight on a Thursday in UTC on, as time since the epoch is.
    hours: Box<[f32]>,
    week: f64,
}

impl Profile {
    /// Learns from the last four weeks; `None` when less than a day of them was measured.
    ///
    /// Complexity: one walk over 672 hours.
    pub fn read(history: &dyn History, now: Timestamp) -> Option<Self> {
        let to = now.align_down(HOUR_MILLIS);
        let from = to - HOUR * (WEEKS * WEEK_HOURS as u32);
        let mut means = Means::default();
        history.walk(from, to, HOUR, &mut |begin, counts| {
            if counts.covered > 0 || counts.valid() > 0 {
                let weeks_old = to.millis_since(begin) / (HOUR_MILLIS * WEEK_HOURS as i64);
                let weight = 0.5_f64.powi(weeks_old as i32);
                means.add(hour_of_week(begin), counts.valid() as f64, weight);
            }
        });
        (means.measured >= MEASURED_HOURS_MIN).then(|| means.into_profile())
    }

    /// Returns the units per hour at a time.
    pub fn rate_at(&self, at: Timestamp) -> f64 {
        f64::from(self.hours[hour_of_week(at)])
    }

    /// Returns the units that `[from, to)` is going to have, rounded.
    pub fn valid_between(&self, from: Timestamp, to: Timestamp) -> i64 {
        let week_millis = HOUR_MILLIS * WEEK_HOURS as i64;
        let length = to.millis_since(from).max(0);
        let mut sum = self.week * (length / week_millis) as f64;
        let mut at = from;
        let mut rest = length % week_millis;
        while rest > 0 {
            let to_next = HOUR_MILLIS - at.millis().rem_euclid(HOUR_MILLIS);
            let step = to_next.min(rest);
            sum += self.rate_at(at) * step as f64 / HOUR_MILLIS as f64;
            at = at + Duration::from_millis(step.unsigned_abs());
            rest -= step;
        }
        sum.round() as i64
    }
}

fn hour_of_week(at: Timestamp) -> usize {
    let hour = at.millis().div_euclid(HOUR_MILLIS);
    usize::try_from(hour.rem_euclid(WEEK_HOURS as i64)).expect("a remainder from 0 to 167")
}

/// Weighted sums, on their way to means.
struct Means {
    of_week: [Mean; WEEK_HOURS],
    of_day: [Mean; DAY_HOURS],
    of_all: Mean,
    measured: usize,
}

#[derive(Clone, Copy, Default)]
struct Mean {
    sum: f64,
    weight: f64,
}

impl Mean {
    fn add(&mut self, value: f64, weight: f64) {
        self.sum += value * weight;
        self.weight += weight;
    }

    fn value(self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }
}

impl Default for Means {
    fn default() -> Self {
        Self {
            of_week: [Mean::default(); WEEK_HOURS],
            of_day: [Mean::default(); DAY_HOURS],
            of_all: Mean::default(),
            measured: 0,
        }
    }
}

impl Means {
    fn add(&mut self, hour: usize, value: f64, weight: f64) {
        self.of_week[hour].add(value, weight);
        self.of_day[hour % DAY_HOURS].add(value, weight);
        self.of_all.add(value, weight);
        self.measured += 1;
    }

    fn into_profile(self) -> Profile {
        let hour = |hour: usize| {
            let known = self.of_week[hour].value();
            let known = known.or_else(|| self.of_day[hour % DAY_HOURS].value());
            known.or_else(|| self.of_all.value()).unwrap_or(0.0) as f32
        };
        let hours: Box<[f32]> = (0..WEEK_HOURS).map(hour).collect();
        let week = hours.iter().map(|hour| f64::from(*hour)).sum();
        Profile { hours, week }
    }
}
