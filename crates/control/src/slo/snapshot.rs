//! The file that holds the counts up to a horizon.
//!
//! It is written beside the one before and takes its name once it is durable, so that a start finds a whole one, the old
//! or the new. What came after its horizon is read from the store of samples; that it is missing or damaged costs time
//! and, of what the store has forgotten, history. Its bytes are the engine's, see `docs/formats/slo-snapshot.md`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_runtime::disk::Disk;

/// Its name in the data directory.
const NAME: &str = "slo.snapshot";
/// Where a damaged one is put, for who wants to look.
const DAMAGED: &str = "slo.snapshot.damaged";
/// The most bytes that are read: ten times what 10,000 budgets of 90 days take.
const BYTES_MAX: u64 = 1 << 30;

/// The file.
#[derive(Clone)]
pub(super) struct SnapshotFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    damaged: PathBuf,
}

impl SnapshotFile {
    pub(super) fn new(disk: Arc<dyn Disk>, directory: &Path) -> Self {
        Self {
            disk,
            path: directory.join(NAME),
            damaged: directory.join(DAMAGED),
        }
    }

    /// Reads it; `None` when there is none.
    pub(super) fn read(&self) -> io::Result<Option<Vec<u8>>> {
        match self.disk.read(&self.path, BYTES_MAX) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts one in the place of the one before.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.disk.replace(&self.path, bytes)
    }

    /// Puts a damaged one aside.
    pub(super) fn put_aside(&self) -> io::Result<()> {
        self.disk.rename(&self.path, &self.damaged)
    }

    /// Returns where it is, for people.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_testkit::{SimulatedDisk, for_each_seed};

    use super::*;

    fn file(disk: &SimulatedDisk) -> SnapshotFile {
        SnapshotFile::new(Arc::new(disk.clone()), Path::new("/data"))
    }

    #[test]
    fn after_a_power_loss_the_old_or_the_new_one_is_whole() {
        for_each_seed(0, 50, |seed| {
            let disk = SimulatedDisk::new(seed);
            disk.create_directory(Path::new("/data")).unwrap();
            disk.sync_directory(Path::new("/")).unwrap();
            assert_eq!(file(&disk).read().unwrap(), None);
            file(&disk).write(b"old").unwrap();
            let disk = disk.power_loss();
            assert_eq!(file(&disk).read().unwrap().as_deref(), Some(&b"old"[..]));
            disk.set_capacity(disk.used_bytes() + 2);
            assert!(file(&disk).write(b"newer").is_err(), "the disk is full");
            let disk = disk.power_loss();
            assert_eq!(file(&disk).read().unwrap().as_deref(), Some(&b"old"[..]));
            disk.set_capacity(1 << 20);
            file(&disk).write(b"new").unwrap();
            let disk = disk.power_loss();
            assert_eq!(file(&disk).read().unwrap().as_deref(), Some(&b"new"[..]));
            file(&disk).put_aside().unwrap();
            assert_eq!(file(&disk).read().unwrap(), None);
        });
    }
}
