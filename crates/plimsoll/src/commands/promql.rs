//! `plimsoll promql`: what can be said of an expression without a server.

mod explain;
mod format;
mod nothing;

use clap::Subcommand;

use super::Failure;

/// Look at PromQL expressions
#[derive(Subcommand)]
pub(crate) enum Command {
    Explain(explain::Arguments),
    Format(format::Arguments),
}

pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Explain(arguments) => explain::run(arguments),
        Command::Format(arguments) => format::run(&arguments),
    }
}
