//! What is counted: good, bad and excluded events, and how much of the time was measured.

use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// Whole numbers of events and of measured time; adding and subtracting is all that is ever done to them.
///
/// A part may be negative where the bad events of an SLI are told by another metric than all of them: a failure may be
/// scraped before the request that it is one of. Over any longer time this evens out.
///
/// Sums wrap around: a difference of two of them is right even where a hostile counter made one overflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events that kept the promise.
    pub good: i64,
    /// Events that broke it.
    pub bad: i64,
    /// Events that the SLI leaves out; shown beside it, so that nothing hides there.
    pub excluded: i64,
    /// Base slices (see [`Span::SLICE`](crate::Span::SLICE)) in which something was measured.
    pub covered: i64,
}

impl Counts {
    /// Nothing.
    pub const ZERO: Self = Self {
        good: 0,
        bad: 0,
        excluded: 0,
        covered: 0,
    };

    /// Returns the events that count: good and bad ones, never below zero.
    pub const fn valid(self) -> i64 {
        let valid = self.good.saturating_add(self.bad);
        if valid < 0 { 0 } else { valid }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            good: self.good.wrapping_add(other.good),
            bad: self.bad.wrapping_add(other.bad),
            excluded: self.excluded.wrapping_add(other.excluded),
            covered: self.covered.wrapping_add(other.covered),
        }
    }
}

impl Neg for Counts {
    type Output = Self;

    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            good: self.good.wrapping_sub(other.good),
            bad: self.bad.wrapping_sub(other.bad),
            excluded: self.excluded.wrapping_sub(other.excluded),
            covered: self.covered.wrapping_sub(other.covered),
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Counts {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}
