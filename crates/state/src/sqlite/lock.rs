//! One process per file: an advisory lock on a file beside it, which the kernel lets go of however the process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

/// The lock; letting go of it is dropping it.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    /// Locks the database at `path` for this process.
    pub(crate) fn take(path: &Path) -> Result<Self> {
        let beside = beside(path);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&beside)
            .map_err(|error| super::file::cannot("make", &beside, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(path, &mut file)),
            Err(TryLockError::Error(error)) => {
                return Err(super::file::cannot("lock", &beside, error));
            }
        }
        // The number is for people; whether there is one decides nothing.
        let noted = file
            .set_len(0)
            .and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
        if let Err(error) = noted {
            tracing::debug!(%error, "the id of this process is not in {}", beside.display());
        }
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough: a child of this process that was just forked has it open, too, until it begins
        // its own program. The kernel lets go when this fails.
        let _ = self.file.unlock();
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    beside.into()
}

fn in_use(path: &Path, file: &mut File) -> Error {
    let mut holder = String::new();
    let read = file
        .rewind()
        .and_then(|()| file.take(20).read_to_string(&mut holder));
    let holder = match (read, holder.parse::<u32>()) {
        (Ok(_), Ok(id)) => format!("another process (pid {id})"),
        _ => "another process".into(),
    };
    Error::new(
        ErrorKind::InUse,
        format!(
            "{} is in use by {holder}: stop it, or give this one another data directory; replicas share a PostgreSQL, \
             never a file",
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_free_when_it_was_dropped_although_a_child_has_the_file_open() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("state.db");
        let lock = Lock::take(&path).unwrap();
        // Shares the lock, as what a child inherits does.
        let inherited = lock.file.try_clone().unwrap();
        assert_eq!(Lock::take(&path).unwrap_err().kind(), ErrorKind::InUse);
        drop(lock);
        Lock::take(&path).unwrap();
        drop(inherited);
    }
}
