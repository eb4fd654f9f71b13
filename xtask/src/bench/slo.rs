//! `cargo xtask bench slo`: 1,000 objectives with ten groups each and 30 days of history, judged every 10 s.
//!
//! The engine is measured by itself, in this process: what counting the samples of all series and a tick cost of one core,
//! what ledgers and series hold in memory, and how long a question about a window takes. Every sample is counted for
//! its group and for the whole. The exit code is the verdict.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_promql::Features;
use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_runtime::config::Source;
use plimsoll_slo::engine::{Engine, SeriesId};
use plimsoll_slo::view::Address;
use plimsoll_slo::{Catalog, file};
use plimsoll_types::{Labels, Sample, Timestamp};

use super::spending::{cpu_time, memory};

/// How the bench is run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many objectives
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    slos: usize,
    /// How many groups each of them has
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    groups: usize,
    /// How many ticks are measured
    #[arg(long, value_name = "COUNT", default_value_t = 60)]
    ticks: i64,
}

const TICK: i64 = 10_000;
const CORE_MAX: f64 = 0.05;
const MIB_MAX: f64 = 200.0;
const WINDOW_MILLIS_MAX: f64 = 1.0;
/// Codes of requests, and how many per second each series of it counts.
const CODES: [(&str, f64); 3] = [("200", 20.0), ("404", 0.5), ("500", 0.01)];
/// Where history gets finer: so old in hours, a sample every so many seconds.
const HISTORY: [(i64, i64); 4] = [(30 * 24, 3600), (72, 300), (6, 60), (0, 10)];
const WINDOWS: [u64; 8] = [300, 1800, 3600, 7200, 21_600, 86_400, 259_200, 30 * 86_400];

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        eprintln!("built without optimisations: speeds mean little; use cargo run --release");
    }
    let before = memory(std::process::id())?.resident;
    let mut bench = Bench::new(options)?;
    bench.load_history()?;
    let resident = memory(std::process::id())?.resident.saturating_sub(before);
    let (core, judged) = bench.run_ticks(options.ticks)?;
    let window = bench.ask_windows()?;
    let tallies = bench.engine.tallies();
    eprintln!(
        "{} budgets, {} series, {judged} rows judged anew, ledgers and series hold {:.1} MiB",
        tallies.streams,
        tallies.series,
        bench.engine.byte_count() as f64 / f64::from(1 << 20),
    );
    let mib = resident as f64 / f64::from(1 << 20);
    println!("| what | found | goal | met |\n|---|---|---|---|");
    let rows = [
        (
            "share of one core for counting and judging, every 10 s",
            core,
            CORE_MAX,
        ),
        ("resident memory of the engine, MiB", mib, MIB_MAX),
        (
            "slowest mean answer about a burn window, ms",
            window,
            WINDOW_MILLIS_MAX,
        ),
    ];
    for (what, found, goal) in rows {
        let met = if found <= goal { "yes" } else { "**no**" };
        println!("| {what} | {found:.4} | <= {goal} | {met} |");
    }
    ensure!(
        rows.iter().all(|(_, found, goal)| found <= goal),
        "a goal was missed"
    );
    Ok(())
}

struct Bench {
    engine: Engine,
    series: Vec<(SeriesId, f64)>,
    slos: usize,
    /// The time that was reached, in milliseconds.
    now: i64,
}

impl Bench {
    fn new(options: &Options) -> anyhow::Result<Self> {
        let now = SystemClock::new().now().align_down(3_600_000).millis();
        let begin = now - 30 * 24 * 3_600_000;
        let mut engine = Engine::new(
            Arc::new(catalog(options.slos)?),
            plimsoll_slo::engine::Options::default(),
            Timestamp::from_millis(begin),
        );
        ensure!(
            engine.catch_up(Timestamp::from_millis(begin)).is_none(),
            "nothing was missed"
        );
        let mut series = Vec::new();
        for slo in 0..options.slos {
            for group in 0..options.groups {
                for (code, rate) in CODES {
                    let id = engine.series(&labels(slo, group, code));
                    series.push((id.context("a series of an objective is wanted")?, rate));
                }
            }
        }
        Ok(Self {
            engine,
            series,
            slos: options.slos,
            now: begin,
        })
    }

    /// Brings 30 days: as fine as the ledger keeps them.
    fn load_history(&mut self) -> anyhow::Result<()> {
        let end = self.now + 30 * 24 * 3_600_000;
        for pair in HISTORY.windows(2) {
            let ((_, step), (until, _)) = (pair[0], pair[1]);
            let until = end - until * 3_600_000;
            while self.now < until {
                self.scrape();
                self.now += step * 1000;
                // Nothing is judged before the end, which would take long and change nothing.
                self.engine.lose(self.engine.now());
                while self
                    .engine
                    .catch_up(Timestamp::from_millis(self.now))
                    .is_some()
                {}
            }
            eprintln!(
                "history up to {} h ago is loaded",
                (end - self.now) / 3_600_000
            );
        }
        Ok(())
    }

    fn scrape(&mut self) {
        let at = Timestamp::from_millis(self.now);
        // A day has its ebb and flow, so that slices differ.
        let seconds = self.now as f64 / 1000.0;
        let day = (seconds / 86_400.0).fract() * std::f64::consts::TAU;
        let served = seconds - 1.6e9 + 86_400.0 / std::f64::consts::TAU * 0.7 * day.sin();
        for (index, (id, rate)) in self.series.iter().enumerate() {
            let value = (rate * served).floor() + (index % 7) as f64;
            self.engine.observe(*id, &Sample::float(at, value));
        }
    }

    /// Returns the share of a core, and how many rows changed.
    fn run_ticks(&mut self, ticks: i64) -> anyhow::Result<(f64, usize)> {
        let (mut rows, mut samples) = (0, 0);
        let mut spent = Duration::ZERO;
        for tick in 0..=ticks {
            let before = cpu_time(std::process::id())?;
            self.scrape();
            self.now += TICK;
            let step = self.engine.tick(Timestamp::from_millis(self.now));
            // The first tick judges all budgets for the first time.
            if tick > 0 {
                spent += cpu_time(std::process::id())? - before;
                rows += step.rows.len();
                samples += step.samples.len();
            }
        }
        eprintln!("{samples} samples were made for the store in {ticks} ticks");
        Ok((spent.as_secs_f64() * 1000.0 / (ticks * TICK) as f64, rows))
    }

    /// Returns the mean time of an answer, in milliseconds, about the window where it is the longest.
    fn ask_windows(&self) -> anyhow::Result<f64> {
        let clock = SystemClock::new();
        let now = self.engine.now();
        let mut slowest: f64 = 0.0;
        for length in WINDOWS {
            let from = now - Duration::from_secs(length);
            let began = clock.monotonic();
            let mut events = 0_i64;
            for slo in 0..self.slos {
                let address = Address {
                    id: format!("service-{slo}/availability"),
                    ..Address::default()
                };
                let counts = self
                    .engine
                    .read_budget(&address, |history, _, _| history.between(from, now));
                events += counts.context("there is no such budget")?.valid();
            }
            ensure!(events > 0, "nothing was counted");
            let passed = clock.monotonic().since(began).as_secs_f64() * 1000.0;
            slowest = slowest.max(passed / self.slos as f64);
        }
        Ok(slowest)
    }
}

fn labels(slo: usize, group: usize, code: &str) -> Labels {
    Labels::from_pairs([
        ("__name__", "http_requests_total"),
        ("job", &format!("service-{slo}")),
        ("instance", &format!("10.0.{}.{group}:8080", slo % 250)),
        ("region", &format!("region-{group}")),
        ("code", code),
    ])
}

fn catalog(slos: usize) -> anyhow::Result<Catalog> {
    let mut files = Vec::with_capacity(slos);
    for slo in 0..slos {
        let text = format!(
            "version: plimsoll/v1\nservice: service-{slo}\nslos:\n  - name: availability\n    objective: 99.9\n    \
             window: 30d\n    dimensions: {{by: [region]}}\n    sli:\n      events:\n        \
             valid: http_requests_total{{job=\"service-{slo}\"}}\n        \
             bad: http_requests_total{{job=\"service-{slo}\",code=~\"5..\"}}\n"
        );
        let source = Source::new(Path::new("bench.yml"), &text)?;
        files.push(file::check(&source, &Features::default())?);
    }
    Ok(Catalog::merge(files)?)
}
