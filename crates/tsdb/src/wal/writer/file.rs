//! The segment that is being written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_runtime::disk::{Disk, DiskFile};
use plimsoll_types::SeriesRef;
use roaring::RoaringTreemap;

use crate::wal::replay::ClosedSegment;
use crate::wal::segment::{HEADER_LENGTH, Header, SegmentId};
use crate::{Error, ErrorKind, Result};

pub(super) struct OpenSegment {
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    pub(super) salt: u32,
    pub(super) length: u64,
    /// Up to here the file holds records that will not be written again elsewhere.
    kept_length: u64,
    first_sequence: u64,
    kept_sequence: Option<u64>,
    /// Series that the segment defines.
    defined: RoaringTreemap,
}

impl OpenSegment {
    /// Makes a segment whose name is durable.
    pub(super) fn create(
        disk: &dyn Disk,
        directory: &Path,
        id: SegmentId,
        header: Header,
    ) -> Result<Self> {
        let path = id.path(directory);
        let file = disk
            .create(&path)
            .map_err(|error| Error::io("make", &path, error))?;
        let prepared = file
            .write_all_at(&header.encode(), 0)
            .and_then(|()| disk.sync_directory(directory));
        if let Err(error) = prepared {
            // Without this a full disk would collect one empty file per attempt.
            let _ = disk.remove_file(&path);
            return Err(Error::io("begin", &path, error));
        }
        Ok(Self {
            path,
            file,
            salt: id.salt,
            length: HEADER_LENGTH as u64,
            kept_length: HEADER_LENGTH as u64,
            first_sequence: header.first_sequence,
            kept_sequence: None,
            defined: RoaringTreemap::new(),
        })
    }

    /// Returns the series among `refs` that the segment does not define yet, and counts them as defined.
    pub(super) fn define(&mut self, refs: &[SeriesRef]) -> Vec<SeriesRef> {
        refs.iter()
            .copied()
            .filter(|id| self.defined.insert(id.0))
            .collect()
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file
            .write_all_at(bytes, self.length)
            .map_err(|error| Error::io("write", &self.path, error))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn sync(&self) -> Result<()> {
        self.file
            .sync_data()
            .map_err(|error| Error::io("sync", &self.path, error))
    }

    /// Notes that everything written so far stays here.
    pub(super) fn keep(&mut self, last_sequence: u64) {
        self.kept_length = self.length;
        self.kept_sequence = Some(last_sequence);
    }

    pub(super) fn first_sequence(&self) -> u64 {
        self.first_sequence
    }

    pub(super) fn close(self) -> ClosedSegment {
        ClosedSegment {
            path: self.path,
            first_sequence: self.first_sequence,
            last_sequence: self.kept_sequence.unwrap_or(self.first_sequence),
        }
    }

    /// Ends a segment that failed: what will be written again is taken away as far as the disk lets us. Replay does not
    /// rely on it.
    pub(super) fn abandon(self, disk: &dyn Disk) -> Option<ClosedSegment> {
        if self.kept_sequence.is_none() {
            if disk.remove_file(&self.path).is_ok() {
                return None;
            }
        } else if let Err(error) = self.file.set_length(self.kept_length) {
            tracing::warn!(path = %self.path.display(), %error, "a failed WAL segment keeps its torn end");
        }
        Some(self.close())
    }
}

/// Refuses to begin a segment when less space is left than sealing needs.
pub(super) fn check_reserve(disk: &dyn Disk, directory: &Path, reserve: u64) -> Result<()> {
    match disk.available_bytes(directory) {
        Ok(available) if available < reserve => Err(Error::new(
            ErrorKind::NoSpace,
            format!(
                "{available} bytes are free for {}, the reserve is {reserve}",
                directory.display()
            ),
        )),
        // A file system that cannot tell is no reason to stop.
        _ => Ok(()),
    }
}
