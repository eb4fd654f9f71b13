//! `plimsoll test`: tries out what was written before it is used.

mod rules;

use clap::Subcommand;

use super::Failure;

/// Try out what was written before it is used
#[derive(Subcommand)]
pub(crate) enum Command {
    Rules(rules::Arguments),
}

pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Rules(arguments) => rules::run(&arguments),
    }
}
