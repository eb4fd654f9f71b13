//! How much faster than written a story goes, and what does not go faster.
//!
//! | what | at 1x | faster |
//! |---|---|---|
//! | `at` of steps | as written | divided |
//! | `for` of faults and traffic | as written | divided, 15 s at least: an export of the gateway (5 s) and a judgement of objectives (10 s) must see it |
//! | `within`, `resolves_within` | as written | divided, 45 s and 60 s at least: they are two and three judgements, and a busy machine |
//! | windows of burn rules | as in the files | divided, in whole 10 s, the long one 20 s at least |
//! | `for` and ranges of rules | as in the files | divided, 15 s at least for ranges |
//! | requests per second, timeouts, checks, the window of the budget (1h) | as in the files | not scaled |

use std::time::Duration;

use plimsoll_types::format_duration;

/// The finest slice of the ledger, and the least window of a rule.
const SLICE: Duration = Duration::from_secs(10);
/// The least time that a fault lasts.
const FAULT_MIN: Duration = Duration::from_secs(15);
/// The least time in which an alert may be expected.
const WITHIN_MIN: Duration = Duration::from_secs(45);
/// The least time in which it may be expected to be over.
const RESOLVES_MIN: Duration = Duration::from_secs(60);
/// The least range of a rule: three exports of the gateway.
const RANGE_MIN: Duration = Duration::from_secs(15);

/// How many times faster than written; 1 to 20.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale(f64);

impl Scale {
    /// The fastest.
    pub const MAX: f64 = 20.0;

    /// Reads `10x`, `10` or `2.5x`.
    ///
    /// # Errors
    /// In words, when it is no number from 1 to 20.
    pub fn parse(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix('x').unwrap_or(text);
        let speed: Option<f64> = number.parse().ok();
        match speed.filter(|speed| (1.0..=Self::MAX).contains(speed)) {
            Some(speed) => Ok(Self(speed)),
            None => Err("wanted a number from 1x to 20x".into()),
        }
    }

    /// Returns when a step that is written for `at` begins.
    pub fn at(self, at: Duration) -> Duration {
        at.div_f64(self.0)
    }

    /// Returns how long a fault lasts.
    pub fn fault(self, length: Duration) -> Duration {
        self.at_least(length, FAULT_MIN)
    }

    /// Returns within which time an alert is expected.
    pub fn within(self, length: Duration) -> Duration {
        self.at_least(length, WITHIN_MIN)
    }

    /// Returns within which time it is expected to be over.
    pub fn resolves_within(self, length: Duration) -> Duration {
        self.at_least(length, RESOLVES_MIN)
    }

    /// Returns the window of a burn rule, at least so many slices.
    pub(crate) fn window(self, length: Duration, slices_min: u32) -> Duration {
        let slices = self.at(length).div_duration_f64(SLICE).round();
        SLICE * (slices as u32).max(slices_min)
    }

    /// Returns the range of a rule.
    pub(crate) fn range(self, length: Duration) -> Duration {
        Duration::from_secs(self.at_least(length, RANGE_MIN).as_secs())
    }

    /// Returns for how long an alert stays after the burning is over. A length below a slice would cost a whole one, so
    /// then it is none.
    pub(crate) fn keep(self, length: Duration) -> Duration {
        let slices = self.at(length).div_duration_f64(SLICE).floor();
        SLICE * slices as u32
    }

    /// Returns a length that may be as short as a second.
    pub(crate) fn short(self, length: Duration) -> Duration {
        Duration::from_secs(self.at(length).as_secs().max(1))
    }

    /// What is at least so long stays so; what was written shorter stays as it is.
    fn at_least(self, length: Duration, least: Duration) -> Duration {
        self.at(length).max(least.min(length))
    }
}

impl Default for Scale {
    fn default() -> Self {
        Self(1.0)
    }
}

/// Returns a length as files write it.
pub(crate) fn written(length: Duration) -> String {
    format_duration(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_from_one_to_twenty_are_speeds() {
        for (text, seconds) in [("1x", 60.0), ("10", 6.0), ("2.5x", 24.0), ("20x", 3.0)] {
            let scale = Scale::parse(text).unwrap();
            let found = scale.at(Duration::from_secs(60)).as_secs_f64();
            assert!((found - seconds).abs() < 1e-9, "{text}: {found}");
        }
        for text in ["0", "0.5x", "21x", "x", "", "NaN", "fast", "-2x"] {
            assert!(Scale::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_must_be_seen_does_not_become_too_short() {
        let scale = Scale::parse("20x").unwrap();
        let seconds = Duration::from_secs;
        assert_eq!(scale.fault(seconds(60)), FAULT_MIN);
        assert_eq!(scale.fault(seconds(600)), seconds(30));
        assert_eq!(scale.fault(seconds(5)), seconds(5));
        assert_eq!(scale.window(seconds(120), 2), seconds(20));
        assert_eq!(scale.window(seconds(660), 2), seconds(30));
        assert_eq!(scale.range(seconds(60)), RANGE_MIN);
        assert_eq!(Scale::default().window(seconds(60), 2), seconds(60));
        assert_eq!(scale.keep(seconds(20)), Duration::ZERO);
        assert_eq!(Scale::default().keep(seconds(20)), seconds(20));
    }
}
