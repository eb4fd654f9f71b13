//! Snapshots: a copy of the store that shares its immutable files.
//!
//! ```text
//! <data>/snapshots/20060102T150405Z-0123456789abcdef/
//!   FORMAT, MANIFEST, parts/   always
//!   wal/                       the head, unless it is left out
//! ```
//!
//! Parts never change, and a WAL segment that was closed never does, so both are shared by hard links: a copy takes
//! milliseconds and no space. The WAL is told to close its segment, so what was appended before the call is in the copy.
//! Everything is put into `<name>.tmp` first and renamed when it is on disk; a directory of that ending is the rest of an
//! attempt, and the next opening removes it.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use plimsoll_types::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use super::open::{PARTS, SNAPSHOTS, WAL, part_path, write_format};
use super::view::LivePart;
use super::{Db, lock};
use crate::manifest::Manifest;
use crate::{Error, Result};

/// What an unfinished copy's name ends with.
pub(super) const UNFINISHED: &str = ".tmp";

impl Db {
    /// Makes a snapshot and returns its name.
    pub(super) fn copy(&self, skip_head: bool) -> Result<String> {
        // No part goes and no segment is cut meanwhile.
        let keeping = lock(&self.keeping);
        let all = self.config.directory().join(SNAPSHOTS);
        self.make(&all)?;
        self.sync_names(self.config.directory())?;
        let (name, target) = self.free_name(&all);
        let beside = all.join(format!("{name}{UNFINISHED}"));
        let copied = self.copy_into(&beside, &keeping.manifest, skip_head);
        drop(keeping);
        let renamed = copied.and_then(|()| {
            self.disk
                .rename(&beside, &target)
                .map_err(|error| Error::io("rename", &beside, error))
        });
        if let Err(error) = renamed.and_then(|()| self.sync_names(&all)) {
            for rest in [&beside, &target] {
                if self.disk.exists(rest) {
                    // Best effort: the next opening removes what has the ending.
                    let _ = self.disk.remove_directory(rest);
                }
            }
            return Err(error);
        }
        Ok(name)
    }

    fn copy_into(&self, target: &Path, manifest: &Manifest, skip_head: bool) -> Result<()> {
        let (parts, wal) = (target.join(PARTS), target.join(WAL));
        self.make(&parts)?;
        self.make(&wal)?;
        // The WAL comes first: a deletion that is later than its end may be in the manifest and hides nothing in it.
        if !skip_head {
            for segment in self.wal.close_segment()? {
                let name = segment.file_name().unwrap_or_default();
                self.link(&segment, &wal.join(name))?;
            }
        }
        let (live, _) = self.deleted_from();
        for live in live {
            self.link_part(&live, &parts)?;
        }
        let manifest = self.with_tombstones(manifest.clone());
        manifest.store(&*self.disk, target)?;
        write_format(&*self.disk, target)?;
        for directory in [&parts, &wal] {
            self.sync_names(directory)?;
        }
        self.sync_names(target)
    }

    fn link_part(&self, live: &LivePart, parts: &Path) -> Result<()> {
        let source = part_path(&self.parts_directory(), live.id());
        let target = part_path(parts, live.id());
        self.make(&target)?;
        let names = self
            .disk
            .list(&source)
            .map_err(|error| Error::io("list", &source, error))?;
        for name in names {
            self.link(&source.join(&name), &target.join(&name))?;
        }
        self.sync_names(&target)
    }

    fn free_name(&self, all: &Path) -> (String, PathBuf) {
        let names = (0u64..).map(|attempt| {
            let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
            let entropy = format!("{now} {monotonic:?} {} {attempt}", std::process::id());
            format!("{}-{:016x}", time_name(now), xxh3_64(entropy.as_bytes()))
        });
        let mut free = names
            .map(|name| (all.join(&name), name))
            .filter(|(path, _)| !self.disk.exists(path));
        let (path, name) = free.next().expect("the attempts do not end");
        (name, path)
    }

    fn make(&self, path: &Path) -> Result<()> {
        self.disk
            .create_directory(path)
            .map_err(|error| Error::io("make", path, error))
    }

    fn link(&self, from: &Path, to: &Path) -> Result<()> {
        self.disk
            .hard_link(from, to)
            .map_err(|error| Error::io("share a file as", to, error))
    }

    fn sync_names(&self, path: &Path) -> Result<()> {
        self.disk
            .sync_directory(path)
            .map_err(|error| Error::io("sync", path, error))
    }
}

/// Writes a time as Prometheus names its snapshots, in UTC. A clock that is far out of the calendar gives its limit.
fn time_name(now: Timestamp) -> String {
    let point = jiff::Timestamp::from_millisecond(now.millis());
    let zoned = point
        .unwrap_or(match now < Timestamp::EPOCH {
            true => jiff::Timestamp::MIN,
            false => jiff::Timestamp::MAX,
        })
        .to_zoned(TimeZone::UTC);
    zoned.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_second() {
        let name = |millis| time_name(Timestamp::from_millis(millis));
        assert_eq!(name(1_136_214_245_999), "20060102T150405Z");
        assert_eq!(name(i64::MAX).len(), 16);
    }
}
