//! The files of the database as the file system sees them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

/// What a file of SQLite begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Makes an error of what the disk said; `doing` completes "cannot ...".
pub(crate) fn cannot(doing: &str, path: &Path, error: io::Error) -> Error {
    let (kind, advice) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            (ErrorKind::NoSpace, ": make room on the disk")
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => (
            ErrorKind::ReadOnly,
            ": let the user of this program write the directory, or name another one",
        ),
        io::ErrorKind::NotFound => (ErrorKind::Config, ": make the directory"),
        _ => (ErrorKind::Io, ""),
    };
    Error::new(kind, format!("cannot {doing} {}{advice}", path.display())).because(error)
}

/// What is at the path of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No file, or an empty one.
    Nothing,
    /// A file of SQLite, so far as its first bytes say.
    Database,
}

/// Looks at what is at `path`.
pub(crate) fn look(path: &Path) -> Result<Found> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(cannot("open", path, error)),
    };
    let mut begin = Vec::with_capacity(MAGIC.len());
    file.by_ref()
        .take(MAGIC.len() as u64)
        .read_to_end(&mut begin)
        .map_err(|error| cannot("read", path, error))?;
    match begin.as_slice() {
        [] => Ok(Found::Nothing),
        begin if begin == MAGIC => Ok(Found::Database),
        _ => Err(Error::new(
            ErrorKind::Foreign,
            format!(
                "{} is not a file of SQLite; nothing was changed; move it away, or put back a copy of the state",
                path.display()
            ),
        )),
    }
}

/// Makes names in the directory of `path` durable.
pub(crate) fn sync_directory(path: &Path) -> Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| cannot("sync", directory, error))
}

/// Which files were opened: SQLite writes on into a file that was deleted, and nobody would ever find it again.
#[derive(Debug)]
pub(crate) struct Identity {
    files: [(PathBuf, (u64, u64)); 2],
}

impl Identity {
    /// Notes the database at `path` and its log, which is there after the first write.
    pub(crate) fn of(path: &Path) -> Result<Self> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let note = |path: PathBuf| {
            let identity = identity(&path).map_err(|error| cannot("look at", &path, error))?;
            Ok((path, identity))
        };
        Ok(Self {
            files: [note(path.into())?, note(log.into())?],
        })
    }

    /// Says whether the same files are still there.
    pub(crate) fn check(&self) -> Result<()> {
        for (path, noted) in &self.files {
            match identity(path) {
                Ok(found) if found == *noted => {}
                Ok(_) => return Err(gone(path, "another file has taken its place")),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(gone(path, "it is gone"));
                }
                Err(error) => return Err(cannot("look at", path, error)),
            }
        }
        Ok(())
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}

fn gone(path: &Path, found: &str) -> Error {
    Error::new(
        ErrorKind::Gone,
        format!(
            "{} was removed while it was in use: {found}; what was written since is lost; put back the file or a copy, \
             and start the program again",
            path.display()
        ),
    )
}

/// Makes the error of a file with damaged pages.
pub(crate) fn damaged(path: &Path, found: &str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!(
            "{} is damaged ({found}); nothing was changed; move it with its -wal and -shm away and put back a copy, or \
             start without: alerts then begin anew",
            path.display()
        ),
    )
}
