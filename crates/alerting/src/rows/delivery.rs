//! The row of a delivery.

use std::sync::Arc;

use plimsoll_notify::Reason;
use plimsoll_types::{Labels, Timestamp};

use super::ChannelKey;
use crate::Fingerprint;
use crate::delivery::DeliveryId;

/// One alert of a delivery, as it was when the notice was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The alert.
    pub fingerprint: Fingerprint,
    /// Since when it fired.
    pub starts_at: Timestamp,
    /// When it was resolved; `None` when it fired.
    pub ends_at: Option<Timestamp>,
}

impl Part {
    /// Says whether it is told as resolved.
    pub fn is_resolved(&self) -> bool {
        self.ends_at.is_some()
    }
}

/// Where a delivery stands; its ends are in the history only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeliveryPhase {
    /// It waits for its first attempt.
    Queued,
    /// An attempt was started and nobody knows how it went. It is written before the attempt begins.
    Leased,
    /// An attempt failed; it waits for the next one.
    RetryAt,
}

impl DeliveryPhase {
    /// All phases.
    pub const ALL: [Self; 3] = [Self::Queued, Self::Leased, Self::RetryAt];

    /// Returns a stable word: `queued`, `leased` or `retry_at`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::RetryAt => "retry_at",
        }
    }
}

/// A notice on its way to one integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its id, which is the idempotency key.
    pub id: DeliveryId,
    /// Group and integration.
    pub channel: ChannelKey,
    /// The labels of the group.
    pub group_labels: Labels,
    /// The number of the notice within the channel.
    pub sequence: i64,
    /// Why it is told.
    pub reason: Reason,
    /// What is told: the alerts, ascending by fingerprint.
    pub parts: Arc<[Part]>,
    /// Where it stands.
    pub phase: DeliveryPhase,
    /// When the notice was decided.
    pub decided_at: Timestamp,
    /// When the first of the notices was decided that it stands for.
    pub waiting_since: Timestamp,
    /// How many attempts were started.
    pub attempts: u32,
    /// How many attempts failed, also of the notices that it stands for.
    pub failures: u32,
    /// When the next attempt begins; in phase `Leased`, when the last one began.
    pub attempt_at: Timestamp,
    /// Why the last attempt failed; empty when none did.
    pub last_error: Arc<str>,
    /// The receiver whose notice it is, when it stands in for another.
    pub instead_of: Option<Arc<str>>,
}
