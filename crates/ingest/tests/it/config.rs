//! Prometheus' own configuration files: good ones load, bad ones are refused at a place.

use std::path::{Path, PathBuf};

use plimsoll_ingest::config::{self, Loaded};
use plimsoll_runtime::config::{Diagnostics, Severity};

/// Files that the suite refuses though their names do not say so.
const REFUSED: [&str; 3] = [
    ".bad.yml",
    ".incompatible.yml",
    "config_with_deprecated_am_api_config.yml",
];

fn suite() -> Option<PathBuf> {
    let root = std::env::var_os("PLIMSOLL_TESTDATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata"),
        PathBuf::from,
    );
    let directory = root.join("prometheus/config");
    if directory.is_dir() {
        return Some(directory);
    }
    println!("skipped: {} does not exist", directory.display());
    None
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "yml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn load(path: &Path) -> Result<Loaded, Diagnostics> {
    config::load(path, &|_| None)
}

#[test]
fn loads_or_refuses_the_files_of_prometheus() {
    let Some(directory) = suite() else {
        return;
    };
    let mut wrong = Vec::new();
    let files = files(&directory);
    for path in &files {
        let name = path.to_string_lossy();
        let is_bad = REFUSED.iter().any(|ending| name.ends_with(ending));
        match (load(path), is_bad) {
            (Ok(_), false) => {}
            (Ok(_), true) => wrong.push(format!("{name} was accepted")),
            (Err(findings), true) => {
                if findings
                    .iter()
                    .any(|f| f.severity == Severity::Error && (f.line == 0 || f.column == 0))
                {
                    wrong.push(format!("{name}: no place\n{findings}"));
                }
            }
            (Err(findings), false) => {
                let mut errors = findings.iter().filter(|f| f.severity == Severity::Error);
                if !errors.all(|f| f.message.contains("this version discovers targets by")) {
                    wrong.push(format!("{name} was refused\n{findings}"));
                }
            }
        }
    }
    assert!(files.len() > 100, "the suite is incomplete");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
