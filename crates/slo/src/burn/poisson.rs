//! Tails of the Poisson distribution: how likely chance alone makes so many failures, or so few.

/// Beyond so many standard deviations a tail is nothing for any gate that somebody would configure.
const FAR: f64 = 40.0;
/// From so many events on a tail is that of the normal distribution to about one in ten thousand of itself, and a sum of
/// its terms would be long, and made of what is left of far larger numbers.
const NORMAL_FROM: f64 = 1e8;

/// Returns the chance of `count` events or more where `expected` (>= 0) are expected.
pub fn at_least(count: u64, expected: f64) -> f64 {
    if count == 0 {
        return 1.0;
    }
    if expected <= 0.0 {
        return 0.0;
    }
    // Below the mean the other tail is the shorter sum.
    if (count as f64) <= expected {
        return 1.0 - at_most(count - 1, expected);
    }
    if is_far(count, expected) {
        return 0.0;
    }
    if expected >= NORMAL_FROM {
        return normal_above((count as f64 - 0.5 - expected) / expected.sqrt());
    }
    let mut term = chance(count, expected);
    let (mut sum, mut next) = (0.0, count as f64);
    // Each term is smaller than the one before, since all lie above the mean.
    while term > sum * f64::EPSILON {
        sum += term;
        next += 1.0;
        term *= expected / next;
    }
    sum.min(1.0)
}

/// Returns the chance of `count` events or fewer where `expected` (>= 0) are expected.
pub fn at_most(count: u64, expected: f64) -> f64 {
    if expected <= 0.0 {
        return 1.0;
    }
    if (count as f64) > expected {
        return 1.0 - at_least(count + 1, expected);
    }
    if is_far(count, expected) {
        return 0.0;
    }
    if expected >= NORMAL_FROM {
        return normal_above((expected - count as f64 - 0.5) / expected.sqrt());
    }
    let mut term = chance(count, expected);
    let (mut sum, mut left) = (0.0, count as f64);
    while term > sum * f64::EPSILON {
        sum += term;
        if left == 0.0 {
            break;
        }
        term *= left / expected;
        left -= 1.0;
    }
    sum.min(1.0)
}

fn is_far(count: u64, expected: f64) -> bool {
    (count as f64 - expected).abs() > FAR * expected.sqrt() + FAR
}

/// The chance that something normal lies more than so many standard deviations above its mean.
fn normal_above(deviations: f64) -> f64 {
    /// Up to here a series has few terms, beyond it a continued fraction has.
    const NEAR: f64 = 3.0;
    if deviations < 0.0 {
        return 1.0 - normal_above(-deviations);
    }
    let square = deviations * deviations;
    let density = (-square / 2.0).exp() / std::f64::consts::TAU.sqrt();
    if deviations > NEAR {
        let rest = |below: f64, step: u32| deviations + f64::from(step) / below;
        return density / (1..=60).rev().fold(deviations, rest);
    }
    let (mut term, mut sum) = (deviations, 0.0);
    let mut odd = 1.0;
    while term > f64::EPSILON {
        sum += term;
        odd += 2.0;
        term *= square / odd;
    }
    0.5 - density * sum
}

/// The chance of exactly `count` events.
fn chance(count: u64, expected: f64) -> f64 {
    (count as f64 * expected.ln() - expected - ln_factorial(count)).exp()
}

/// The logarithm of a factorial, right to about 1e-10.
pub(crate) fn ln_factorial(number: u64) -> f64 {
    // From here on three terms of Stirling's series are exact enough.
    const STIRLING_FROM: u64 = 32;
    if number < STIRLING_FROM {
        return (2..=number).map(|factor| (factor as f64).ln()).sum();
    }
    let n = number as f64;
    let series = 1.0 / (12.0 * n) - 1.0 / (360.0 * n.powi(3)) + 1.0 / (1260.0 * n.powi(5));
    n * n.ln() - n + 0.5 * (std::f64::consts::TAU * n).ln() + series
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values from the definition, summed term by term from 0.
    #[test]
    fn tails_are_those_of_the_definition() {
        for expected in [0.01_f64, 0.5, 1.0, 7.3, 60.0] {
            let mut below = 0.0;
            let mut term = (-expected).exp();
            for count in 0..200_u64 {
                let above = 1.0 - below;
                assert!(
                    (at_least(count, expected) - above).abs() < 1e-9,
                    "{count} {expected}"
                );
                below += term;
                assert!(
                    (at_most(count, expected) - below).abs() < 1e-9,
                    "{count} {expected}"
                );
                term *= expected / (count + 1) as f64;
            }
        }
    }

    #[test]
    fn small_tails_keep_their_digits() {
        // One expected, ten seen: the sum of 1/(e k!) from 10 on.
        assert!((at_least(10, 1.0) / 1.114_254_783_e-7 - 1.0).abs() < 1e-6);
        assert_eq!(at_least(0, 0.0), 1.0);
        assert_eq!(at_least(1, 0.0), 0.0);
        assert_eq!(at_most(0, 0.0), 1.0);
    }

    #[test]
    fn large_numbers_need_no_long_sums() {
        assert_eq!(at_least(2_000_000_000_000, 1e12), 0.0);
        assert_eq!(at_most(0, 1e12), 0.0);
        let half = at_least(1_000_000_000, 1e9);
        assert!((half - 0.5).abs() < 1e-3, "{half}");
    }

    #[test]
    fn the_largest_counters_are_judged_at_once() {
        // Where the sum ends and the normal distribution begins, both say the same.
        for deviations in [-4.0, -1.0, 0.5, 2.0, 3.5, 6.0] {
            let count = (1e8 + deviations * 1e4) as u64;
            for tail in [at_least, at_most] {
                let (sum, normal) = (tail(count, 1e8 - 1.0), tail(count, 1e8));
                assert!((sum / normal - 1.0).abs() < 5e-3, "{count}: {sum} {normal}");
            }
        }
        // A million million million events, two standard deviations from what was expected.
        let (count, expected) = (1_000_000_002_000_000_000, 1e18);
        assert!((at_least(count, expected) - 0.022_75).abs() < 1e-4);
        assert!((at_most(count, expected) - 0.977_25).abs() < 1e-4);
    }
}
