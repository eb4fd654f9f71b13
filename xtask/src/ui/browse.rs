//! `cargo xtask ui --browse`: the real program in Debian's Chromium, with the demo's data.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::process;

/// Where Debian's package `chromium` puts it.
const CHROMIUM: &str = "/usr/bin/chromium";

/// Runs the tests of `ui/e2e`, or says that they were skipped where there is no Chromium and none is required.
pub(super) fn run(folder: &Path) -> anyhow::Result<()> {
    let chromium = std::env::var_os("CHROMIUM").map_or_else(|| CHROMIUM.into(), PathBuf::from);
    if !chromium.exists() {
        let is_required = std::env::var_os("PLIMSOLL_REQUIRE_PROGRAMS").is_some();
        ensure!(!is_required, "{} is not there", chromium.display());
        println!(
            "ui: skipped in the browser: {} is not there",
            chromium.display()
        );
        return Ok(());
    }
    ensure!(
        folder.join("dist/index.html").exists(),
        "ui/dist is not there: run cargo xtask ui first"
    );
    process::run(process::cargo().args(["build", "--quiet", "--locked", "--package", "plimsoll"]))?;
    let here = std::env::current_exe()?;
    let binary = here
        .parent()
        .context("xtask lies in a folder, and the program beside it")?
        .join("plimsoll");
    eprintln!("ui: npm run e2e");
    process::run(
        super::npm(folder)
            .args(["run", "--silent", "e2e"])
            .env("PLIMSOLL_BINARY", binary)
            .env("CHROMIUM", chromium),
    )
}
