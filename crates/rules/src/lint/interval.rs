//! Intervals of numbers: what a value may be, at most.
//!
//! Arithmetic here errs to one side only: a result may be wider than what can happen, never narrower, so that whatever is
//! called impossible is. Infinite ends are closed, because a sample may be infinite. NaN is left out: it makes every
//! comparison false but `!=`.

use std::fmt;

/// All numbers from `low` to `high`; an end that is open does not belong to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) low_open: bool,
    pub(super) high_open: bool,
}

/// The comparisons of PromQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// Returns the comparison that holds when both sides change places.
    fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }

    /// Returns the comparison that holds when this one does not.
    fn negated(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }
}

impl Interval {
    pub(super) const ALL: Self = Self::closed(f64::NEG_INFINITY, f64::INFINITY);
    pub(super) const NOT_NEGATIVE: Self = Self::closed(0.0, f64::INFINITY);
    pub(super) const AT_LEAST_ONE: Self = Self::closed(1.0, f64::INFINITY);
    pub(super) const SHARE: Self = Self::closed(0.0, 1.0);

    pub(super) const fn closed(low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            low_open: false,
            high_open: false,
        }
    }

    /// The one number; everything when it is NaN.
    pub(super) fn point(value: f64) -> Self {
        match value.is_nan() {
            true => Self::ALL,
            false => Self::closed(value, value),
        }
    }

    /// Returns the number when there is only one.
    pub(super) fn single(self) -> Option<f64> {
        (self.low == self.high && !self.low_open && !self.high_open).then_some(self.low)
    }

    pub(super) fn contains(self, value: f64) -> bool {
        let above = self.low < value || (self.low == value && !self.low_open);
        let below = value < self.high || (self.high == value && !self.high_open);
        above && below
    }

    /// Returns the smallest interval that holds both.
    pub(super) fn hull(self, other: Self) -> Self {
        let low_first = match self.low == other.low {
            true => !self.low_open,
            false => self.low < other.low,
        };
        let high_first = match self.high == other.high {
            true => !self.high_open,
            false => self.high > other.high,
        };
        let (low, high) = (
            if low_first { self } else { other },
            if high_first { self } else { other },
        );
        Self {
            low: low.low,
            low_open: low.low_open,
            high: high.high,
            high_open: high.high_open,
        }
    }

    /// Returns what both hold, `None` when that is nothing.
    pub(super) fn intersection(self, other: Self) -> Option<Self> {
        let low = match self.low == other.low {
            true => (self.low, self.low_open || other.low_open),
            false if self.low > other.low => (self.low, self.low_open),
            false => (other.low, other.low_open),
        };
        let high = match self.high == other.high {
            true => (self.high, self.high_open || other.high_open),
            false if self.high < other.high => (self.high, self.high_open),
            false => (other.high, other.high_open),
        };
        let is_empty = low.0 > high.0 || (low.0 == high.0 && (low.1 || high.1));
        (!is_empty).then_some(Self {
            low: low.0,
            low_open: low.1,
            high: high.0,
            high_open: high.1,
        })
    }

    /// Says whether some number of this one and some of the other compare so.
    pub(super) fn may(self, comparison: Comparison, other: Self) -> bool {
        self.narrowed(comparison, other).is_some()
    }

    /// Says whether each number of this one compares so with each of the other.
    pub(super) fn must(self, comparison: Comparison, other: Self) -> bool {
        !self.may(comparison.negated(), other)
    }

    /// Returns which numbers of this one compare so with some number of the other.
    pub(super) fn narrowed(self, comparison: Comparison, other: Self) -> Option<Self> {
        let above = |open| Self {
            low: other.low,
            low_open: open || other.low_open,
            ..Self::ALL
        };
        let below = |open| Self {
            high: other.high,
            high_open: open || other.high_open,
            ..Self::ALL
        };
        match comparison {
            Comparison::Equal => self.intersection(other),
            Comparison::NotEqual => {
                let is_same = self.single().is_some() && self.single() == other.single();
                (!is_same).then_some(self)
            }
            Comparison::Greater => self.intersection(above(true)),
            Comparison::GreaterOrEqual => self.intersection(above(false)),
            Comparison::Less => self.intersection(below(true)),
            Comparison::LessOrEqual => self.intersection(below(false)),
        }
    }

    /// Returns which numbers of the right side compare so with some number of this one, for `5 < x`.
    pub(super) fn narrowing(self, comparison: Comparison, right: Self) -> Option<Self> {
        right.narrowed(comparison.mirrored(), self)
    }

    pub(super) fn negated(self) -> Self {
        Self {
            low: -self.high,
            high: -self.low,
            low_open: self.high_open,
            high_open: self.low_open,
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            low: self.low + other.low,
            high: self.high + other.high,
            low_open: self.low_open || other.low_open,
            high_open: self.high_open || other.high_open,
        }
        .repaired()
    }

    pub(super) fn minus(self, other: Self) -> Self {
        self.plus(other.negated())
    }

    /// Multiplies; ends become closed, which is wider and enough.
    pub(super) fn times(self, other: Self) -> Self {
        let product = |a: f64, b: f64| if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
        let ends = [
            product(self.low, other.low),
            product(self.low, other.high),
            product(self.high, other.low),
            product(self.high, other.high),
        ];
        Self::over(&ends)
    }

    /// Divides; a divisor that may be 0 gives infinity of the dividend's sign.
    pub(super) fn over_divisor(self, divisor: Self) -> Self {
        if self.low >= 0.0 && divisor.low >= 0.0 {
            let low = if divisor.high.is_infinite() {
                0.0
            } else {
                self.low / divisor.high
            };
            let high = if divisor.low == 0.0 {
                f64::INFINITY
            } else {
                self.high / divisor.low
            };
            return Self::closed(low, high).repaired();
        }
        if divisor.contains(0.0) || divisor.low == 0.0 || divisor.high == 0.0 {
            return Self::ALL;
        }
        Self::over(&[
            self.low / divisor.low,
            self.low / divisor.high,
            self.high / divisor.low,
            self.high / divisor.high,
        ])
    }

    /// Returns what the absolute values are.
    pub(super) fn absolute(self) -> Self {
        if self.low >= 0.0 {
            return self;
        }
        if self.high <= 0.0 {
            return self.negated();
        }
        Self::closed(0.0, self.high.max(-self.low))
    }

    /// Returns what the sum of one number or more is.
    pub(super) fn summed(self) -> Self {
        match (self.low >= 0.0, self.high <= 0.0) {
            (true, true) => Self::point(0.0),
            (true, false) => Self {
                high: f64::INFINITY,
                high_open: false,
                ..self
            },
            (false, true) => Self {
                low: f64::NEG_INFINITY,
                low_open: false,
                ..self
            },
            (false, false) => Self::ALL,
        }
    }

    /// Applies a function that never falls to both ends, and closes them.
    pub(super) fn rising(self, function: impl Fn(f64) -> f64) -> Self {
        Self::closed(function(self.low), function(self.high)).repaired()
    }

    /// Holds all ends; everything when one is NaN, which no minimum would show.
    fn over(ends: &[f64]) -> Self {
        if ends.iter().any(|end| end.is_nan()) {
            return Self::ALL;
        }
        let low = ends.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self::closed(low, high).repaired()
    }

    /// An end that came out as NaN (infinity minus infinity) may be anything; infinite ends are closed.
    fn repaired(mut self) -> Self {
        if self.low.is_nan() {
            self.low = f64::NEG_INFINITY;
        }
        if self.high.is_nan() {
            self.high = f64::INFINITY;
        }
        self.low_open &= self.low.is_finite();
        self.high_open &= self.high.is_finite();
        self
    }
}

/// Shows what a reader of a finding understands: `1`, `0 or more`, `from 0 to 1`.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(value) = self.single() {
            return write!(f, "{}", shown(value));
        }
        match (self.low.is_infinite(), self.high.is_infinite()) {
            (true, true) => f.write_str("any number"),
            (false, true) if self.low_open => write!(f, "more than {}", shown(self.low)),
            (false, true) => write!(f, "{} or more", shown(self.low)),
            (true, false) if self.high_open => write!(f, "less than {}", shown(self.high)),
            (true, false) => write!(f, "{} or less", shown(self.high)),
            (false, false) => {
                let above = if self.low_open { "more than " } else { "from " };
                let below = if self.high_open { "less than " } else { "" };
                write!(
                    f,
                    "{above}{} to {below}{}",
                    shown(self.low),
                    shown(self.high)
                )
            }
        }
    }
}

/// Writes infinities as PromQL does.
fn shown(value: f64) -> String {
    match value {
        f64::INFINITY => "+Inf".into(),
        f64::NEG_INFINITY => "-Inf".into(),
        // The zero of `-x` is no other zero to a reader.
        value => (value + 0.0).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interval() -> impl Strategy<Value = Interval> {
        (-4i8..=4, 0i8..=4, any::<bool>(), any::<bool>()).prop_map(|(low, width, a, b)| Interval {
            low: f64::from(low),
            high: f64::from(low + width),
            low_open: a && width > 0,
            high_open: b && width > 0,
        })
    }

    fn members(of: Interval) -> Vec<f64> {
        let steps = (0..=40).map(|step| of.low + (of.high - of.low) * f64::from(step) / 40.0);
        steps.filter(|value| of.contains(*value)).collect()
    }

    fn holds(comparison: Comparison, a: f64, b: f64) -> bool {
        match comparison {
            Comparison::Equal => a == b,
            Comparison::NotEqual => a != b,
            Comparison::Less => a < b,
            Comparison::LessOrEqual => a <= b,
            Comparison::Greater => a > b,
            Comparison::GreaterOrEqual => a >= b,
        }
    }

    const COMPARISONS: [Comparison; 6] = [
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ];

    proptest! {
        /// Whatever two members do, the intervals say that it may happen; what must happen does.
        #[test]
        fn no_member_escapes(left in interval(), right in interval()) {
            let quotient = left.over_divisor(right);
            let absolute = left.absolute();
            for a in members(left) {
                prop_assert!(absolute.contains(a.abs()));
                for b in members(right) {
                    prop_assert!(left.plus(right).contains(a + b));
                    prop_assert!(left.minus(right).contains(a - b));
                    prop_assert!(left.times(right).contains(a * b), "{a} * {b}");
                    prop_assert!((a / b).is_nan() || quotient.contains(a / b), "{a} / {b} in {quotient}");
                    prop_assert!(left.hull(right).contains(a) && left.hull(right).contains(b));
                    for comparison in COMPARISONS {
                        let is_true = holds(comparison, a, b);
                        prop_assert!(!is_true || left.may(comparison, right), "{a} {comparison:?} {b}");
                        prop_assert!(is_true || !left.must(comparison, right), "{a} {comparison:?} {b}");
                        let narrow = left.narrowed(comparison, right);
                        prop_assert!(!is_true || narrow.is_some_and(|narrow| narrow.contains(a)));
                    }
                }
            }
        }
    }

    #[test]
    fn is_shown_as_words() {
        for (interval, expected) in [
            (Interval::ALL, "any number"),
            (Interval::NOT_NEGATIVE, "0 or more"),
            (Interval::SHARE, "from 0 to 1"),
            (Interval::point(f64::INFINITY), "+Inf"),
            (Interval::NOT_NEGATIVE.negated(), "0 or less"),
        ] {
            assert_eq!(interval.to_string(), expected);
        }
    }
}
