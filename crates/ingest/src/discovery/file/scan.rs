//! One look at all files of a discovery; blocks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_runtime::clock::Monotonic;
use plimsoll_runtime::config::{Diagnostics, Source};

use super::super::group::{Group, from_json, from_yaml};
use super::super::{Problem, Refreshed, TargetGroup};
use super::META_PATH;
use crate::config::FileDiscovery;

/// The most files of one discovery; a pattern that matches more is a mistake.
const FILES_MAX: usize = 10_000;

/// What is known about a file.
#[derive(Debug)]
pub(super) struct Known {
    /// What it looked like a look ago; `None` when that is not known.
    seen: Option<Fingerprint>,
    /// What it looked like when it was read.
    read: Option<Fingerprint>,
    read_at: Monotonic,
    groups: Vec<Arc<TargetGroup>>,
    problem: Option<Problem>,
}

impl Known {
    fn new(now: Monotonic) -> Self {
        Self {
            seen: None,
            read: None,
            read_at: now,
            groups: Vec::new(),
            problem: None,
        }
    }
}

/// Whatever changes when a file is rewritten or replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fingerprint {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Fingerprint {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Looks at all files, reads those that need it, and returns all groups.
pub(super) fn scan(
    config: &FileDiscovery,
    known: &mut BTreeMap<PathBuf, Known>,
    now: Monotonic,
) -> Refreshed {
    let (mut paths, mut problems) = matching(&config.files, FILES_MAX);
    if !problems.is_empty() {
        // A directory that cannot be listed says nothing about the files in it.
        paths.extend(known.keys().cloned());
    }
    known.retain(|path, _| paths.contains(path));
    for path in paths {
        match fs::metadata(&path) {
            Ok(metadata) => look(config, known, &path, Fingerprint::of(&metadata), now),
            Err(error) if error.kind() == ErrorKind::NotFound => drop(known.remove(&path)),
            Err(error) => problems.push(Problem::new(path.to_string_lossy(), error.to_string())),
        }
    }
    problems.extend(known.values().filter_map(|file| file.problem.clone()));
    Refreshed {
        groups: known
            .values()
            .flat_map(|file| file.groups.iter().cloned())
            .collect(),
        problems,
    }
}

/// Takes over what another provider knew, for files that cannot be read at first.
pub(super) fn remembered(groups: &[Arc<TargetGroup>], now: Monotonic) -> BTreeMap<PathBuf, Known> {
    let mut known: BTreeMap<PathBuf, Known> = BTreeMap::new();
    for group in groups {
        let Some(path) = group.labels.get(META_PATH) else {
            continue;
        };
        let file = known.entry(path.into()).or_insert_with(|| Known::new(now));
        file.groups.push(Arc::clone(group));
    }
    known
}

/// Returns the paths that exist.
fn matching(patterns: &[PathBuf], files_max: usize) -> (BTreeSet<PathBuf>, Vec<Problem>) {
    let (mut paths, mut problems) = (BTreeSet::new(), Vec::new());
    for pattern in patterns {
        let shown = pattern.to_string_lossy();
        match glob::glob(&single_stars(&shown)) {
            Err(error) => problems.push(Problem::new(&*shown, error.to_string())),
            Ok(found) => {
                for path in found {
                    match path {
                        Ok(_) if paths.len() >= files_max => {
                            let message = format!("expected at most {files_max} files");
                            problems.push(Problem::new(&*shown, message));
                            break;
                        }
                        Ok(path) => drop(paths.insert(path)),
                        Err(error) => problems.push(Problem::new(&*shown, error.to_string())),
                    }
                }
            }
        }
    }
    (paths, problems)
}

/// Two stars mean one here, as in Prometheus; to `glob` they mean any number of directories.
pub(crate) fn single_stars(pattern: &str) -> String {
    let mut single = pattern.to_owned();
    while single.contains("**") {
        single = single.replace("**", "*");
    }
    single
}

/// Reads a file when it is time to.
fn look(
    config: &FileDiscovery,
    known: &mut BTreeMap<PathBuf, Known>,
    path: &Path,
    print: Fingerprint,
    now: Monotonic,
) {
    let file = known
        .entry(path.to_owned())
        .or_insert_with(|| Known::new(now));
    let is_settled = file.seen.is_none_or(|seen| seen == print);
    let is_overdue = now.since(file.read_at) >= config.refresh_interval;
    file.seen = Some(print);
    if is_overdue || (is_settled && file.read != Some(print)) {
        read(path, print, file);
        file.read_at = now;
    }
}

fn read(path: &Path, print: Fingerprint, file: &mut Known) {
    match groups(path) {
        Ok(groups) => {
            let shown = path.to_string_lossy();
            let groups = groups.into_iter().enumerate().map(|(index, group)| {
                group.into_target_group(format!("{shown}:{index}"), META_PATH, &shown)
            });
            file.groups = groups.collect();
            file.problem = None;
        }
        Err(diagnostics) => {
            let message = diagnostics.to_string();
            file.problem = Some(Problem::new(path.to_string_lossy(), message));
        }
    }
    // The look was before the reading: a change between the two is seen at the next look.
    file.read = Some(print);
}

fn groups(path: &Path) -> Result<Vec<Group>, Diagnostics> {
    let source = Source::read(path)?;
    let is_json = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    match is_json {
        true => from_json(path, source.text()),
        false => from_yaml(&source),
    }
}

#[cfg(test)]
mod tests;
