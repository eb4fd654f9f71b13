//! What can go wrong in a store, for operators and for code that reacts to it.

use std::io;
use std::path::{Path, PathBuf};

use plimsoll_types::{StorageError, StorageErrorKind};

/// The result of a call into the store.
pub type Result<T> = std::result::Result<T, Error>;

/// The kinds of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The disk said no.
    Io,
    /// No space is left, or less than the reserve.
    NoSpace,
    /// Bytes on disk are not what was written.
    Corrupt,
    /// The data was written by a newer version of the program; nothing was touched.
    NewerVersion,
    /// Another process has the data directory open.
    InUse,
    /// The data directory cannot be written.
    ReadOnlyDirectory,
    /// A setting is outside its range.
    Config,
    /// Too much is in flight; the same write may succeed later.
    Overloaded,
    /// One more series would exceed the limit.
    SeriesLimit,
    /// The store is shutting down.
    Closed,
}

impl ErrorKind {
    /// Returns the kind that a failure inside the store had before it was told to its users.
    pub(crate) fn of(kind: StorageErrorKind) -> Self {
        match kind {
            StorageErrorKind::Io => Self::Io,
            StorageErrorKind::Corrupt => Self::Corrupt,
            StorageErrorKind::ReadOnly => Self::NoSpace,
            StorageErrorKind::Overloaded => Self::Overloaded,
            StorageErrorKind::SeriesLimit => Self::SeriesLimit,
            StorageErrorKind::Closed => Self::Closed,
        }
    }
}

/// An error with what was wanted, what was found and the path where there is one.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
    #[source]
    source: Option<io::Error>,
}

impl Error {
    /// Makes an error without a source.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// Makes an error from what the disk said; `doing` completes "cannot ...".
    ///
    /// The kind follows the source: no space, read-only, otherwise [`ErrorKind::Io`].
    pub fn io(doing: &str, path: &Path, source: io::Error) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::NoSpace,
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                ErrorKind::ReadOnlyDirectory
            }
            _ => ErrorKind::Io,
        };
        Self {
            kind,
            message: format!("cannot {doing} {}", path.display()),
            source: Some(source),
        }
    }

    /// Makes an error about bytes that are not what was written.
    pub fn corrupt(path: &Path, found: impl std::fmt::Display) -> Self {
        Self::new(
            ErrorKind::Corrupt,
            format!("{} is damaged: {found}", path.display()),
        )
    }

    /// Makes an error about data of a newer version.
    pub fn newer_version(path: &Path, found: u64, known: u64) -> Self {
        Self::new(
            ErrorKind::NewerVersion,
            format!(
                "{} has format version {found}, this program knows versions up to {known}; it was written by a newer \
                 version of plimsoll, nothing was changed",
                path.display()
            ),
        )
    }

    /// Makes an error about a data directory that another process holds.
    pub fn in_use(directory: PathBuf, process: Option<u32>) -> Self {
        let holder = match process {
            Some(id) => format!("another process (pid {id})"),
            None => "another process".into(),
        };
        Self::new(
            ErrorKind::InUse,
            format!(
                "the data directory {} is in use by {holder}",
                directory.display()
            ),
        )
    }

    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Says whether the same call may succeed later without a person doing something.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            ErrorKind::Io
            | ErrorKind::NoSpace
            | ErrorKind::Overloaded
            | ErrorKind::SeriesLimit
            | ErrorKind::InUse
            | ErrorKind::Closed => true,
            ErrorKind::Corrupt
            | ErrorKind::NewerVersion
            | ErrorKind::ReadOnlyDirectory
            | ErrorKind::Config => false,
        }
    }

    /// Returns the message followed by the source's, for places that can show one line only.
    pub fn chain(&self) -> String {
        match &self.source {
            Some(source) => format!("{}: {source}", self.message),
            None => self.message.clone(),
        }
    }
}

/// Keeps the whole chain in the message, because the trait's error has no source.
impl From<Error> for StorageError {
    fn from(error: Error) -> Self {
        let kind = match error.kind {
            ErrorKind::Io => StorageErrorKind::Io,
            ErrorKind::Corrupt | ErrorKind::NewerVersion => StorageErrorKind::Corrupt,
            ErrorKind::NoSpace | ErrorKind::ReadOnlyDirectory => StorageErrorKind::ReadOnly,
            ErrorKind::Overloaded => StorageErrorKind::Overloaded,
            ErrorKind::SeriesLimit => StorageErrorKind::SeriesLimit,
            ErrorKind::InUse | ErrorKind::Config | ErrorKind::Closed => StorageErrorKind::Closed,
        };
        Self::new(kind, error.chain())
    }
}
