//! How long something may be down.

use std::time::Duration;

use crate::Target;

/// A year of 365.25 days, as calendars have it in the mean.
pub const YEAR: Duration = Duration::from_secs(31_557_600);
/// A twelfth of it: 30.4375 days. What is "per month" differs by a seventieth from what is "per 30 days".
pub const MEAN_MONTH: Duration = Duration::from_secs(2_629_800);

/// Returns how long of a window something may be down, wholly, without breaking its promise; to the millisecond, cut off.
///
/// ```
/// use std::time::Duration;
/// use plimsoll_slo::math::allowance;
/// let month = Duration::from_secs(30 * 86_400);
/// assert_eq!(allowance("99.9".parse().unwrap(), month), Duration::from_secs(43 * 60 + 12));
/// ```
pub fn allowance(target: Target, window: Duration) -> Duration {
    let allowed = u128::from(target.allowed_billionths());
    let millis = window.as_millis().saturating_mul(allowed) / u128::from(Target::WHOLE);
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minutes per year, month, 30 days and week. Tables elsewhere mix months of 30 and of 30.44 days.
    #[test]
    fn minutes_are_of_the_window_that_is_named() {
        let check = |target: &str, window: Duration, expected: f64| {
            let minutes = allowance(target.parse().unwrap(), window).as_secs_f64() / 60.0;
            assert!((minutes - expected).abs() < 0.05, "{target}: {minutes}");
        };
        let days = |count: u64| Duration::from_secs(86_400 * count);
        check("99", days(7), 100.8);
        check("99.9", days(30), 43.2);
        check("99.9", MEAN_MONTH, 43.8);
        check("99.9", days(28), 40.3);
        check("99.9", YEAR, 8.766 * 60.0);
        check("99.95", MEAN_MONTH, 21.9);
        check("99.99", YEAR, 52.6);
        check("99.999", YEAR, 5.26);
    }
}
