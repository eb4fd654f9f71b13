//! Source files that no module names.

use std::path::{Path, PathBuf};

use crate::process;
use crate::tidy::tracked;

pub(super) fn check() -> anyhow::Result<Vec<String>> {
    let root = process::root();
    let mut findings = Vec::new();
    for path in tracked::paths()? {
        if path.extension().is_some_and(|extension| extension == "rs") && is_dead(&root, &path) {
            findings.push(format!(
                "{} is in no module: name it or delete it",
                path.display()
            ));
        }
    }
    Ok(findings)
}

fn is_dead(root: &Path, path: &Path) -> bool {
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let folder = path.parent().unwrap_or(Path::new(""));
    let is_target_folder = folder.file_name().is_some_and(|name| {
        ["src", "tests", "benches", "examples", "bin"]
            .iter()
            .any(|f| name == *f)
    });
    if matches!(&*stem, "lib" | "main" | "build") || (is_target_folder && !folder.ends_with("src"))
    {
        return false;
    }
    let declares = |parent: PathBuf| {
        let text = std::fs::read_to_string(root.join(parent)).unwrap_or_default();
        text.lines().any(|line| declares(line, &stem))
    };
    let mut parents = vec![folder.with_extension("rs")];
    parents.extend(["lib.rs", "main.rs"].map(|name| folder.join(name)));
    !parents.into_iter().any(declares)
}

/// Says whether a line is `mod stem;`, whatever its visibility.
fn declares(line: &str, stem: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    words
        .windows(2)
        .any(|two| two[0] == "mod" && two[1].trim_end_matches(';') == stem)
}
