//! The counts of windows that end now, each asked for once per tick, and what they are compared with.

use std::cell::OnceCell;
use std::time::Duration;

use plimsoll_types::Timestamp;

use super::Subject;
use crate::{Basis, Counts, History, NoData};

/// Windows of one budget that end at one time.
pub(super) struct Windows<'a> {
    history: &'a dyn History,
    now: Timestamp,
    /// The share of bad events that is allowed.
    allowed: f64,
    budget_length: Duration,
    pub(super) bad_min: u64,
    pub(super) chance_max: f64,
    pub(super) off: f64,
    pub(super) no_data: NoData,
    /// Bad events before this time were told of by an alert that is over.
    told_until: Option<Timestamp>,
    known: Vec<(Duration, Counts)>,
    /// Valid events per second over the budget's window.
    rate: OnceCell<f64>,
}

impl<'a> Windows<'a> {
    pub(super) fn new(
        subject: &Subject<'_>,
        history: &'a dyn History,
        told_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        Self {
            history,
            now,
            allowed: subject.target.allowed(),
            budget_length: subject.window_length(),
            bad_min: subject.policy.bad_min,
            chance_max: subject.policy.chance_max,
            off: subject.policy.hysteresis.off,
            no_data: subject.no_data,
            told_until,
            known: Vec::new(),
            rate: OnceCell::new(),
        }
    }

    /// Returns the counts of the last `length`.
    pub(super) fn last(&mut self, length: Duration) -> Counts {
        if let Some((_, counts)) = self.known.iter().find(|(known, _)| *known == length) {
            return *counts;
        }
        let counts = self.history.between(self.now - length, self.now);
        self.known.push((length, counts));
        counts
    }

    /// Returns how many bad events of the last `length` an alert that is over told of.
    pub(super) fn told(&self, length: Duration) -> i64 {
        let begin = self.now - length;
        let told_until = self.told_until.filter(|until| *until > begin);
        told_until.map_or(0, |until| {
            self.history.between(begin, until.min(self.now)).bad.max(0)
        })
    }

    /// Returns the counts of the piece of `length` that ends `index` such lengths ago.
    pub(super) fn piece(&self, length: Duration, index: u32) -> Counts {
        let end = self.now - length * index;
        self.history.between(end - length, end)
    }

    /// Returns how many bad events a burn rate of 1 is in a window with these counts.
    pub(super) fn allowed_in(&self, basis: Basis, length: Duration, counts: Counts) -> f64 {
        let valid = match basis {
            Basis::Traffic => counts.valid() as f64,
            Basis::Budget => self.mean_rate() * length.as_secs_f64(),
        };
        self.allowed * valid
    }

    /// Valid events per second over the budget's window, or over what there is of it.
    fn mean_rate(&self) -> f64 {
        *self.rate.get_or_init(|| {
            let begin = self.now - self.budget_length;
            let since = self.history.since().unwrap_or(self.now).max(begin);
            let millis = self.now.millis_since(since);
            if millis <= 0 {
                return 0.0;
            }
            self.history.between(since, self.now).valid() as f64 * 1000.0 / millis as f64
        })
    }
}

/// Says whether anything is known about a window.
pub(super) fn is_measured(counts: Counts) -> bool {
    counts.covered > 0 || counts.valid() > 0
}
