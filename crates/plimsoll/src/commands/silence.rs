//! `plimsoll silence`: says what nobody wants to be told for a while.

mod add;
mod draft;
mod expire;
mod import;
mod list;
mod preview;
mod span;

use clap::Subcommand;

use super::Failure;

/// Say what nobody wants to be told for a while
#[derive(Subcommand)]
pub(crate) enum Command {
    Add(add::Arguments),
    List(list::Arguments),
    Expire(expire::Arguments),
    Import(import::Arguments),
    Preview(preview::Arguments),
}

pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(arguments) => add::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Expire(arguments) => expire::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Preview(arguments) => preview::run(&arguments),
    }
}
