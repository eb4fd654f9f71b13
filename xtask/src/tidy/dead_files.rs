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
    if matches!(&*stem, "lib" | "main" | "build") || is_target(root, folder) {
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

/// Says whether every file of a folder is a target of its own: cargo finds `tests`, `benches`, `examples` and `src/bin` of
/// a package by themselves.
fn is_target(root: &Path, folder: &Path) -> bool {
    let is_package =
        |path: Option<&Path>| path.is_some_and(|path| root.join(path).join("Cargo.toml").exists());
    let beside_src = ["tests", "benches", "examples"]
        .iter()
        .any(|name| folder.ends_with(name));
    folder.ends_with("src/bin") || (beside_src && is_package(folder.parent()))
}

/// Says whether a line is `mod stem;`, whatever its visibility.
fn declares(line: &str, stem: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    words
        .windows(2)
        .any(|two| two[0] == "mod" && two[1].trim_end_matches(';') == stem)
}
