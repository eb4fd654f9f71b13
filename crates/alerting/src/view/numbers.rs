//! Numbers about the engine, for metrics.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_notify::Reason;

use crate::engine::{Engine, RefusalReason};
use crate::rows::DeliveryPhase;

/// What happened since the engine was made. Numbers only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Alerts that were posted and fired.
    pub received_firing: u64,
    /// Alerts that were posted and were resolved.
    pub received_resolved: u64,
    /// Alerts that were posted and did not count, by why.
    pub refused: BTreeMap<RefusalReason, u64>,
    /// Flushes of groups.
    pub flushes: u64,
    /// Alerts that a flush kept back since a silence did.
    pub silenced: u64,
    /// Alerts that a flush kept back since another alert did.
    pub inhibited: u64,
    /// Alerts that a flush kept back since a time interval did.
    pub muted: u64,
    /// Alerts that a flush kept back since we had just started.
    pub held: u64,
    /// What became of notices, by integration: receiver, kind, place among those of the kind.
    pub channels: BTreeMap<(Arc<str>, Arc<str>, u32), ChannelCounts>,
}

/// What became of the notices to one integration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelCounts {
    /// Notices that were decided, by why.
    pub decided: BTreeMap<Reason, u64>,
    /// Attempts that were started.
    pub attempts: u64,
    /// Attempts that failed.
    pub failed_attempts: u64,
    /// Notices that the receiver has.
    pub sent: u64,
    /// Notices that a newer one took the place of.
    pub superseded: u64,
    /// Notices that were not true any more before anybody heard of them.
    pub withdrawn: u64,
    /// Notices that another receiver got in its place.
    pub failed_over: u64,
    /// Notices that nobody took.
    pub dead: u64,
    /// Notices that waited for the receiver's rate limit.
    pub delayed: u64,
}

/// How many there are of what, now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Alerts, resolved ones that somebody still has to hear of among them.
    pub alerts: u64,
    /// Alerts that fire.
    pub firing: u64,
    /// Bytes of the texts of all alerts.
    pub bytes: u64,
    /// Groups.
    pub groups: u64,
    /// Alerts that fire and are a source of some rule of inhibition.
    pub sources: u64,
    /// Notices that wait for their first attempt.
    pub queued: u64,
    /// Notices with an attempt under way.
    pub leased: u64,
    /// Notices whose last attempt failed.
    pub retrying: u64,
    /// What happened since the engine was made.
    pub counts: Counts,
}

impl Engine {
    /// Returns the numbers for metrics. Costs the open deliveries.
    pub fn numbers(&self) -> Numbers {
        let (alerts, firing, bytes) = self.book().counts();
        let phases = |phase: DeliveryPhase| {
            let open = self.outbox().iter();
            open.filter(|delivery| delivery.phase == phase).count() as u64
        };
        Numbers {
            alerts,
            firing,
            bytes,
            groups: self.groups_known().len() as u64,
            sources: self.inhibitor().source_count() as u64,
            queued: phases(DeliveryPhase::Queued),
            leased: phases(DeliveryPhase::Leased),
            retrying: phases(DeliveryPhase::RetryAt),
            counts: self.counts().clone(),
        }
    }
}
