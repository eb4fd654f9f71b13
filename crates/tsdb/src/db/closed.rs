//! A store that nobody has open: what can be done with it without reading it into memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::disk::{Disk, SystemDisk};

use super::lock::DirectoryLock;
use super::open::{FORMAT, WAL, no_store};
use super::snapshot::{Missing, make_snapshot};
use crate::manifest::{self, Manifest};
use crate::wal::SegmentId;
use crate::{Error, Result};

/// A data directory that is kept closed: as long as this lives, no process opens it, and nothing in it changes.
pub struct ClosedStore {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    _lock: Option<DirectoryLock>,
}

impl ClosedStore {
    /// Locks a data directory without opening the store.
    ///
    /// # Errors
    /// `Config` when it is none, `InUse` with the holder's pid, `ReadOnlyDirectory`, `Io`.
    pub fn lock(directory: &Path) -> Result<Self> {
        let disk: Arc<dyn Disk> = Arc::new(SystemDisk);
        check_is_store(&*disk, directory)?;
        let lock = DirectoryLock::acquire(directory)?;
        Ok(Self {
            _lock: Some(lock),
            ..Self::on(disk, directory)?
        })
    }

    /// As [`lock`](Self::lock), on any disk and without a lock: for simulation.
    ///
    /// # Errors
    /// `Config` when it is no data directory.
    pub fn on(disk: Arc<dyn Disk>, directory: &Path) -> Result<Self> {
        check_is_store(&*disk, directory)?;
        Ok(Self {
            disk,
            directory: directory.into(),
            _lock: None,
        })
    }

    /// Makes a snapshot below `snapshots` and returns its name. Nothing is read back or repaired: it holds what the store
    /// would find when it were opened now.
    ///
    /// # Errors
    /// `Corrupt` and `NewerVersion` (the manifest), `NoSpace`, `Io`.
    pub fn snapshot(&self, clock: &dyn Clock) -> Result<String> {
        let (disk, directory) = (&*self.disk, &*self.directory);
        let Some(manifest) = Manifest::load(disk, directory)? else {
            let path = directory.join(manifest::NAME);
            return Err(Error::corrupt(&path, "it is missing"));
        };
        let ids: Vec<u64> = manifest.parts.iter().map(|part| part.id).collect();
        make_snapshot(disk, clock, directory, 0, |copying| {
            copying.add_wal(self.segments()?, Missing::IsAnError)?;
            copying.finish(&ids, &manifest)
        })
    }

    fn segments(&self) -> Result<Vec<PathBuf>> {
        let wal = self.directory.join(WAL);
        if !self.disk.exists(&wal) {
            return Ok(Vec::new());
        }
        let names = self.disk.list(&wal);
        let mut names = names.map_err(|error| Error::io("list", &wal, error))?;
        names.retain(|name| SegmentId::parse(name).is_some());
        Ok(names.iter().map(|name| wal.join(name)).collect())
    }
}

fn check_is_store(disk: &dyn Disk, directory: &Path) -> Result<()> {
    match disk.exists(&directory.join(FORMAT)) {
        true => Ok(()),
        false => Err(no_store(disk, directory)),
    }
}
