//! Points and ranges in time, in milliseconds since the Unix epoch as everywhere in Prometheus' protocols.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z; negative values are legal and lie before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest point that can be stored.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest point that can be stored.
    pub const MAX: Self = Self(i64::MAX);
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// Wraps milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Returns seconds since the epoch as Prometheus' JSON shows them; exact to the millisecond for the next 280,000 years.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Returns the milliseconds from `earlier` to `self`, saturating; negative if `self` lies before it.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the point `millis` later, or the nearest that can be stored.
    pub const fn saturating_add_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Returns the start of the window of `window_millis` (> 0) that contains `self`, aligned to the epoch.
    pub const fn align_down(self, window_millis: i64) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(window_millis)))
    }
}

/// Saturates at [`Timestamp::MAX`].
impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        self.saturating_add_millis(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Saturates at [`Timestamp::MIN`].
impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A closed range of time: both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// The first point inside.
    pub start: Timestamp,
    /// The last point inside; a range whose end lies before its start is empty.
    pub end: Timestamp,
}

impl TimeRange {
    /// Everything that can be stored.
    pub const ALL: Self = Self {
        start: Timestamp::MIN,
        end: Timestamp::MAX,
    };

    /// Makes the range from `start` to `end`, both inside.
    pub const fn new(start: Timestamp, end: Timestamp) -> Self {
        Self { start, end }
    }

    /// Says whether `point` lies inside.
    pub fn contains(self, point: Timestamp) -> bool {
        self.start <= point && point <= self.end
    }

    /// Says whether a point lies inside both.
    pub fn overlaps(self, other: Self) -> bool {
        self.start <= other.end && other.start <= self.end && !self.is_empty() && !other.is_empty()
    }

    /// Says whether no point lies inside.
    pub fn is_empty(self) -> bool {
        self.end < self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_before_the_epoch_too() {
        let aligned = |t| Timestamp::from_millis(t).align_down(1000).millis();
        assert_eq!(aligned(1), 0);
        assert_eq!(aligned(-1), -1000);
        assert_eq!(aligned(-1000), -1000);
        assert_eq!(aligned(i64::MIN), i64::MIN);
    }

    #[test]
    fn an_empty_range_overlaps_nothing() {
        let empty = TimeRange::new(Timestamp::from_millis(5), Timestamp::from_millis(4));
        assert!(!empty.overlaps(TimeRange::ALL));
        assert!(TimeRange::ALL.overlaps(TimeRange::ALL));
    }
}
