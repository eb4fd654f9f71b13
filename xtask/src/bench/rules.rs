//! `cargo xtask bench rules`: 10,000 rules every 10 s, beside Debian's prometheus over the same data.
//!
//! Both run at the same time on loopback, get the same hour of history and then scrape the same exporter. First both run
//! without rules, then with: what the rules cost is the difference. What is told is CPU time per second that passed, as
//! the kernel counts it (user and system, all threads). In the end both must have evaluated every rule without an error,
//! missed no slot, and have the same alerts and recorded series, so that nothing is cheap because it was left out.

mod definitions;
mod exporter;
mod verify;

use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use anyhow::ensure;
use plimsoll_e2e::Home;
use plimsoll_runtime::clock::{Clock, SystemClock};

use super::contender::{self, Contender, OURS, PROMETHEUS, Setup};
use super::spending::{cpu_time, memory};
use definitions::GROUP_RULES;
use exporter::Exporter;

/// How the bench is run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The plimsoll to measure; built with optimisations when absent
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// How many rules, in groups of 20
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    rules: u64,
    /// How often each is evaluated
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    interval: u64,
    /// How long it is measured, with rules and without
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    seconds: u64,
    /// How much history there is when rules are first evaluated; ranges reach back for an hour
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    history: u64,
}

/// Ours must not need more of one core than this.
const GOAL: f64 = 0.1;
const PROGRESS: Duration = Duration::from_secs(30);

/// What both need per second that passes.
struct Load {
    /// Seconds of CPU time.
    cpu: [f64; 2],
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let groups = options.rules / GROUP_RULES;
    ensure!(
        groups > 0,
        "wanted {GROUP_RULES} rules or more, found {}",
        options.rules
    );
    let binary = contender::binary(options.binary.as_deref())?;
    let home = Home::new()?;
    let contenders = contender::start_pair(&home, &binary, &Setup::PUSHED)?;
    let exporter = Exporter::start(groups)?;
    eprintln!(
        "loading {} min of {} series",
        options.history,
        exporter.series()
    );
    for contender in &contenders {
        exporter.load_history(&contender.api, options.history)?;
    }
    let bench = Bench {
        options,
        home: &home,
        contenders: &contenders,
        exporter: &exporter,
    };
    bench.configure(false)?;
    let idle = bench.measure("without rules")?;
    definitions::write(&home, groups, options.interval)?;
    bench.configure(true)?;
    // The first slots make new series and fill caches.
    bench.pass("warming up", Duration::from_secs(options.interval * 3))?;
    let busy = bench.measure("with rules")?;
    let verdict = verify::both(&contenders, groups * GROUP_RULES)?;
    eprintln!("{verdict}");
    bench.table(&idle, &busy)
}

struct Bench<'a> {
    options: &'a Options,
    home: &'a Home,
    contenders: &'a [Contender],
    exporter: &'a Exporter,
}

impl Bench<'_> {
    /// Lets both scrape the exporter, and evaluate the rules or not, from now on.
    fn configure(&self, has_rules: bool) -> anyhow::Result<()> {
        let rules = match has_rules {
            true => "rule_files: [rules.yml]\n",
            false => "",
        };
        let config = format!("{}{rules}", self.exporter.config(self.options.interval));
        self.home.configure(&config)?;
        self.home.write("prometheus.yml", config.as_bytes())?;
        for contender in self.contenders {
            contender.program.hang_up()?;
        }
        Ok(())
    }

    fn measure(&self, what: &str) -> anyhow::Result<Load> {
        let clock = SystemClock::new();
        let began = clock.monotonic();
        let before = self.spent()?;
        self.pass(what, Duration::from_secs(self.options.seconds))?;
        let (after, passed) = (self.spent()?, clock.monotonic().since(began).as_secs_f64());
        Ok(Load {
            cpu: [OURS, PROMETHEUS].map(|index| (after[index] - before[index]) / passed),
        })
    }

    /// Waits, with a word now and then.
    fn pass(&self, what: &str, length: Duration) -> anyhow::Result<()> {
        let mut left = length;
        while !left.is_zero() {
            let step = left.min(PROGRESS);
            sleep(step);
            left -= step;
            let spent = self.spent()?;
            eprintln!(
                "{what}: {} s to go; CPU so far: plimsoll {:.1} s, prometheus {:.1} s",
                left.as_secs(),
                spent[OURS],
                spent[PROMETHEUS]
            );
        }
        Ok(())
    }

    fn spent(&self) -> anyhow::Result<[f64; 2]> {
        let of = |index: usize| -> anyhow::Result<f64> {
            Ok(cpu_time(self.contenders[index].program.id())?.as_secs_f64())
        };
        Ok([of(OURS)?, of(PROMETHEUS)?])
    }

    fn table(&self, idle: &Load, busy: &Load) -> anyhow::Result<()> {
        let (rules, interval) = (self.options.rules, self.options.interval);
        println!(
            "| what | plimsoll | prometheus | ratio | goal | met |\n|---|---|---|---|---|---|"
        );
        let row = |what: &str, figures: [f64; 2], goal: Option<f64>| {
            let [ours, theirs] = figures;
            let (goal, met) = match goal {
                Some(goal) if ours <= goal => (format!("<= {goal}"), "yes"),
                Some(goal) => (format!("<= {goal}"), "**no**"),
                None => ("-".into(), "-"),
            };
            println!(
                "| {what} | {ours:.3} | {theirs:.3} | {:.2} | {goal} | {met} |",
                ours / theirs
            );
        };
        let series = self.exporter.series();
        let name =
            format!("{rules} rules every {interval} s, CPU seconds per second, whole program");
        row(&name, busy.cpu, Some(GOAL));
        row(
            &format!("the same without rules: {series} series scraped every {interval} s"),
            idle.cpu,
            None,
        );
        let rules_alone = [OURS, PROMETHEUS].map(|index| busy.cpu[index] - idle.cpu[index]);
        row("the rules alone", rules_alone, None);
        let per_rule = rules_alone.map(|cpu| cpu * interval as f64 / rules as f64 * 1e6);
        row(
            "the rules alone, microseconds of CPU per evaluation",
            per_rule,
            None,
        );
        let mut resident = [0.0; 2];
        for (index, contender) in self.contenders.iter().enumerate() {
            resident[index] = memory(contender.program.id())?.resident as f64 / f64::from(1 << 20);
        }
        row("resident memory in the end, MiB", resident, None);
        ensure!(busy.cpu[OURS] <= GOAL, "the goal was missed");
        Ok(())
    }
}
