//! What layers refuse.

use std::time::Duration;

use super::BoxError;
use crate::limit::admission;

/// A layer did not let a call through, or ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its time was over before it began, or before it was answered.
    #[error("its deadline is over")]
    DeadlineOver,
    /// One attempt took too long.
    #[error("no answer within the time of one try")]
    TryTimeout,
    /// The breaker of the destination is open.
    #[error("the breaker is open for another {retry_after:?}")]
    BreakerOpen {
        /// When a probe may go.
        retry_after: Duration,
    },
    /// Too many calls in this time.
    #[error("the rate limit lets the next one in after {retry_after:?}")]
    RateLimited {
        /// When it makes sense to try again.
        retry_after: Duration,
    },
    /// Too many calls at the same time: the queue is full, the wait was too long, or it matters too little.
    #[error("too many calls at the same time: {why:?}")]
    Overloaded {
        /// Which of them.
        why: admission::Why,
        /// When it makes sense to try again.
        retry_after: Duration,
    },
}

impl Refused {
    /// Finds what a layer refused in an error, or in one of its sources.
    pub fn find(error: &BoxError) -> Option<Self> {
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error.as_ref());
        while let Some(error) = next {
            if let Some(refused) = error.downcast_ref::<Self>() {
                return Some(*refused);
            }
            next = error.source();
        }
        None
    }

    /// Returns when it makes sense to try again, for Retry-After; `None` when nobody knows.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::DeadlineOver | Self::TryTimeout => None,
            Self::BreakerOpen { retry_after }
            | Self::RateLimited { retry_after }
            | Self::Overloaded { retry_after, .. } => Some(*retry_after),
        }
    }
}
