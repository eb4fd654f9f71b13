//! A repository: objects by their keys. Calls block and may come from many threads.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload};

use crate::entry::{FileEntry, OBJECTS};
use crate::{Error, ErrorKind, Result};

/// How much of a file is in memory at once, per thread.
pub(crate) const PIECE: u64 = 8 << 20;

/// Where backups are kept.
pub struct Repository {
    store: Arc<dyn ObjectStore>,
    runtime: tokio::runtime::Runtime,
    shown: String,
}

impl Repository {
    /// Wraps an object store; `shown` names it in texts for people.
    ///
    /// # Errors
    /// `Io` when no thread can be started.
    pub fn new(store: Arc<dyn ObjectStore>, shown: String) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Error::io("start threads for", shown.as_ref(), error))?;
        Ok(Self {
            store,
            runtime,
            shown,
        })
    }

    /// Returns its name for people.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Puts an object in one piece.
    pub(crate) fn put(&self, key: &Path, bytes: Vec<u8>) -> Result<()> {
        let put = self.store.put(key, PutPayload::from(bytes));
        self.wait(put)
            .map_err(|error| self.failed("write", key, error))
            .map(drop)
    }

    /// Begins an object that comes in pieces.
    pub(crate) fn begin(&self, key: &Path) -> Result<Upload<'_>> {
        let begun = self.wait(self.store.put_multipart(key));
        let inner = begun.map_err(|error| self.failed("begin", key, error))?;
        Ok(Upload {
            repository: self,
            key: key.clone(),
            inner,
        })
    }

    /// Returns length and time of an object.
    pub(crate) fn head(&self, key: &Path) -> Result<ObjectMeta> {
        let found = self.wait(self.store.head(key));
        found.map_err(|error| self.failed("find", key, error))
    }

    /// Reads a small object.
    ///
    /// # Errors
    /// `Damaged` when it has more than `limit` bytes.
    pub(crate) fn get(&self, key: &Path, limit: u64) -> Result<Bytes> {
        let length = self.head(key)?.size;
        if length > limit {
            let what = format!("{key} has {length} bytes, wanted at most {limit}");
            return Err(Error::new(ErrorKind::Damaged, what));
        }
        self.get_range(key, 0, length)
    }

    /// Reads `length` bytes from `offset` on.
    fn get_range(&self, key: &Path, offset: u64, length: u64) -> Result<Bytes> {
        if length == 0 {
            return Ok(Bytes::new());
        }
        let read = self.wait(self.store.get_range(key, offset..offset + length));
        let bytes = read.map_err(|error| self.failed("read", key, error))?;
        match bytes.len() as u64 == length {
            true => Ok(bytes),
            false => {
                let what = format!(
                    "{key} ends early: wanted {length} bytes at {offset}, found {}",
                    bytes.len()
                );
                Err(Error::new(ErrorKind::Damaged, what))
            }
        }
    }

    /// Reads the bytes of a file in pieces and checks them; `take` gets each piece and where it begins.
    ///
    /// # Errors
    /// `Damaged` when the object is missing or not what it should be, `Repository`, and what `take` says.
    pub(crate) fn read(
        &self,
        file: &FileEntry,
        take: &mut dyn FnMut(u64, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let key = file.key();
        let damaged =
            |what: String| Error::new(ErrorKind::Damaged, format!("{}: {what}", file.path));
        let length = match self.head(&key) {
            Ok(found) => found.size,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(damaged(format!("the object {key} is missing")));
            }
            Err(error) => return Err(error),
        };
        if length != file.length {
            let wanted = file.length;
            return Err(damaged(format!(
                "the object {key} has {length} bytes, wanted {wanted}"
            )));
        }
        let (mut offset, mut crc) = (0, 0);
        while offset < length {
            let bytes = self.get_range(&key, offset, PIECE.min(length - offset))?;
            crc = crc32c::crc32c_append(crc, &bytes);
            take(offset, &bytes)?;
            offset += bytes.len() as u64;
        }
        if crc != file.crc32c {
            let wanted = file.crc32c;
            return Err(damaged(format!(
                "the object {key} has the checksum {crc:08x}, wanted {wanted:08x}"
            )));
        }
        Ok(())
    }

    /// Returns what lies below a folder.
    pub(crate) fn list(&self, folder: &str) -> Result<Vec<ObjectMeta>> {
        let prefix = Path::from(folder);
        let all = self.wait(self.store.list(Some(&prefix)).try_collect());
        all.map_err(|error| self.failed("list", &prefix, error))
    }

    /// Returns which of `wanted` are there, with their length. Other objects cost no memory.
    pub(crate) fn present(&self, wanted: &[FileEntry]) -> Result<Vec<bool>> {
        let places: HashMap<Path, usize> = (0..)
            .zip(wanted)
            .map(|(at, file)| (file.key(), at))
            .collect();
        let mut present = vec![false; wanted.len()];
        let prefix = Path::from(OBJECTS);
        let walk = self.store.list(Some(&prefix)).try_for_each(|found| {
            if let Some(at) = places.get(&found.location) {
                present[*at] = wanted[*at].length == found.size;
            }
            std::future::ready(Ok(()))
        });
        self.wait(walk)
            .map_err(|error| self.failed("list", &prefix, error))?;
        Ok(present)
    }

    /// Removes an object; one that is not there is no failure.
    pub(crate) fn delete(&self, key: &Path) -> Result<()> {
        match self.wait(self.store.delete(key)) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed("remove", key, error)),
        }
    }

    fn failed(&self, doing: &str, key: &Path, error: object_store::Error) -> Error {
        Error::repository(doing, &format!("{key} in {}", self.shown), error)
    }

    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// An object that comes in pieces. Nothing is there before [`complete`](Self::complete).
pub(crate) struct Upload<'a> {
    repository: &'a Repository,
    key: Path,
    inner: Box<dyn MultipartUpload>,
}

impl Upload<'_> {
    /// Sends the next piece.
    pub(crate) fn add(&mut self, piece: Vec<u8>) -> Result<()> {
        let sent = self
            .repository
            .wait(self.inner.put_part(PutPayload::from(piece)));
        sent.map_err(|error| self.repository.failed("write", &self.key, error))
    }

    /// Puts the object in its place.
    pub(crate) fn complete(mut self) -> Result<()> {
        let done = self.repository.wait(self.inner.complete());
        done.map_err(|error| self.repository.failed("end", &self.key, error))
            .map(drop)
    }

    /// Gives it up. Best effort: what stays takes space in some object stores, and is in nobody's way.
    pub(crate) fn abort(mut self) {
        let _ = self.repository.wait(self.inner.abort());
    }
}
