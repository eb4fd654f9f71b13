//! What an Alertmanager shows: alerts with their status, groups, silences, receivers, and itself.
//!
//! Fields stand in the order in which Go writes them, so that an answer can be compared with an Alertmanager's.

use std::sync::Arc;

use plimsoll_types::{Annotations, Labels, Timestamp};
use serde::{Deserialize, Serialize};

use super::fields;
use super::silence::{ListedMatcher, SilenceExtras};

/// An alert as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedAlert {
    /// Texts for the reader.
    #[serde(with = "fields::annotations")]
    pub annotations: Annotations,
    /// When it was or will be resolved, unless somebody prolongs it.
    #[serde(with = "fields::time")]
    pub ends_at: Timestamp,
    /// Its identity as 16 hexadecimal digits.
    pub fingerprint: Box<str>,
    /// The receivers that its routes name.
    #[serde(with = "fields::all_named")]
    pub receivers: Vec<Arc<str>>,
    /// Since when it fires.
    #[serde(with = "fields::time")]
    pub starts_at: Timestamp,
    /// Whether it is told, and what keeps it from being told.
    pub status: AlertStatus,
    /// When it was heard of last.
    #[serde(with = "fields::time")]
    pub updated_at: Timestamp,
    /// What it comes from; may be empty.
    #[serde(
        rename = "generatorURL",
        default,
        skip_serializing_if = "String::is_empty"
    )]
    pub generator_url: String,
    /// Its identity.
    #[serde(with = "fields::labels")]
    pub labels: Labels,
}

/// Whether an alert is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertStatus {
    /// Fingerprints of the alerts that inhibit it.
    pub inhibited_by: Vec<String>,
    /// Names of the time intervals that mute it; an Alertmanager before 0.28 does not say.
    #[serde(default)]
    pub muted_by: Vec<String>,
    /// Ids of the silences that match it.
    pub silenced_by: Vec<String>,
    /// The whole in a word.
    pub state: AlertState,
}

/// The status of an alert in a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// Nobody has looked at it yet.
    #[default]
    Unprocessed,
    /// It is told.
    Active,
    /// A silence, an inhibition or a time interval keeps it from being told.
    Suppressed,
}

/// A group of alerts as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedGroup {
    /// Its alerts.
    pub alerts: Vec<ListedAlert>,
    /// What they have in common, by the `group_by` of the route.
    #[serde(with = "fields::labels")]
    pub labels: Labels,
    /// Who is told.
    #[serde(with = "fields::named")]
    pub receiver: Arc<str>,
    /// The labels of the route; an Alertmanager before 0.32 does not say.
    #[serde(with = "fields::labels", default)]
    pub route_labels: Labels,
}

/// A silence as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedSilence {
    /// Its id.
    pub id: String,
    /// What it is at the moment.
    pub status: SilenceStatus,
    /// When it was changed last.
    #[serde(with = "fields::time")]
    pub updated_at: Timestamp,
    /// Texts that belong to it; an Alertmanager before 0.32 has none.
    #[serde(with = "fields::annotations", default)]
    pub annotations: Annotations,
    /// Why it is there.
    pub comment: String,
    /// Who made it.
    pub created_by: String,
    /// When it ends.
    #[serde(with = "fields::time")]
    pub ends_at: Timestamp,
    /// What an alert must fulfil; all of them.
    pub matchers: Vec<ListedMatcher>,
    /// When it begins.
    #[serde(with = "fields::time")]
    pub starts_at: Timestamp,
    /// What only Plimsoll's silences have.
    #[serde(flatten)]
    pub extras: SilenceExtras,
}

/// What a silence is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceStatus {
    /// In a word.
    pub state: SilenceState,
}

/// What a silence is at the moment, in a word; in the order in which an Alertmanager lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SilenceState {
    /// It silences.
    Active,
    /// It has not begun.
    Pending,
    /// It is over.
    Expired,
}

/// A receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedReceiver {
    /// Its name.
    #[serde(with = "fields::shared")]
    pub name: Arc<str>,
    /// Its labels.
    #[serde(
        with = "fields::labels",
        default,
        skip_serializing_if = "Labels::is_empty"
    )]
    pub labels: Labels,
}

/// What an Alertmanager says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Those it works with.
    pub cluster: Cluster,
    /// Its configuration.
    pub config: Original,
    /// When it began.
    #[serde(with = "fields::time")]
    pub uptime: Timestamp,
    /// What it is.
    pub version_info: Version,
}

/// Those that an Alertmanager works with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// Its own name among them; none where there are no others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// All of them, itself included.
    #[serde(default)]
    pub peers: Vec<Peer>,
    /// Whether they work together.
    pub status: ClusterState,
}

/// One of several Alertmanagers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Where it is.
    pub address: String,
    /// Its name.
    pub name: String,
}

/// Whether several Alertmanagers work together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClusterState {
    /// They do.
    Ready,
    /// They will, soon.
    Settling,
    /// There is one alone.
    Disabled,
}

/// A configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// As YAML, without secrets.
    #[serde(with = "fields::shared")]
    pub original: Arc<str>,
}

/// What a program is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// The branch that it was built from.
    pub branch: String,
    /// When it was built.
    pub build_date: String,
    /// Who built it.
    pub build_user: String,
    /// The version of Go; of a program that is not written in Go, what it is written in.
    pub go_version: String,
    /// The commit.
    pub revision: String,
    /// Its version.
    pub version: String,
}

#[cfg(test)]
pub(super) mod tests;
