//! The OpenMetrics project's parser cases: `metrics` is an exposition, `test.json` says whether it is valid.

use std::path::Path;

use anyhow::Context;
use plimsoll_wire::exposition::openmetrics;

use super::Case;

pub(super) fn cases(folder: &Path) -> anyhow::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.join("test.json").is_file() {
            cases.push(case(&path)?);
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(cases)
}

fn case(path: &Path) -> anyhow::Result<Case> {
    let description = std::fs::read(path.join("test.json"))?;
    let description: serde_json::Value = serde_json::from_slice(&description)?;
    let should_parse = description["shouldParse"]
        .as_bool()
        .context("test.json has no shouldParse")?;
    let exposition = std::fs::read(path.join("metrics"))?;
    let verdict = match (openmetrics::validate(&exposition), should_parse) {
        (Ok(_), false) => Err("is invalid and was accepted".into()),
        (Err(error), true) => Err(format!("is valid and was refused: {error}")),
        _ => Ok(()),
    };
    Ok(Case {
        name: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        verdict,
    })
}
