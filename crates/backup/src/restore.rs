//! Makes a data directory of a backup.
//!
//! It is put together where it shall be, because that may be the root of a volume. A store is what has a `FORMAT`, and
//! that comes last: before it lies [`UNFINISHED`] in the directory, which the store refuses to open without a `FORMAT`.
//!
//! ```text
//! 1. RESTORE-UNFINISHED, durable    the directory is ours, and no store
//! 2. MANIFEST, parts/, wal/         each file: written, synced, read back, compared
//! 3. names durable, parts opened    what this version cannot read is told now
//! 4. FORMAT, durable                now it is a store, with everything in it
//! 5. RESTORE-UNFINISHED goes        means nothing any more
//! ```

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use plimsoll_runtime::disk::Disk;
use plimsoll_tsdb::manifest::Manifest;
use plimsoll_tsdb::part::Part;

use crate::entry::{FORMAT, FileEntry, MANIFEST, PARTS, WAL};
use crate::progress::Meter;
use crate::repository::PIECE;
use crate::{Backup, Error, ErrorKind, Repository, Result, Watch};

/// A file that says that a directory is half restored.
pub const UNFINISHED: &str = plimsoll_tsdb::RESTORE_UNFINISHED;

/// What was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Restores `backup` into `directory`, which is made, or is empty. When it returns, everything is durable and was
/// compared byte by byte with the checksums that the store had recorded.
///
/// # Errors
/// `Usage` when the directory is not empty, `Damaged` with the file, `NewerVersion`, `Io`, `Repository`. What was restored
/// before an error stays, is no store, and may be removed.
pub fn restore(
    repository: &Repository,
    backup: &Backup,
    disk: &Arc<dyn Disk>,
    directory: &Path,
    watch: &dyn Watch,
) -> Result<Restored> {
    let target = Target {
        disk: &**disk,
        directory,
    };
    target.claim(&backup.id.to_string())?;
    target.check_room(backup.bytes())?;
    let meter = Meter::new(watch, backup.files.iter());
    let folders = folders(backup);
    for name in &folders {
        target.make(name)?;
    }
    let is_format = |file: &&FileEntry| file.path == FORMAT;
    for file in backup.files.iter().filter(|file| !is_format(file)) {
        target.fetch(repository, file, &file.path, &meter)?;
    }
    for name in folders.iter().rev() {
        target.sync(&directory.join(name))?;
    }
    target.sync(directory)?;
    target.check_store(disk, backup)?;
    for file in backup.files.iter().filter(is_format) {
        target.make_a_store(repository, file, &meter)?;
    }
    target.end();
    Ok(Restored {
        files: backup.files.len() as u64,
        bytes: backup.bytes(),
    })
}

/// Returns the folders of a backup, parents first.
fn folders(backup: &Backup) -> Vec<String> {
    let parts = backup.files.iter().filter_map(FileEntry::part);
    let mut folders: Vec<_> = parts.map(|part| format!("{PARTS}/{part}")).collect();
    folders.extend([PARTS.into(), WAL.into()]);
    folders.sort();
    folders.dedup();
    folders
}

struct Target<'a> {
    disk: &'a dyn Disk,
    directory: &'a Path,
}

impl Target<'_> {
    /// Makes the directory ours. Of two that do so at once, or of a restore and a server, at most one goes on.
    fn claim(&self, id: &str) -> Result<()> {
        let directory = self.directory;
        let failed = |doing: &'static str| move |error| Error::io(doing, directory, error);
        self.disk
            .create_directory(directory)
            .map_err(failed("make"))?;
        self.check_empty(&[])?;
        let path = directory.join(UNFINISHED);
        let text = format!("{id}\nremove this directory and restore again\n");
        let made = self.disk.create(&path).and_then(|file| {
            file.write_all_at(text.as_bytes(), 0)?;
            file.sync_data()
        });
        made.map_err(|error| Error::io("make", &path, error))?;
        if let Err(error) = self.check_empty(&[UNFINISHED]) {
            // Best effort: whoever else is there must not meet it.
            let _ = self.disk.remove_file(&path);
            return Err(error);
        }
        self.sync(directory)?;
        match directory.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => self.sync(parent),
            _ => Ok(()),
        }
    }

    fn check_empty(&self, but: &[&str]) -> Result<()> {
        let names = self.disk.list(self.directory);
        let names = names.map_err(|error| Error::io("list", self.directory, error))?;
        let Some(found) = names.iter().find(|name| !but.contains(&&***name)) else {
            return Ok(());
        };
        let shown = self.directory.display();
        let what = match found == UNFINISHED {
            true => format!(
                "{shown} holds a restore that was not finished; remove it and restore again"
            ),
            false => format!("wanted {shown} to be empty or not there, found {found:?} in it"),
        };
        Err(Error::new(ErrorKind::Usage, what))
    }

    fn check_room(&self, wanted: u64) -> Result<()> {
        match self.disk.available_bytes(self.directory) {
            Ok(available) if available < wanted => {
                // Nothing is in it yet; better an empty directory than one that must be removed.
                self.end();
                let shown = self.directory.display();
                let what =
                    format!("{available} bytes are free for {shown}, the backup has {wanted}");
                Err(Error::new(ErrorKind::Io, what))
            }
            // A file system that cannot tell is no reason to stop.
            _ => Ok(()),
        }
    }

    fn make(&self, name: &str) -> Result<()> {
        let path = self.directory.join(name);
        let made = self.disk.create_directory(&path);
        made.map_err(|error| Error::io("make", &path, error))
    }

    fn sync(&self, path: &Path) -> Result<()> {
        let synced = self.disk.sync_directory(path);
        synced.map_err(|error| Error::io("sync", path, error))
    }

    /// Writes a file, makes its bytes durable and reads them back.
    fn fetch(
        &self,
        repository: &Repository,
        file: &FileEntry,
        name: &str,
        meter: &Meter<'_>,
    ) -> Result<()> {
        let path = self.directory.join(name);
        let failed = |doing: &'static str| {
            let path = &path;
            move |error| Error::io(doing, path, error)
        };
        let made = self.disk.create(&path).map_err(failed("make"))?;
        repository.read(file, &mut |offset, piece| {
            made.write_all_at(piece, offset).map_err(failed("write"))?;
            meter.add(0, piece.len() as u64);
            Ok(())
        })?;
        made.sync_data().map_err(failed("sync"))?;
        let (mut offset, mut crc, mut piece) = (0, 0, Vec::new());
        while offset < file.length {
            piece.resize(PIECE.min(file.length - offset) as usize, 0);
            made.read_exact_at(&mut piece, offset)
                .map_err(failed("read back"))?;
            crc = crc32c::crc32c_append(crc, &piece);
            offset += piece.len() as u64;
        }
        if crc != file.crc32c {
            let shown = path.display();
            let what = format!(
                "{shown} was written and reads back with the checksum {crc:08x}, wanted {:08x}",
                file.crc32c
            );
            return Err(Error::new(ErrorKind::Damaged, what));
        }
        meter.add(1, 0);
        Ok(())
    }

    /// Puts `FORMAT` in its place. It has another name first: a torn one must not make a store of this.
    fn make_a_store(
        &self,
        repository: &Repository,
        file: &FileEntry,
        meter: &Meter<'_>,
    ) -> Result<()> {
        let beside = format!("{FORMAT}.tmp");
        self.fetch(repository, file, &beside, meter)?;
        let (from, to) = (self.directory.join(&beside), self.directory.join(FORMAT));
        let renamed = self.disk.rename(&from, &to);
        renamed.map_err(|error| Error::io("rename", &from, error))?;
        self.sync(self.directory)
    }

    /// Checks that this version can read what it restored, and that every part that counts is there.
    fn check_store(&self, disk: &Arc<dyn Disk>, backup: &Backup) -> Result<()> {
        let manifest = Manifest::load(self.disk, self.directory)?.unwrap_or_default();
        let parts: HashSet<_> = backup.files.iter().filter_map(FileEntry::part).collect();
        for part in &manifest.parts {
            let name = format!("{:016x}", part.id);
            if !parts.contains(&*name) {
                let what = format!(
                    "the {MANIFEST} of the backup names the part {name}, which is not in it"
                );
                return Err(Error::new(ErrorKind::Damaged, what));
            }
            let opened = Part::open(disk.clone(), &self.directory.join(PARTS).join(&name));
            opened.map_err(|error| Error::from(plimsoll_tsdb::Error::from(error)))?;
        }
        Ok(())
    }

    /// Removes what says that the directory is not finished. Best effort: beside a `FORMAT` it means nothing.
    fn end(&self) {
        let path = self.directory.join(UNFINISHED);
        let removed = self.disk.remove_file(&path);
        if let Err(error) = removed.and_then(|()| self.disk.sync_directory(self.directory)) {
            tracing::warn!(%error, "the mark of an unfinished restore stays");
        }
    }
}
