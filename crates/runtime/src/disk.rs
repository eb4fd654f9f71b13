//! Files as a dependency: the machine's file system in production, one with seeded faults and power loss in tests.
//!
//! The interface is as small as storage allows, and says of each call what is on disk after it: a file's bytes after
//! [`DiskFile::sync_data`], its name after [`Disk::sync_directory`]. Everything else may be gone after a power loss.
//! All calls block.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open file.
pub trait DiskFile: Send + Sync {
    /// Reads exactly `into.len()` bytes from `offset`.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file ends before, otherwise what the disk says.
    fn read_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`, growing the file where needed. On an error any part of them may be written.
    ///
    /// # Errors
    /// What the disk says: `StorageFull`, ...
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Returns the length in bytes.
    ///
    /// # Errors
    /// What the disk says.
    fn length(&self) -> io::Result<u64>;

    /// Cuts the file, or fills it with zeros, to `length` bytes.
    ///
    /// # Errors
    /// What the disk says.
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Makes the written bytes and the length durable (fdatasync).
    ///
    /// # Errors
    /// What the disk says. After an error nothing is known about what was written since the last success, and a second
    /// call proves nothing: the caller must write elsewhere again.
    fn sync_data(&self) -> io::Result<()>;
}

/// Files and directories.
pub trait Disk: Send + Sync {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// `NotFound`, or what the disk says.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens an existing file for reading and writing.
    ///
    /// # Errors
    /// `NotFound`, or what the disk says.
    fn open_writable(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Makes a new file for reading and writing.
    ///
    /// # Errors
    /// `AlreadyExists`, or what the disk says.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Makes a directory and its parents; succeeds when it exists.
    ///
    /// # Errors
    /// What the disk says.
    fn create_directory(&self, path: &Path) -> io::Result<()>;

    /// Returns the names inside a directory, sorted.
    ///
    /// # Errors
    /// `NotFound`, or what the disk says.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;

    /// Gives a file or directory another name, replacing a file of that name at once.
    ///
    /// # Errors
    /// What the disk says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name on the same file system; its bytes are shared.
    ///
    /// # Errors
    /// `NotFound`, `AlreadyExists`, or what the disk says.
    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// `NotFound`, or what the disk says.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes a directory with all it holds.
    ///
    /// # Errors
    /// `NotFound`, or what the disk says.
    fn remove_directory(&self, path: &Path) -> io::Result<()>;

    /// Makes the names inside a directory durable: files made, renamed and removed in it.
    ///
    /// # Errors
    /// What the disk says.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;

    /// Says whether something has this name.
    fn exists(&self, path: &Path) -> bool;

    /// Returns the bytes that may still be written to the file system that holds `path`.
    ///
    /// # Errors
    /// What the disk says.
    fn available_bytes(&self, path: &Path) -> io::Result<u64>;

    /// Returns the size in bytes of the file system that holds `path`, used or not.
    ///
    /// # Errors
    /// What the disk says.
    fn total_bytes(&self, path: &Path) -> io::Result<u64>;

    /// Reads a whole file.
    ///
    /// # Errors
    /// `NotFound`, `FileTooLarge` above `limit` bytes, or what the disk says.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let file = self.open(path)?;
        let length = file.length()?;
        if length > limit {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("wanted at most {limit} bytes, found {length}"),
            ));
        }
        let mut bytes = vec![0; usize::try_from(length).expect("within a limit that fits memory")];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }

    /// Puts `bytes` in the place of `path` so that, after any crash, either the old or the new contents are there:
    /// writes beside it, syncs, renames, syncs the directory.
    ///
    /// # Errors
    /// What the disk says; the old contents are then still there, or the new ones but not yet surely durable.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let beside = temporary_name(path);
        match self.remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = self.create(&beside)?;
        file.write_all_at(bytes, 0)?;
        file.sync_data()?;
        self.rename(&beside, path)?;
        self.sync_directory(directory_of(path))
    }
}

/// The parent of a bare name is the empty path, which no system knows as a directory.
fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn temporary_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".tmp");
    path.with_file_name(name)
}

/// The machine's file system. An error names the path.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemDisk;

struct SystemFile {
    file: File,
    path: PathBuf,
}

impl Disk for SystemDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        open_with(path, OpenOptions::new().read(true))
    }

    fn open_writable(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        open_with(path, OpenOptions::new().read(true).write(true))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        open_with(
            path,
            OpenOptions::new().read(true).write(true).create_new(true),
        )
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(path).map_err(|error| named(error, path))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path).map_err(|error| named(error, path))? {
            let entry = entry.map_err(|error| named(error, path))?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to).map_err(|error| named(error, from))
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::hard_link(from, to).map_err(|error| named(error, to))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path).map_err(|error| named(error, path))
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_dir_all(path).map_err(|error| named(error, path))
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        File::open(path)
            .and_then(|directory| directory.sync_all())
            .map_err(|error| named(error, path))
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn available_bytes(&self, path: &Path) -> io::Result<u64> {
        let facts = rustix::fs::statvfs(path).map_err(|error| named(error.into(), path))?;
        Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
    }

    fn total_bytes(&self, path: &Path) -> io::Result<u64> {
        let facts = rustix::fs::statvfs(path).map_err(|error| named(error.into(), path))?;
        Ok(facts.f_blocks.saturating_mul(facts.f_frsize))
    }
}

impl DiskFile for SystemFile {
    fn read_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        self.file
            .read_exact_at(into, offset)
            .map_err(|error| named(error, &self.path))
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file
            .write_all_at(bytes, offset)
            .map_err(|error| named(error, &self.path))
    }

    fn length(&self) -> io::Result<u64> {
        let facts = self
            .file
            .metadata()
            .map_err(|error| named(error, &self.path))?;
        Ok(facts.len())
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.file
            .set_len(length)
            .map_err(|error| named(error, &self.path))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file
            .sync_data()
            .map_err(|error| named(error, &self.path))
    }
}

fn open_with(path: &Path, options: &OpenOptions) -> io::Result<Arc<dyn DiskFile>> {
    let file = options.open(path).map_err(|error| named(error, path))?;
    Ok(Arc::new(SystemFile {
        file,
        path: path.into(),
    }))
}

/// Keeps the kind and adds the path, which the standard library leaves out.
fn named(error: io::Error, path: &Path) -> io::Error {
    let path = path.into();
    io::Error::new(error.kind(), Named { path, error })
}

/// What the system said, and of which file.
#[derive(Debug)]
struct Named {
    path: PathBuf,
    error: io::Error,
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.error)
    }
}

impl std::error::Error for Named {}

/// Says whether a file could not be opened because the process, or the machine, has as many open as it may. Nothing is
/// wrong with that file, and the same call succeeds once others are closed.
pub fn is_out_of_files(error: &io::Error) -> bool {
    let inner = error.get_ref();
    let named = inner.and_then(|inner| inner.downcast_ref::<Named>());
    let code = named.map_or(error, |named| &named.error).raw_os_error();
    let all = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE];
    all.iter().any(|errno| code == Some(errno.raw_os_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_open_files_are_told_from_other_errors() {
        let of = |errno: rustix::io::Errno| io::Error::from_raw_os_error(errno.raw_os_error());
        for (errno, expected) in [
            (rustix::io::Errno::MFILE, true),
            (rustix::io::Errno::NFILE, true),
            (rustix::io::Errno::IO, false),
            (rustix::io::Errno::NOENT, false),
        ] {
            assert_eq!(is_out_of_files(&of(errno)), expected, "{errno}");
            let with_path = named(of(errno), Path::new("a/b"));
            assert_eq!(is_out_of_files(&with_path), expected, "{errno}");
            assert_eq!(with_path.kind(), of(errno).kind());
            assert_eq!(with_path.to_string(), format!("a/b: {}", of(errno)));
        }
        assert!(!is_out_of_files(&io::ErrorKind::NotFound.into()));
    }

    #[test]
    fn a_bare_name_lies_in_the_directory_we_are_in() {
        for (path, directory) in [
            ("name", "."),
            ("a/name", "a"),
            ("/name", "/"),
            ("./name", "."),
        ] {
            assert_eq!(
                directory_of(Path::new(path)),
                Path::new(directory),
                "{path}"
            );
        }
    }
}
