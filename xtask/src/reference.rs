//! `cargo xtask reference`: the generated pages of docs/reference.

mod config;

use std::path::PathBuf;

use crate::process;

type Page = (&'static str, fn() -> anyhow::Result<String>);

/// The pages. What only the program knows it prints itself; the rest is read from its source.
const PAGES: [Page; 3] = [
    ("cli", || printed("cli")),
    ("config", config::page),
    ("metrics", || printed("metrics")),
];

/// Writes every page anew.
pub(crate) fn write() -> anyhow::Result<()> {
    for (name, page) in PAGES {
        std::fs::write(path(name), page()?)?;
    }
    println!("reference: wrote {} pages", PAGES.len());
    Ok(())
}

/// Returns the pages whose file differs from what would be written.
pub(crate) fn outdated() -> anyhow::Result<Vec<&'static str>> {
    let mut outdated = Vec::new();
    for (name, page) in PAGES {
        let written = std::fs::read_to_string(path(name)).unwrap_or_default();
        if written != page()? {
            outdated.push(name);
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
