//! Guards against endpoints that trouble: a breaker before one that flaps, hedges before one that is slow at times.

mod flapping;
mod hedging;

use plimsoll_runtime::random::{Random, SeededRandom};

use super::{Scenario, Tally, Tell};

pub(super) const FLAPPING: Scenario = Scenario {
    name: "flapping",
    about: "few calls fail however an endpoint flaps, none goes while the breaker is open, it closes when all is well",
    every: 1,
    play: flapping::play,
};

pub(super) const HEDGING: Scenario = Scenario {
    name: "hedging",
    about: "the tail is cut, no window has more hedges than the budget pays, also when everything is slow",
    every: 5,
    play: hedging::play,
};

/// Draws from the exponential distribution with mean 1.
fn exponential(random: &mut SeededRandom) -> f64 {
    -(1.0 - random.fraction()).ln()
}

/// Draws from `least` to `most`, small ones as often as large ones.
fn log_uniform(random: &mut SeededRandom, least: f64, most: f64) -> f64 {
    least * (most / least).powf(random.fraction())
}
