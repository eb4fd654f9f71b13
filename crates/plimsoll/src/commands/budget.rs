//! `plimsoll budget`: how much may still fail, how it got there, and what is counted differently.

mod correct;
mod history;
mod show;

use clap::Subcommand;

use super::Failure;

/// Ask what is left of error budgets, how it was used up, and correct what was counted
#[derive(Subcommand)]
pub(crate) enum Command {
    Show(show::Arguments),
    History(history::Arguments),
    #[command(subcommand)]
    Correct(correct::Command),
}

pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Show(arguments) => show::run(&arguments),
        Command::History(arguments) => history::run(&arguments),
        Command::Correct(command) => correct::run(&command),
    }
}
