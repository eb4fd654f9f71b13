//! The command line: `plimsoll <noun> <verb>`, one file per command.

mod alert;
mod alerting;
mod alertmanager;
mod budget;
mod check;
mod completions;
mod demo;
mod environment;
mod failure;
mod features;
mod gateway;
mod in_force;
mod input;
mod journal;
mod man;
mod output;
mod promql;
mod push;
mod query;
mod reference;
mod rules;
mod serve;
mod server;
mod shown;
mod silence;
mod slo;
mod status;
mod test;
mod tsdb;
mod version;

use clap::{Parser, Subcommand};

pub(crate) use environment::environment;
pub(crate) use failure::Failure;
pub(crate) use output::{print, print_more};

/// Keeps your metrics so that an acknowledged sample is never lost, and answers PromQL about them.
#[derive(Parser)]
#[command(
    name = "plimsoll",
    version,
    long_version = version::long(),
    max_term_width = 100,
    after_help = "Examples:\n  \
        plimsoll serve --config prometheus.yml\n  \
        plimsoll check config prometheus.yml\n  \
        plimsoll query 'sum by (mode) (rate(node_cpu_seconds_total[5m]))'"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(Box<serve::Arguments>),
    Alertmanager(Box<alertmanager::Arguments>),
    Gateway(Box<gateway::Arguments>),
    Demo(demo::Arguments),
    #[command(subcommand)]
    Check(check::Command),
    #[command(subcommand)]
    Alert(alert::Command),
    #[command(subcommand)]
    Silence(silence::Command),
    #[command(subcommand)]
    Slo(slo::Command),
    #[command(subcommand)]
    Budget(budget::Command),
    Query(query::Arguments),
    #[command(subcommand)]
    Push(push::Command),
    #[command(subcommand)]
    Promql(promql::Command),
    #[command(subcommand)]
    Rules(rules::Command),
    #[command(subcommand)]
    Test(test::Command),
    #[command(subcommand)]
    Tsdb(tsdb::Command),
    Status(status::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
    #[command(hide = true)]
    Reference(reference::Arguments),
}

/// Runs the command that was asked for.
pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Alertmanager(arguments) => alertmanager::run(*arguments),
        Command::Gateway(arguments) => gateway::run(*arguments),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Check(command) => check::run(command),
        Command::Alert(command) => alert::run(command),
        Command::Silence(command) => silence::run(command),
        Command::Slo(command) => slo::run(command),
        Command::Budget(command) => budget::run(command),
        Command::Query(arguments) => query::run(arguments),
        Command::Push(command) => push::run(command),
        Command::Promql(command) => promql::run(command),
        Command::Rules(command) => rules::run(command),
        Command::Test(command) => test::run(command),
        Command::Tsdb(command) => tsdb::run(command),
        Command::Status(arguments) => status::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
        Command::Reference(arguments) => reference::run(arguments),
    }
}
