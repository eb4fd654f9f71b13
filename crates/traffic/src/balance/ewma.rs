//! The peak-sensitive moving average of an endpoint's latency (Finagle's PeakEwma, as in tower and linkerd).

use std::time::Duration;

use super::EwmaOptions;
use crate::{Moment, Outcome};

/// No Retry-After counts as longer than this. linkerd: 300 s.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// An average that jumps up to a sample above it and forgets with time, toward zero when nothing is sampled: an endpoint
/// that was slow is tried again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ewma {
    /// At `at`.
    seconds: f64,
    at: Moment,
}

impl Ewma {
    /// Starts with what is assumed of an endpoint that was never used.
    pub(crate) fn new(options: &EwmaOptions, now: Moment) -> Self {
        Self::assumed(options.default_latency.as_secs_f64(), now)
    }

    /// Starts with what others of its kind take.
    pub(crate) const fn assumed(seconds: f64, now: Moment) -> Self {
        Self { seconds, at: now }
    }

    /// Returns the average, in seconds, as it is now.
    pub(crate) fn seconds(&self, options: &EwmaOptions, now: Moment) -> f64 {
        self.seconds * keeps(options, now.since(self.at))
    }

    /// Takes in how an attempt ended and how long it took.
    pub(crate) fn record(
        &mut self,
        outcome: &Outcome,
        latency: Duration,
        options: &EwmaOptions,
        now: Moment,
    ) {
        let Some(sample) = sample(outcome, latency, options) else {
            // Whoever was cancelled would have taken longer still.
            self.raise(latency.as_secs_f64(), options, now);
            return;
        };
        if self.raise(sample, options, now) {
            return;
        }
        let kept = keeps(options, now.since(self.at));
        self.seconds = self.seconds * kept + sample * (1.0 - kept);
        self.at = self.at.max(now);
    }

    /// Jumps to a sample that is above the average, and says whether it was.
    fn raise(&mut self, sample: f64, options: &EwmaOptions, now: Moment) -> bool {
        let is_above = sample > self.seconds(options, now);
        if is_above {
            self.seconds = sample;
            self.at = self.at.max(now);
        }
        is_above
    }
}

/// Returns how much of an average is left after some time.
fn keeps(options: &EwmaOptions, elapsed: Duration) -> f64 {
    if elapsed.is_zero() {
        return 1.0;
    }
    let decay = options.decay.as_secs_f64();
    if decay > 0.0 {
        (-elapsed.as_secs_f64() / decay).exp()
    } else {
        0.0
    }
}

/// Returns what an attempt counts as, in seconds; `None` when it was cancelled.
fn sample(outcome: &Outcome, latency: Duration, options: &EwmaOptions) -> Option<f64> {
    let penalty = match outcome {
        Outcome::Success => Duration::ZERO,
        Outcome::Throttled { retry_after } | Outcome::ServerError { retry_after, .. } => {
            let asked = retry_after.map(|wanted| wanted.min(RETRY_AFTER_MAX));
            asked.unwrap_or(options.failure_penalty)
        }
        Outcome::Failed(_) => options.failure_penalty,
        Outcome::Cancelled => return None,
    };
    Some(latency.max(penalty).as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureKind;

    fn at(millis: u64) -> Moment {
        Moment::from_origin(Duration::from_millis(millis))
    }

    fn after(samples: &[(u64, Outcome, u64)], read: u64) -> f64 {
        let options = EwmaOptions::default();
        let mut ewma = Ewma::new(&options, Moment::ORIGIN);
        for (now, outcome, latency) in samples {
            ewma.record(outcome, Duration::from_millis(*latency), &options, at(*now));
        }
        ewma.seconds(&options, at(read))
    }

    #[test]
    fn jumps_to_a_peak_and_forgets_it_slowly() {
        assert_eq!(after(&[(0, Outcome::Success, 800)], 0), 0.8);
        let later = after(&[(0, Outcome::Success, 800)], 10_000);
        assert!((later - 0.8 / std::f64::consts::E).abs() < 1e-9, "{later}");
        let sampled = after(
            &[(0, Outcome::Success, 800), (10_000, Outcome::Success, 0)],
            10_000,
        );
        assert!((sampled - later).abs() < 1e-9, "{sampled}");
    }

    #[test]
    fn failing_fast_counts_as_slow() {
        let refused = Outcome::Failed(FailureKind::Refused);
        assert_eq!(after(&[(0, refused, 1)], 0), 5.0);
        let busy = |seconds| Outcome::Throttled {
            retry_after: Some(Duration::from_secs(seconds)),
        };
        assert_eq!(after(&[(0, busy(7), 1)], 0), 7.0);
        assert_eq!(after(&[(0, busy(86_400), 1)], 0), 300.0);
    }

    #[test]
    fn who_was_cancelled_only_looks_slower() {
        assert_eq!(after(&[(0, Outcome::Cancelled, 1)], 0), 0.03);
        assert_eq!(after(&[(0, Outcome::Cancelled, 900)], 0), 0.9);
    }
}
