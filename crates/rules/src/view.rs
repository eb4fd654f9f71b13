//! What an API shows of groups and rules: copies, so that no request waits for an evaluation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Annotations, Labels, Timestamp};

use crate::key::GroupKey;
use crate::outcome::AlertState;
pub use crate::place::Place;

/// How the last evaluation of a rule went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Health {
    /// There was none yet.
    #[default]
    Unknown,
    /// Well.
    Good,
    /// It failed; the rule's last error says why.
    Bad,
}

impl Health {
    /// Returns Prometheus' word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Good => "ok",
            Self::Bad => "err",
        }
    }
}

/// A group as it is now.
#[derive(Clone, Debug)]
pub struct GroupView {
    /// Its file and name.
    pub key: GroupKey,
    /// Where it is in its file.
    pub place: Place,
    /// How often it is evaluated.
    pub interval: Duration,
    /// How far in the past.
    pub query_offset: Duration,
    /// How many series or alerts a rule may have; 0 is no limit.
    pub limit: u64,
    /// Its rules in the order of the file.
    pub rules: Vec<RuleView>,
    /// The slot that was evaluated last.
    pub last_slot: Option<Timestamp>,
    /// When its last evaluation began, by the clock.
    pub last_evaluation: Option<Timestamp>,
    /// How long that took.
    pub evaluation_time: Duration,
    /// Slots that were left out since the process began.
    pub missed: u64,
}

/// A rule as it is now.
#[derive(Clone, Debug)]
pub struct RuleView {
    /// Name of the metric or alert.
    pub name: Arc<str>,
    /// Where it is in its file.
    pub place: Place,
    /// The expression as it is printed.
    pub query: Arc<str>,
    /// Its labels, those of the group included; of an alert they are templates.
    pub labels: Arc<BTreeMap<String, String>>,
    /// How the last evaluation went.
    pub health: Health,
    /// Why it failed.
    pub last_error: Option<Arc<str>>,
    /// When the last evaluation began, by the clock.
    pub last_evaluation: Option<Timestamp>,
    /// How long it took.
    pub evaluation_time: Duration,
    /// What only alerts have; `None` for a recording rule.
    pub alerting: Option<AlertingView>,
}

/// The part of a rule that only alerts have.
#[derive(Clone, Debug)]
pub struct AlertingView {
    /// How long the condition has to hold.
    pub hold: Duration,
    /// How long an alert fires on.
    pub keep_firing_for: Duration,
    /// Texts for the reader, as templates.
    pub annotations: Arc<BTreeMap<String, String>>,
    /// The worst state of its alerts; `None` before the first evaluation.
    pub state: Option<AlertState>,
    /// Its alerts that are pending or fire: those that fire first, then by labels.
    pub alerts: Vec<AlertView>,
}

/// An alert as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertView {
    /// Its labels.
    pub labels: Labels,
    /// Its annotations.
    pub annotations: Annotations,
    /// Pending or firing.
    pub state: AlertState,
    /// Since when the condition holds.
    pub active_at: Timestamp,
    /// Since when it fires.
    pub fired_at: Option<Timestamp>,
    /// Since when it fires only because of `keep_firing_for`.
    pub keep_firing_since: Option<Timestamp>,
    /// The value of the condition.
    pub value: f64,
}

/// Whoever runs groups and can show them.
pub trait RuleViews: Send + Sync {
    /// Returns all groups, sorted by file and then by name.
    fn groups(&self) -> Vec<Arc<GroupView>>;
}
