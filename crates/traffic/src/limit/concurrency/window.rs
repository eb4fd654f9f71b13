//! Answers of a short time, taken together.

use std::time::Duration;

use super::Answer;
use crate::Moment;

/// Latencies that the median is taken of: the last ones.
const LATENCIES: usize = 256;
/// Answers that it takes to judge. Netflix' window: 10.
const ANSWERS_MIN: u32 = 10;
/// Envoy's update interval.
const LENGTH_MIN: Duration = Duration::from_millis(100);
/// More dropped answers than this share say that the limit is too high whatever the others took.
const DROPPED_MAX: f64 = 0.1;

/// Answers since a moment.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// `None` until the first answer.
    began: Option<Moment>,
    /// Seconds, in a ring.
    latencies: Vec<f64>,
    served: u32,
    dropped: u32,
    peak: u32,
}

/// What a window came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Summary {
    /// Median, in seconds, more than zero; `None` when nothing was served.
    pub(super) latency: Option<f64>,
    /// Whether too many were dropped.
    pub(super) is_overload: bool,
    /// The most that were in flight.
    pub(super) peak: u32,
}

impl Window {
    /// Counts an answer; returns what the window came to when it ended with it, after which a new one begins. It is as
    /// long as two answers of `latency` seconds take, so that what the last window changed shows in the next.
    pub(super) fn add(&mut self, answer: &Answer, latency: Option<f64>) -> Option<Summary> {
        let began = *self.began.get_or_insert(answer.began);
        self.peak = self.peak.max(answer.in_flight);
        if answer.is_dropped {
            self.dropped += 1;
        } else {
            self.serve(answer.latency);
        }
        let round_trips = Duration::try_from_secs_f64(latency.unwrap_or(0.0) * 2.0);
        let length = LENGTH_MIN.max(round_trips.unwrap_or(Duration::MAX));
        self.close(answer.now, began, length)
    }

    fn serve(&mut self, latency: Duration) {
        let seconds = seconds(latency);
        match self.latencies.get_mut(self.served as usize % LATENCIES) {
            Some(oldest) => *oldest = seconds,
            None => self.latencies.push(seconds),
        }
        self.served = self.served.wrapping_add(1);
    }

    fn close(&mut self, now: Moment, began: Moment, length: Duration) -> Option<Summary> {
        let answers = self.served.saturating_add(self.dropped);
        if now.since(began) < length || answers < ANSWERS_MIN {
            return None;
        }
        let summary = Summary {
            latency: median(&mut self.latencies),
            is_overload: f64::from(self.dropped) > f64::from(answers) * DROPPED_MAX,
            peak: self.peak,
        };
        self.restart(now);
        Some(summary)
    }

    /// Forgets what came and begins now.
    pub(super) fn restart(&mut self, now: Moment) {
        self.latencies.clear();
        (self.served, self.dropped, self.peak) = (0, 0, 0);
        self.began = Some(now);
    }
}

/// Returns seconds, never zero, because they are divided by.
pub(super) fn seconds(latency: Duration) -> f64 {
    latency.as_secs_f64().max(1e-9)
}

/// Returns the median of what is in any order, and leaves it in another.
pub(super) fn median(latencies: &mut [f64]) -> Option<f64> {
    let middle = latencies.len() / 2;
    if latencies.is_empty() {
        return None;
    }
    let (_, median, _) = latencies.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*median)
}
