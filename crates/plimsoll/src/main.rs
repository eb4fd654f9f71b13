//! Plimsoll: one program that closes the reliability loop.
//!
//! # What it is for
//! This crate is the composition root and nothing else: [`commands`] reads the command line, `serve` puts the crates of the
//! lower floors together.
//!
//! # Model
//! A command is a file below `commands/<noun>/<verb>.rs` with its arguments and a `run`; it ends well or with a `Failure`.
//!
//! # Invariants
//! - Exit codes are assigned here: 0 done, 1 failed, 2 wrong usage, 3 a lint found something, 4 the server cannot be reached, 130 and 143 for a second
//!   interrupt or termination while shutting down.
//! - stdout is data, stderr is talk; only this crate writes to them.
//! - Only this crate reads the environment.
//!
//! # How to extend
//! A command is one file and one line in the enum beside it; `cargo xtask reference` writes its page.
//!
//! # Sources
//! promtool and amtool for the verbs their users know.

#![expect(
    clippy::print_stderr,
    reason = "stderr is talk; only the binary writes to it, and data goes to stdout through `commands::print`"
)]

mod commands;

use std::process::ExitCode;

use clap::Parser;

/// Query results and scrape bodies come and go in large pieces; mimalloc gives them back and is quick on small ones. It is
/// built without huge pages of the kernel (`no_thp`): one that is used in part counts as a whole, which was a quarter of
/// the memory of a head.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match commands::run(commands::Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprint!("{failure}");
            failure.exit_code()
        }
    }
}
