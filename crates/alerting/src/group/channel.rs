//! One integration of a group: what it knows, and what is on its way to it.

use std::sync::Arc;

use plimsoll_notify::{Reason, ReceiverData};
use plimsoll_types::Timestamp;

use super::Address;
use crate::dedup::{Last, has};
use crate::delivery::DeliveryId;
use crate::rows::{ChannelKey, GroupName, Part, ToldRow};

/// One integration of a group.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) address: Arc<Address>,
    pub(crate) told: Option<Box<Known>>,
    pub(crate) delivery: Option<DeliveryId>,
    /// The number of the last notice; the next one has a higher one.
    pub(crate) sequence: i64,
    /// The last notice that was attempted, when it went without an answer that says that it arrived. Only this process knows
    /// it: after a restart the same is told under another key.
    pub(crate) unconfirmed: Option<Unconfirmed>,
    /// Whether a flush could not decide since a delivery had to be waited for: the answer makes up for it.
    pub(crate) is_to_be_decided: bool,
    /// The receiver that it stands in for: it hears of that one's notices and then of resolutions, of nothing new.
    pub(crate) instead_of: Option<Arc<str>>,
    /// Whether a reload led the group or its alerts away from it.
    pub(crate) is_left_behind: bool,
}

/// A notice of which nobody knows whether it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unconfirmed {
    pub(crate) id: DeliveryId,
    pub(crate) sequence: i64,
    pub(crate) decided_at: Timestamp,
}

/// What an integration was told last.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    pub(crate) at: Timestamp,
    pub(crate) reason: Reason,
    pub(crate) firing: Arc<[u64]>,
    /// What is among `firing` too is in doubt: both that it fires and that it is over would be news.
    pub(crate) resolved: Arc<[u64]>,
    pub(crate) data: ReceiverData,
    pub(crate) via: Option<Arc<str>>,
}

impl Default for Known {
    /// Nothing: that was confirmed at no time.
    fn default() -> Self {
        Self {
            at: Timestamp::EPOCH,
            reason: Reason::First,
            firing: [].into(),
            resolved: [].into(),
            data: ReceiverData::default(),
            via: None,
        }
    }
}

impl Known {
    /// Says whether all of `parts` is known.
    pub(crate) fn says(&self, parts: &[Part]) -> bool {
        parts.iter().all(|part| {
            let number = part.fingerprint.as_u64();
            match part.is_resolved() {
                true => has(&self.resolved, number) && !has(&self.firing, number),
                false => has(&self.firing, number) && !has(&self.resolved, number),
            }
        })
    }

    /// Notes that it was tried to tell the ends of `ends`, and that nobody knows whether that arrived. Says whether that is new
    /// of one of them.
    pub(crate) fn doubt(&mut self, ends: &[u64]) -> bool {
        let before = self.resolved.len();
        let doubted = ends.iter().copied().filter(|one| has(&self.firing, *one));
        self.resolved = united(&self.resolved, doubted);
        self.resolved.len() > before
    }

    /// Notes that nobody heard that `pages` fire. Says whether that is new of one of them.
    pub(crate) fn take_back(&mut self, pages: &[u64]) -> bool {
        let before = self.firing.len();
        let heard = self.firing.iter().copied();
        self.firing = heard.filter(|one| !has(pages, *one)).collect();
        self.firing.len() < before
    }

    /// Notes that the receiver may have heard that `pages` fire, and that nobody knows whether it did. From now on it counts as
    /// one that heard something itself, so its end is not left to who stands in.
    fn doubt_pages(&mut self, pages: &[u64]) {
        let unheard = pages.iter().copied().filter(|one| !has(&self.firing, *one));
        let unheard: Vec<u64> = unheard.collect();
        if unheard.is_empty() {
            return;
        }
        if self.reason == Reason::First {
            self.reason = Reason::NewAlerts;
        }
        self.firing = united(&self.firing, unheard.iter().copied());
        self.resolved = united(&self.resolved, unheard.into_iter());
    }
}

impl Channel {
    pub(crate) fn new(address: Arc<Address>) -> Self {
        Self {
            address,
            told: None,
            delivery: None,
            sequence: 0,
            unconfirmed: None,
            is_to_be_decided: false,
            instead_of: None,
            is_left_behind: false,
        }
    }

    /// Notes that the receiver may have heard that `pages` fire, and that nobody knows whether it did.
    pub(crate) fn doubt_pages(&mut self, pages: &[u64]) {
        if !pages.is_empty() {
            self.told.get_or_insert_default().doubt_pages(pages);
        }
    }

    /// Says whether it hears of the end of what it was told, and of nothing new.
    pub(crate) fn hears_only_ends(&self) -> bool {
        self.instead_of.is_some() || self.is_left_behind
    }

    pub(crate) fn key(&self, group: &Arc<GroupName>) -> ChannelKey {
        self.address.of_group(group)
    }

    pub(crate) fn last(&self) -> Option<Last<'_>> {
        self.told.as_ref().map(|told| Last {
            at: told.at,
            firing: &told.firing,
            resolved: &told.resolved,
        })
    }

    /// Returns what was told as firing, ascending.
    pub(crate) fn told_firing(&self) -> &[u64] {
        self.told.as_ref().map_or(&[], |told| &told.firing)
    }

    /// Says whether an alert was told as firing, and nobody tried to tell since that it is over.
    pub(crate) fn knows_firing(&self, number: u64) -> bool {
        self.last().is_some_and(|last| last.surely_firing(number))
    }

    /// Returns the row. When nothing was told, it is only about the number of the last notice.
    pub(crate) fn row(&self, group: &Arc<GroupName>, expires_at: Timestamp) -> ToldRow {
        let told = self.told.as_deref().cloned().unwrap_or_default();
        ToldRow {
            channel: self.key(group),
            at: told.at,
            reason: told.reason,
            firing: told.firing,
            resolved: told.resolved,
            sequence: self.sequence,
            data: told.data,
            via: told.via,
            instead_of: self.instead_of.clone(),
            expires_at,
        }
    }

    /// Takes what was read back.
    pub(crate) fn restore(&mut self, row: &ToldRow, now: Timestamp) {
        self.sequence = self.sequence.max(row.sequence);
        self.instead_of = row.instead_of.clone();
        if row.firing.is_empty() && row.resolved.is_empty() {
            return;
        }
        self.told = Some(Box::new(Known {
            at: row.at.min(now),
            reason: row.reason,
            firing: row.firing.clone(),
            resolved: row.resolved.clone(),
            data: row.data.clone(),
            via: row.via.clone(),
        }));
    }
}

/// Returns all of both, ascending.
fn united(known: &[u64], more: impl Iterator<Item = u64>) -> Arc<[u64]> {
    let mut all: Vec<u64> = known.iter().copied().chain(more).collect();
    all.sort_unstable();
    all.dedup();
    all.into()
}
