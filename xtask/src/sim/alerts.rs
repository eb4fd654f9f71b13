//! `cargo xtask sim alerts`: alerts, silences, processes that die, receivers that fail, and what everybody was told.
//!
//! Per seed a configuration, alerts that fire and end, silences, moods of receivers and faults are drawn. One or two
//! replicas run the engine of alerting on clocks that differ, over a store that dies, is cut off or loses its answer, and
//! the world notes what receivers have seen. Then it must hold: what was promised with a 2xx was told or is explained,
//! nobody was told the same twice under two keys, nothing leaked that a silence or another alert keeps back, and at the
//! end everybody believes what is true.

mod judge;
mod receivers;
mod replica;
mod setup;
mod store;
mod story;
mod world;

use anyhow::ensure;

use story::{Story, Trouble, shorter};
use world::{Done, Manner, tell};

/// How many runs, and which.
#[derive(clap::Args)]
pub(super) struct Options {
    /// How many seeds
    #[arg(long, default_value_t = 2000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Tell the story of each seed, and of one that fails all that happens
    #[arg(long)]
    tell: bool,
    /// Leave this out of the stories
    #[arg(long, value_enum, value_delimiter = ',')]
    without: Vec<Trouble>,
}

/// Seeds that belong to every `cargo xtask ci`.
const SMOKE_SEEDS: u64 = 40;

/// One of so many stories shows that a store lies.
const LYING_SEEDS: u64 = 20;

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    lies_are_found()?;
    let mut total = Done::default();
    for seed in options.first..options.first + options.seeds {
        let without = options.without.iter();
        let story = without.fold(draw(seed), |story, trouble| story.without(*trouble));
        if options.tell {
            println!("seed {seed}\n{story}");
        }
        match tell(&story, Manner::Plain) {
            Ok(done) => total = total.and(done),
            Err(error) => return Err(failed(story, error, options.tell)),
        }
        if (seed - options.first + 1).is_multiple_of(500) {
            eprintln!("{} seeds: {total:?}", seed - options.first + 1);
        }
    }
    let is_shown = [
        total.deaths,
        total.effects,
        total.repeats,
        total.degraded,
        total.explained,
    ];
    // Of a single story not all of it is asked.
    ensure!(
        options.seeds < SMOKE_SEEDS || is_shown.iter().all(|count| *count > 0),
        "something never happened, so nothing was shown: {total:?}"
    );
    println!(
        "sim alerts: {} seeds, {} deaths, {} attempts, {} notices taken, {} of them again under the same key, {} marked \
         as degraded, {} explanations: nothing lost, nothing twice, no leak",
        options.seeds,
        total.deaths,
        total.attempts,
        total.effects,
        total.repeats,
        total.degraded,
        total.explained
    );
    Ok(())
}

/// Runs the few seeds that belong to every `cargo xtask ci`.
pub(super) fn smoke() -> anyhow::Result<()> {
    run(&Options {
        seeds: SMOKE_SEEDS,
        first: 1,
        tell: false,
        without: Vec::new(),
    })
}

/// Every other run has two replicas.
fn draw(seed: u64) -> Story {
    Story::draw(seed, 1 + (seed % 2) as usize)
}

/// A simulation that finds nothing wrong with a store that loses commits would show nothing.
fn lies_are_found() -> anyhow::Result<()> {
    let found = (1..=LYING_SEEDS).any(|seed| tell(&draw(seed), Manner::Lying).is_err());
    ensure!(found, "a store that loses commits was not found out");
    Ok(())
}

/// Makes the story shorter for as long as it fails, and tells it.
fn failed(story: Story, error: anyhow::Error, is_told: bool) -> anyhow::Error {
    let (mut story, mut error) = (story, error);
    eprintln!("seed {} failed, looking for a shorter story", story.seed);
    while let Some((shorter, why)) = shorter(&story).into_iter().find_map(|shorter| {
        tell(&shorter, Manner::Plain)
            .err()
            .map(|why| (shorter, why))
    }) {
        (story, error) = (shorter, why);
    }
    let seed = story.seed;
    if is_told {
        // Once more, now that it is short, with all that happens.
        let _ = tell(&story, Manner::Watched);
    }
    eprintln!("the shortest story that fails:\n{story}");
    error.context(format!(
        "repeat it with: cargo xtask sim alerts --first {seed} --seeds 1"
    ))
}
