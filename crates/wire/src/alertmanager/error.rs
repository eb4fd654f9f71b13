//! Why a request is refused whole.

use plimsoll_types::ByteCount;

/// Why a request is refused whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not what it should be: an Alertmanager answers 400.
    #[error("line {line}, column {column}: {message}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The column in bytes, from 1.
        column: usize,
        /// What was wanted and what was found.
        message: String,
    },
    /// A field must be there and is not, or is not what it must be: an Alertmanager answers 422.
    #[error("{field} in body {fault}")]
    Invalid {
        /// Which one: `0.labels` of the first alert, `matchers.2.name` of a silence, `alerts` where there is no body.
        field: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// More alerts than the limit.
    #[error("more than {limit} alerts")]
    TooManyAlerts {
        /// The limit.
        limit: usize,
    },
    /// It takes more memory than the limit.
    #[error("the request takes more than {limit} of memory")]
    TooMuchMemory {
        /// The limit.
        limit: ByteCount,
    },
}

impl Error {
    pub(super) fn missing(field: &str) -> Self {
        Self::invalid(field, Fault::Missing)
    }

    pub(super) fn invalid(field: &str, fault: Fault) -> Self {
        let field = field.to_owned();
        Self::Invalid { field, fault }
    }
}

/// What is wrong with a field, in Alertmanager's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is not there, or `null`.
    #[error("is required")]
    Missing,
    /// It is no URI; inside is how it begins.
    #[error("must be of type uri: {0:?}")]
    NoUri(String),
    /// It is an empty list.
    #[error("should have at least 1 items")]
    TooFew,
}

impl Fault {
    /// Returns the number by which an Alertmanager names it in its answer.
    pub fn code(&self) -> u16 {
        match self {
            Self::NoUri(_) => 601,
            Self::Missing => 602,
            Self::TooFew => 612,
        }
    }
}
