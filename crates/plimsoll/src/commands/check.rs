//! `plimsoll check`: says whether a file is good before it is used.

mod config;

use clap::Subcommand;

use super::Failure;

/// Check a file before it is used
#[derive(Subcommand)]
pub(crate) enum Command {
    Config(config::Arguments),
}

pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Config(arguments) => config::run(&arguments),
    }
}
