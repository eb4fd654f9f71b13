//! What was done to classic buckets whose counts fell: from which bucket to which, by how much, when.

use std::fmt;

use crate::number;

/// Repairs of the buckets of one metric, merged as they come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Repair {
    /// Bounds of the first and the last bucket that was raised.
    buckets: (f64, f64),
    difference: f64,
    /// First and last time, in milliseconds since the epoch.
    times: (i64, i64),
    /// How many histograms were repaired.
    count: u64,
}

impl Repair {
    /// Tells of one histogram: the bounds of the first and the last bucket that was raised, by how much at most, when.
    pub(crate) fn new(buckets: (f64, f64), difference: f64, at: i64) -> Self {
        Self {
            buckets,
            difference,
            times: (at, at),
            count: 1,
        }
    }

    pub(crate) fn join(&mut self, other: Self) {
        self.buckets.0 = self.buckets.0.min(other.buckets.0);
        self.buckets.1 = self.buckets.1.max(other.buckets.1);
        self.difference = self.difference.max(other.difference);
        self.times.0 = self.times.0.min(other.times.0);
        self.times.1 = self.times.1.max(other.times.1);
        self.count += other.count;
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            ", from buckets {} to {}, with a max diff of {}, over {} samples from {} to {}",
            number::format(self.buckets.0),
            number::format(self.buckets.1),
            number::format(two_digits(self.difference)),
            self.count,
            Time(self.times.0),
            Time(self.times.1),
        )
    }
}

/// Rounds to two significant digits.
fn two_digits(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

struct Time(i64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => time.fmt(f),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_shown_with_two_digits() {
        for (value, expected) in [(20.0, 20.0), (0.126, 0.13), (1234.0, 1200.0), (0.0, 0.0)] {
            assert_eq!(two_digits(value), expected);
        }
    }
}
