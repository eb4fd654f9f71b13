//! What the programs have on disk, index and data apart.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_e2e::wait_until;

use crate::bench::contender::{Contender, NAMES, OURS, PROMETHEUS};

/// How long files must stay as they are to be measured.
const UNCHANGED_TRIES: usize = 250;
const MERGE_MAX: Duration = Duration::from_secs(600);

/// Bytes on disk, as long as the files are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bytes {
    pub(super) data: u64,
    /// What finds a series by its labels, and names it.
    pub(super) index: u64,
}

impl Bytes {
    pub(super) fn all(&self) -> u64 {
        self.data + self.index
    }
}

/// Writes what is in memory to its final files, and merges them when `merged`. Returns their sizes.
///
/// Prometheus merges its head by no command: a snapshot has the head as a block of its own, beside the blocks there are.
pub(super) fn settled(contender: &Contender, merged: bool) -> anyhow::Result<Bytes> {
    if contender.name == NAMES[PROMETHEUS] {
        command(contender, "/api/v1/admin/tsdb/snapshot")?;
        return sizes(&contender.data.join("snapshots"), &|path| {
            path.ends_with("index")
        });
    }
    command(contender, "/internal/force_flush")?;
    if merged {
        command(contender, "/internal/force_merge")?;
    }
    // VictoriaMetrics answers before it is done.
    let (mut last, mut unchanged) = (Bytes::default(), 0);
    wait_until(MERGE_MAX, "files at rest", || {
        let now = stored(contender).unwrap_or_default();
        unchanged = if now == last { unchanged + 1 } else { 0 };
        last = now;
        ensure!(unchanged >= UNCHANGED_TRIES && now.all() > 0, "{now:?}");
        Ok(now)
    })
}

fn command(contender: &Contender, path: &str) -> anyhow::Result<()> {
    let reply = contender.api.post(path, &[], b"")?;
    let name = contender.name;
    ensure!(
        reply.status == 200,
        "{name} {path}: {} {}",
        reply.status,
        reply.text()
    );
    Ok(())
}

fn stored(contender: &Contender) -> anyhow::Result<Bytes> {
    if contender.name == NAMES[OURS] {
        let is_index = |path: &Path| {
            let name = path.file_name().unwrap_or_default();
            ["series.idx", "symbols", "postings"]
                .iter()
                .any(|index| name == *index)
        };
        return sizes(&contender.data.join("parts"), &is_index);
    }
    let index = contender.data.join("indexdb");
    sizes(&contender.data, &|path| path.starts_with(&index)).map(|bytes| Bytes {
        // Only samples and index count, not what is kept to start faster.
        data: sizes(&contender.data.join("data"), &|_| false).map_or(0, |bytes| bytes.data),
        ..bytes
    })
}

/// Adds up the files of a folder.
pub(super) fn sizes(folder: &Path, is_index: &dyn Fn(&Path) -> bool) -> anyhow::Result<Bytes> {
    let mut bytes = Bytes::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in entries {
            let (path, facts) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
            match facts.is_dir() {
                true => folders.push(path),
                false if is_index(&path) => bytes.index += facts.len(),
                false => bytes.data += facts.len(),
            }
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_all_depths_count_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/index"), [0; 5]).unwrap();
        fs::write(folder.path().join("a/chunks"), [0; 7]).unwrap();
        fs::write(folder.path().join("meta"), [0; 1]).unwrap();
        let found = sizes(folder.path(), &|path| path.ends_with("index")).unwrap();
        assert_eq!(found, Bytes { data: 8, index: 5 });
        assert!(sizes(&folder.path().join("c"), &|_| false).is_err());
    }
}
