//! `cargo xtask bench faults`: one script, three proxies. Of three backends one dies, hangs, answers 500, slows down, flaps
//! and returns each time, and clients ask on.
//!
//! haproxy, nginx and we run side by side, each configured as somebody does who knows it well (the files beside this one), and
//! ours once more with nothing but a check. Each has three backends of its own in this process, and a client that sends GETs
//! at fixed times, whether earlier ones came back or not, each over its own connection.
//!
//! - **Failed** is what was answered otherwise than 2xx, broke off, or had no whole answer within five seconds, of the requests
//!   that were sent in a phase or still ran when it began.
//! - **Time to eject** is when the sick backend got its last request, from the begin of the phase. One that still got some in
//!   the last two seconds was not ejected; one whose port is closed sees nothing.
//! - **Time to return** is when it got its first request, from when it was well again.
//!
//! A phase begins when the victim of every proxy has been getting its share for a while. Checks are no requests.

mod backend;
mod client;
mod contender;
mod script;
mod table;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::ensure;
use plimsoll_e2e::Home;
use plimsoll_runtime::clock::SystemClock;

use super::contender as programs;

/// How the bench is run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The plimsoll to measure; built with optimisations when absent
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Requests per second through each proxy
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    rate: u32,
    /// How long a fault lasts; one that comes and goes takes twice as long
    #[arg(long, value_name = "SECONDS", default_value_t = 12)]
    seconds: u64,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(
        options.rate >= 10 && options.seconds >= 6,
        "wanted 10 requests per second and 6 seconds or more"
    );
    let binary = programs::binary(options.binary.as_deref())?;
    let home = Home::new()?;
    let clock = Arc::new(SystemClock::new());
    let mut contenders = contender::start_all(&home, &binary, &clock)?;
    let phases = script::play(options, &clock, &contenders)?;
    for contender in &mut contenders {
        contender.program.check_alive()?;
    }
    table::print(&phases);
    table::judge(&phases)
}
