//! Vegas (Brakmo and Peterson 1995), as Netflix has it for requests: `limit * (1 - baseline / latency)` of those in
//! flight must be waiting in the server; the limit keeps that between `alpha` and `beta`.
//!
//! | queue | limit |
//! |---|---|
//! | up to `log` | + `beta` |
//! | below `alpha = 3 log` | + `log` |
//! | up to `beta = 6 log` | stays |
//! | above | - half of what is above `beta`, at least `log` |
//!
//! `log` is the decimal logarithm of the limit, 1 or more. The last row is not Netflix': its `log` per answer would be
//! too slow per window when a server loses most of its capacity. Where the baseline comes from is told in `baseline`.

use super::windowed::{Rule, Step};
use super::{Kind, Options};

pub(super) const KIND: Kind = Kind {
    name: "vegas",
    summary: "Keeps a few requests queueing in the server: closest to the knee, and the most easily shaken.",
    options: Options::Vegas,
};

#[derive(Debug)]
pub(super) struct Vegas;

impl Rule for Vegas {
    fn next(&self, limit: f64, latency: f64, baseline: f64) -> Step {
        let queue = (limit * (1.0 - baseline / latency)).ceil();
        let log = limit.log10().max(1.0);
        let (alpha, beta) = (3.0 * log, 6.0 * log);
        let change = if queue <= log {
            beta
        } else if queue < alpha {
            log
        } else if queue <= beta {
            0.0
        } else {
            -((queue - beta) / 2.0).max(log)
        };
        Step {
            limit: limit + change,
            is_steep: queue > beta,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_those_of_the_table() {
        let check = |latency: f64, expected: f64| {
            let step = Vegas.next(100.0, latency, 0.1);
            assert!((step.limit - expected).abs() < 1e-9, "{latency}: {step:?}");
        };
        check(0.1, 112.0);
        check(0.09, 112.0);
        // A queue of 5: below alpha, which is 6.
        check(0.105, 102.0);
        // Of 10: between alpha and beta.
        check(0.111, 100.0);
        // Of 13: above beta, by less than log.
        check(0.1145, 98.0);
        // Of 50: half of the 38 above beta.
        check(0.2, 81.0);
    }
}
