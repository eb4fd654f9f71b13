//! `plimsoll push`: hands samples to a running server.

mod metrics;

use clap::Subcommand;

use super::Failure;

/// Hand samples to a running server
#[derive(Subcommand)]
pub(crate) enum Command {
    Metrics(metrics::Arguments),
}

pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Metrics(arguments) => metrics::run(arguments),
    }
}
