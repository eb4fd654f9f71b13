//! What can go wrong with a part, and which file it happened in.

use std::io;
use std::path::{Path, PathBuf};

use plimsoll_runtime::disk::is_out_of_files;

/// An error of a part.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk said no; `source` says why and names the path.
    #[error("{action} {}", path.display())]
    Io {
        /// What was tried: `reading`, `writing`, ...
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
    /// The bytes are not what was written. The part is of no further use.
    #[error("{} is damaged at byte {offset}: {what}", file.display())]
    Corrupt {
        /// The file.
        file: PathBuf,
        /// Where the damaged block begins.
        offset: u64,
        /// What was wanted and what was found.
        what: String,
    },
    /// The part was written by a later version of this program.
    #[error(
        "{} has format version {found}, this program reads up to version {supported}",
        file.display()
    )]
    NewerVersion {
        /// The file that says so.
        file: PathBuf,
        /// The version it asks for.
        found: u32,
        /// The latest version that can be read here.
        supported: u32,
    },
    /// The caller broke a rule of the writer, such as the order of the series.
    #[error("{what}")]
    Invalid {
        /// Which rule, and what was found.
        what: String,
    },
}

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// See [`Error::Io`].
    Io,
    /// See [`Error::Corrupt`].
    Corrupt,
    /// See [`Error::NewerVersion`].
    NewerVersion,
    /// See [`Error::Invalid`].
    Invalid,
}

impl Error {
    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } => ErrorKind::Io,
            Self::Corrupt { .. } => ErrorKind::Corrupt,
            Self::NewerVersion { .. } => ErrorKind::NewerVersion,
            Self::Invalid { .. } => ErrorKind::Invalid,
        }
    }

    /// Says whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self.kind() {
            ErrorKind::Io => true,
            ErrorKind::Corrupt | ErrorKind::NewerVersion | ErrorKind::Invalid => false,
        }
    }

    /// Says whether too many files are open for this one to be read; then nothing is known of the part.
    pub(crate) fn is_out_of_files(&self) -> bool {
        matches!(self, Self::Io { source, .. } if is_out_of_files(source))
    }

    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.into(),
            source,
        }
    }

    pub(super) fn corrupt(file: &Path, offset: u64, what: impl Into<String>) -> Self {
        Self::Corrupt {
            file: file.into(),
            offset,
            what: what.into(),
        }
    }

    pub(super) fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid { what: what.into() }
    }
}
