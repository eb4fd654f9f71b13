//! A share as two whole numbers, so that nothing is lost before it is shown.

use std::cmp::Ordering;
use std::fmt;

/// A number as a quotient of two whole ones. Equal are those of equal value, however they are written.
///
/// ```
/// use plimsoll_slo::Fraction;
/// let consumed = Fraction::new(146, 100).unwrap();
/// assert_eq!(consumed.to_percent(1), "146.0");
/// assert!(consumed > Fraction::ONE);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Fraction {
    numerator: i128,
    /// Above zero.
    denominator: i128,
}

impl Fraction {
    /// Nothing.
    pub const ZERO: Self = Self {
        numerator: 0,
        denominator: 1,
    };

    /// A whole.
    pub const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    /// Makes `numerator / denominator`; `None` unless the denominator is above zero and both are below 2^120.
    pub const fn new(numerator: i128, denominator: i128) -> Option<Self> {
        // Room to take one from another, and to multiply with ten while digits are written.
        const MOST: i128 = 1 << 120;
        if denominator <= 0 || denominator > MOST || numerator > MOST || numerator < -MOST {
            return None;
        }
        Some(Self {
            numerator,
            denominator,
        })
    }

    /// Returns the number that is divided.
    pub const fn numerator(self) -> i128 {
        self.numerator
    }

    /// Returns the number that it is divided by, above zero.
    pub const fn denominator(self) -> i128 {
        self.denominator
    }

    /// Returns one less this, such as what remains of a budget.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self {
            numerator: self.denominator - self.numerator,
            denominator: self.denominator,
        }
    }

    /// Returns the nearest float, for statistics and display.
    pub fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// Writes it in hundredths with so many digits (at most 9) after the point, the last one rounded half away from zero.
    pub fn to_percent(self, digits: usize) -> String {
        self.to_decimal(100, digits)
    }

    /// Writes the number with so many digits (at most 9) after the point, the last one rounded half away from zero.
    pub fn to_number(self, digits: usize) -> String {
        self.to_decimal(1, digits)
    }

    fn to_decimal(self, scale: u128, digits: usize) -> String {
        let digits = digits.min(9);
        let unit = 10_u128.pow(digits as u32);
        let denominator = self.denominator.unsigned_abs();
        let magnitude = self.numerator.unsigned_abs();
        let (mut whole, rest) = (magnitude / denominator, magnitude % denominator);
        // Digit by digit, because the product with all of them could need more than 128 bits.
        let (mut value, mut rest) = times(rest, scale, denominator);
        whole = whole.saturating_mul(scale).saturating_add(value);
        value = 0;
        for _ in 0..digits {
            let (digit, next) = times(rest, 10, denominator);
            value = value * 10 + digit;
            rest = next;
        }
        if rest >= denominator - rest {
            value += 1;
        }
        whole = whole.saturating_add(value / unit);
        value %= unit;
        let sign = match self.numerator < 0 && (whole, value) != (0, 0) {
            true => "-",
            false => "",
        };
        match digits {
            0 => format!("{sign}{whole}"),
            _ => format!("{sign}{whole}.{value:0digits$}"),
        }
    }

    /// Compares by continued fractions: whole parts first, then the inverted rests, so that no product is needed.
    fn compare(self, other: Self) -> Ordering {
        let (mut left, mut right) = (self, other);
        loop {
            let wholes = [left, right].map(|one| one.numerator.div_euclid(one.denominator));
            let rests = [left, right].map(|one| one.numerator.rem_euclid(one.denominator));
            let order = wholes[0].cmp(&wholes[1]);
            if order != Ordering::Equal || rests[0] == 0 || rests[1] == 0 {
                return order.then_with(|| rests[0].signum().cmp(&rests[1].signum()));
            }
            // 1/left against 1/right, the other way round.
            let inverse = |rest, denominator| Self {
                numerator: denominator,
                denominator: rest,
            };
            (left, right) = (
                inverse(rests[1], right.denominator),
                inverse(rests[0], left.denominator),
            );
        }
    }
}

/// Returns the whole part and the rest of `rest * by / denominator`; `rest` is below `denominator`, itself below 2^120.
fn times(rest: u128, by: u128, denominator: u128) -> (u128, u128) {
    let product = rest * by;
    (product / denominator, product % denominator)
}

impl PartialEq for Fraction {
    fn eq(&self, other: &Self) -> bool {
        self.compare(*other) == Ordering::Equal
    }
}

impl Eq for Fraction {}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(*other)
    }
}

/// As it was made: `13/10000`.
impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fraction(numerator: i128, denominator: i128) -> Fraction {
        Fraction::new(numerator, denominator).unwrap()
    }

    #[test]
    fn digits_are_rounded_half_away_from_zero() {
        let check = |numerator, denominator, digits, expected: &str| {
            assert_eq!(
                fraction(numerator, denominator).to_percent(digits),
                expected
            );
        };
        check(1, 3, 4, "33.3333");
        check(2, 3, 0, "67");
        check(1, 200, 0, "1");
        check(-1, 200, 0, "-1");
        check(-1, 2001, 0, "0");
        check(999_999, 1_000_000, 2, "100.00");
        check(1, 1, 9, "100.000000000");
        check(-146, 100, 1, "-146.0");
        check(1 << 120, 1, 0, "132922799578491587290380706028034457600");
        assert_eq!(fraction(5, 4).to_number(1), "1.3");
    }

    #[test]
    fn what_is_no_quotient_is_refused() {
        assert_eq!(Fraction::new(1, 0), None);
        assert_eq!(Fraction::new(1, -1), None);
        assert_eq!(Fraction::new(i128::MAX, 1), None);
        assert_eq!(Fraction::new(i128::MIN, 1), None);
    }

    proptest! {
        #[test]
        fn order_is_that_of_cross_products(
            a in -1_000_000_i128..1_000_000, b in 1_i128..1_000_000,
            c in -1_000_000_i128..1_000_000, d in 1_i128..1_000_000,
        ) {
            let (left, right) = (fraction(a, b), fraction(c, d));
            prop_assert_eq!(left.cmp(&right), (a * d).cmp(&(c * b)));
            prop_assert_eq!(left.cmp(&fraction(a * 3, b * 3)), Ordering::Equal);
        }

        #[test]
        fn a_shown_number_is_at_most_half_a_digit_off(a in -1_000_000_000_i64..1_000_000_000, b in 1_i64..1_000_000) {
            let shown: f64 = fraction(a.into(), b.into()).to_number(3).parse().unwrap();
            prop_assert!((shown - a as f64 / b as f64).abs() <= 0.0005 + 1e-6);
        }

        #[test]
        fn any_two_numbers_can_be_shown(a: i128, b: i128) {
            let Some(fraction) = Fraction::new(a, b) else { return Ok(()) };
            prop_assert!(!fraction.to_percent(9).is_empty());
            prop_assert_eq!(fraction.cmp(&fraction), Ordering::Equal);
        }
    }
}
