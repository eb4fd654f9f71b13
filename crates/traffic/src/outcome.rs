//! How attempts end.

use std::time::Duration;

/// How an attempt at an endpoint ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It answered, and not that it failed: 1xx to 4xx but 429; gRPC's codes that blame the caller.
    Success,
    /// It answered 429, or gRPC RESOURCE_EXHAUSTED (8).
    Throttled {
        /// What it asked for in Retry-After.
        retry_after: Option<Duration>,
    },
    /// It answered that it failed: 5xx, or gRPC 2, 4, 13, 14, 15.
    ServerError {
        /// The HTTP status; of gRPC the one that its code maps to.
        status: u16,
        /// What it asked for in Retry-After.
        retry_after: Option<Duration>,
    },
    /// There was no answer that can be used.
    Failed(FailureKind),
    /// Somebody else ended it: the client left, or the other of a hedged pair was faster. It says nothing about the endpoint.
    Cancelled,
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// Nothing listens.
    Refused,
    /// No connection in time.
    ConnectTimeout,
    /// The name has no address.
    Unresolved,
    /// The TLS handshake failed.
    Tls,
    /// The request was not processed, and the endpoint said so: REFUSED_STREAM, or GOAWAY below it.
    NotProcessed,
    /// No head of an answer in the time of one try.
    TryTimeout,
    /// The connection ended before the answer's head.
    Closed,
    /// What came is not HTTP.
    Malformed,
    /// The answer began and broke off.
    Truncated,
}

impl FailureKind {
    /// Says whether nothing of the request can have been acted on, so that another attempt is always safe.
    pub const fn is_before_processing(self) -> bool {
        matches!(
            self,
            Self::Refused
                | Self::ConnectTimeout
                | Self::Unresolved
                | Self::Tls
                | Self::NotProcessed
        )
    }
}

impl Outcome {
    /// Says whether the endpoint failed: what counts against its health.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::ServerError { .. } | Self::Failed(_))
    }
}
