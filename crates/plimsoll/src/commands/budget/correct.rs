//! `plimsoll budget correct`: times whose events count differently.

mod add;
mod list;
mod revoke;

use clap::Subcommand;

use crate::commands::{Failure, environment};

/// Count the events of some time as excluded, good or bad; reversible, and shown beside the figures without it
#[derive(Subcommand)]
pub(crate) enum Command {
    Add(add::Arguments),
    List(list::Arguments),
    Revoke(revoke::Arguments),
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Add(arguments) => add::run(arguments),
        Command::List(arguments) => list::run(arguments),
        Command::Revoke(arguments) => revoke::run(arguments),
    }
}

/// Returns who does it.
fn author(given: Option<&str>) -> Result<String, Failure> {
    let login = || environment("USER").or_else(|| environment("LOGNAME"));
    let author = given.map(str::to_owned).or_else(login);
    author
        .filter(|author| !author.is_empty())
        .ok_or_else(|| Failure::usage("who does this is not known here; say it with --author"))
}
