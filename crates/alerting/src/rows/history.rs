//! The row of what became of a notice.

use std::sync::Arc;

use plimsoll_notify::Reason;
use plimsoll_types::Timestamp;

use super::{ChannelKey, Part};
use crate::delivery::DeliveryId;

/// What became of a notice or of one attempt to tell it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The receiver has it.
    Sent,
    /// An attempt failed, and there will be another one.
    Failed {
        /// When.
        retry_at: Timestamp,
    },
    /// It was not told, since a newer notice of the same group says it too.
    Superseded,
    /// It was not told, since what it said was not true any more before anybody heard of it.
    Withdrawn,
    /// The receiver did not take it, and another one was asked in its place.
    FailedOver {
        /// The other one.
        to: Arc<str>,
    },
    /// Nobody took it. The dead letter receiver is told so, when there is one.
    Dead,
    /// The receiver or its integration is not in the configuration any more.
    Orphaned,
}

impl Outcome {
    /// Returns a stable word: `sent`, `failed`, `superseded`, `withdrawn`, `failed_over`, `dead` or `orphaned`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed { .. } => "failed",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
            Self::FailedOver { .. } => "failed_over",
            Self::Dead => "dead",
            Self::Orphaned => "orphaned",
        }
    }
}

/// One line of the notification history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// When it happened.
    pub at: Timestamp,
    /// The notice.
    pub delivery: DeliveryId,
    /// Group and integration.
    pub channel: ChannelKey,
    /// Why it was told or should have been.
    pub reason: Reason,
    /// What became of it.
    pub outcome: Outcome,
    /// How many attempts were started up to then. With `delivery` and `outcome` it names the row.
    pub attempts: u32,
    /// When the notice was decided.
    pub decided_at: Timestamp,
    /// What was told or should have been.
    pub parts: Arc<[Part]>,
    /// Why an attempt failed; empty when none did.
    pub error: Arc<str>,
    /// Whether it was told without the database.
    pub is_degraded: bool,
}
