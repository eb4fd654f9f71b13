//! Netflix' gradient2: the limit shrinks by how much longer answers take than without a queue, and always grows by a
//! little, which keeps a short queue that shows when there is room.
//!
//! `gradient = clamp(0.5, tolerance * baseline / latency, 1)`, `limit = 0.8 limit + 0.2 (limit * gradient + allowance)`.
//!
//! It settles where latency is `tolerance` times the baseline and a bit. Two things are not Netflix': the baseline does
//! not follow a queue of our own making (see `baseline`), and the allowance is Envoy's square root where that is more
//! than 4, so that a thousand is found in half a minute instead of two.

use super::windowed::{Rule, Step};
use super::{Kind, Options};

/// How much longer than the baseline an answer may take.
const TOLERANCE: f64 = 1.5;
const ALLOWANCE_MIN: f64 = 4.0;
const SMOOTHING: f64 = 0.2;
const GRADIENT_MIN: f64 = 0.5;

pub(super) const KIND: Kind = Kind {
    name: "gradient2",
    summary: "Grows while answers take no longer than half as much again as without a queue.",
    options: Options::Gradient2,
};

#[derive(Debug)]
pub(super) struct Gradient2;

impl Rule for Gradient2 {
    fn next(&self, limit: f64, latency: f64, baseline: f64) -> Step {
        let gradient = (TOLERANCE * baseline / latency).clamp(GRADIENT_MIN, 1.0);
        let target = limit * gradient + ALLOWANCE_MIN.max(limit.sqrt());
        Step {
            limit: limit + (target - limit) * SMOOTHING,
            is_steep: gradient <= GRADIENT_MIN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_those_of_the_formula() {
        let check = |limit: f64, latency: f64, expected: f64| {
            let step = Gradient2.next(limit, latency, 0.1);
            assert!((step.limit - expected).abs() < 1e-9, "{step:?}");
            step.is_steep
        };
        // Up to 1.5 times the baseline only the allowance counts: 0.2 * 4, and above 16 0.2 * sqrt.
        assert!(!check(10.0, 0.1, 10.8));
        assert!(!check(100.0, 0.15, 102.0));
        // Twice the baseline: 0.8 * 100 + 0.2 * (75 + 10).
        assert!(!check(100.0, 0.2, 97.0));
        // Never less than half: 0.8 * 100 + 0.2 * (50 + 10).
        assert!(check(100.0, 9.0, 92.0));
    }
}
