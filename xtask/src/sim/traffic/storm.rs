//! The retry storm of the guides: A hiccups for seconds; B, C and D try again at once, and A never comes back.
//!
//! Each world is played four times with the same requests:
//! - naive: whoever calls gives up after a second and tries again at once, a few times. A works off what nobody waits for any
//!   more, and what is asked again meanwhile is more than it can do: the storm goes on when its cause is long gone;
//! - budget: whoever calls does so through backoff and a budget, with a deadline that A knows;
//! - library: the same, and a breaker;
//! - gateway: the callers are as naive as before, but there is a gateway before A.
//!
//! What must hold: without, a minute after the hiccup most requests still fail; with any of the others, a while after it all are
//! answered again, no more was tried again than the budget pays, and A got hardly more calls than there were requests.

mod callers;
mod guard;
mod server;
mod setup;
mod world;

use std::time::Duration;

use anyhow::ensure;

use super::{Scenario, Tally, Tell};
use callers::Callers;
use setup::{HICCUP_AT, Setup};
use world::{Ran, World};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "storm",
    about: "without guards the storm goes on, with budget, library or gateway it ends in seconds",
    every: 5,
    play,
};

/// A breaker that opened during the hiccup is open for ten seconds; when its probe comes too early, for twenty more.
const RECOVERY_MAX: Duration = Duration::from_secs(32);

fn play(seed: u64, tell: Tell) -> anyhow::Result<Tally> {
    let setup = Setup::draw(seed);
    tell.line(|| format!("seed {seed}: {setup:?}"));
    let mut tally = Tally::default();
    let naive = run(&setup, Callers::Naive, tell);
    tally.count("requests", naive.requests());
    ensure!(
        naive.answered_at_the_end() < 0.5,
        "{:.2} of the requests are answered a minute after the hiccup: that is no storm",
        naive.answered_at_the_end()
    );
    tally.count("storms without end", 1);
    for (callers, name) in [
        (Callers::Budget, "seconds until well by budget"),
        (Callers::Library, "seconds until well by library"),
        (Callers::Gateway, "seconds until well by gateway"),
    ] {
        let ran = run(&setup, callers, tell);
        judge(&setup, callers, &ran).map_err(|error| error.context(format!("{callers:?}")))?;
        tally.count(
            name,
            ran.well_after(HICCUP_AT + setup.hiccup)
                .unwrap_or_default()
                .as_secs(),
        );
        tally.count("breakers opened", ran.opened);
        tally.count("retries", ran.retries);
        tally.count("retries that the budget refused", ran.refused_by_budget);
        tally.count("calls that A had no time for", ran.expired);
    }
    Ok(tally)
}

fn run(setup: &Setup, callers: Callers, tell: Tell) -> Ran {
    let ran = World::new(setup, callers).play();
    tell.line(|| format!("{callers:?}: answered by second {:?}; {ran}", ran.shares()));
    ran
}

fn judge(setup: &Setup, callers: Callers, ran: &Ran) -> anyhow::Result<()> {
    let Some(recovery) = ran.well_after(HICCUP_AT + setup.hiccup) else {
        anyhow::bail!("it never was well again");
    };
    ensure!(
        recovery <= RECOVERY_MAX,
        "it took {recovery:?} until all was well"
    );
    let share = ran.answered_at_the_end();
    ensure!(
        share > 0.99,
        "{share:.3} of the requests are answered at the end"
    );
    ensure!(
        ran.retries as f64 <= ran.budget,
        "{} retries, and the budget paid {:.1}",
        ran.retries,
        ran.budget
    );
    ensure!(
        (ran.opened > 0) == callers.have_breakers(),
        "breakers opened {} times",
        ran.opened
    );
    let calls = ran.calls as f64 / ran.requests() as f64;
    ensure!(calls < 1.5, "A got {calls:.2} calls per request");
    Ok(())
}
