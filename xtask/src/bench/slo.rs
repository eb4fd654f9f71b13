//! `cargo xtask bench slo`: 1,000 objectives with ten groups each over 30 days, current every 10 s, beside Debian's
//! prometheus that evaluates Sloth's rules for the same objectives.
//!
//! Four programs run at the same time on loopback: plimsoll with the files of objectives and without, Prometheus with the
//! rule files and without. All get the same minutes of history and then scrape one exporter of this process every 10 s,
//! so what objectives cost is the difference within each pair, in CPU time as the kernel counts it (user and system, all
//! threads) and in resident memory; what is stored because of them is part of it. Totals are told beside it.
//!
//! - **History.** A ledger of ours keeps 30 days by itself: an engine in this process is given every counter's past, and
//!   the snapshot that it writes is what the server starts with. Prometheus would need the samples themselves, 500 million
//!   for the three days of its longest rate; it gets `--history` minutes, so that its longer windows cost it less here than
//!   in life. The other three get the same minutes, which costs ours no less.
//! - **Rules.** They are what Sloth makes by default, with `by (region)` in both queries, made by our export, which
//!   `cargo xtask conformance sloth` holds against Sloth's own; evaluated every 10 s, as our budgets are. Ours keeps a
//!   budget of the whole besides those of its groups, and stores series in own names, Sloth's and Pyrra's every 30 s.
//! - **Warm-up.** What a start costs (reading the snapshot, counting stored samples, the first judgement, new series) is
//!   not measured; a snapshot is written every ten minutes, seldom within the measured time, and its cost is a row.
//! - **Windows** are asked in this process, every window of every budget one by one, through the same call as the API's.
//! - **Correctness.** In the end the counts of some objectives and all their groups over 30 days must be what the exporter
//!   counted between the same two scrapes; every budget was judged in every slice, and every rule is well.

mod definitions;
mod exporter;
mod fleet;
mod full;
mod table;
mod traffic;
mod verify;

use std::path::PathBuf;

use anyhow::ensure;
use plimsoll_e2e::{Api, Home};

use super::contender::{self, Setup};
use definitions::Definitions;
use exporter::Exporter;
use fleet::Fleet;
use full::Ledger;
use table::Table;

/// How the bench is run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The plimsoll to measure; built with optimisations when absent
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// How many objectives
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    slos: usize,
    /// How many groups each of them has
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    groups: usize,
    /// How long it is measured
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    seconds: u64,
    /// How many days the ledgers hold; windows take 30, and twice as much is kept
    #[arg(long, value_name = "DAYS", default_value_t = 31, value_parser = clap::value_parser!(i64).range(31..=60))]
    days: i64,
    /// How many minutes of samples all programs get before
    #[arg(long, value_name = "MINUTES", default_value_t = 30)]
    history: u64,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(
        options.slos > 0 && options.groups > 0,
        "wanted an objective and a group or more"
    );
    if cfg!(debug_assertions) {
        eprintln!("built without optimisations: times of windows mean little");
    }
    let binary = contender::binary(options.binary.as_deref())?;
    let definitions = Definitions::new(options.slos)?;
    let exporter = Exporter::start(options.slos, options.groups)?;
    eprintln!(
        "filling ledgers with {} days; Prometheus gets {} rules",
        options.days, definitions.rule_count
    );
    let ledger = Ledger::fill(options, &definitions, &exporter)?;
    let homes = [Home::new()?, Home::new()?];
    let mut pairs = Vec::new();
    for home in &homes {
        pairs.push(contender::start_pair(home, &binary, &Setup::PUSHED)?);
    }
    let all = pairs.iter().flatten();
    let apis: Vec<Api> = all.map(|contender| contender.api).collect();
    eprintln!("pushing {} min of samples", options.history);
    exporter.push_history(&apis, options.history)?;
    let mut fleet = Fleet {
        options,
        definitions: &definitions,
        exporter: &exporter,
        homes: &homes,
        pairs,
    };
    fleet.configure(&ledger.snapshot)?;
    fleet.wait_until_current()?;
    let measured = fleet.measure()?;
    let verified = fleet.verify();
    let mut table = Table::default();
    measured.print(options, &mut table);
    ledger.print(options, &mut table);
    verified?;
    table.verdict()
}
