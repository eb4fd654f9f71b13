//! Every crate answers the same five questions.

use std::path::PathBuf;

use crate::process;

const HEADINGS: [&str; 5] = [
    "What it is for",
    "Model",
    "Invariants",
    "How to extend",
    "Sources",
];

pub(super) fn check() -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for root_file in root_files()? {
        let text = std::fs::read_to_string(&root_file)?;
        for heading in HEADINGS {
            if !text.lines().any(|line| line == format!("//! # {heading}")) {
                let name = root_file
                    .strip_prefix(process::root())
                    .unwrap_or(&root_file);
                findings.push(format!("{}: no heading \"# {heading}\"", name.display()));
            }
        }
    }
    Ok(findings)
}

/// Returns `lib.rs` or, where there is none, `main.rs` of every package.
fn root_files() -> anyhow::Result<Vec<PathBuf>> {
    let root = process::root();
    let mut packages: Vec<PathBuf> = ["testkit", "tests/e2e", "xtask"]
        .iter()
        .map(|folder| root.join(folder))
        .collect();
    for entry in std::fs::read_dir(root.join("crates"))? {
        packages.push(entry?.path());
    }
    packages.sort();
    let root_file = |package: PathBuf| {
        let library = package.join("src/lib.rs");
        if library.exists() {
            library
        } else {
            package.join("src/main.rs")
        }
    };
    Ok(packages.into_iter().map(root_file).collect())
}
