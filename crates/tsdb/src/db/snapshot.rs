//! Snapshots: a copy of the store that shares its immutable files.
//!
//! ```text
//! <data>/snapshots/20060102T150405Z-0123456789abcdef/
//!   FORMAT, MANIFEST, parts/   always
//!   wal/                       the head, unless it is left out
//! ```
//!
//! Parts never change, and a WAL segment that was closed never does, so both are shared by hard links: a copy takes
//! milliseconds and no space; where a file system has no hard links, files are copied. The WAL is told to close its segment, so what was appended before the call is in the copy.
//! Everything is put into `<name>.tmp` first and renamed when it is on disk; a directory of that ending is the rest of an
//! attempt, and the next opening removes it.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, TryLockError};

use jiff::tz::TimeZone;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::disk::Disk;
use plimsoll_types::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use super::open::{PARTS, SNAPSHOTS, WAL, part_path, write_format};
use super::view::LivePart;
use super::{Db, lock};
use crate::manifest::{self, Manifest};
use crate::{Error, ErrorKind, Result};

/// What an unfinished copy's name ends with.
pub(super) const UNFINISHED: &str = ".tmp";
/// How much of a file is copied at once where files cannot be shared.
const PIECE: u64 = 1 << 20;

impl Db {
    /// Makes a snapshot and returns its name. Waits for no merge: while maintenance works, the copy is what a crash at
    /// this moment would leave.
    pub(super) fn copy(&self, skip_head: bool) -> Result<String> {
        let keeping = match self.keeping.try_lock() {
            Ok(keeping) => keeping,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                let beside = self.make_snapshot(|copying| self.copy_beside(copying, skip_head));
                match beside {
                    // Maintenance removed something of it just now; once it is done, it does not.
                    Err(error) if error.kind() != ErrorKind::NoSpace => lock(&self.keeping),
                    done => return done,
                }
            }
        };
        // No part goes and no segment is cut meanwhile.
        self.make_snapshot(|copying| {
            // The WAL comes first: a deletion that is later than its end may be in the manifest and hides nothing in it.
            if !skip_head {
                copying.add_wal(self.wal.close_segment()?, Missing::IsAnError)?;
            }
            let ids: Vec<u64> = self.all_parts().iter().map(|live| live.id()).collect();
            copying.finish(&ids, &self.with_tombstones(keeping.manifest.clone()))
        })
    }

    fn make_snapshot(&self, copy: impl FnOnce(&Copying<'_>) -> Result<()>) -> Result<String> {
        let reserve = self.config.settings().free_bytes_reserve.0;
        make_snapshot(
            &*self.disk,
            &*self.clock,
            self.config.directory(),
            reserve,
            copy,
        )
    }

    /// Copies while maintenance works. What it may take away meanwhile is looked at in this order:
    ///
    /// 1. the WAL: a segment that is cut before it was shared is in parts that the manifest names from then on,
    /// 2. the parts in the view: as long as we hold them, their directories stay,
    /// 3. the manifest on disk, which is always a whole one. A part that only it names is not in the view yet.
    ///
    /// A manifest names every deletion from before it was stored, so one is in effect in all of the copy or nowhere in it.
    fn copy_beside(&self, copying: &Copying<'_>, skip_head: bool) -> Result<()> {
        if !skip_head {
            copying.add_wal(self.wal.close_segment()?, Missing::IsSealed)?;
        }
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        let _pinned: Vec<Arc<LivePart>> = view.all_parts().cloned().collect();
        let tombstones = view.tombstones.clone();
        drop(view);
        let directory = self.config.directory();
        let Some(mut manifest) = Manifest::load(&*self.disk, directory)? else {
            let path = directory.join(manifest::NAME);
            return Err(Error::corrupt(&path, "it is missing"));
        };
        let ids: Vec<u64> = manifest.parts.iter().map(|part| part.id).collect();
        // Of a deletion that both know, one is enough; one that either has forgotten may hide something in these parts.
        let known = &mut manifest.tombstones;
        known.extend(tombstones.iter().map(|live| live.tombstone.clone()));
        known.sort_by_key(|tombstone| tombstone.sequence);
        known.dedup_by_key(|tombstone| tombstone.sequence);
        let newest = known.last().map_or(0, |tombstone| tombstone.sequence);
        manifest.sequence = manifest.sequence.max(newest);
        copying.finish(&ids, &manifest)
    }
}

/// Puts a copy of the store in `directory` together, gives it its name when it is on disk, and returns that.
pub(super) fn make_snapshot(
    disk: &dyn Disk,
    clock: &dyn Clock,
    directory: &Path,
    reserve: u64,
    copy: impl FnOnce(&Copying<'_>) -> Result<()>,
) -> Result<String> {
    let all = directory.join(SNAPSHOTS);
    let sync = |path: &Path| {
        let synced = disk.sync_directory(path);
        synced.map_err(|error| Error::io("sync", path, error))
    };
    disk.create_directory(&all)
        .map_err(|error| Error::io("make", &all, error))?;
    sync(directory)?;
    let (name, target) = free_name(disk, clock, &all);
    let beside = all.join(format!("{name}{UNFINISHED}"));
    let copying = Copying {
        disk,
        from: directory,
        to: &beside,
        reserve,
        has_told: Cell::new(false),
    };
    let renamed = copying
        .begin()
        .and_then(|()| copy(&copying))
        .and_then(|()| {
            let renamed = disk.rename(&beside, &target);
            renamed.map_err(|error| Error::io("rename", &beside, error))
        });
    if let Err(error) = renamed.and_then(|()| sync(&all)) {
        for rest in [&beside, &target] {
            if disk.exists(rest) {
                // Best effort: the next opening removes what has the ending.
                let _ = disk.remove_directory(rest);
            }
        }
        return Err(error);
    }
    Ok(name)
}

/// What a segment means that is not there when it should be shared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Nobody may have removed it.
    IsAnError,
    /// It was cut, because everything in it is in parts by now.
    IsSealed,
}

/// A copy in the making.
pub(super) struct Copying<'a> {
    disk: &'a dyn Disk,
    from: &'a Path,
    to: &'a Path,
    /// Free space that copied files leave.
    reserve: u64,
    has_told: Cell<bool>,
}

impl Copying<'_> {
    fn begin(&self) -> Result<()> {
        self.make(&self.to.join(PARTS))?;
        self.make(&self.to.join(WAL))
    }

    /// Adds segments that nobody writes to any more.
    pub(super) fn add_wal(&self, segments: Vec<PathBuf>, missing: Missing) -> Result<()> {
        let wal = self.to.join(WAL);
        for segment in segments {
            let name = segment.file_name().unwrap_or_default();
            let shared = self.share(&segment, &wal.join(name));
            if let Err(error) = shared {
                if missing == Missing::IsSealed && !self.disk.exists(&segment) {
                    continue;
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Adds the parts and what says that they count, and makes everything durable.
    pub(super) fn finish(&self, parts: &[u64], manifest: &Manifest) -> Result<()> {
        for id in parts {
            self.add_part(*id)?;
        }
        manifest.store(self.disk, self.to)?;
        write_format(self.disk, self.to)?;
        for directory in [PARTS, WAL] {
            self.sync_names(&self.to.join(directory))?;
        }
        self.sync_names(self.to)
    }

    fn add_part(&self, id: u64) -> Result<()> {
        let source = part_path(&self.from.join(PARTS), id);
        let target = part_path(&self.to.join(PARTS), id);
        self.make(&target)?;
        let names = self.disk.list(&source);
        for name in names.map_err(|error| Error::io("list", &source, error))? {
            self.share(&source.join(&name), &target.join(&name))?;
        }
        self.sync_names(&target)
    }

    /// Shares a file, or copies it where the file system cannot share.
    fn share(&self, from: &Path, to: &Path) -> Result<()> {
        match self.disk.hard_link(from, to) {
            Ok(()) => Ok(()),
            Err(error) if cannot_share(error.kind()) => {
                if !self.has_told.replace(true) {
                    tracing::warn!(%error, "the file system cannot share files, so a snapshot copies them");
                }
                self.copy_file(from, to)
            }
            Err(error) => Err(Error::io("share a file as", to, error)),
        }
    }

    fn copy_file(&self, from: &Path, to: &Path) -> Result<()> {
        let failed = |error| Error::io("copy a file to", to, error);
        let source = self.disk.open(from).map_err(failed)?;
        let length = source.length().map_err(failed)?;
        self.check_room(length)?;
        let target = self.disk.create(to).map_err(failed)?;
        let mut piece = Vec::new();
        let mut offset = 0;
        while offset < length {
            piece.resize(PIECE.min(length - offset) as usize, 0);
            source.read_exact_at(&mut piece, offset).map_err(failed)?;
            target.write_all_at(&piece, offset).map_err(failed)?;
            offset += piece.len() as u64;
        }
        target.sync_data().map_err(failed)
    }

    fn check_room(&self, length: u64) -> Result<()> {
        let wanted = length.saturating_add(self.reserve);
        match self.disk.available_bytes(self.from) {
            Ok(available) if available < wanted => Err(Error::new(
                ErrorKind::NoSpace,
                format!(
                    "{available} bytes are free for {}, copying a file for a snapshot needs {wanted}",
                    self.from.display()
                ),
            )),
            // A file system that cannot tell is no reason to stop.
            _ => Ok(()),
        }
    }

    fn make(&self, path: &Path) -> Result<()> {
        let made = self.disk.create_directory(path);
        made.map_err(|error| Error::io("make", path, error))
    }

    fn sync_names(&self, path: &Path) -> Result<()> {
        let synced = self.disk.sync_directory(path);
        synced.map_err(|error| Error::io("sync", path, error))
    }
}

/// File systems without hard links, with too many on one file, and a store that is spread over two of them.
fn cannot_share(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, TooManyLinks, Unsupported};
    matches!(
        kind,
        PermissionDenied | Unsupported | CrossesDevices | TooManyLinks
    )
}

fn free_name(disk: &dyn Disk, clock: &dyn Clock, all: &Path) -> (String, PathBuf) {
    let names = (0u64..).map(|attempt| {
        let (now, monotonic) = (clock.now(), clock.monotonic());
        let entropy = format!("{now} {monotonic:?} {} {attempt}", std::process::id());
        format!("{}-{:016x}", time_name(now), xxh3_64(entropy.as_bytes()))
    });
    let mut free = names
        .map(|name| (all.join(&name), name))
        .filter(|(path, _)| !disk.exists(path));
    let (path, name) = free.next().expect("the attempts do not end");
    (name, path)
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
