//! Why somebody was told of an alert, or was not, and when they will be.

mod answer;
mod words;

use std::sync::Arc;

use plimsoll_notify::Reason;
use plimsoll_types::{Labels, Timestamp};

use crate::delivery::DeliveryId;
use crate::rows::ChannelKey;
use crate::{AlertView, Fingerprint, SilenceId};

/// Everything that decides who is told of an alert, now.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The labels that were asked about.
    pub labels: Labels,
    /// The alert; `None` when none with these labels is known, or it is resolved and everybody who had to knows.
    pub alert: Option<AlertView>,
    /// For each integration that the alert is or would be routed to, what holds for it, in the order of the routes.
    pub channels: Vec<ChannelExplanation>,
    /// The receivers of the configuration that no route leads it to.
    pub not_routed_to: Vec<Arc<str>>,
}

/// What holds for an alert and one integration.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelExplanation {
    /// Group and integration.
    pub key: ChannelKey,
    /// The route that leads there: the matchers on the way as Alertmanager writes them.
    pub route: Arc<str>,
    /// When and why the integration was told that this alert fires or is resolved, as far as that is what it knows.
    pub told: Option<Told>,
    /// What holds now.
    pub why: Why,
    /// When something can happen next, if nothing changes; `None` when nothing will.
    pub next_at: Option<Timestamp>,
    /// The same in a sentence.
    pub text: String,
}

/// What an integration was told about an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// When the receiver confirmed it.
    pub at: Timestamp,
    /// Why the notice was sent.
    pub reason: Reason,
    /// Whether it was told as resolved.
    pub is_resolved: bool,
    /// The fallback receiver that was told in its place.
    pub via: Option<Arc<str>>,
}

/// Why an integration is told of an alert now, or is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// There is no such alert: nothing was posted, or it is over and everybody who had to knows.
    NoAlert,
    /// It is not known whether there is such an alert, or who heard of it: this replica has not been able to read what was
    /// written before it began.
    RowsUnread,
    /// It waits for the next flush of its group.
    Waiting {
        /// Until when.
        until: Timestamp,
        /// What for.
        timer: Timer,
    },
    /// It began before we did and something that is not known yet may inhibit it.
    WarmUp {
        /// Until when it waits at the latest.
        until: Timestamp,
    },
    /// Silences keep it back.
    Silenced {
        /// Each: id, who posted it, and when it ends.
        by: Vec<(SilenceId, String, Timestamp)>,
    },
    /// Another alert keeps it back.
    Inhibited {
        /// The other alert.
        by: Fingerprint,
        /// Its labels.
        labels: Labels,
        /// The number of the rule in the file, from 0.
        rule: usize,
    },
    /// The route is muted at this time.
    Muted {
        /// By which time intervals; when empty, it is outside of all active ones.
        by: Vec<String>,
    },
    /// An attempt to tell it is under way.
    BeingTold {
        /// The delivery.
        delivery: DeliveryId,
        /// When the attempt began.
        since: Timestamp,
    },
    /// A notice with it waits for an attempt.
    Queued {
        /// The delivery.
        delivery: DeliveryId,
        /// When the next attempt begins.
        until: Timestamp,
        /// How many attempts failed.
        failures: u32,
        /// Why the last one failed; empty when none did.
        error: Arc<str>,
    },
    /// It was told as firing and still fires: nothing is new until it is repeated.
    NothingNew {
        /// When it is repeated at the earliest.
        repeat_at: Timestamp,
    },
    /// It is resolved, and the integration does not want to hear of that: `send_resolved` is false.
    ResolvedNotWanted,
    /// It is resolved, and the integration never heard that it fired.
    ResolvedUnheard,
    /// It is resolved and that was told.
    ResolvedTold,
    /// This replica does not lead: another one decides.
    NotLeading,
    /// The receiver of the route has no integration, which is legal: nobody is told.
    NoIntegration,
}

/// What the next flush of a group waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// `group_wait`: the first flush.
    GroupWait,
    /// `group_interval` since the last flush.
    GroupInterval,
    /// `resolve_interval` since the last flush: only a resolution is to be told.
    ResolveInterval,
}

impl Timer {
    /// Returns the name of the field.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GroupWait => "group_wait",
            Self::GroupInterval => "group_interval",
            Self::ResolveInterval => "resolve_interval",
        }
    }
}
