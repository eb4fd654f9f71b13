//! `cargo xtask sim traffic`: services that die, hang, flap, slow down and return, and what the judgement of the gateway
//! makes of them.
//!
//! Each scenario is a file and an entry of [`SCENARIOS`]. Per seed it draws a world and plays it with the engines of
//! `traffic` on a clock of its own, checks what must hold, and counts what happened: a scenario in which a thing never
//! happened has shown nothing about it.

mod agenda;
mod guard;
mod limit;
mod storm;
mod tally;
mod upstream;

use anyhow::{Context, ensure};

use agenda::Agenda;
use tally::Tally;

/// All scenarios.
const SCENARIOS: &[Scenario] = &[
    upstream::SCENARIO,
    upstream::ONE_BAD,
    limit::ADAPTIVE,
    limit::FAIR,
    limit::RATE,
    guard::FLAPPING,
    guard::HEDGING,
    storm::SCENARIO,
];

/// A world and what must hold in it.
struct Scenario {
    /// What it is called on the command line.
    name: &'static str,
    /// What must hold, in a few words.
    about: &'static str,
    /// Of so many seeds one is played, where a world takes long.
    every: u64,
    /// Plays a seed; whoever says why it failed says the moment as well.
    play: fn(seed: u64, tell: Tell) -> anyhow::Result<Tally>,
}

/// Whether a story is told while it is played.
#[derive(Clone, Copy)]
struct Tell(bool);

impl Tell {
    /// Tells what happened.
    fn line(self, line: impl FnOnce() -> String) {
        if self.0 {
            println!("{}", line());
        }
    }
}

/// How many runs, and which.
#[derive(clap::Args)]
pub(super) struct Options {
    /// How many seeds
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Only this scenario
    #[arg(long)]
    only: Option<String>,
    /// Tell all that happens
    #[arg(long)]
    tell: bool,
}

/// Seeds that belong to every `cargo xtask ci`.
const SMOKE_SEEDS: u64 = 20;

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let is_wanted = |scenario: &&Scenario| {
        let only = options.only.as_deref();
        only.is_none_or(|only| only == scenario.name)
    };
    let wanted: Vec<&Scenario> = SCENARIOS.iter().filter(is_wanted).collect();
    ensure!(!wanted.is_empty(), "there is no such scenario");
    for scenario in wanted {
        run_one(scenario, options)?;
    }
    Ok(())
}

/// Runs the few seeds that belong to every `cargo xtask ci`.
pub(super) fn smoke() -> anyhow::Result<()> {
    run(&Options {
        seeds: SMOKE_SEEDS,
        first: 1,
        only: None,
        tell: false,
    })
}

fn run_one(scenario: &Scenario, options: &Options) -> anyhow::Result<()> {
    let Scenario { name, about, .. } = scenario;
    let mut total = Tally::default();
    let mut played = 0;
    let seeds = options.first..options.first + options.seeds;
    // Who asks for a single seed gets it.
    let is_played = |seed: &u64| options.seeds == 1 || seed.is_multiple_of(scenario.every);
    for seed in seeds.filter(is_played) {
        let done = (scenario.play)(seed, Tell(options.tell)).with_context(|| {
            format!("repeat it with: cargo xtask sim traffic --only {name} --first {seed} --seeds 1 --tell")
        })?;
        total.add(&done);
        played += 1;
    }
    // Of a single world not all of it is asked.
    let missing = total.missing();
    ensure!(
        played < SMOKE_SEEDS || missing.is_empty(),
        "sim traffic {name}: never happened, so nothing was shown: {missing:?}"
    );
    println!("sim traffic {name}: {played} seeds, {total}: {about}");
    Ok(())
}
