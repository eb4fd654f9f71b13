//! Every task of the repository: `cargo xtask <task>`.
//!
//! # What it is for
//! A person and the build farm run the same commands, and the commands are Rust like everything else.
//!
//! # Model
//! One file per task; this one only names them. What a task prints last is its verdict, and its exit code agrees.
//!
//! # Invariants
//! - stdout is the report, stderr the progress.
//! - Nothing outside the target folder and temporary folders is written, but what a task's name says it writes.
//! - A task that judged nothing fails.
//!
//! # How to extend
//! A task is a file beside this one and a line in the enum below.
//!
//! # Sources
//! The xtask convention of rust-analyzer; TigerBeetle's tidy.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task's report is its output, its progress goes to stderr"
)]

mod bench;
mod ci;
mod conformance;
mod crash;
mod demo;
mod fuzz;
mod licences;
mod process;
mod reference;
mod sim;
mod test;
mod tidy;
mod ui;

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
    /// Kill the real server at random moments and check that nothing acknowledged is lost
    Crash(crash::Options),
    /// Run the store on a simulated disk that dies or fails at any call
    Sim(sim::Options),
    /// Ask us and Debian's Prometheus the same random questions
    Fuzz(fuzz::Options),
    /// Measure what something costs
    Bench(bench::Options),
    /// Build what is missing and run `plimsoll demo`
    Demo(demo::Options),
    /// Judge us by another project's test data
    Conformance(conformance::Options),
    /// Build the user interface into ui/dist, from where cargo build takes it
    Ui(ui::Options),
    /// Write docs/reference anew
    Reference,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Test => test::run(),
        Task::Ci(options) => ci::run(&options),
        Task::Tidy(options) => tidy::run(&options),
        Task::Licences => licences::run(),
        Task::Crash(options) => crash::run(&options),
        Task::Sim(options) => sim::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Demo(options) => demo::run(&options),
        Task::Conformance(options) => conformance::run(&options),
        Task::Ui(options) => ui::run(&options),
        Task::Reference => reference::write(),
    }
}
