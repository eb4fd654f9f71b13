//! The open deliveries, and what holds them up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_notify::Reason;
use plimsoll_types::{Labels, Timestamp};

use super::DeliveryId;
use super::rate::Rate;
use crate::Fingerprint;
use crate::book::GroupIndex;
use crate::config::RateLimit;
use crate::engine::Timer;
use crate::group::Address;
use crate::rows::{ChannelKey, DeliveryPhase, DeliveryRow, HistoryRow, Outcome, Part};

/// A notice on its way.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) id: DeliveryId,
    /// Its place in the queue: of those whose time has come, the first one goes first.
    pub(crate) place: u64,
    pub(crate) group: GroupIndex,
    pub(crate) channel: ChannelKey,
    pub(crate) address: Arc<Address>,
    pub(crate) sequence: i64,
    pub(crate) reason: Reason,
    /// Ascending by fingerprint, none twice.
    pub(crate) parts: Arc<[Part]>,
    pub(crate) phase: DeliveryPhase,
    pub(crate) decided_at: Timestamp,
    pub(crate) waiting_since: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) failures: u32,
    pub(crate) attempt_at: Timestamp,
    pub(crate) last_error: Arc<str>,
    pub(crate) instead_of: Option<Arc<str>>,
    /// Whether nobody heard how one of its attempts went: the receiver may have it.
    pub(crate) is_unconfirmed: bool,
    /// Whether it was decided with regard to silences and inhibition, as they were at that time.
    pub(crate) is_surveyed: bool,
    /// Whether it has had its turn by the receiver's rate limit; another attempt needs another one.
    pub(crate) has_turn: bool,
}

impl Delivery {
    pub(crate) fn timer(&self) -> (Timestamp, Timer) {
        (self.attempt_at, Timer::Delivery(self.place, self.id))
    }

    /// Returns what it tells as firing, ascending.
    pub(crate) fn firing(&self) -> Vec<u64> {
        let parts = self.parts.iter().filter(|part| !part.is_resolved());
        parts.map(|part| part.fingerprint.as_u64()).collect()
    }

    /// Returns what it tells as resolved, ascending.
    pub(crate) fn resolved(&self) -> Vec<u64> {
        let parts = self.parts.iter().filter(|part| part.is_resolved());
        parts.map(|part| part.fingerprint.as_u64()).collect()
    }

    /// Returns what it tells about an alert.
    pub(crate) fn part(&self, fingerprint: Fingerprint) -> Option<&Part> {
        let found = self
            .parts
            .binary_search_by_key(&fingerprint, |part| part.fingerprint);
        found.ok().map(|at| &self.parts[at])
    }

    /// Says whether the receiver may have it or one that it stands for.
    pub(crate) fn was_attempted(&self) -> bool {
        self.attempts > 0 || self.failures > 0
    }

    /// Says whether the receiver may have this one, as far as attempts are known.
    pub(crate) fn may_have_arrived(&self) -> bool {
        self.is_unconfirmed || self.phase == DeliveryPhase::Leased
    }

    pub(crate) fn row(&self, group_labels: &Labels) -> DeliveryRow {
        DeliveryRow {
            id: self.id,
            channel: self.channel.clone(),
            group_labels: group_labels.clone(),
            sequence: self.sequence,
            reason: self.reason,
            parts: self.parts.clone(),
            phase: self.phase,
            decided_at: self.decided_at,
            waiting_since: self.waiting_since,
            attempts: self.attempts,
            failures: self.failures,
            attempt_at: self.attempt_at,
            last_error: self.last_error.clone(),
            instead_of: self.instead_of.clone(),
        }
    }

    /// Takes a row that was read back; its group has to be filled in. Nobody knows how an attempt went that was under way: it is made once more.
    pub(crate) fn restored(row: DeliveryRow, place: u64, now: Timestamp) -> Self {
        let is_unknown = row.phase == DeliveryPhase::Leased;
        Self {
            id: row.id,
            place,
            group: 0,
            address: Arc::new(Address::of_channel(&row.channel)),
            channel: row.channel,
            sequence: row.sequence,
            reason: row.reason,
            parts: row.parts,
            phase: if is_unknown {
                DeliveryPhase::RetryAt
            } else {
                row.phase
            },
            decided_at: row.decided_at.min(now),
            waiting_since: row.waiting_since.min(now),
            attempts: row.attempts,
            failures: row.failures,
            attempt_at: if is_unknown { now } else { row.attempt_at },
            last_error: row.last_error,
            instead_of: row.instead_of,
            // How its attempts went is not written: some of them may have arrived.
            is_unconfirmed: row.attempts > 0,
            is_surveyed: false,
            has_turn: is_unknown,
        }
    }

    pub(crate) fn history(&self, outcome: Outcome, at: Timestamp, is_degraded: bool) -> HistoryRow {
        HistoryRow {
            at,
            delivery: self.id,
            channel: self.channel.clone(),
            reason: self.reason,
            outcome,
            attempts: self.attempts,
            decided_at: self.decided_at,
            parts: self.parts.clone(),
            error: self.last_error.clone(),
            is_degraded,
        }
    }
}

/// The open deliveries, and what holds up all those of a receiver or an integration.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    open: BTreeMap<DeliveryId, Delivery>,
    rates: BTreeMap<Arc<str>, Rate>,
    /// Integrations that asked for a pause, until when.
    paused: BTreeMap<Arc<Address>, Timestamp>,
}

impl Outbox {
    pub(crate) fn get(&self, id: DeliveryId) -> Option<&Delivery> {
        self.open.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: DeliveryId) -> Option<&mut Delivery> {
        self.open.get_mut(&id)
    }

    pub(crate) fn insert(&mut self, delivery: Delivery) {
        self.open.insert(delivery.id, delivery);
    }

    pub(crate) fn remove(&mut self, id: DeliveryId) -> Option<Delivery> {
        self.open.remove(&id)
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Delivery> {
        self.open.values()
    }

    /// Takes a turn of a receiver and returns when it is.
    pub(crate) fn turn(
        &mut self,
        receiver: &Arc<str>,
        limit: Option<RateLimit>,
        now: Timestamp,
    ) -> Timestamp {
        let Some(limit) = limit else {
            return now;
        };
        let rate = self.rates.entry(receiver.clone());
        rate.or_insert_with(|| Rate::new(now)).take(limit, now)
    }

    /// Holds up an integration that asked for it.
    pub(crate) fn pause(&mut self, address: &Arc<Address>, until: Timestamp) {
        let known = self.paused.entry(address.clone()).or_insert(until);
        *known = until.max(*known);
    }

    /// Returns until when an integration is held up.
    pub(crate) fn paused_until(&mut self, address: &Address, now: Timestamp) -> Option<Timestamp> {
        let until = *self.paused.get(address)?;
        if until <= now {
            self.paused.remove(address);
            return None;
        }
        Some(until)
    }

    /// Forgets what is known of receivers that are gone.
    pub(crate) fn keep_receivers(&mut self, keep: impl Fn(&str) -> bool) {
        self.rates.retain(|name, _| keep(name));
        self.paused.retain(|address, _| keep(&address.receiver));
    }

    /// Nobody will say how the attempts went that are under way: they are made once more.
    pub(crate) fn forget_answers(&mut self, now: Timestamp) {
        let open = self.open.values_mut();
        for delivery in open.filter(|delivery| delivery.phase == DeliveryPhase::Leased) {
            delivery.phase = DeliveryPhase::RetryAt;
            delivery.is_unconfirmed = true;
            delivery.attempt_at = now;
        }
    }

    /// Takes the clock's being set back.
    pub(crate) fn set_back(&mut self, by: Duration) {
        self.rates.values_mut().for_each(|rate| rate.set_back(by));
        self.paused
            .values_mut()
            .for_each(|until| *until = *until - by);
        for delivery in self.open.values_mut() {
            delivery.decided_at = delivery.decided_at - by;
            delivery.waiting_since = delivery.waiting_since - by;
            delivery.attempt_at = delivery.attempt_at - by;
        }
    }
}
