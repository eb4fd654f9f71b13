//! `cargo xtask fuzz`: the same random input to us and to another program, until they differ.
//!
//! `promql`: random queries over random data, to us and to Debian's Prometheus, until they differ.
//!
//! `tests/e2e/src/differential.rs` says what is generated and what is kept out because the language changed on purpose;
//! a test there runs a few of the same seeds.

mod routes;
mod rules;
mod template;

use std::path::PathBuf;

use anyhow::{Context, ensure};
use plimsoll_e2e::{Agreement, Differential};

/// Which seeds are run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// What is compared
    #[arg(value_enum)]
    subject: Subject,
    /// How many seeds are run; each is one set of series
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first of them; --first N --seeds 1 repeats a failure
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    first: u64,
    /// How many queries are asked per seed
    #[arg(long, default_value_t = 50)]
    queries: usize,
    /// Compare with this Prometheus binary of 3.13 or later, in its language, instead of Debian's
    #[arg(long, value_name = "FILE")]
    prometheus: Option<PathBuf>,
    /// Go on after a difference
    #[arg(long)]
    all: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Subject {
    /// Expressions of the language of Prometheus 2.42
    Promql,
    /// Routing trees, conditions and time intervals of alertmanager.yml, as amtool 0.25 judges them
    Routes,
    /// Rule files and unit tests of rules, as promtool 2.42 judges them
    Rules,
    /// Templates of notifications, as amtool 0.25 renders them
    Template,
}

/// Runs all seeds and ends at the first difference, unless all are wanted.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    match options.subject {
        Subject::Promql => {}
        Subject::Routes => return routes::run(options),
        Subject::Rules => return rules::run(options),
        Subject::Template => return template::run(options),
    }
    let differential = match &options.prometheus {
        Some(program) => Differential::with_current(program)?,
        None => Differential::start()?.context("Debian's prometheus is not installed")?,
    };
    let (mut agreement, mut different) = (Agreement::default(), 0);
    let seeds = options.first..options.first.saturating_add(options.seeds);
    for (count, seed) in (1..).zip(seeds) {
        match differential.run(seed, options.queries) {
            Ok(one) => agreement.add(one),
            Err(error) if options.all => {
                different += 1;
                println!("{error:#}\n");
            }
            Err(error) => {
                let again = format!("cargo xtask fuzz promql --first {seed} --seeds 1");
                return Err(error.context(format!("repeat it with: {again}")));
            }
        }
        if count % 20 == 0 {
            eprintln!("{count} of {} seeds", options.seeds);
        }
    }
    println!(
        "fuzz promql: {} answers alike with {} points, {} refusals alike",
        agreement.answered, agreement.points, agreement.refused
    );
    ensure!(different == 0, "{different} seeds differ");
    ensure!(
        agreement.points > 0,
        "no answer had a point, so nothing was shown"
    );
    Ok(())
}
