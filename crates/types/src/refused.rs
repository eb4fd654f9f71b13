//! Why a question to something that runs in this process is not answered.

/// Why something is not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// What kind of reason.
    pub kind: RefusedKind,
    /// What was wanted and what was found.
    pub message: String,
}

/// What kind of reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedKind {
    /// What is asked about is not there.
    NotFound,
    /// The request makes no sense; the same one will be refused again.
    Invalid,
    /// It contradicts what is there.
    Conflict,
    /// Too much at once, or not now; the same request may succeed later.
    Unavailable,
}

impl Refused {
    /// Makes one.
    pub fn new(kind: RefusedKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}
