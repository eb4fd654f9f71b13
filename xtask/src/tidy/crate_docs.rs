//! Every crate answers the same five questions.

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
    for entry in std::fs::read_dir(process::root().join("crates"))? {
        let root_file = entry?.path().join("src/lib.rs");
        let Ok(text) = std::fs::read_to_string(&root_file) else {
            continue;
        };
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
