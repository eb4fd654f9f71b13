//! Additive increase, multiplicative decrease, as TCP Reno has it: by one per round trip while the limit binds and
//! nothing is dropped, by a tenth at a drop.
//!
//! Drops of requests that were let in before the last decrease say nothing about the limit since, nor do any while more
//! are in flight than it lets in: so a burst of them shrinks it once.

use std::time::Duration;

use super::{Answer, Bounds, Kind, Law, Options};
use crate::Moment;

/// Netflix' timeout.
const LATENCY_MAX: Duration = Duration::from_secs(5);
/// Netflix' backoff ratio.
const DECREASE: f64 = 0.9;

pub(super) const KIND: Kind = Kind {
    name: "aimd",
    summary: "Grows by one per round trip, shrinks by a tenth when an answer is an overload or too late.",
    options: |bounds| Options::Aimd {
        bounds,
        latency_max: LATENCY_MAX,
    },
};

#[derive(Debug)]
pub(super) struct Aimd {
    bounds: Bounds,
    latency_max: Duration,
    limit: f64,
    decreased: Moment,
}

impl Aimd {
    pub(super) fn new(bounds: Bounds, latency_max: Duration) -> Self {
        Self {
            limit: bounds.clamp(f64::from(bounds.initial)),
            bounds,
            latency_max,
            decreased: Moment::ORIGIN,
        }
    }
}

impl Law for Aimd {
    fn answered(&mut self, answer: &Answer) {
        let limit = if answer.is_dropped || answer.latency > self.latency_max {
            let is_above = f64::from(answer.in_flight) > self.limit;
            if answer.began < self.decreased || is_above {
                return;
            }
            self.decreased = answer.now;
            self.limit * DECREASE
        } else if f64::from(answer.in_flight) * 2.0 >= self.limit {
            self.limit + 1.0 / self.limit
        } else {
            return;
        };
        self.limit = self.bounds.clamp(limit);
    }

    fn limit(&self) -> u32 {
        self.limit as u32
    }
}
