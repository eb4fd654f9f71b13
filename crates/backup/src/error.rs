//! What can go wrong with backups.

use std::path::Path;

/// The result of a call.
pub type Result<T> = std::result::Result<T, Error>;

/// The kinds of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// What was asked makes no sense: a place that is no repository's, a directory that is not empty.
    Usage,
    /// A local disk said no.
    Io,
    /// The repository said no, or does not answer.
    Repository,
    /// There is no such backup.
    NotFound,
    /// Bytes are not what was written: of the store, or of the repository.
    Damaged,
    /// Somebody else works on the repository; later it may succeed.
    Busy,
    /// A newer version of the program wrote it.
    NewerVersion,
}

/// An error with what was wanted and what was found.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// Makes an error without a source.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// Makes an error from what a local disk said; `doing` completes "cannot ...".
    pub(crate) fn io(doing: &str, path: &Path, source: std::io::Error) -> Self {
        Self {
            kind: ErrorKind::Io,
            message: format!("cannot {doing} {}", path.display()),
            source: Some(Box::new(source)),
        }
    }

    /// Makes an error from what the repository said; `doing` completes "cannot ...".
    pub(crate) fn repository(doing: &str, key: &str, source: object_store::Error) -> Self {
        let kind = match source {
            object_store::Error::NotFound { .. } => ErrorKind::NotFound,
            _ => ErrorKind::Repository,
        };
        Self {
            kind,
            message: format!("cannot {doing} {key}"),
            source: Some(Box::new(source)),
        }
    }

    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Says whether the same call may succeed later without a person doing something.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            ErrorKind::Io | ErrorKind::Repository | ErrorKind::Busy => true,
            ErrorKind::Usage
            | ErrorKind::NotFound
            | ErrorKind::Damaged
            | ErrorKind::NewerVersion => false,
        }
    }

    /// Returns the message followed by those of its sources, for places that can show one line only.
    pub fn chain(&self) -> String {
        let mut text = self.message.clone();
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            text.push_str(&format!(": {error}"));
            source = error.source();
        }
        text
    }
}

/// Keeps the store's whole chain in the message.
impl From<plimsoll_tsdb::Error> for Error {
    fn from(error: plimsoll_tsdb::Error) -> Self {
        let kind = match error.kind() {
            plimsoll_tsdb::ErrorKind::Corrupt => ErrorKind::Damaged,
            plimsoll_tsdb::ErrorKind::NewerVersion => ErrorKind::NewerVersion,
            plimsoll_tsdb::ErrorKind::InUse => ErrorKind::Busy,
            plimsoll_tsdb::ErrorKind::Config => ErrorKind::Usage,
            _ => ErrorKind::Io,
        };
        Self::new(kind, error.chain())
    }
}
