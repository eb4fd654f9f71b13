//! Every task of the repository: `cargo xtask <task>`.
//!
//! One file per task; this one only names them. What a task prints last is its verdict, and its exit code agrees.

#![expect(clippy::print_stdout, reason = "a task's report is its output")]

mod ci;
mod licences;
mod process;
mod reference;
mod test;
mod tidy;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Every task of the repository")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run all tests: units, crates, the real binary against Debian's programs
    Test,
    /// Run the whole gate: fmt, clippy, doc, test, tidy, licences
    Ci(ci::Options),
    /// Check the house: floors, dead files, generated references, format documents
    Tidy(tidy::Options),
    /// Check the licences and bans of all dependencies, offline
    Licences,
    /// Write docs/reference anew from the binary
    Reference,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Test => test::run(),
        Task::Ci(options) => ci::run(&options),
        Task::Tidy(options) => tidy::run(&options),
        Task::Licences => licences::run(),
        Task::Reference => reference::write(),
    }
}
