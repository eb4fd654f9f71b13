//! When a budget is forecast to be used up.

use std::time::Duration;

use crate::AlertPolicy;

/// A forecast of when a budget is used up, as the projection gives it. `None` is later than it looks ahead.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exhaustion {
    /// The share of the budget that is left; 0 and below when it is used up.
    pub remaining: f64,
    /// One time in ten it is used up earlier than in this time.
    pub p10: Option<Duration>,
    /// One time in two.
    pub p50: Option<Duration>,
    /// Nine times in ten.
    pub p90: Option<Duration>,
}

impl Exhaustion {
    /// Says whether the policy wants somebody told. A budget that is used up already is no forecast: pages and its
    /// state have said so.
    pub(super) fn is_near(&self, policy: &AlertPolicy) -> bool {
        let limit = policy.exhaustion.filter(|_| self.remaining > 0.0);
        limit
            .zip(self.p50)
            .is_some_and(|(limit, left)| left <= limit)
    }

    /// Says whether an alert about it may end: the forecast is as far above the limit as `off` is below 1.
    pub(super) fn is_far(&self, policy: &AlertPolicy) -> bool {
        let Some(limit) = policy.exhaustion else {
            return true;
        };
        let enough = limit.as_secs_f64() / policy.hysteresis.off.clamp(0.01, 1.0);
        let left = self.p50.map(|left| left.as_secs_f64());
        self.remaining > 0.0 && left.is_none_or(|left| left > enough)
    }
}
