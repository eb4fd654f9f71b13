//! `cargo xtask ci`: the only gate, the same for a person and for the build farm.

use crate::{licences, process, sim, test, tidy, ui};

/// What to leave out.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leave out the tests, because they ran just before
    #[arg(long)]
    after_test: bool,
}

type Step = (&'static str, fn() -> anyhow::Result<()>);

const STEPS: [Step; 8] = [
    ("fmt", fmt),
    // Before what compiles the program, which takes the result in.
    ("ui", ui::gate),
    ("clippy", clippy),
    ("doc", doc),
    ("test", test::run),
    ("sim", sim::smoke),
    ("tidy", || tidy::run(&tidy::Options::default())),
    ("licences", licences::run),
];

/// Runs every step in order and stops at the first that fails.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    for (name, step) in STEPS {
        if name == "test" && options.after_test {
            continue;
        }
        println!("== {name}");
        step().map_err(|error| error.context(format!("step {name} failed")))?;
    }
    println!("ci: all steps passed");
    Ok(())
}

fn fmt() -> anyhow::Result<()> {
    process::run(process::cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> anyhow::Result<()> {
    process::run(process::cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))
}

fn doc() -> anyhow::Result<()> {
    process::run(
        process::cargo()
            .args([
                "doc",
                "--workspace",
                "--no-deps",
                "--document-private-items",
                "--locked",
                "--quiet",
            ])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    // Without the feature the layers for tower are not there.
    process::run(
        process::cargo()
            .args([
                "doc",
                "--package",
                "plimsoll-traffic",
                "--features",
                "tower",
            ])
            .args(["--no-deps", "--locked", "--quiet"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}
