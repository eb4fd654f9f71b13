//! The section `plimsoll`: what Alertmanager does not have.

mod check;

use std::time::Duration;

use plimsoll_types::{Annotations, ByteCount, Labels, Matcher};

pub(super) use check::{check, required};

/// What only Plimsoll knows. Tiers are in the routes, and `resolve_interval` is in each of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Extension {
    /// How long after a start an alert that could be inhibited waits for the alert that would inhibit it; default 75 s.
    pub warm_up: Duration,
    /// How single receivers are treated; no receiver twice. Default: none.
    pub receivers: Vec<ReceiverPolicy>,
    /// Who is told of notices that could not be sent; default nobody.
    pub dead_letters: Option<DeadLetters>,
    /// Whom we tell regularly that we work; default nobody.
    pub dead_man: Option<DeadMan>,
    /// Alerts that must always be there; no name twice. Default: none.
    pub heartbeats: Vec<Heartbeat>,
    /// What silences may do.
    pub silences: SilencePolicy,
    /// How much is held in memory.
    pub limits: Limits,
    /// How long the database may be away before notices are sent without it; default 30 s.
    pub grace_without_database: Duration,
}

impl Extension {
    /// Returns how a receiver is treated; `None` when nothing is said about it.
    pub fn receiver(&self, name: &str) -> Option<&ReceiverPolicy> {
        self.receivers.iter().find(|policy| policy.name == name)
    }
}

/// How one receiver is treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiverPolicy {
    /// The name of the receiver.
    pub name: String,
    /// Who is told instead when it cannot be reached.
    pub fallback: Option<Fallback>,
    /// How many notices it gets at most; `None` is no limit.
    pub rate_limit: Option<RateLimit>,
}

/// Who is told instead of a receiver that cannot be reached, and when: whichever bound is met first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// Names of receivers, at least one; the next is told when the one before cannot be reached either. None is the receiver
    /// itself, none is there twice.
    pub receivers: Vec<String>,
    /// Failed attempts, at least 1; default 5.
    pub failures: u32,
    /// Time since the notice was decided, above zero; default 5 min.
    pub age: Duration,
}

/// So many notices in so much time; further ones wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Notices, at least 1.
    pub notices: u32,
    /// The time, above zero; default 1 min.
    pub per: Duration,
}

/// Who is told of notices that could not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetters {
    /// The name of the receiver.
    pub receiver: String,
    /// How old a notice is when it is given up, above zero; default 1 h.
    pub after: Duration,
}

/// Whom we tell regularly that we work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadMan {
    /// The name of the receiver.
    pub receiver: String,
    /// The time between two notices, above zero; default 1 min.
    pub interval: Duration,
}

/// An alert that fires when no alert that matches was seen for some time.
#[derive(Clone, Debug, PartialEq)]
pub struct Heartbeat {
    /// The name of the alert that fires.
    pub name: String,
    /// What the alert that must be there fulfils; at least one condition.
    pub matchers: Vec<Matcher>,
    /// How long it may be absent, above zero.
    pub timeout: Duration,
    /// The labels of the alert that fires, its name among them.
    pub labels: Labels,
    /// Texts for the reader.
    pub annotations: Annotations,
}

/// What silences may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SilencePolicy {
    /// The longest that a silence may last, above zero; `None` is no limit.
    pub max_duration: Option<Duration>,
    /// Who is told before a silence ends; default nobody.
    pub notice: Option<ExpiryNotice>,
}

/// Who is told before a silence ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiryNotice {
    /// The name of the receiver.
    pub receiver: String,
    /// How long before, above zero.
    pub before: Duration,
}

/// How much is held in memory; above it an alert or a silence is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Alerts, at least 1; default 200,000.
    pub alerts: usize,
    /// Bytes of labels, annotations and URLs of all alerts, at least 1 MiB; default 1 GiB.
    pub bytes: ByteCount,
    /// Silences that are pending or active, at least 1; default 10,000.
    pub silences: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            alerts: 200_000,
            bytes: ByteCount::GIB,
            silences: 10_000,
        }
    }
}
