//! What is said: a number for each topic that is another one when there is something new, and what the shell counts.

use std::collections::BTreeMap;

use plimsoll_types::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::values::Time;

/// What screens follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Topic {
    Alerts,
    Changes,
    Gateway,
    Rules,
    Signals,
    Silences,
    Slos,
    Targets,
}

impl Topic {
    pub(super) const ALL: [Self; 8] = [
        Self::Alerts,
        Self::Changes,
        Self::Gateway,
        Self::Rules,
        Self::Signals,
        Self::Silences,
        Self::Slos,
        Self::Targets,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Alerts => "alerts",
            Self::Changes => "changes",
            Self::Gateway => "gateway",
            Self::Rules => "rules",
            Self::Signals => "signals",
            Self::Silences => "silences",
            Self::Slos => "slos",
            Self::Targets => "targets",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == name)
    }
}

/// What the shell of all screens shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LiveCounts)]
#[serde(rename_all = "camelCase")]
pub(super) struct CountsView {
    /// Alerts that fire and that nothing keeps back.
    pub(super) firing: usize,
    /// Alerts whose condition holds not long enough yet.
    pub(super) pending: usize,
    /// Alerts that fire and that a silence or another alert keeps back.
    pub(super) suppressed: usize,
    /// SLOs with a budget in this state, and none in the next.
    pub(super) slos_critical: usize,
    /// SLOs with a budget in this state.
    pub(super) slos_exhausted: usize,
    /// Targets whose last scrape failed.
    pub(super) targets_down: usize,
    /// Endpoints that get no requests although nobody ordered it.
    pub(super) endpoints_down: usize,
}

/// The state of everything at a moment.
#[derive(Clone, Debug)]
pub(super) struct Pulse {
    pub(super) at: Timestamp,
    /// Of every topic that was asked for.
    pub(super) revisions: BTreeMap<Topic, u64>,
    pub(super) counts: CountsView,
}

/// What an event of the kind `pulse` says.
#[derive(Serialize, ToSchema)]
#[schema(as = Pulse)]
pub(super) struct PulseView<'a> {
    at: Time,
    #[serde(flatten)]
    sent: &'a Sent,
}

/// What one client is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LiveState)]
pub(super) struct Sent {
    /// By topic: a number that rises when something changed.
    revisions: BTreeMap<&'static str, u64>,
    counts: CountsView,
}

impl Pulse {
    /// Returns what is said about some topics; `None` when one of them was not looked at.
    pub(super) fn of(&self, topics: &[Topic]) -> Option<Sent> {
        let revision = |topic: &Topic| Some((topic.as_str(), *self.revisions.get(topic)?));
        Some(Sent {
            revisions: topics.iter().map(revision).collect::<Option<_>>()?,
            counts: self.counts,
        })
    }
}

impl Sent {
    /// Writes it as an event.
    pub(super) fn event(&self, at: Timestamp) -> String {
        let view = PulseView {
            at: Time(at),
            sent: self,
        };
        let data = serde_json::to_string(&view).expect("views of ours become JSON");
        format!("event: pulse\ndata: {data}\n\n")
    }
}
