//! The rows of a group and of what its integrations were told.

use std::fmt;
use std::sync::Arc;

use plimsoll_notify::{Reason, ReceiverData};
use plimsoll_types::{Labels, Timestamp};

/// The name of a group: the same after a restart, and after a reload that leaves its route in place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupName {
    /// The matchers on the way to its route as Alertmanager writes them: `{}/{severity="page"}`.
    pub route: Arc<str>,
    /// Its number among the routes of the same key, from 0, in the order of the file.
    pub ordinal: u32,
    /// The group's key as Alertmanager writes it, which is what receivers see: `{}/{severity="page"}:{job="node"}`.
    pub key: Arc<str>,
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ordinal {
            0 => f.write_str(&self.key),
            ordinal => write!(f, "{}#{ordinal}", self.key),
        }
    }
}

/// One integration of a receiver for one group: what one line of notices goes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelKey {
    /// The group.
    pub group: Arc<GroupName>,
    /// The name of the receiver.
    pub receiver: Arc<str>,
    /// The kind of the integration, such as `webhook`.
    pub kind: Arc<str>,
    /// Its place among those of the same kind of the receiver, from 0.
    pub index: u32,
}

/// A group as it is kept: its labels and its timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// Its name.
    pub name: Arc<GroupName>,
    /// The labels that its alerts have in common by `group_by`.
    pub labels: Labels,
    /// When the first of its alerts came.
    pub created_at: Timestamp,
    /// When it was flushed last, as far as something followed from it; `None` before the first time.
    pub flushed_at: Option<Timestamp>,
    /// When it is flushed next.
    pub flush_at: Timestamp,
    /// Whether something waits for that flush. When the time has passed at a restart, a group with news is flushed at
    /// once and one without keeps its rhythm.
    pub has_news: bool,
}

/// What an integration was told of a group last: Alertmanager's entry of the notification log. One that says neither that
/// something fires nor that something is over is only about the number of the last notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldRow {
    /// Group and integration.
    pub channel: ChannelKey,
    /// When the receiver confirmed it.
    pub at: Timestamp,
    /// Why it was told.
    pub reason: Reason,
    /// The fingerprints of the alerts that were told as firing, ascending.
    pub firing: Arc<[u64]>,
    /// The fingerprints of the alerts that were told as resolved, ascending.
    pub resolved: Arc<[u64]>,
    /// The number of the notice within the channel; the next one has a higher one.
    pub sequence: i64,
    /// What the receiver gave back.
    pub data: ReceiverData,
    /// The fallback receiver that was told in its place; `None` when it was told itself.
    pub via: Option<Arc<str>>,
    /// The receiver that the integration stands in for; `None` when it belongs to the route itself.
    pub instead_of: Option<Arc<str>>,
    /// When the row is of no use any more; [`Timestamp::MAX`] as long as the group is there. Until then it keeps the sequence ascending, also when the group is gone.
    pub expires_at: Timestamp,
}
