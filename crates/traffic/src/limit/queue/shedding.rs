//! Who is sent away at once while waits are long: DAGOR (Zhou et al. 2018), a threshold on priorities that follows the mean
//! wait.
//!
//! A priority is the class and, within it, one of 128 steps that the caller's hashed key falls on for an hour. So overload
//! sends away the same few callers for all of their requests, instead of one request of everybody's; and a class is shed
//! bit by bit, which matters because most requests have the same. Whoever is most critical is never shed here, only by a
//! queue that is full.
//!
//! | a window ended with | threshold |
//! |---|---|
//! | a mean wait above the target | down until 5 % fewer would have come in, up to 25 % the further it is above |
//! | a mean wait of 0.9 to 1 of the target | stays |
//! | a mean wait below 0.9 of the target, the first time | stays |
//! | the same, again | up until 1 % more would have come in, then 2, 4, 8, 16 % |

use std::time::Duration;

use super::Options;
use crate::{Criticality, Moment};

/// Steps within a class.
const STEPS: usize = 128;
const PRIORITIES: usize = STEPS * Criticality::ALL.len();
/// DAGOR's alpha.
const DOWN: f64 = 0.05;
const DOWN_MAX: f64 = 0.25;
/// DAGOR's beta.
const UP: f64 = 0.01;
const UP_MAX: f64 = 0.16;
/// Below this share of the target a window is calm: restoring begins 10 % below what shedding began at.
const CALM: f64 = 0.9;
/// Windows in a row that must be calm before anything is restored.
const CALM_WINDOWS: u32 = 2;
/// How long a key keeps its step.
const STEP_KEPT: Duration = Duration::from_secs(3600);

/// What share of each class comes in.
#[derive(Debug)]
pub struct Threshold {
    /// Priorities below it come in; the lower the more critical.
    level: usize,
    /// Who came in this window, sent away or not, by priority.
    arrivals: Box<[u32; PRIORITIES]>,
    window_ends: Moment,
    waits: Waits,
    calm_windows: u32,
    /// The mean of the last window.
    mean_wait: Duration,
    anonymous: u64,
}

/// Waits of a window.
#[derive(Clone, Copy, Debug, Default)]
struct Waits {
    count: u64,
    total: Duration,
}

impl Threshold {
    /// Lets everybody in.
    pub fn new(options: &Options, now: Moment) -> Self {
        Self {
            level: PRIORITIES,
            arrivals: Box::new([0; PRIORITIES]),
            window_ends: now.after(options.window),
            waits: Waits::default(),
            calm_windows: 0,
            mean_wait: Duration::ZERO,
            anonymous: 0,
        }
    }

    /// Counts somebody who came and says whether it comes in. `key` is a hash of whom it is for; without one chance decides,
    /// evenly.
    pub fn admits(&mut self, class: Criticality, key: Option<u64>, now: Moment) -> bool {
        let step = key.map_or_else(|| self.next_step(), |key| step_of(key, now));
        let priority = class.index() * STEPS + step;
        self.arrivals[priority] = self.arrivals[priority].saturating_add(1);
        priority < self.level
    }

    /// Counts how long somebody waited; zero of those who did not have to. Whoever came before its class was shed and waits
    /// on, at the end of the queue, says nothing about those who still come in.
    pub fn waited(&mut self, class: Criticality, wait: Duration) {
        if class.index() * STEPS >= self.level {
            return;
        }
        self.waits.count += 1;
        self.waits.total = self.waits.total.saturating_add(wait);
    }

    /// Judges the window when it ended. `longest` is how long the one that waits longest has waited: when nobody got a place
    /// in the whole window, nothing else tells of it.
    pub fn judge(&mut self, options: &Options, longest: Duration, now: Moment) {
        if now < self.window_ends {
            return;
        }
        self.mean_wait = self.waits.mean().unwrap_or(longest);
        let target = options.wait_target.as_secs_f64().max(1e-9);
        let relative = self.mean_wait.as_secs_f64() / target;
        if relative > 1.0 {
            self.calm_windows = 0;
            self.tighten((DOWN * relative).min(DOWN_MAX));
        } else if relative >= CALM {
            self.calm_windows = 0;
        } else {
            self.calm_windows = self.calm_windows.saturating_add(1);
            if let Some(again) = self.calm_windows.checked_sub(CALM_WINDOWS) {
                self.relax((UP * f64::from(1 << again.min(8))).min(UP_MAX));
            }
        }
        self.arrivals.fill(0);
        self.waits = Waits::default();
        self.window_ends = now.after(options.window);
    }

    /// Lowers the level until this share fewer would have come in.
    fn tighten(&mut self, share: f64) {
        let mut level = self.level;
        let mut let_in = sum(&self.arrivals[..level]);
        let wanted = (let_in as f64 * (1.0 - share)) as u64;
        while level > STEPS && (level == self.level || let_in > wanted) {
            level -= 1;
            let_in -= u64::from(self.arrivals[level]);
        }
        self.level = level;
    }

    /// Raises the level until this share of all who came more would have come in.
    fn relax(&mut self, share: f64) {
        let wanted = (sum(&self.arrivals[..]) as f64 * share).ceil() as u64;
        let mut more = 0;
        let mut level = self.level;
        while level < PRIORITIES && (level == self.level || more < wanted) {
            more += u64::from(self.arrivals[level]);
            level += 1;
        }
        self.level = level;
    }

    fn next_step(&mut self) -> usize {
        // Weyl's sequence: steps of the golden ratio fill the range evenly.
        self.anonymous = self.anonymous.wrapping_add(0x9E37_79B9_7F4A_7C15);
        (self.anonymous >> 57) as usize
    }

    /// Returns what share of a class comes in, 0 to 1.
    pub fn share(&self, class: Criticality) -> f64 {
        let first = class.index() * STEPS;
        let let_in = self.level.saturating_sub(first).min(STEPS);
        let_in as f64 / STEPS as f64
    }

    /// Says whether somebody is sent away.
    pub fn is_shedding(&self) -> bool {
        self.level < PRIORITIES
    }

    /// Returns the mean wait of the last window.
    pub fn mean_wait(&self) -> Duration {
        self.mean_wait
    }
}

impl Waits {
    fn mean(&self) -> Option<Duration> {
        let count = u32::try_from(self.count).unwrap_or(u32::MAX);
        self.total.checked_div(count)
    }
}

fn sum(arrivals: &[u32]) -> u64 {
    arrivals.iter().map(|&count| u64::from(count)).sum()
}

/// Returns the step of a key, which changes with the hour so that it is not always the same who are sent away.
fn step_of(key: u64, now: Moment) -> usize {
    let hour = now.nanos() / Moment::from_origin(STEP_KEPT).nanos();
    let mixed =
        (key ^ hour.wrapping_mul(0xD1B5_4A32_D192_ED03)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 57) as usize
}

#[cfg(test)]
mod tests;
