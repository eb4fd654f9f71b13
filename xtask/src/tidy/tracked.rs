//! What git tracks: no large blob, no path of somebody's machine.

use std::path::PathBuf;
use std::process::Command;

use crate::process;

const BLOB_BYTES_MAX: u64 = 256 << 10;

/// Generated or copied by tools, so large or foreign by nature.
const EXEMPT: [&str; 3] = [
    "Cargo.lock",
    "docs/reference/openapi.json",
    "ui/package-lock.json",
];

/// Returns the files that git tracks or would track, relative to the root.
pub(super) fn paths() -> anyhow::Result<Vec<PathBuf>> {
    let listed = process::output(Command::new("git").current_dir(process::root()).args([
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    let root = process::root();
    Ok(listed
        .split_terminator('\0')
        .map(PathBuf::from)
        .filter(|path| root.join(path).exists())
        .collect())
}

pub(super) fn check() -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for path in paths()? {
        if EXEMPT.iter().any(|exempt| path.as_os_str() == *exempt) {
            continue;
        }
        let bytes = std::fs::read(process::root().join(&path))?;
        if bytes.len() as u64 > BLOB_BYTES_MAX {
            findings.push(format!(
                "{} is larger than {BLOB_BYTES_MAX} bytes",
                path.display()
            ));
        }
        let text = String::from_utf8_lossy(&bytes);
        for (number, line) in text.lines().enumerate() {
            if names_a_machine(line) {
                findings.push(format!(
                    "{}:{}: a path of one machine",
                    path.display(),
                    number + 1
                ));
            }
        }
    }
    Ok(findings)
}

/// Home directories; the names are put together here so that this file does not find itself.
fn names_a_machine(line: &str) -> bool {
    ["home", "root", "Users"].iter().any(|folder| {
        let start = format!("/{folder}/");
        line.match_indices(&start).any(|(at, _)| {
            let before = line[..at].chars().last();
            before
                .is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '}')))
        })
    })
}
