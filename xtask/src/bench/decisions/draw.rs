//! Random numbers of the distributions that the generator needs.

use plimsoll_runtime::random::{Random, SeededRandom};

/// Below this mean a product of uniforms is the shortest way, above it rejection.
const SMALL: f64 = 12.0;

/// Draws from distributions; one seed, one sequence.
pub(crate) struct Draw(SeededRandom);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededRandom::new(seed))
    }

    /// A number from `low` up to `high`.
    pub(crate) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.fraction()
    }

    /// A Poisson number. Above a small mean: the transformed rejection of Hoermann, "The transformed rejection method for
    /// generating Poisson random variables", 1993.
    pub(crate) fn poisson(&mut self, mean: f64) -> u32 {
        if mean <= 0.0 {
            return 0;
        }
        if mean < SMALL {
            return self.small_poisson(mean);
        }
        let b = 0.931 + 2.53 * mean.sqrt();
        let a = -0.059 + 0.02483 * b;
        let quick = 0.9277 - 3.6224 / (b - 2.0);
        let alpha = 1.1239 + 1.1328 / (b - 3.4);
        loop {
            let v = 1.0 - self.0.fraction();
            let u = self.0.fraction() - 0.5;
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + mean + 0.43).floor();
            if us >= 0.07 && v <= quick {
                return k as u32;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            let left = (v * alpha / (a / (us * us) + b)).ln();
            if left <= k * mean.ln() - mean - ln_factorial(k) {
                return k as u32;
            }
        }
    }

    fn small_poisson(&mut self, mean: f64) -> u32 {
        let floor = (-mean).exp();
        let mut count = 0;
        let mut product = self.0.fraction();
        while product > floor {
            count += 1;
            product *= self.0.fraction();
        }
        count
    }
}

/// Stirling's series; exact enough for any sampler from 10 on, below that summed.
fn ln_factorial(n: f64) -> f64 {
    if n < 10.0 {
        return (2..=n as u32).map(|factor| f64::from(factor).ln()).sum();
    }
    n * n.ln() - n + 0.5 * (std::f64::consts::TAU * n).ln() + 1.0 / (12.0 * n)
        - 1.0 / (360.0 * n * n * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_numbers_have_the_mean_and_the_variance_of_their_distribution() {
        for mean in [0.25, 3.0, 11.9, 12.1, 40.0, 1500.0] {
            let mut draw = Draw::new(7);
            let numbers: Vec<f64> = (0..40_000).map(|_| f64::from(draw.poisson(mean))).collect();
            let count = numbers.len() as f64;
            let found = numbers.iter().sum::<f64>() / count;
            let variance = numbers.iter().map(|n| (n - found).powi(2)).sum::<f64>() / count;
            // Five standard errors of the mean; the variance is within a few per cent.
            assert!(
                (found - mean).abs() < 5.0 * (mean / count).sqrt(),
                "{found} {mean}"
            );
            assert!((variance / mean - 1.0).abs() < 0.06, "{variance} {mean}");
        }
    }
}
