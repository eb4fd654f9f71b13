//! `cargo xtask bench`: what things cost, measured. The bench itself is in the crate that it measures; this task builds
//! and starts it, and its exit code is the verdict.

use crate::process;

/// What is measured, and how it is built.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// What to measure
    #[arg(value_enum)]
    subject: Subject,
    /// Build with optimisations; without them the figures mean little
    #[arg(long)]
    release: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Subject {
    /// Append, WAL, sealing, restart and size of the embedded store
    Storage,
}

/// Builds and runs a bench.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let (package, bench) = match options.subject {
        Subject::Storage => ("plimsoll-tsdb", "storage"),
    };
    let mut command = process::cargo();
    command.args(["bench", "--quiet", "--locked"]);
    command.args(["--package", package, "--bench", bench]);
    if !options.release {
        eprintln!(
            "built without optimisations: sizes are right, speeds mean little; add --release"
        );
        command.args(["--profile", "dev"]);
    }
    process::run(&mut command)
}
