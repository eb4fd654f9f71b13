//! What a single failure weighs when there are few requests.

use std::time::Duration;

use crate::Target;

/// Steady traffic of a service with a target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traffic {
    /// What is promised.
    pub target: Target,
    /// Over which time.
    pub window: Duration,
    /// Requests per hour, above zero.
    pub per_hour: f64,
}

impl Traffic {
    /// Returns how many requests the window has.
    pub fn requests(&self) -> f64 {
        self.per_hour * self.window.as_secs_f64() / 3600.0
    }

    /// Returns how many of them may fail.
    pub fn failures_allowed(&self) -> f64 {
        self.requests() * self.target.allowed()
    }

    /// Returns the share of the budget that one failure uses up; above 1 when none is allowed.
    pub fn share_of_failure(&self) -> f64 {
        1.0 / self.failures_allowed()
    }

    /// Returns the burn rate that one failure shows in a window of this length, at most that of nothing but failures.
    pub fn burn_of_failure(&self, length: Duration) -> f64 {
        let requests = self.per_hour * length.as_secs_f64() / 3600.0;
        (1.0 / requests).min(1.0) / self.target.allowed()
    }

    /// Returns the requests per hour from which on one failure stays below a burn rate in a window of this length.
    pub fn per_hour_to_stay_below(&self, factor: f64, length: Duration) -> f64 {
        3600.0 / (length.as_secs_f64() * factor * self.target.allowed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The Workbook's example of ten requests per hour. It prints a burn rate of 1,000 for one failure; ten percent of
    /// 0.1 % is 100.
    #[test]
    fn one_failure_of_ten_is_a_hundred_times_too_fast() {
        let traffic = Traffic {
            target: "99.9".parse().unwrap(),
            window: Duration::from_secs(30 * 86_400),
            per_hour: 10.0,
        };
        let hour = Duration::from_secs(3600);
        let near = |left: f64, right: f64| assert!((left - right).abs() < 1e-9, "{left}");
        near(traffic.requests(), 7200.0);
        near(traffic.failures_allowed(), 7.2);
        near((traffic.share_of_failure() * 1000.0).round(), 139.0);
        near(traffic.burn_of_failure(hour), 100.0);
        near(traffic.burn_of_failure(Duration::from_secs(1)), 1000.0);
        near(traffic.per_hour_to_stay_below(100.0, hour), 10.0);
    }
}
