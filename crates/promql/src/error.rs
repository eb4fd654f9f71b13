//! What can go wrong: with the text of a query ([`ParseError`]) and with its evaluation ([`QueryError`]).

mod parse;

use plimsoll_types::StorageError;

pub use parse::ParseError;

/// The kinds of evaluation errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueryErrorKind {
    /// The request makes no sense: a step of zero, an end before the start, an instant range vector asked for a range.
    BadData,
    /// The expression cannot be evaluated over this data, such as a many-to-many match.
    Execution,
    /// The deadline passed.
    Timeout,
    /// The caller gave up.
    Canceled,
    /// More samples than the limit would be held at once.
    SampleLimit,
    /// More bytes than the limit of one query would be held at once.
    MemoryLimit,
    /// More bytes than the limit of all queries together would be held at once.
    TotalMemoryLimit,
    /// More work than [`Control::with_work_max`](crate::Control::with_work_max) allows.
    WorkLimit,
    /// The store failed.
    Storage,
}

/// A query that was not answered.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    kind: QueryErrorKind,
    message: String,
    #[source]
    source: Option<StorageError>,
}

impl QueryError {
    pub(crate) fn new(kind: QueryErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    pub(crate) fn execution(message: impl Into<String>) -> Self {
        Self::new(QueryErrorKind::Execution, message)
    }

    /// Returns the kind.
    pub fn kind(&self) -> QueryErrorKind {
        self.kind
    }

    /// Says whether the same query may succeed later without a change.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            QueryErrorKind::Timeout
            | QueryErrorKind::Canceled
            | QueryErrorKind::TotalMemoryLimit => true,
            QueryErrorKind::Storage => self.source.as_ref().is_some_and(|e| e.is_retryable()),
            QueryErrorKind::BadData
            | QueryErrorKind::Execution
            | QueryErrorKind::SampleLimit
            | QueryErrorKind::MemoryLimit
            | QueryErrorKind::WorkLimit => false,
        }
    }
}

impl From<StorageError> for QueryError {
    fn from(error: StorageError) -> Self {
        Self {
            kind: QueryErrorKind::Storage,
            message: "the store could not be read".into(),
            source: Some(error),
        }
    }
}
