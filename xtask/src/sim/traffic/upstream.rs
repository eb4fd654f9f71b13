//! One service whose endpoints die, hang, fail, lag, flap and return, are drained, weighed, added and removed, under any
//! policy: who gets requests, and does everything return?
//!
//! What must hold is judged by a [`shadow`] that knows only events and orders:
//! - no request to an endpoint that is down, ejected or was never found healthy, panic apart, and panic only when too few
//!   are healthy; none but probes while a breaker is not closed, and one of those at a time; none against an order;
//! - a request is refused only when no endpoint can be used, and a second attempt goes to another one while there is one;
//! - the first priority has all requests while it can carry them;
//! - attempts in flight are those that run, to the number; no more are ejected than may be;
//! - when all is well again, all endpoints are used, and get what their weights say.

mod aftermath;
mod one_bad;
mod setup;
mod shadow;
mod world;

use plimsoll_traffic::health::passive;

use super::{Scenario, Tally, Tell};
use setup::Setup;
use world::World;

pub(super) use one_bad::SCENARIO as ONE_BAD;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "upstream",
    about: "no request to who is down, none refused while one is up, nothing leaks, everything returns",
    every: 1,
    play,
};

/// Of so many worlds one is played again with an upstream that does not obey its options, which must be found out.
const LYING_SEEDS: u64 = 5;

fn play(seed: u64, tell: Tell) -> anyhow::Result<Tally> {
    let setup = Setup::draw(seed);
    tell.line(|| format!("seed {seed}: {setup:#?}"));
    let mut world = World::new(&setup, setup.options.clone(), tell);
    world.play()?;
    let mut tally = world.end()?;
    let is_found = seed.is_multiple_of(LYING_SEEDS) && is_lie_found(&setup);
    tally.count("lies found out", u64::from(is_found));
    Ok(tally)
}

/// Plays with an upstream that panics, spills over to the backup or ejects more than the shadow is told that it may.
/// Nothing is found in a world in which nothing goes wrong.
fn is_lie_found(setup: &Setup) -> bool {
    let mut real = setup.options.clone();
    let mut told = Setup::draw(setup.seed);
    match setup.seed / LYING_SEEDS % 3 {
        0 => (real.panic_below, told.options.panic_below) = (1.0, 0.1),
        1 => (real.overprovisioning, told.options.overprovisioning) = (0.5, 1.4),
        _ => {
            let usual = passive::Options::default();
            let ejecting = |max_ejected| {
                Some(passive::Options {
                    max_ejected,
                    ..usual
                })
            };
            (real.passive, told.options.passive) = (ejecting(1.0), ejecting(0.0));
        }
    }
    World::new(&told, real, Tell(false)).play().is_err()
}
