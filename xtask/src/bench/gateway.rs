//! `cargo xtask bench gateway`: what a request costs each proxy, beside Debian's nginx and haproxy and a bare proxy of
//! hyper's.
//!
//! Each proxy is a process with one thread for requests, before the same backend, which is a process of this task's; load
//! comes from Debian's wrk. All run for the whole bench, and idle while another one is measured.
//!
//! - **CPU per request** is what the kernel counted for the proxy's process (user and system, all threads) by the requests
//!   that wrk counted, over several rounds in which the proxies take turns. What else the machine does only ever adds to
//!   it, so the least of the rounds counts, and ratios are those of the least; the most is told beside it.
//! - **Ours** has everything on: counters and histograms by route, backend, endpoint and criticality, written into its own
//!   store, which runs in the same process and is counted too; ejection, breakers and the retry budget; trace context; an
//!   access log of every request into a file. The other three have no log and no metrics. nginx runs once more with its
//!   access log.
//! - **Latency added** at half of the load that ours can do: requests go out at their times whether earlier ones came back
//!   or not, over 16 connections; the difference of the 99th percentiles through the proxy and without it.
//! - **Crowd.** Ten thousand clients connect, make a request each and stay: memory. Then all of them send one at the same
//!   moment: each must be answered 200.
//! - **Swap.** A configuration of 1,000 routes replaces another one in this process.

pub(super) mod contender;
mod crowd;
mod pace;
mod part;
mod swap;
mod table;
mod wrk;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::ensure;
use plimsoll_e2e::Home;

use super::{contender as programs, spending};
use contender::{Contender, OURS};
pub(crate) use part::Options as PartOptions;
pub(crate) use part::run as run_part;
use table::Table;

/// How the bench is run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The plimsoll to measure; built with optimisations when absent
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// How often each proxy is measured
    #[arg(long, value_name = "COUNT", default_value_t = 6)]
    rounds: usize,
    /// How long each time
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    seconds: u64,
    /// Connections of wrk
    #[arg(long, value_name = "COUNT", default_value_t = 32)]
    connections: usize,
    /// Clients of the crowd
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    crowd: usize,
    /// Routes that are swapped
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    routes: usize,
}

/// What the rounds of a proxy came to.
#[derive(Clone, Debug, Default)]
struct Rounds {
    /// Microseconds of CPU per request.
    cpu_micros: Vec<f64>,
    per_second: Vec<f64>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(
        options.rounds > 0 && options.seconds > 0,
        "wanted a round of a second or more"
    );
    if cfg!(debug_assertions) {
        eprintln!("built without optimisations: hyper's own proxy and the swap mean little");
    }
    let mut table = Table::default();
    swap::measure(options.routes, &mut table)?;
    let binary = programs::binary(options.binary.as_deref())?;
    let files = crowd::raise_open_files(options.crowd)?;
    let home = Home::new()?;
    let backend = contender::start_backend(&home)?;
    let mut all = contender::start_all(&home, &binary, backend.address, files)?;
    let rounds = measure_rounds(options, &all)?;
    table.rounds(&rounds);
    let rate = rounds[OURS].most_per_second() / 2.0;
    let added = pace::measure(rate, backend.address, &all)?;
    table.added(rate, &added);
    for contender in &mut all {
        if contender.takes_crowds {
            let crowd = crowd::measure(contender, options.crowd)?;
            table.crowd(contender.name, options.crowd, &crowd);
        }
        contender.program.check_alive()?;
    }
    table.verdict()
}

fn measure_rounds(options: &Options, all: &[Contender]) -> anyhow::Result<Vec<Rounds>> {
    let mut rounds = vec![Rounds::default(); all.len()];
    for contender in all {
        // Connections, caches, the first second of every proxy.
        wrk::run(
            contender.address,
            options.connections,
            Duration::from_secs(1),
        )?;
    }
    let time = Duration::from_secs(options.seconds);
    for round in 0..options.rounds {
        eprintln!("round {} of {}", round + 1, options.rounds);
        for (contender, rounds) in all.iter().zip(&mut rounds) {
            let before = spending::cpu_time(contender.program.id())?;
            let done = wrk::run(contender.address, options.connections, time)?;
            let spent = spending::cpu_time(contender.program.id())? - before;
            rounds
                .cpu_micros
                .push(spent.as_secs_f64() * 1e6 / done.requests as f64);
            rounds.per_second.push(done.per_second);
        }
    }
    Ok(rounds)
}

impl Rounds {
    fn least_cpu(&self) -> f64 {
        self.cpu_micros
            .iter()
            .copied()
            .fold(f64::INFINITY, f64::min)
    }

    fn most_cpu(&self) -> f64 {
        self.cpu_micros.iter().copied().fold(0.0, f64::max)
    }

    fn most_per_second(&self) -> f64 {
        self.per_second.iter().copied().fold(0.0, f64::max)
    }
}
