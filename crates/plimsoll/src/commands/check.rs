//! `plimsoll check`: says whether a file is good before it is used.

mod alertmanager;
mod config;
mod metrics;
mod rules;
mod slo;

use clap::Subcommand;

use super::Failure;

/// Check a file before it is used
#[derive(Subcommand)]
pub(crate) enum Command {
    Config(config::Arguments),
    Alertmanager(alertmanager::Arguments),
    Metrics(metrics::Arguments),
    Rules(rules::Arguments),
    Slo(slo::Arguments),
}

pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Config(arguments) => config::run(&arguments),
        Command::Alertmanager(arguments) => alertmanager::run(&arguments),
        Command::Metrics(arguments) => metrics::run(&arguments),
        Command::Rules(arguments) => rules::run(&arguments),
        Command::Slo(arguments) => slo::run(&arguments),
    }
}
