//! Why a collector could not tell what it was asked for.

use std::io;
use std::path::{Path, PathBuf};

/// What went wrong, as far as a caller can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// The kernel does not offer the file: an old kernel, a container, a feature that is switched
    /// off.
    Unavailable,
    /// The file exists but could not be read.
    Unreadable,
    /// The text does not have the form that the kernel documents.
    Malformed,
    /// More bytes, devices, mounts or processors than this collector takes. What was within the
    /// limit has been exposed.
    LimitExceeded,
}

/// A collector's failure. It stops that collector and no other.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Error {
    kind: ErrorKind,
    what: String,
    #[source]
    source: Option<io::Error>,
}

impl Error {
    /// Returns the kind.
    pub(crate) fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Says that a file could not be read.
    pub(crate) fn unreadable(path: &Path, error: io::Error) -> Self {
        // PSI that is compiled in but not enabled answers `EOPNOTSUPP`: as good as absent.
        let kind = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::Unsupported => ErrorKind::Unavailable,
            _ => ErrorKind::Unreadable,
        };
        Self {
            kind,
            what: format!("cannot read {}", path.display()),
            source: Some(error),
        }
    }

    /// Says that a text is not what the kernel documents. The text itself stays out of the message.
    pub(crate) fn malformed(wanted: &'static str, line: usize) -> Self {
        Self {
            kind: ErrorKind::Malformed,
            what: format!("wanted {wanted} in line {line}"),
            source: None,
        }
    }

    /// Says that a limit was met.
    pub(crate) fn limit(what: &'static str, limit: usize) -> Self {
        Self {
            kind: ErrorKind::LimitExceeded,
            what: format!("found more than {limit} {what}"),
            source: None,
        }
    }

    /// Says that a file is longer than its limit.
    pub(crate) fn too_long(path: PathBuf, limit: u64) -> Self {
        Self {
            kind: ErrorKind::LimitExceeded,
            what: format!("wanted at most {limit} bytes in {}", path.display()),
            source: None,
        }
    }
}
