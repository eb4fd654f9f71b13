//! How an attempt went.

use std::time::Duration;

use crate::ReceiverData;

/// How one attempt to tell a notice went. No reason names a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has it.
    Sent {
        /// What the receiver wants to see again with the next notice of the group; empty for most.
        data: ReceiverData,
    },
    /// Nobody knows whether the receiver has it: no answer came, or none of its own. It is asked again under the same key.
    Unknown {
        /// The earliest time for the next attempt, when somebody named one.
        after: Option<Duration>,
        /// What happened, for operators.
        reason: String,
    },
    /// The receiver does not have it, and may take it later.
    Retry {
        /// The earliest time for the next attempt, when the peer named one.
        after: Option<Duration>,
        /// What happened, for operators.
        reason: String,
    },
    /// The receiver does not want it, and will not later: the configuration or the notice is wrong.
    Refused {
        /// What happened, for operators.
        reason: String,
    },
}

impl Verdict {
    /// Makes the verdict of a success without data.
    pub fn sent() -> Self {
        let data = ReceiverData::default();
        Self::Sent { data }
    }

    /// Makes the verdict that another attempt may help.
    pub fn retry(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Retry {
            after: None,
            reason,
        }
    }

    /// Makes the verdict that the receiver may have it or not.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::retry(reason).or_arrived()
    }

    /// Returns the verdict of an attempt that may have arrived, though it failed for us.
    pub(crate) fn or_arrived(self) -> Self {
        match self {
            Self::Retry { after, reason } => Self::Unknown { after, reason },
            other => other,
        }
    }

    /// Makes the verdict that no further attempt helps.
    pub fn refused(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Refused { reason }
    }

    /// Returns the verdict with another reason, where it has one.
    pub(crate) fn with_reason(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Unknown { after, reason } => Self::Unknown {
                after,
                reason: change(reason),
            },
            Self::Retry { after, reason } => Self::Retry {
                after,
                reason: change(reason),
            },
            Self::Refused { reason } => Self::refused(change(reason)),
            sent @ Self::Sent { .. } => sent,
        }
    }

    /// Says whether the receiver has it.
    pub fn is_sent(&self) -> bool {
        matches!(self, Self::Sent { .. })
    }
}
