//! `cargo xtask reference`: docs/reference, written by the binary itself.

use std::path::PathBuf;

use crate::process;

/// The pages, each printed by `plimsoll reference <page>`.
const PAGES: [&str; 3] = ["cli", "config", "metrics"];

/// Writes every page anew.
pub(crate) fn write() -> anyhow::Result<()> {
    for page in PAGES {
        std::fs::write(path(page), printed(page)?)?;
    }
    println!("reference: wrote {} pages", PAGES.len());
    Ok(())
}

/// Returns the pages whose file differs from what the binary prints.
pub(crate) fn outdated() -> anyhow::Result<Vec<&'static str>> {
    let mut outdated = Vec::new();
    for page in PAGES {
        let written = std::fs::read_to_string(path(page)).unwrap_or_default();
        if written != printed(page)? {
            outdated.push(page);
        }
    }
    Ok(outdated)
}

fn printed(page: &str) -> anyhow::Result<String> {
    process::output(
        process::cargo()
            .args(["run", "--quiet", "--locked", "--package", "plimsoll", "--"])
            .args(["reference", page]),
    )
}

fn path(page: &str) -> PathBuf {
    process::root().join(format!("docs/reference/{page}.md"))
}
