//! Slow start: an endpoint that comes back gets less than its share at first, so that cold caches, pools and compilers
//! can warm up.

use std::time::Duration;

use crate::Moment;

/// The least share of its weight (Envoy's `min_weight_percent`), or an endpoint would never warm up.
const SHARE_MIN: f64 = 0.1;

/// In so many steps the share grows: each makes the lists of candidates anew.
const STEPS: u32 = 50;

/// No step is shorter.
const STEP_MIN: Duration = Duration::from_millis(10);

/// When an endpoint came back.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ramp {
    since: Option<Moment>,
}

impl Ramp {
    /// Begins.
    pub(super) fn begin(&mut self, now: Moment) {
        self.since = Some(now);
    }

    /// Ends it at once.
    pub(super) fn end(&mut self) {
        self.since = None;
    }

    /// Returns the share of its weight that the endpoint gets now: Envoy's `max(min, time / window)` with an aggression of
    /// 1; and forgets when it came back once that is all of it.
    pub(super) fn share(&mut self, window: Duration, now: Moment) -> f64 {
        let Some(since) = self.since else {
            return 1.0;
        };
        let elapsed = now.since(since);
        if elapsed >= window {
            self.end();
            return 1.0;
        }
        (elapsed.as_secs_f64() / window.as_secs_f64()).max(SHARE_MIN)
    }

    /// Returns when the share grows next.
    pub(super) fn next_step(&self, window: Duration, now: Moment) -> Option<Moment> {
        self.since?;
        Some(now.after((window / STEPS).max(STEP_MIN)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_from_a_tenth_to_all() {
        let window = Duration::from_secs(30);
        let at = |seconds| Moment::from_origin(Duration::from_secs(seconds));
        let mut ramp = Ramp::default();
        assert_eq!(ramp.share(window, at(99)), 1.0);
        assert_eq!(ramp.next_step(window, at(99)), None);

        ramp.begin(at(100));
        let shares: Vec<f64> = [100, 102, 103, 115, 129]
            .map(|seconds| ramp.share(window, at(seconds)))
            .to_vec();
        assert_eq!(shares, [0.1, 0.1, 0.1, 0.5, 29.0 / 30.0]);
        let step = Duration::from_millis(600);
        assert_eq!(ramp.next_step(window, at(129)), Some(at(129).after(step)));
        assert_eq!(ramp.share(window, at(130)), 1.0);
        assert_eq!(ramp.next_step(window, at(130)), None);
    }
}
