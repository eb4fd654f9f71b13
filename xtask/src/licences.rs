//! `cargo xtask licences`: cargo-deny over the lock file, offline.
//!
//! Advisories need a database that is fetched from the network, so they are for the build farm of whoever ships
//! Plimsoll: `cargo deny check advisories`.

use std::path::PathBuf;

use anyhow::Context;

use crate::process;

/// The version that the lists in deny.toml were written for.
const VERSION: &str = "0.20.2";

/// Checks licences, bans and sources of all dependencies.
pub(crate) fn run() -> anyhow::Result<()> {
    let tool = installed()?;
    process::run(process::cargo().args(["fetch", "--locked", "--quiet"]))?;
    process::run(
        std::process::Command::new(tool)
            .current_dir(process::root())
            .args([
                "--offline",
                "--log-level",
                "error",
                "check",
                "licenses",
                "bans",
                "sources",
            ]),
    )
}

/// Returns the path of cargo-deny, installing it beside the build output when it is not there.
fn installed() -> anyhow::Result<PathBuf> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .current_dir(process::root())
        .no_deps()
        .exec()
        .context("cargo metadata")?;
    let folder = metadata
        .target_directory
        .as_std_path()
        .join(format!("tools/cargo-deny-{VERSION}"));
    let tool = folder.join("bin/cargo-deny");
    if !tool.exists() {
        println!("installing cargo-deny {VERSION} (once)");
        process::run(
            process::cargo()
                .args([
                    "install",
                    "cargo-deny",
                    "--version",
                    VERSION,
                    "--locked",
                    "--debug",
                    "--quiet",
                ])
                .arg("--root")
                .arg(&folder),
        )?;
    }
    Ok(tool)
}
