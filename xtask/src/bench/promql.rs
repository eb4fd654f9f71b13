//! `cargo xtask bench promql`: the same questions over the same data, beside Debian's prometheus and victoria-metrics.
//!
//! All three run at the same time on loopback, idle but for the one that is asked. Per question it is told what each
//! spent in CPU time (user and system, all threads) and the most memory the process had while it answered; the verdict
//! is ours over the better of the two. Before that the answers are compared: Prometheus' must be ours to 1e-9.
//! VictoriaMetrics answers rates without extrapolation, by design, so its answers are only counted.

mod data;
mod measure;
mod questions;

use std::path::PathBuf;

use anyhow::{Context, ensure};
use plimsoll_e2e::{Home, compare};

use super::contender::{self, Contender, OURS, PROMETHEUS, Setup};
use measure::Cost;
use questions::Question;

/// How the bench is run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The plimsoll to measure; built with optimisations when absent
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Ask only the questions whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Days of the long data
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    days: i64,
    /// Leave plimsoll running for this many seconds at the end, for a profiler
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    linger: u64,
}

/// Ours over the better of the others must not be above this, in CPU and in memory.
const GOAL: f64 = 0.5;

/// VictoriaMetrics would answer a question that is asked again from its cache.
const SETUP: Setup = Setup {
    victoria_arguments: &["-search.disableCache"],
    ..Setup::PUSHED
};

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let binary = contender::binary(options.binary.as_deref())?;
    let home = Home::new()?;
    let mut contenders = contender::start(&home, &binary, &SETUP)?;
    let data = data::Span::ending_now(options.days);
    for contender in &mut contenders {
        let cost = measure::cost(contender, |contender| data::load(&contender.api, &data))?;
        eprintln!("{:<17} loaded: {cost}", contender.name);
    }
    eprintln!("waiting until all three have nothing left to do");
    measure::settle(&mut contenders)?;
    let questions = questions::all(&data);
    let mut missed = Vec::new();
    table_head();
    for question in questions.iter().filter(|q| q.name.contains(&options.only)) {
        check_answers(&contenders, question).with_context(|| question.name.to_owned())?;
        let costs = measure::repeatedly(&mut contenders, question)?;
        missed.extend(row(question, &costs));
    }
    if options.linger > 0 {
        let ours = &contenders[OURS];
        eprintln!("plimsoll {} at {}", ours.program.id(), ours.api.address);
        std::thread::sleep(std::time::Duration::from_secs(options.linger));
    }
    println!("bench promql: {} goals missed {missed:?}", missed.len());
    ensure!(missed.is_empty(), "goals were missed");
    Ok(())
}

fn check_answers(contenders: &[Contender], question: &Question) -> anyhow::Result<()> {
    let answers = contenders
        .iter()
        .map(|contender| question.ask(&contender.api))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let count = compare(&answers[OURS], &answers[PROMETHEUS])?;
    ensure!(count > 0, "the answer is empty");
    Ok(())
}

fn table_head() {
    println!(
        "| question | CPU ms: plimsoll | prometheus | victoria-metrics | ratio | peak MiB: plimsoll | prometheus | victoria-metrics | ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
}

/// Prints one line; returns the goals that were missed.
fn row(question: &Question, costs: &[Cost]) -> Vec<String> {
    let ratio = |of: fn(&Cost) -> f64| {
        let best = costs[1..].iter().map(of).fold(f64::INFINITY, f64::min);
        of(&costs[OURS]) / best
    };
    let (cpu, memory) = (ratio(|c| c.cpu_millis), ratio(|c| c.peak_mib));
    print!("| {} |", question.name);
    costs
        .iter()
        .for_each(|cost| print!(" {:.2} |", cost.cpu_millis));
    print!(" {cpu:.2} |");
    costs
        .iter()
        .for_each(|cost| print!(" {:.0} |", cost.peak_mib));
    println!(" {memory:.2} |");
    let goals = [("CPU", cpu), ("memory", memory)].into_iter();
    goals
        .filter(|(_, ratio)| *ratio > GOAL)
        .map(|(what, ratio)| format!("{} {what} {ratio:.2}", question.name))
        .collect()
}
