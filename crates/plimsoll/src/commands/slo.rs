//! `plimsoll slo`: what was promised, and how it is kept.

mod answer;
mod explain;
mod export;
mod generating;
mod import;
mod init;
mod list;
mod math;
mod plan;
mod schema;
mod show;
mod verify;

use clap::Subcommand;

use super::Failure;
pub(super) use answer::{Named, Objectives, Output, percent};
pub(super) use show::budgets;

/// Ask how objectives are kept, and work with the files that state them
#[derive(Subcommand)]
pub(crate) enum Command {
    List(list::Arguments),
    Show(show::Arguments),
    Explain(explain::Arguments),
    Plan(Box<plan::Arguments>),
    Verify(verify::Arguments),
    Schema(schema::Arguments),
    Import(import::Arguments),
    Export(export::Arguments),
    Init(init::Arguments),
    #[command(subcommand)]
    Math(math::Command),
}

pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List(arguments) => list::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Plan(arguments) => plan::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Math(command) => math::run(&command),
    }
}
