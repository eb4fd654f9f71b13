//! The windows of Pyrra's alerts: those of 28 days, scaled to the objective's window.

use std::time::Duration;

/// One pair of windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurnWindows {
    /// Critical, or a warning.
    pub is_critical: bool,
    /// How many times as fast as the budget allows both windows burn.
    pub factor: f64,
    /// Proves that it matters.
    pub long: Duration,
    /// Proves that it goes on.
    pub short: Duration,
    /// How long that holds.
    pub hold: Duration,
}

/// Returns the windows of an objective, the most urgent first; lengths are whole minutes, rounded, and a range is one at
/// least: PromQL has none of no length.
pub fn burn_windows(window: Duration) -> [BurnWindows; 4] {
    const DAYS: u32 = 28;
    const MINUTE: Duration = Duration::from_secs(60);
    let part = |divisor: u32| rounded(window / divisor);
    let hour = DAYS * 24;
    let windows = |is_critical, factor, long, short, hold| BurnWindows {
        is_critical,
        factor,
        long: part(long).max(MINUTE),
        short: part(short).max(MINUTE),
        hold: part(hold),
    };
    [
        windows(true, 14.0, hour, hour * 12, hour * 30),
        windows(true, 7.0, hour / 6, hour * 2, hour * 4),
        windows(false, 2.0, DAYS, hour / 2, hour),
        windows(false, 1.0, DAYS / 4, hour / 6, hour / 3),
    ]
}

fn rounded(length: Duration) -> Duration {
    const MINUTE: u64 = 60_000;
    let millis = length.as_millis() as u64;
    Duration::from_millis((millis + MINUTE / 2) / MINUTE * MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_scale_with_that_of_the_objective() {
        let minutes = |days: u64| {
            burn_windows(Duration::from_secs(days * 86_400))
                .map(|w| [w.long, w.short, w.hold].map(|length| length.as_secs() / 60))
        };
        assert_eq!(
            minutes(28),
            [[60, 5, 2], [360, 30, 15], [1440, 120, 60], [5760, 360, 180]]
        );
        assert_eq!(
            minutes(14),
            [[30, 3, 1], [180, 15, 8], [720, 60, 30], [2880, 180, 90]]
        );
    }
}
