//! Prometheus' own configuration files: good ones load, bad ones are refused at a place.
//!
//! A good file that uses a kind of discovery we lack is to be refused by that kind's name, and by nothing else.

use std::path::{Path, PathBuf};

use plimsoll_ingest::config;
use plimsoll_ingest::discovery::KNOWN_ELSEWHERE;
use plimsoll_runtime::config::{Diagnostic, Diagnostics, Severity};

use super::Case;

pub(super) fn cases(folder: &Path) -> anyhow::Result<Vec<Case>> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.to_string_lossy();
        if name.ends_with(".good.yml") || name.ends_with(".bad.yml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths.iter().map(|path| case(path)).collect())
}

fn case(path: &Path) -> Case {
    let is_good = path.to_string_lossy().ends_with(".good.yml");
    let verdict = match (config::load(path, &|_| None), is_good) {
        (Ok(_), true) => Ok(()),
        (Ok(_), false) => Err("is bad and was accepted".into()),
        (Err(findings), true) => names_discovery(&findings),
        (Err(findings), false) => has_places(&findings),
    };
    Case {
        name: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        verdict,
    }
}

fn errors(findings: &Diagnostics) -> impl Iterator<Item = &Diagnostic> {
    findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
}

fn names_discovery(findings: &Diagnostics) -> Result<(), String> {
    let is_named = |finding: &Diagnostic| {
        KNOWN_ELSEWHERE
            .iter()
            .any(|kind| finding.message.contains(kind))
    };
    if errors(findings).all(is_named) {
        return Ok(());
    }
    Err(format!("is good and was refused:\n{findings}"))
}

fn has_places(findings: &Diagnostics) -> Result<(), String> {
    if errors(findings).all(|finding| finding.line > 0 && finding.column > 0) {
        return Ok(());
    }
    Err(format!("was refused without a place:\n{findings}"))
}
