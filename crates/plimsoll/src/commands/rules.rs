//! `plimsoll rules`: what can be done with rules beside running and checking them.

mod backfill;

use clap::Subcommand;

use super::Failure;

/// Use rules beside running and checking them
#[derive(Subcommand)]
pub(crate) enum Command {
    Backfill(backfill::Arguments),
}

pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Backfill(arguments) => backfill::run(&arguments),
    }
}
