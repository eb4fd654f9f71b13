//! Groups: alerts of a route that are told together, and what each integration of the receiver was told of them.
//!
//! | from | event | guard | to | action |
//! |---|---|---|---|---|
//! | - | an alert of a new group | | Waiting | flush after `group_wait`, at once when the alert is older than that |
//! | Waiting | flush | all that could be told waits for the warm-up | Waiting | flush when it is over |
//! | Waiting, Active | flush | | Active | decide for each channel, flush again after `group_interval` |
//! | Active | an alert is resolved that was told | | Active | flush `resolve_interval` after the last flush, if that is sooner |
//! | Active | flush, answer | all alerts are resolved | Draining | no more than what was decided is told |
//! | Draining | everybody heard of it | no alert left, no delivery open | - | rows deleted; what was told stays for the sequence |

mod all;
mod channel;
mod order;
mod policy;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Labels, Timestamp};

pub(crate) use all::Groups;
pub(crate) use channel::{Channel, Known, Unconfirmed};
pub(crate) use order::in_order;
pub(crate) use policy::{Address, Policies, Policy, PolicyIndex};

use crate::Fingerprint;
use crate::rows::{GroupName, GroupRow};

/// One group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: Arc<GroupName>,
    pub(crate) labels: Labels,
    pub(crate) policy: PolicyIndex,
    pub(crate) members: BTreeSet<Fingerprint>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) created_at: Timestamp,
    pub(crate) flushed_at: Option<Timestamp>,
    pub(crate) flush_at: Timestamp,
    /// Whether something waits for the next flush that did not at the last one.
    pub(crate) has_news: bool,
    /// Whether the next flush comes early since an alert was resolved.
    pub(crate) is_early: bool,
    /// Whether no route leads to it any more: its channels hear of the end of what they were told.
    pub(crate) is_dissolved: bool,
    /// What muted it at the last flush; `None` when nothing did, empty when it was outside of its active intervals.
    pub(crate) muted_by: Option<Vec<String>>,
    /// How many the last flush kept back: silenced, inhibited, muted, held by the warm-up.
    pub(crate) kept_back: [u64; 4],
    /// When it is flushed next and whether it has news, as its row says.
    pub(crate) written: Option<(Timestamp, bool)>,
}

impl Group {
    /// Returns the row when it says something else than the one that was written last.
    pub(crate) fn row_to_write(&mut self) -> Option<GroupRow> {
        let now = Some((self.flush_at, self.has_news));
        if self.written == now {
            return None;
        }
        self.written = now;
        Some(GroupRow {
            name: self.name.clone(),
            labels: self.labels.clone(),
            created_at: self.created_at,
            flushed_at: self.flushed_at,
            flush_at: self.flush_at,
            has_news: self.has_news,
        })
    }

    /// Says whether nobody has to hear of it any more.
    pub(crate) fn is_done(&self) -> bool {
        self.members.is_empty()
            && self
                .channels
                .iter()
                .all(|channel| channel.delivery.is_none())
    }
}

impl Group {
    /// Takes the clock's being set back.
    pub(crate) fn set_back(&mut self, by: Duration) {
        self.created_at = self.created_at - by;
        self.flush_at = self.flush_at - by;
        self.flushed_at = self.flushed_at.map(|at| at - by);
        for channel in &mut self.channels {
            if let Some(told) = &mut channel.told {
                told.at = told.at - by;
            }
            if let Some(unconfirmed) = &mut channel.unconfirmed {
                unconfirmed.decided_at = unconfirmed.decided_at - by;
            }
        }
    }

    /// Returns the place of the channel of an integration.
    pub(crate) fn channel(&self, address: &Address) -> Option<usize> {
        self.channels
            .iter()
            .position(|channel| *channel.address == *address)
    }
}
