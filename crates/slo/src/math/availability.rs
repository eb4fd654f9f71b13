//! Availability of things that are made of things.

use std::fmt;

use crate::Target;

/// A share of time or of requests that works.
///
/// It is kept as the share that fails: so nine nines are as exact as one, and a product of many is none of ones.
///
/// ```
/// use plimsoll_slo::math::Availability;
/// let one = Availability::of_failing(0.01);
/// assert_eq!(Availability::in_parallel([one, one]).to_string(), "99.99");
/// assert_eq!(Availability::in_series([one, one]).to_string(), "98.01");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Availability {
    failing: f64,
}

impl Availability {
    /// What never fails.
    pub const ALWAYS: Self = Self { failing: 0.0 };

    /// Makes it from the share that fails, which is cut to 0 to 1; what is no number fails always.
    pub fn of_failing(failing: f64) -> Self {
        let failing = if failing.is_nan() { 1.0 } else { failing };
        Self {
            failing: failing.clamp(0.0, 1.0),
        }
    }

    /// Returns the share that fails, from 0 to 1.
    pub const fn failing(self) -> f64 {
        self.failing
    }

    /// Returns the share that works, from 0 to 1.
    pub const fn working(self) -> f64 {
        1.0 - self.failing
    }

    /// Returns how many nines it has: 3 for 99.9 %, 3.3 for 99.95 %; infinitely many for what never fails.
    pub fn nines(self) -> f64 {
        // 0 and not -0 of what never works.
        -self.failing.log10() + 0.0
    }

    /// Returns what works when all of them do, failing independently.
    pub fn in_series(parts: impl IntoIterator<Item = Self>) -> Self {
        // The logarithm of what works, which is exact also next to one.
        let logarithm: f64 = parts.into_iter().map(|part| (-part.failing).ln_1p()).sum();
        Self::of_failing(-logarithm.exp_m1())
    }

    /// Returns what works when one of them does, failing independently.
    pub fn in_parallel(parts: impl IntoIterator<Item = Self>) -> Self {
        let parts = parts.into_iter().map(|part| part.failing);
        Self::of_failing(parts.product())
    }

    /// Returns what works when at least `needed` of `count` alike do, failing independently. At most 1,000 are counted.
    pub fn of_alike(self, needed: u32, count: u32) -> Self {
        let count = count.min(1000);
        if needed == 0 {
            return Self::ALWAYS;
        }
        // The chance of each number that works, one part after the other: no factorial, and sums of what is positive.
        let mut chances = vec![0.0; count as usize + 1];
        chances[0] = 1.0;
        for part in 1..=count as usize {
            for working in (0..=part).rev() {
                let one_more = match working {
                    0 => 0.0,
                    _ => chances[working - 1] * self.working(),
                };
                chances[working] = chances[working] * self.failing + one_more;
            }
        }
        let too_few = chances.iter().take(needed as usize);
        Self::of_failing(too_few.sum())
    }
}

impl From<Target> for Availability {
    fn from(target: Target) -> Self {
        Self::of_failing(target.allowed())
    }
}

/// The percentage that works, with the digits that matter: three of what fails, or of what works where that is less.
impl fmt::Display for Availability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failing = self.failing * 100.0;
        let working = 100.0 - failing;
        if failing == 0.0 || working == 0.0 {
            return write!(f, "{working}");
        }
        // What fails is written and taken from 100 digit by digit: a float next to 100 has no room for so many nines.
        let digits = (2.0 - failing.min(working).log10().floor()).clamp(0.0, 60.0) as usize;
        let text = match failing < 1.0 {
            true => nines(&format!("{failing:.digits$}")),
            // Next to nothing a float has no more digits that say anything.
            false => format!("{working:.0$}", digits.min(12)),
        };
        match text.contains('.') {
            true => f.write_str(text.trim_end_matches('0').trim_end_matches('.')),
            false => f.write_str(&text),
        }
    }
}

/// Takes a number below 1, such as `0.010`, from a hundred: `99.990`.
fn nines(failing: &str) -> String {
    let Some(("0", digits)) = failing.split_once('.') else {
        // It was rounded up to a whole.
        return "99".to_owned();
    };
    let last = digits.trim_end_matches('0').len();
    let taken = digits.bytes().enumerate().map(|(at, digit)| {
        let from = if at + 1 == last { b'0' + 10 } else { b'9' };
        let left = if at < last { from - digit } else { 0 };
        char::from(b'0' + left)
    });
    match last {
        0 => "100".to_owned(),
        _ => format!("99.{}", taken.collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn percent(text: &str) -> Availability {
        text.parse::<Target>().unwrap().into()
    }

    #[test]
    fn chains_and_replicas_are_as_the_formulas_say() {
        let check = |found: Availability, expected: &str| assert_eq!(found.to_string(), expected);
        check(
            Availability::in_series([percent("99.9"), percent("99.9"), percent("99.9")]),
            "99.7",
        );
        check(
            Availability::in_series([percent("99.9"), percent("99.5")]),
            "99.4",
        );
        check(
            Availability::in_parallel([percent("99"), percent("99"), percent("99")]),
            "99.9999",
        );
        check(Availability::in_parallel([]), "0");
        check(Availability::in_series([]), "100");
        // Two of three: 3 x 0.99^2 x 0.01 + 0.99^3.
        check(percent("99").of_alike(2, 3), "99.9702");
        check(percent("99").of_alike(1, 2), "99.99");
        check(percent("99").of_alike(4, 3), "0");
        check(percent("99").of_alike(0, 3), "100");
    }

    #[test]
    fn many_nines_are_not_lost() {
        let one = Availability::of_failing(1e-15);
        let many = Availability::in_series(vec![one; 1000]);
        assert!((many.failing() / 1e-12 - 1.0).abs() < 1e-9);
        assert!((percent("99.999").nines() - 5.0).abs() < 1e-9);
        assert!((percent("99.95").nines() - 3.301).abs() < 1e-3);
        assert!(Availability::of_failing(1.0).nines().is_sign_positive());
        let check = |failing: f64, expected: &str| {
            assert_eq!(Availability::of_failing(failing).to_string(), expected);
        };
        check(1e-20, "99.999999999999999999");
        check(1.25e-18, "99.999999999999999875");
        check(0.009_999_9, "99");
        check(0.01, "99");
        check(0.000_100_1, "99.99");
        check(0.000_100_6, "99.9899");
        check(0.5, "50");
        check(0.999_999, "0.0001");
        check(1.0, "0");
        check(0.0, "100");
    }

    proptest! {
        #[test]
        fn replicas_agree_with_parallel_and_series(failing in 0.0_f64..1.0, count in 1_u32..30) {
            let one = Availability::of_failing(failing);
            let all = vec![one; count as usize];
            let near = |left: Availability, right: Availability| (left.failing() - right.failing()).abs() < 1e-9;
            prop_assert!(near(one.of_alike(1, count), Availability::in_parallel(all.clone())));
            prop_assert!(near(one.of_alike(count, count), Availability::in_series(all)));
        }
    }
}
