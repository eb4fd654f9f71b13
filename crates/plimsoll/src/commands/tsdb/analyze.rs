//! `plimsoll tsdb analyze`: what makes a store large, and which of it nobody asks for.

mod offline;
mod remote;
mod table;

use std::time::Duration;

use clap::ValueEnum;
use plimsoll_runtime::clock::{Clock, SystemClock};

use super::Directory;
use crate::commands::server::Server;
use crate::commands::{Failure, print};

/// Tell which metrics and labels have the most series, which come and go, and which nobody asks for
///
/// Looks into a data directory, or with --server asks a running server for its active series.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    directory: Directory,
    /// One part, by the name that list prints; all of the store when absent
    #[arg(value_name = "PART")]
    part: Option<String>,
    /// Ask this server instead of looking into a directory
    #[arg(long, value_name = "URL", conflicts_with_all = ["directory", "dir", "part"])]
    server: Option<String>,
    /// How long to wait for the server's answer, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "120",
        requires = "server",
        conflicts_with_all = ["directory", "dir", "part"]
    )]
    timeout: u64,
    /// How long each list is, at most 10000
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Metrics that were not queried for so long are listed as unused
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = duration)]
    unused_after: Duration,
    /// The two windows, one after the other, between which series come and go; at most 24h. Needs --server: of a
    /// directory all that it holds is compared
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration, requires = "server", conflicts_with_all = ["directory", "dir", "part"])]
    churn: Duration,
    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    output: Output,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Table,
    /// For programs
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let limit = usize::from(arguments.limit);
    let report = match &arguments.server {
        Some(url) => {
            let server = Server::new(url.clone(), arguments.timeout);
            remote::ask(
                &server,
                limit,
                arguments.unused_after,
                Some(arguments.churn),
            )?
        }
        None => {
            let store = arguments.directory.open()?;
            let after = i64::try_from(arguments.unused_after.as_millis()).unwrap_or(i64::MAX);
            let before = SystemClock::new().now().saturating_add_millis(-after);
            let part = arguments.part.as_deref();
            match offline::look(&store, part, limit, before)? {
                Some(report) => report,
                None => {
                    eprintln!("there are no samples");
                    return Ok(());
                }
            }
        }
    };
    match arguments.output {
        Output::Table => print(&table::render(&report)),
        Output::Json => print(&format!("{report:#}\n")),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = plimsoll_types::parse_duration(text).map_err(|error| error.to_string())?;
    match duration.is_zero() {
        true => Err("wanted more than 0s".into()),
        false => Ok(duration),
    }
}
