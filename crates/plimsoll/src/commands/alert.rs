//! `plimsoll alert`: what fires, who is told of it and who is not, and why.

mod explain;
mod explanation;
mod groups;
mod list;
mod page;
mod route_test;
mod server;
mod show;
mod subject;
mod words;

use clap::Subcommand;

use super::Failure;
pub(super) use list::table as alerts_table;
pub(super) use page::Page;
pub(super) use server::{Alerting, read_alerts};
pub(super) use words::{filters, matchers};

/// Ask what fires, who was told of it, and why somebody was not
#[derive(Subcommand)]
pub(crate) enum Command {
    List(list::Arguments),
    Show(show::Arguments),
    Explain(explain::Arguments),
    RouteTest(route_test::Arguments),
    Groups(groups::Arguments),
}

pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List(arguments) => list::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::RouteTest(arguments) => route_test::run(&arguments),
        Command::Groups(arguments) => groups::run(&arguments),
    }
}
