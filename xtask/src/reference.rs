//! `cargo xtask reference`: the generated pages of docs/reference, and the types of the user interface.

mod config;
mod types;

use crate::process;

/// A file, and what it should be.
type Page = (&'static str, fn() -> anyhow::Result<String>);

/// The files. What only the program knows it prints itself; the rest is read from its source.
const PAGES: [Page; 5] = [
    ("docs/reference/cli.md", || printed("cli")),
    ("docs/reference/config.md", config::page),
    ("docs/reference/metrics.md", || printed("metrics")),
    ("docs/reference/openapi.json", || printed("openapi")),
    ("ui/src/api/types.ts", || types::page(&printed("openapi")?)),
];

/// Writes every file anew.
pub(crate) fn write() -> anyhow::Result<()> {
    for (path, page) in PAGES {
        std::fs::write(process::root().join(path), page()?)?;
    }
    println!("reference: wrote {} files", PAGES.len());
    Ok(())
}

/// Returns the files that differ from what would be written.
pub(crate) fn outdated() -> anyhow::Result<Vec<&'static str>> {
    let mut outdated = Vec::new();
    for (path, page) in PAGES {
        let written = std::fs::read_to_string(process::root().join(path)).unwrap_or_default();
        if written != page()? {
            outdated.push(path);
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
