//! `cargo xtask sim rules`: processes that evaluate rules die at any point, and nobody must notice afterwards.
//!
//! Per seed a rule file and series are drawn, and the real runner of rules evaluates them on a clock of its own: it is
//! killed while idle, before and after commits whose answer it never hears, between commit, samples and notices; it is
//! stopped and reloaded; its store of state fails for a while. The same engines run beside it undisturbed, over samples
//! of their own. After each slot states and times of all alerts must be the same, after each death the durable rows, and
//! in the end samples and notices. The second half has two replicas that share a store: see `replicas`.

mod clock;
mod definitions;
mod judge;
mod life;
mod process;
mod reference;
mod replicas;
mod run;
mod story;

use std::path::PathBuf;

use anyhow::{Context, ensure};

use run::Done;
use story::{Story, shorter};

/// How many runs, and which.
#[derive(clap::Args)]
pub(super) struct Options {
    /// How many seeds
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Tell the story of each seed
    #[arg(long)]
    tell: bool,
    /// Only one kind of run
    #[arg(long, value_enum)]
    only: Option<Kind>,
}

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// One process that dies and comes back
    Restarts,
    /// Two replicas that share a store of state
    Replicas,
}

/// Seeds that belong to every `cargo xtask ci`.
const SMOKE_SEEDS: u64 = 12;

/// One of so many stories shows that a store lies.
const LYING_SEEDS: u64 = 5;

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    // Rule files have the same path in every run, because it is a part of each group's phase.
    let _folder = Folder::enter()?;
    if options.only != Some(Kind::Replicas) {
        restarts(options)?;
    }
    if options.only != Some(Kind::Restarts) {
        // A run of replicas takes ten times as long.
        replicas::run(options.first, options.seeds.div_ceil(10))?;
    }
    Ok(())
}

/// Runs the few seeds that belong to every `cargo xtask ci`.
pub(super) fn smoke() -> anyhow::Result<()> {
    run(&Options {
        seeds: SMOKE_SEEDS,
        first: 1,
        tell: false,
        only: None,
    })
}

/// A simulation that finds nothing wrong with a store that loses commits would show nothing.
fn lies_are_found() -> anyhow::Result<()> {
    let found = (1..=LYING_SEEDS).any(|seed| run::tell_in(&Story::draw(seed), true).is_err());
    ensure!(
        found,
        "a store of state that loses commits was not found out"
    );
    Ok(())
}

fn restarts(options: &Options) -> anyhow::Result<()> {
    lies_are_found()?;
    let mut total = Done::default();
    for seed in options.first..options.first + options.seeds {
        let story = Story::draw(seed);
        if options.tell {
            println!("seed {seed}\n{story}");
        }
        match run::tell(&story) {
            Ok(done) => total = total.and(done),
            Err(error) => return Err(failed(story, error)),
        }
        if (seed - options.first + 1).is_multiple_of(100) {
            eprintln!("{} seeds: {total:?}", seed - options.first + 1);
        }
    }
    let is_shown = total.deaths > 0 && total.deaths_in_slots > 0 && total.notices > 0;
    // Of a single story not all of it is asked.
    ensure!(
        is_shown || options.seeds < SMOKE_SEEDS,
        "something never happened, so nothing was shown: {total:?}"
    );
    println!(
        "sim rules: {} seeds, {} slots, {} deaths, {} of them in a slot, {} notices: as if nothing had happened",
        options.seeds, total.slots, total.deaths, total.deaths_in_slots, total.notices
    );
    Ok(())
}

/// Makes the story shorter for as long as it fails, and tells it.
fn failed(story: Story, error: anyhow::Error) -> anyhow::Error {
    let (mut story, mut error) = (story, error);
    eprintln!("seed {} failed, looking for a shorter story", story.seed);
    while let Some((shorter, why)) = shorter(&story)
        .into_iter()
        .find_map(|shorter| run::tell(&shorter).err().map(|why| (shorter, why)))
    {
        (story, error) = (shorter, why);
    }
    let seed = story.seed;
    eprintln!("the shortest story that fails:\n{story}");
    error.context(format!(
        "repeat it with: cargo xtask sim rules --only restarts --first {seed} --seeds 1"
    ))
}

impl Done {
    fn and(self, other: Self) -> Self {
        Self {
            slots: self.slots + other.slots,
            deaths: self.deaths + other.deaths,
            deaths_in_slots: self.deaths_in_slots + other.deaths_in_slots,
            notices: self.notices + other.notices,
            rows: self.rows + other.rows,
        }
    }
}

/// A temporary folder that is the working folder while this lives.
struct Folder {
    before: PathBuf,
    _folder: tempfile::TempDir,
}

impl Folder {
    fn enter() -> anyhow::Result<Self> {
        let before = std::env::current_dir().context("no working folder")?;
        let folder = tempfile::tempdir()?;
        std::env::set_current_dir(folder.path())?;
        Ok(Self {
            before,
            _folder: folder,
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The folder was there a moment ago; without it the next step says what it misses.
        let _ = std::env::set_current_dir(&self.before);
    }
}
