//! `cargo xtask tidy`: what protects the house, and a list of what deserves a look.

mod crate_docs;
mod dead_files;
mod floors;
mod format_docs;
mod longest;
mod tracked;

use anyhow::bail;

use crate::reference;

/// How to run.
#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Note in docs/formats that each document was read against its source as it is now
    #[arg(long)]
    bless_formats: bool,
}

/// A check returns one line per finding, with the place and what to do.
type Check = (&'static str, fn() -> anyhow::Result<Vec<String>>);

const CHECKS: [Check; 6] = [
    ("floors", floors::check),
    ("dead files", dead_files::check),
    ("crate docs", crate_docs::check),
    ("format documents", format_docs::check),
    ("tracked files", tracked::check),
    ("generated references", references),
];

/// Runs every check and reports all findings.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if options.bless_formats {
        return format_docs::bless();
    }
    let mut findings = 0;
    for (name, check) in CHECKS {
        for finding in check()? {
            println!("{name}: {finding}");
            findings += 1;
        }
    }
    longest::print()?;
    if findings > 0 {
        bail!("tidy: {findings} findings");
    }
    println!("tidy: no findings");
    Ok(())
}

fn references() -> anyhow::Result<Vec<String>> {
    let outdated = reference::outdated()?;
    Ok(outdated
        .into_iter()
        .map(|path| format!("{path} is out of date: run cargo xtask reference"))
        .collect())
}
