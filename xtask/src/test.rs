//! `cargo xtask test`: all tests.

use crate::{crash, process};

/// Builds the binary, then runs every test of the workspace, among them `tests/e2e`, which starts that binary, and
/// kills it a few times under load.
pub(crate) fn run() -> anyhow::Result<()> {
    process::run(process::cargo().args(["build", "--locked", "--package", "plimsoll"]))?;
    process::run(process::cargo().args(["test", "--workspace", "--locked"]))?;
    crash::smoke()?;
    println!("test: all tests passed");
    Ok(())
}
