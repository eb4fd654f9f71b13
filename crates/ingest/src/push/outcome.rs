//! What became of a push, in words that every protocol can translate.

use plimsoll_types::{StorageError, StorageErrorKind, Written};

/// The kinds of outcomes. `api` gives each its HTTP status; the one in brackets is what clients of the protocols expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutcomeKind {
    /// Everything is stored and durable (204).
    Stored,
    /// Some or all series or samples were invalid; what was valid is stored and durable (400).
    PartlyRefused,
    /// The request cannot be read; nothing is stored (400).
    Malformed,
    /// The request is beyond a limit; nothing is stored (413).
    TooLarge,
    /// New series were refused because the store holds as many as it may; the rest is stored (429).
    SeriesLimit,
    /// Too much is in flight; perhaps nothing is stored (503).
    Overloaded,
    /// Less space is left on the disk than the store needs for its own work; nothing is stored (429).
    NoSpace,
    /// The store takes no writes because it is shutting down (503).
    Unavailable,
    /// The disk failed, or we did (500).
    Failed,
}

impl OutcomeKind {
    /// Returns the value of the `outcome` label in our own metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::PartlyRefused => "partly_refused",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::SeriesLimit => "series_limit",
            Self::Overloaded => "overloaded",
            Self::NoSpace => "no_space",
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
        }
    }

    /// Says whether the same request may succeed later. What is stored twice is stored once, so a retry does no harm.
    pub fn is_retryable(self) -> bool {
        match self {
            Self::Stored | Self::PartlyRefused | Self::Malformed | Self::TooLarge => false,
            Self::SeriesLimit
            | Self::Overloaded
            | Self::NoSpace
            | Self::Unavailable
            | Self::Failed => true,
        }
    }

    /// Returns after how many seconds it is worth trying again, where that depends on our load or our disk.
    pub fn retry_after_seconds(self) -> Option<u32> {
        match self {
            Self::Overloaded | Self::Unavailable => Some(1),
            // Space does not come back within a second; the store itself looks every second.
            Self::NoSpace => Some(10),
            _ => None,
        }
    }
}

/// What became of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    kind: OutcomeKind,
    written: Written,
    message: String,
}

impl Outcome {
    pub(super) fn new(kind: OutcomeKind, written: Written, message: String) -> Self {
        Self {
            kind,
            written,
            message,
        }
    }

    pub(super) fn malformed(message: String) -> Self {
        Self::new(OutcomeKind::Malformed, Written::default(), message)
    }

    pub(super) fn too_large(message: String) -> Self {
        Self::new(OutcomeKind::TooLarge, Written::default(), message)
    }

    pub(super) fn overloaded(message: String) -> Self {
        Self::new(OutcomeKind::Overloaded, Written::default(), message)
    }

    pub(super) fn failed(message: String) -> Self {
        Self::new(OutcomeKind::Failed, Written::default(), message)
    }

    /// Claims nothing as written: of what went before the error it is not known whether it is durable.
    pub(super) fn from_storage(error: &StorageError) -> Self {
        let kind = match error.kind() {
            StorageErrorKind::Overloaded => OutcomeKind::Overloaded,
            StorageErrorKind::ReadOnly => OutcomeKind::NoSpace,
            StorageErrorKind::Closed => OutcomeKind::Unavailable,
            StorageErrorKind::SeriesLimit => OutcomeKind::SeriesLimit,
            StorageErrorKind::Io | StorageErrorKind::Corrupt => OutcomeKind::Failed,
        };
        Self::new(kind, Written::default(), error.to_string())
    }

    /// Returns the kind.
    pub fn kind(&self) -> OutcomeKind {
        self.kind
    }

    /// Returns what is stored and durable, for the headers `X-Prometheus-Remote-Write-{Samples,Histograms,Exemplars}-Written`.
    pub fn written(&self) -> Written {
        self.written
    }

    /// Says in one line what was refused and why; empty when everything is stored.
    pub fn message(&self) -> &str {
        &self.message
    }
}
