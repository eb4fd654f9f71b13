//! `cargo xtask bench alerts`: 100,000 active alerts and 10,000 alerts/s, beside Debian's Alertmanager.
//!
//! Each runs alone, ours first, since Debian's needs more than a core for what the bench asks. Both get the same posts:
//! first all alerts in quarters, so that it shows whether a quarter on top of three others costs more than the first; then
//! all of them again and again at a steady rate, as Prometheus does with what fires. Every tenth alert is a source that
//! inhibits nine others of its service. What is told is CPU time (user and system, all threads) and memory as the kernel
//! counts them, and how many sources a receiver was told of, so that nothing is cheap because it was left out. Ours answers
//! when the alerts are on disk; Debian's keeps them in memory only. A contender that stops taking alerts is said to have
//! done so, and what it did not come to stands as `-`: ours is then judged by the goals that need nobody beside it.

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
///
/// What was not measured is NaN or zero.
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
    /// Why it did not come to the end.
    gave_up: Option<String>,
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
        let mut measured = Figures::default();
        if let Err(error) = measure(&contender, &load, options, &mut told, &mut measured) {
            ensure!(program == THEIRS, "{}: {error:#}", contender.name);
            measured.gave_up = Some(format!("{} gave up: {error:#}", contender.name));
        }
        figures.push(measured);
    }
    let figures: [Figures; 2] = figures.try_into().map_err(|_| anyhow!("two programs"))?;
    let outcome = table(options, &load, &figures);
    for reason in figures
        .iter()
        .filter_map(|figures| figures.gave_up.as_ref())
    {
        println!("\n{reason}");
    }
    outcome
}

/// Runs everything with one program.
fn measure(
    contender: &Contender,
    load: &Load,
    options: &Options,
    told: &mut Told,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    eprintln!("{}: {} alerts", contender.name, options.alerts);
    fill(contender, load, figures)?;
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
    let came_through = steady(contender, load, options, figures);
    figures.told = told.count()?;
    came_through?;
    figures.inhibited = verify::inhibited(&contender.api)?;
    Ok(())
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
    let address = contender.api.address;
    let came_through = load.post_paced(address, options.rate, length, &mut figures.paced);
    let spent = (cpu_time(id)? - before).as_secs_f64();
    figures.steady = spent / clock.monotonic().since(began).as_secs_f64();
    figures.per_post = spent * 1e6 / figures.paced.posted as f64;
    let memory = memory(id)?;
    (figures.loaded_bytes, figures.peak_bytes) = (memory.anonymous, memory.peak);
    came_through
}

/// Writes a figure; what was not measured is a dash.
fn shown(figure: f64) -> String {
    match figure.is_finite() {
        true => format!("{figure:.2}"),
        false => "-".into(),
    }
}

fn table(options: &Options, load: &Load, figures: &[Figures; 2]) -> anyhow::Result<()> {
    let [ours, theirs] = figures;
    let mut missed = Vec::new();
    println!("| what | plimsoll | alertmanager | ratio | goal | met |\n|---|---|---|---|---|---|");
    let mut row = |what: &str, of: &dyn Fn(&Figures) -> f64, goal: Option<(f64, bool)>| {
        let (ours, theirs) = (of(ours), of(theirs));
        let (goal, met) = match goal {
            Some((goal, is_met)) => (format!("{goal}"), if is_met { "yes" } else { "**no**" }),
            None => ("-".into(), "-"),
        };
        if met == "**no**" {
            missed.push(what.to_owned());
        }
        let [ours, theirs, ratio] = [ours, theirs, ours / theirs].map(shown);
        println!("| {what} | {ours} | {theirs} | {ratio} | {goal} | {met} |");
    };
    // A contender that gave up is no measure: what it did not do cost it nothing.
    let is_compared = theirs.gave_up.is_none();
    let ratio = |of: &dyn Fn(&Figures) -> f64| {
        let ratio = of(&figures[OURS]) / of(&figures[THEIRS]);
        is_compared.then_some((GOAL_RATIO, ratio <= GOAL_RATIO))
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
    let first = |figures: &Figures| *figures.load.first().unwrap_or(&f64::NAN);
    let last = |figures: &Figures| *figures.load.get(QUARTERS as usize - 1).unwrap_or(&f64::NAN);
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
