//! What can be seen of the engine: alerts, groups and deliveries, as they are at a moment.

mod alerts;
mod groups;
mod numbers;

use std::sync::Arc;

use plimsoll_notify::Reason;
use plimsoll_types::{Annotations, Labels, Matcher, Timestamp};

pub use numbers::{ChannelCounts, Counts, Numbers};

use crate::delivery::DeliveryId;
use crate::engine::Engine;
use crate::rows::{ChannelKey, DeliveryPhase, GroupName};
use crate::{Fingerprint, SilenceId};

/// Which alerts are wanted.
#[derive(Clone, Copy)]
pub struct AlertQuery<'a> {
    /// Those that are neither silenced, inhibited nor muted, and were looked at.
    pub active: bool,
    /// Those that a silence keeps back.
    pub silenced: bool,
    /// Those that another alert keeps back.
    pub inhibited: bool,
    /// Those that no flush has looked at yet.
    pub unprocessed: bool,
    /// Those whose group is muted by a time interval.
    pub muted: bool,
    /// What their labels have to fulfil, all of it.
    pub matchers: &'a [Matcher],
    /// Which receiver they have to be for, by its name; `None` is any.
    pub receiver: Option<&'a (dyn Fn(&str) -> bool + Sync)>,
}

impl Default for AlertQuery<'_> {
    /// All of them.
    fn default() -> Self {
        Self {
            active: true,
            silenced: true,
            inhibited: true,
            unprocessed: true,
            muted: true,
            matchers: &[],
            receiver: None,
        }
    }
}

/// What the state of an alert is, in Alertmanager's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlertState {
    /// No flush has looked at it yet.
    Unprocessed,
    /// Nothing keeps it back.
    Active,
    /// Something keeps it back.
    Suppressed,
}

impl AlertState {
    /// Returns `unprocessed`, `active` or `suppressed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unprocessed => "unprocessed",
            Self::Active => "active",
            Self::Suppressed => "suppressed",
        }
    }
}

/// An alert that is not resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertView {
    /// Alertmanager's fingerprint.
    pub fingerprint: Fingerprint,
    /// Its identity.
    pub labels: Labels,
    /// Texts for the reader.
    pub annotations: Annotations,
    /// Where a reader sees what caused it; may be empty.
    pub generator_url: Arc<str>,
    /// Since when it fires.
    pub starts_at: Timestamp,
    /// When it ends if nobody prolongs it.
    pub ends_at: Timestamp,
    /// When it was posted last.
    pub updated_at: Timestamp,
    /// What its state is.
    pub state: AlertState,
    /// The silences that keep it back.
    pub silenced_by: Vec<SilenceId>,
    /// The alerts that keep it back.
    pub inhibited_by: Vec<Fingerprint>,
    /// The time intervals that mute one of its groups.
    pub muted_by: Vec<String>,
    /// The receivers that it is routed to, in the order of the routes.
    pub receivers: Vec<Arc<str>>,
}

/// A group with its alerts.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupView {
    /// Its name.
    pub name: Arc<GroupName>,
    /// The receiver of its route.
    pub receiver: Arc<str>,
    /// The labels that its alerts have in common by `group_by`.
    pub labels: Labels,
    /// Its alerts that are not resolved and that were asked for.
    pub alerts: Vec<AlertView>,
    /// The time intervals that mute it.
    pub muted_by: Vec<String>,
    /// What it is doing.
    pub phase: GroupPhase,
    /// When it was flushed last.
    pub flushed_at: Option<Timestamp>,
    /// When it is flushed next.
    pub flush_at: Timestamp,
    /// What its integrations were told and are being told.
    pub channels: Vec<ChannelView>,
}

/// What a group is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupPhase {
    /// It waits for `group_wait`, or for the end of the warm-up, before its first flush.
    Waiting,
    /// It is flushed every `group_interval`.
    Active,
    /// All of its alerts are resolved; it goes when everybody heard of it.
    Draining,
}

impl GroupPhase {
    /// Returns `waiting`, `active` or `draining`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Draining => "draining",
        }
    }
}

/// One integration of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelView {
    /// Group and integration.
    pub key: ChannelKey,
    /// What it was told last.
    pub told: Option<ToldView>,
    /// What is on its way to it.
    pub delivery: Option<DeliveryView>,
}

/// What was told last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldView {
    /// When the receiver confirmed it.
    pub at: Timestamp,
    /// Why it was told.
    pub reason: Reason,
    /// How many alerts were told as firing.
    pub firing: usize,
    /// How many alerts were told as resolved.
    pub resolved: usize,
    /// The fallback receiver that was told in its place.
    pub via: Option<Arc<str>>,
    /// When it is repeated at the earliest if nothing changes.
    pub repeat_at: Timestamp,
}

/// A notice on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryView {
    /// Its id.
    pub id: DeliveryId,
    /// Group and integration.
    pub channel: ChannelKey,
    /// Why it is told.
    pub reason: Reason,
    /// Where it stands.
    pub phase: DeliveryPhase,
    /// How many alerts it tells as firing.
    pub firing: usize,
    /// How many alerts it tells as resolved.
    pub resolved: usize,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// How many attempts were started.
    pub attempts: u32,
    /// When the next attempt begins, or in phase `Leased` when the running one began.
    pub attempt_at: Timestamp,
    /// Why the last attempt failed; empty when none did.
    pub last_error: Arc<str>,
    /// The receiver whose notice it is, when it stands in for another.
    pub instead_of: Option<Arc<str>>,
}

/// A heartbeat of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatView {
    /// The name of the alert that fires when it stays away.
    pub name: String,
    /// When an alert that matches was posted last; when we started, if none was since.
    pub seen_at: Timestamp,
    /// When it is missing, or since when it is.
    pub missing_at: Timestamp,
    /// Whether the alert fires.
    pub is_missing: bool,
}

impl Engine {
    /// Returns the heartbeats, in the order of the configuration.
    pub fn heartbeats(&self) -> Vec<HeartbeatView> {
        let all = self.heartbeats_known().iter();
        let views = all.map(|(heartbeat, seen_at, is_missing)| HeartbeatView {
            name: heartbeat.name.clone(),
            seen_at,
            missing_at: seen_at + heartbeat.timeout,
            is_missing,
        });
        views.collect()
    }
}
