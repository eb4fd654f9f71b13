//! `cargo xtask bench alerts`: 100,000 active alerts and 10,000 alerts/s, beside Debian's Alertmanager.
//!
//! Each runs alone, ours first, since Debian's needs more than a core for what the bench asks. Both get the same posts:
//! first all alerts in quarters, so that it shows whether a quarter on top of three others costs more than the first; then
//! all of them again and again at a steady rate, as Prometheus does with what fires. Every tenth alert is a source that
//! inhibits nine others of its service. What is told is CPU time (user and system, all threads) and memory as the kernel
//! counts them, and how many sources a receiver was told of, so that nothing is cheap because it was left out. Ours answers
//! when the alerts are on disk; Debian's keeps them in memory only.

mod load;
mod verify;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{anyhow, ensure};
use plimsoll_e2e::{Home, Recorder, wait_until};
use plimsoll_runtime::clock::{Clock, SystemClock};

use super::contender::{self, Contender, OURS};
use super::spending::{cpu_time, memory};
use load::{Load, Paced};
use verify::Told;

/// How the bench is run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The plimsoll to measure; built with optimisations when absent
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// How many alerts are active; every tenth inhibits nine others
    #[arg(long, value_name = "COUNT", default_value_t = 100_000)]
    alerts: u64,
    /// How many alerts per second are posted in the steady phase
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    rate: u64,
    /// How long the steady phase is
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u64,
}

const THEIRS: usize = 1;
/// Ours must not need more CPU and memory than this part of Debian's.
const GOAL_RATIO: f64 = 0.5;
/// The last quarter of the alerts must not cost more than so many times the first.
const GOAL_LINEAR: f64 = 2.0;
const QUARTERS: u64 = 4;
/// Until everybody has been told of everything: a few intervals of a group.
const SETTLE_MAX: Duration = Duration::from_secs(60);

/// What one program needed.
#[derive(Default)]
struct Figures {
    /// Microseconds of CPU per alert, of each quarter.
    load: Vec<f64>,
    /// Seconds of CPU per second in the steady phase.
    steady: f64,
    /// Microseconds of CPU per alert in the steady phase.
    per_post: f64,
    paced: Paced,
    idle_bytes: u64,
    loaded_bytes: u64,
    peak_bytes: u64,
    /// Sources that the receiver was told of.
    told: u64,
    /// Alerts of the first cluster that are kept back.
    inhibited: u64,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let binary = contender::binary(options.binary.as_deref())?;
    let (home, recorder) = (Home::new()?, Recorder::start()?);
    let load = Load::new(options.alerts);
    let mut figures = Vec::new();
    for program in [OURS, THEIRS] {
        let path = ["/ours", "/theirs"][program];
        let config = load::config(&recorder.url(path));
        let contender = contender::start_alertmanager(&home, &binary, program == OURS, &config)?;
        let mut told = Told::new(&recorder, path);
        figures.push(measure(&contender, &load, options, &mut told)?);
    }
    let figures = figures.try_into();
    table(
        options,
        &load,
        &figures.map_err(|_| anyhow!("two programs"))?,
    )
}

/// Runs everything with one program.
fn measure(
    contender: &Contender,
    load: &Load,
    options: &Options,
    told: &mut Told,
) -> anyhow::Result<Figures> {
    let mut figures = Figures::default();
    eprintln!("{}: {} alerts", contender.name, options.alerts);
    fill(contender, load, &mut figures)?;
    // Who is late is told from in the table.
    let settled = wait_until(SETTLE_MAX, "everybody told", || {
        let count = told.count()?;
        ensure!(count >= load.sources(), "{count} of {}", load.sources());
        Ok(())
    });
    if let Err(error) = settled {
        eprintln!("{}: {error:#}", contender.name);
    }
    let (rate, seconds) = (options.rate, options.seconds);
    eprintln!("{}: {rate} alerts/s for {seconds} s", contender.name);
    steady(contender, load, options, &mut figures)?;
    figures.told = told.count()?;
    figures.inhibited = verify::inhibited(&contender.api)?;
    Ok(figures)
}

/// Posts all alerts in quarters.
fn fill(contender: &Contender, load: &Load, figures: &mut Figures) -> anyhow::Result<()> {
    let id = contender.program.id();
    figures.idle_bytes = memory(id)?.anonymous;
    for quarter in 0..QUARTERS {
        let before = cpu_time(id)?;
        let posted = load.post_quarter(contender.api.address, quarter, QUARTERS)?;
        let spent = cpu_time(id)? - before;
        figures.load.push(spent.as_secs_f64() * 1e6 / posted as f64);
    }
    Ok(())
}

/// Posts at a steady rate.
fn steady(
    contender: &Contender,
    load: &Load,
    options: &Options,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let id = contender.program.id();
    let clock = SystemClock::new();
    let (began, before) = (clock.monotonic(), cpu_time(id)?);
    let length = Duration::from_secs(options.seconds);
    figures.paced = load.post_paced(contender.api.address, options.rate, length)?;
    let spent = (cpu_time(id)? - before).as_secs_f64();
    figures.steady = spent / clock.monotonic().since(began).as_secs_f64();
    figures.per_post = spent * 1e6 / figures.paced.posted as f64;
    let memory = memory(id)?;
    (figures.loaded_bytes, figures.peak_bytes) = (memory.anonymous, memory.peak);
    Ok(())
}

fn table(options: &Options, load: &Load, figures: &[Figures; 2]) -> anyhow::Result<()> {
    let [ours, theirs] = figures;
    let mut missed = Vec::new();
    println!("| what | plimsoll | alertmanager | ratio | goal | met |\n|---|---|---|---|---|---|");
    let mut row = |what: &str, of: &dyn Fn(&Figures) -> f64, goal: Option<(f64, bool)>| {
        let (ours, theirs) = (of(ours), of(theirs));
        let ratio = ours / theirs;
        let (goal, met) = match goal {
            Some((goal, is_met)) => (format!("{goal}"), if is_met { "yes" } else { "**no**" }),
            None => ("-".into(), "-"),
        };
        if met == "**no**" {
            missed.push(what.to_owned());
        }
        println!("| {what} | {ours:.2} | {theirs:.2} | {ratio:.2} | {goal} | {met} |");
    };
    let ratio = |of: &dyn Fn(&Figures) -> f64| {
        Some((
            GOAL_RATIO,
            of(&figures[OURS]) / of(&figures[THEIRS]) <= GOAL_RATIO,
        ))
    };
    let rate = |figures: &Figures| figures.paced.posted as f64 / figures.paced.seconds;
    let wanted = options.rate as f64;
    let is_fast = rate(ours) >= wanted * 0.99;
    row("alerts/s accepted", &rate, Some((wanted, is_fast)));
    let p99 = |figures: &Figures| figures.paced.p99_millis;
    row("p99 of a post of 64 alerts, ms", &p99, None);
    let steady = |figures: &Figures| figures.steady;
    row(
        "CPU seconds per second at that rate",
        &steady,
        ratio(&steady),
    );
    let per_post = |figures: &Figures| figures.per_post;
    row("CPU microseconds per alert posted again", &per_post, None);
    let first = |figures: &Figures| figures.load[0];
    let last = |figures: &Figures| figures.load[figures.load.len() - 1];
    row(
        "CPU microseconds per new alert, first quarter",
        &first,
        None,
    );
    row("CPU microseconds per new alert, last quarter", &last, None);
    let growth = |figures: &Figures| last(figures) / first(figures);
    let is_linear = growth(ours) <= GOAL_LINEAR;
    row(
        "last quarter by first",
        &growth,
        Some((GOAL_LINEAR, is_linear)),
    );
    let alerts = options.alerts as f64;
    let per_alert =
        |figures: &Figures| figures.loaded_bytes.saturating_sub(figures.idle_bytes) as f64 / alerts;
    row(
        "bytes of memory per active alert",
        &per_alert,
        ratio(&per_alert),
    );
    let peak = |figures: &Figures| figures.peak_bytes as f64 / f64::from(1 << 20);
    row("peak of memory, MiB", &peak, ratio(&peak));
    let told = |figures: &Figures| figures.told as f64;
    let sources = load.sources();
    let is_whole = ours.told == sources;
    row("sources told", &told, Some((sources as f64, is_whole)));
    let inhibited = |figures: &Figures| figures.inhibited as f64;
    let wanted = load.inhibited_of_first_cluster();
    let is_whole = ours.inhibited == wanted;
    row(
        "alerts of a cluster kept back",
        &inhibited,
        Some((wanted as f64, is_whole)),
    );
    ensure!(
        missed.is_empty(),
        "goals were missed: {}",
        missed.join("; ")
    );
    Ok(())
}
