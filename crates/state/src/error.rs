//! What can go wrong with durable rows, for operators and for code that reacts to it.

use std::error::Error as StdError;
use std::fmt::Display;
use std::sync::Arc;

/// The result of a call into a store.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kinds of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The lease under which was written is no longer held: somebody else has it, or it was released.
    Fenced,
    /// The database cannot be reached, or did not answer in time. Of a commit the outcome is not known.
    Unavailable,
    /// The disk said no. Of a commit the outcome is not known.
    Io,
    /// No space is left.
    NoSpace,
    /// What is in the database is not what was written.
    Corrupt,
    /// The file is gone or another one has taken its place; what is written would be lost.
    Gone,
    /// Another process has the file open as its state.
    InUse,
    /// Another program holds a lock in the database for longer than is waited.
    Locked,
    /// The file, its directory, or the database takes no writes.
    ReadOnly,
    /// The database was written by a newer version of the program; nothing was touched.
    NewerVersion,
    /// There is a database, but not one of ours.
    Foreign,
    /// The database does not let us in, is not the one that its certificate must name, or does not let us do what we need.
    Denied,
    /// Where the state is to be kept is not well said, or it cannot be kept there.
    Config,
    /// Too much waits to be written; the same commit may succeed later.
    Overloaded,
    /// The store was closed.
    Closed,
    /// A statement was refused although all of the above is well: an error of the program.
    Internal,
}

impl ErrorKind {
    /// Returns the word under which metrics count it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fenced => "fenced",
            Self::Unavailable => "unavailable",
            Self::Io => "io",
            Self::NoSpace => "no_space",
            Self::Corrupt => "corrupt",
            Self::Gone => "gone",
            Self::InUse => "in_use",
            Self::Locked => "locked",
            Self::ReadOnly => "read_only",
            Self::NewerVersion => "newer_version",
            Self::Foreign => "foreign",
            Self::Denied => "denied",
            Self::Config => "config",
            Self::Overloaded => "overloaded",
            Self::Closed => "closed",
            Self::Internal => "internal",
        }
    }
}

/// An error with what was wanted, what was found, and what to do where a person can do something.
///
/// Clones share the source: one failed fsync is told to everyone whose changes were in it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
    #[source]
    source: Option<Arc<dyn StdError + Send + Sync>>,
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

    /// Adds what caused it.
    #[must_use]
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Makes an error about a lease that is no longer held.
    pub(crate) fn fenced(name: &str) -> Self {
        Self::new(
            ErrorKind::Fenced,
            format!("the lease {name:?} is no longer held; nothing was written"),
        )
    }

    /// Makes an error about a row that cannot be one of ours.
    pub(crate) fn malformed(table: &str, found: impl Display) -> Self {
        Self::new(
            ErrorKind::Corrupt,
            format!("a row of the table {table} is damaged: {found}"),
        )
    }

    /// Makes an error about a store that was closed.
    pub(crate) fn closed() -> Self {
        Self::new(ErrorKind::Closed, "the state store is closed")
    }

    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Says whether the same call may succeed later without a person doing something.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            ErrorKind::Unavailable
            | ErrorKind::Io
            | ErrorKind::NoSpace
            | ErrorKind::InUse
            | ErrorKind::Locked
            | ErrorKind::Overloaded => true,
            ErrorKind::Fenced
            | ErrorKind::Corrupt
            | ErrorKind::Gone
            | ErrorKind::ReadOnly
            | ErrorKind::NewerVersion
            | ErrorKind::Foreign
            | ErrorKind::Denied
            | ErrorKind::Config
            | ErrorKind::Closed
            | ErrorKind::Internal => false,
        }
    }

    /// Says whether a commit that failed so may nevertheless have been carried out.
    ///
    /// Writing the same changes again, or reading back, settles it: changes are idempotent.
    pub fn is_outcome_unknown(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Unavailable | ErrorKind::Io | ErrorKind::Gone
        )
    }

    /// Returns the message followed by those of its sources, for places that can show one line only.
    pub fn chain(&self) -> String {
        let mut text = self.message.clone();
        let mut next = self.source();
        while let Some(source) = next {
            text.push_str(": ");
            text.push_str(&source.to_string());
            next = source.source();
        }
        text
    }
}
