//! A document in docs/formats names the sources it describes with a hash of each; when a source changes, somebody must
//! read the document again and say so with `cargo xtask tidy --bless-formats`.
//!
//! The line, at the end of a document: `<!-- describes: crates/tsdb/src/wal/record.rs 0123456789abcdef -->`.

use std::path::PathBuf;

use anyhow::Context;
use xxhash_rust::xxh3::xxh3_64;

use crate::process;

const MARK: &str = "<!-- describes: ";

pub(super) fn check() -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for path in documents()? {
        let text = std::fs::read_to_string(&path)?;
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if text.lines().filter_map(described).next().is_none() {
            findings.push(format!(
                "docs/formats/{name} does not say which source it describes"
            ));
        }
        for (source, hash) in text.lines().filter_map(described) {
            if hash != hash_of(source)? {
                findings.push(format!(
                    "{source} changed: read docs/formats/{name} again, then run cargo xtask tidy --bless-formats"
                ));
            }
        }
    }
    Ok(findings)
}

pub(super) fn bless() -> anyhow::Result<()> {
    for path in documents()? {
        let text = std::fs::read_to_string(&path)?;
        let mut blessed = String::new();
        for line in text.lines() {
            match described(line) {
                Some((source, _)) => {
                    blessed.push_str(&format!("{MARK}{source} {} -->\n", hash_of(source)?));
                }
                None => blessed.push_str(&format!("{line}\n")),
            }
        }
        std::fs::write(&path, blessed)?;
    }
    println!("tidy: noted that docs/formats describes the sources as they are");
    Ok(())
}

/// Returns source and hash of a mark; the hash may be missing in a new document.
fn described(line: &str) -> Option<(&str, &str)> {
    let inside = line.strip_prefix(MARK)?.strip_suffix("-->")?.trim();
    Some(inside.split_once(' ').unwrap_or((inside, "")))
}

fn hash_of(source: &str) -> anyhow::Result<String> {
    let path = process::root().join(source);
    let bytes = std::fs::read(&path)
        .with_context(|| format!("docs/formats describes {source}, which cannot be read"))?;
    Ok(format!("{:016x}", xxh3_64(&bytes)))
}

fn documents() -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(process::root().join("docs/formats"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md")
            && !path.ends_with("README.md")
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
