//! How outcomes are told in reasons.

use std::fmt;
use std::time::Duration;

use crate::{FailureKind, Outcome};

/// An outcome in words: "status 503", "connection refused".
pub(crate) struct Told(pub(crate) Outcome);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Outcome::Success => f.write_str("a success"),
            Outcome::Throttled { .. } => f.write_str("status 429"),
            Outcome::ServerError { status, .. } => write!(f, "status {status}"),
            Outcome::Failed(kind) => f.write_str(told_kind(kind)),
            Outcome::Cancelled => f.write_str("cancelled"),
        }
    }
}

const fn told_kind(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Refused => "connection refused",
        FailureKind::ConnectTimeout => "no connection in time",
        FailureKind::Unresolved => "its name has no address",
        FailureKind::Tls => "the TLS handshake failed",
        FailureKind::NotProcessed => "the request was not processed",
        FailureKind::TryTimeout => "no answer in time",
        FailureKind::Closed => "the connection ended before the answer",
        FailureKind::Malformed => "the answer is no HTTP",
        FailureKind::Truncated => "the answer broke off",
    }
}

/// Returns what the endpoint asked for in Retry-After.
pub(crate) const fn retry_after(outcome: Outcome) -> Option<Duration> {
    match outcome {
        Outcome::Throttled { retry_after } | Outcome::ServerError { retry_after, .. } => {
            retry_after
        }
        Outcome::Success | Outcome::Failed(_) | Outcome::Cancelled => None,
    }
}
