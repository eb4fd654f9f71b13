//! The lock of a data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use crate::{Error, ErrorKind, Result};

const NAME: &str = "LOCK";

/// Held as long as a process has the store open. The kernel lets go of it when the process ends, however it ends.
///
/// This is the one place that does not go through `Disk`: a lock is between processes of one machine, and a simulated
/// disk has only one.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    file: File,
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // Closing the file is not enough: a child of this process that was just forked has it open, too, until it begins
        // its own program. The kernel lets go when this fails.
        let _ = self.file.unlock();
    }
}

impl DirectoryLock {
    /// Makes the directory when it is not there and locks it.
    ///
    /// # Errors
    /// `InUse` with the holder's pid, `ReadOnlyDirectory`, `Io`.
    pub(super) fn acquire(directory: &Path) -> Result<Self> {
        std::fs::create_dir_all(directory)
            .map_err(|error| Error::io("make the data directory", directory, error))?;
        let path = directory.join(NAME);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| Error::io("write into the data directory: open", &path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // The pid is a help for people only; without it the message is still true.
                let _ = file.read_to_string(&mut text);
                return Err(Error::in_use(directory.into(), text.trim().parse().ok()));
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path, error)),
        }
        check_writable(directory)?;
        // A help for people only: a full disk must not keep the store from answering.
        let pid = format!("{}\n", std::process::id());
        let _ = file
            .set_len(0)
            .and_then(|()| file.write_all(pid.as_bytes()));
        Ok(Self { file })
    }
}

/// A directory may be closed for writing while the lock's file, made earlier, is not.
fn check_writable(directory: &Path) -> Result<()> {
    let path = directory.join("LOCK.probe");
    let made = File::create(&path).and_then(|_| std::fs::remove_file(&path));
    match made.map_err(|error| Error::io("write into the data directory: make", &path, error)) {
        Err(error) if error.kind() == ErrorKind::ReadOnlyDirectory => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_is_first() {
        let directory = tempfile::tempdir().unwrap();
        let first = DirectoryLock::acquire(directory.path()).unwrap();
        let error = DirectoryLock::acquire(directory.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InUse);
        let pid = format!("in use by another process (pid {})", std::process::id());
        assert!(error.to_string().contains(&pid), "{error}");
        // Shares the lock, as what a child inherits does.
        let inherited = first.file.try_clone().unwrap();
        drop(first);
        assert!(DirectoryLock::acquire(directory.path()).is_ok());
        drop(inherited);
    }
}
