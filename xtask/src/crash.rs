//! `cargo xtask crash`: the real server, killed at random moments while clients write to it.
//!
//! ```text
//! start -> clients write and delete, noting what was acknowledged -> kill -9 -> (start -> kill -9)* -> start -> verify
//! ```
//!
//! Afterwards every acknowledged sample must be there with its value; what was deleted must not; a sample whose answer
//! never came may be there or not; nothing else may be there. In every other trial parts are sealed, merged and cleaned
//! without a pause meanwhile. The value of a sample is a function of its series and time, so the ledger
//! only keeps times. Every trial goes on in the data directory of the one before, now and then in a new one.

mod client;
mod ledger;
mod random;
mod trial;
mod verify;

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::process;
use random::Random;
use trial::{Installation, Life};

/// One trial in this many begins in a new data directory.
const TRIALS_PER_DIRECTORY: u64 = 6;
/// One trial in this many lives until old windows are being sealed, which is half a minute.
const TRIALS_PER_SEALING: u32 = 12;
/// In one trial of so many parts are sealed, merged and cleaned all the time.
const TRIALS_PER_TIDYING: u32 = 2;

/// How much is tried.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many times the server is killed and checked
    #[arg(long, default_value_t = 50)]
    trials: u32,
    /// Repeats the choices of an earlier run (not its timing); chosen and printed when absent
    #[arg(long)]
    seed: Option<u64>,
    /// How many clients write at the same time
    #[arg(long, default_value_t = 4)]
    clients: u64,
    /// Take the server that was built last, whatever the sources are now
    #[arg(long)]
    no_build: bool,
}

/// Runs all trials, and ends at the first that fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    if !options.no_build {
        process::run(process::cargo().args(["build", "--locked", "--package", "plimsoll"]))?;
    }
    let clock_bits = || u64::try_from(plimsoll_e2e::now_millis()).unwrap_or_default();
    let seed = options.seed.unwrap_or_else(clock_bits);
    report(&format!("crash: {} trials, seed {seed}", options.trials));
    let acknowledged = trials(options, seed).with_context(|| format!("seed {seed}"))?;
    ensure!(
        acknowledged > 0,
        "nothing was acknowledged, so nothing was shown"
    );
    println!(
        "crash: {} trials, {acknowledged} acknowledged samples, 0 lost",
        options.trials
    );
    Ok(())
}

/// Runs the few trials that belong to every `cargo xtask test`, which has built the server.
pub(crate) fn smoke() -> Result<()> {
    run(&Options {
        trials: 2,
        seed: None,
        clients: 4,
        no_build: true,
    })
}

/// Returns how many samples were acknowledged in all trials.
fn trials(options: &Options, seed: u64) -> Result<u64> {
    let mut random = Random::new(seed);
    let mut acknowledged = 0;
    let mut installation = Installation::new(options.clients, &mut random)?;
    for number in 1..=options.trials {
        if number > 1 && random.is_one_in(TRIALS_PER_DIRECTORY) {
            acknowledged += installation.acknowledged();
            installation = Installation::new(options.clients, &mut random)?;
        }
        let life = if number % TRIALS_PER_SEALING == 0 {
            Life::UntilSealing(Duration::from_millis(random.between(0, 1000)))
        } else if number % TRIALS_PER_TIDYING == 0 {
            Life::Tidying(Duration::from_millis(random.between(200, 3000)))
        } else {
            Life::For(Duration::from_millis(random.between(200, 3000)))
        };
        match installation.trial(life, &mut random) {
            Ok(summary) => report(&format!("trial {number}: {summary}")),
            Err(error) => {
                let path = installation.keep();
                bail!(
                    "trial {number} failed, its files are in {}: {error:#}",
                    path.display()
                );
            }
        }
    }
    Ok(acknowledged + installation.acknowledged())
}

#[expect(clippy::print_stderr, reason = "progress is no part of the verdict")]
fn report(line: &str) {
    eprintln!("{line}");
}
