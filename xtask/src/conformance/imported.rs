//! Examples of OpenSLO and Pyrra: none is refused, and what is made of each is a file of ours.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use plimsoll_promql::Features;
use plimsoll_runtime::config::Source;
use plimsoll_slo::file;
use plimsoll_slo::import::{Options, Verdict, import};

use super::Case;

pub(super) fn cases(folder: &Path) -> anyhow::Result<Vec<Case>> {
    let mut paths = Vec::new();
    find(folder, &mut paths)?;
    paths.sort();
    let case = |path: &PathBuf| Case {
        name: path.display().to_string(),
        verdict: judged(path).map_err(|error| format!("{error:#}")),
    };
    Ok(paths.iter().map(case).collect())
}

fn find(folder: &Path, paths: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if path.is_dir() {
            find(&path, paths)?;
        } else if matches!(ending, Some("yml" | "yaml")) {
            paths.push(path);
        }
    }
    Ok(())
}

fn judged(path: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(path)?;
    let imported = import(&[(path, &text)], &Options::default())?;
    println!("{}:\n{}", path.display(), imported.report);
    ensure!(
        imported.report.count(Verdict::Refused) == 0 && !imported.documents.is_empty(),
        "something in it is refused"
    );
    for document in &imported.documents {
        let source = Source::new(path, &document.to_yaml())?;
        file::check(&source, &Features::default())?;
    }
    Ok(())
}
