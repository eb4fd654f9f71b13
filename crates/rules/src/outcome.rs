//! What a step gives back: what is to be stored, sent, remembered and explained.

use plimsoll_types::{Alert, Annotations, Decision, Labels, Sample, Timestamp};

use crate::key::{GroupKey, RuleId};

/// The states of an alert, from mild to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertState {
    /// Resolved: the alert fired and does no more.
    Inactive,
    /// The condition holds, but not for long enough yet.
    Pending,
    /// The alert fires.
    Firing,
}

impl AlertState {
    /// Returns Prometheus' word, the value of the label `alertstate`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Firing => "firing",
        }
    }
}

/// One alert as it is kept durably: with its rows a group goes on after a restart as if nothing had happened.
///
/// Key: `group`, `rule` and `labels`. A row is written when something in it changed that no later evaluation brings
/// back. Value and annotations are those of that moment, the next evaluation renews them.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRow {
    /// The group of its rule.
    pub group: GroupKey,
    /// Its rule.
    pub rule: RuleId,
    /// The alert's labels.
    pub labels: Labels,
    /// The alert's annotations.
    pub annotations: Annotations,
    /// Its state.
    pub state: AlertState,
    /// Since when the condition holds.
    pub active_at: Timestamp,
    /// Since when it fires; `None` while it has not.
    pub fired_at: Option<Timestamp>,
    /// Since when it is resolved.
    pub resolved_at: Option<Timestamp>,
    /// Since when it fires only because of `keep_firing_for`.
    pub keep_firing_since: Option<Timestamp>,
    /// When it was sent last *before* the change that this row is about. A notice leaves after its row is durable, so
    /// whoever reads the row cannot know whether it left, and sends again: a receiver takes the same notice twice
    /// without harm, and none is lost. For the same reason sending again is no change.
    pub last_sent_at: Option<Timestamp>,
    /// Until when a receiver takes it for firing after that notice.
    pub valid_until: Option<Timestamp>,
    /// The value of the condition; of a native histogram it is 0, as in Prometheus.
    pub value: f64,
}

/// A change of durable rows. Those of one step belong in one transaction, before its samples and notices leave.
#[derive(Clone, Debug, PartialEq)]
pub enum AlertChange {
    /// The row is new or replaces the one with its key.
    Upsert(AlertRow),
    /// The row with this key goes.
    Delete {
        /// The group of its rule.
        group: GroupKey,
        /// Its rule.
        rule: RuleId,
        /// The alert's labels.
        labels: Labels,
    },
}

/// How many failures of templates an outcome tells: a template that is wrong fails for each of a million alerts.
pub(crate) const TEMPLATE_ERRORS_MAX: usize = 10;

/// What one evaluation of one rule gives.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What is to be stored: results, `ALERTS` and `ALERTS_FOR_STATE`, and markers that end series.
    pub samples: Vec<(Labels, Sample)>,
    /// What is to be sent now, each with its end.
    pub notices: Vec<Alert>,
    /// What is to be durable before samples and notices leave; empty when nothing changed.
    pub changes: Vec<AlertChange>,
    /// What was decided, one for each alert that changed its state.
    pub decisions: Vec<Decision>,
    /// Why templates failed, for the log, the first few of them; each alert carries its own as its text.
    pub template_errors: Vec<String>,
    /// Why the evaluation failed; nothing is to be stored or sent then, but changes may be there.
    pub error: Option<String>,
    /// How many samples of `samples` are results and not markers.
    pub results: usize,
}

/// What the end of a rule or of a group leaves to do.
#[derive(Clone, Debug, Default)]
pub struct Ending {
    /// Markers for the series that nobody writes any more.
    pub samples: Vec<(Labels, Sample)>,
    /// Rows that go.
    pub changes: Vec<AlertChange>,
}
