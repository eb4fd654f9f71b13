//! A receiver does not take a notice: another one is asked.
//!
//! The fallback receiver gets channels of its own in the same group. They get what the receiver should have got, and
//! after that they hear when it is over; what is new goes to the receiver first, which may be back.

use std::sync::Arc;

use plimsoll_notify::{Reason, ReceiverData};
use plimsoll_types::Timestamp;

use super::answer::known;
use super::{Engine, Step};
use crate::book::GroupIndex;
use crate::dedup::has;
use crate::delivery::Delivery;
use crate::group::{Address, Channel, Group, Known};
use crate::rows::{DeliveryPhase, Outcome, Part};

impl Engine {
    /// Hands a notice over to the next receiver. Says whether there was one.
    pub(super) fn fail_over(
        &mut self,
        group: &mut Group,
        at: GroupIndex,
        place: usize,
        now: Timestamp,
        step: &mut Step,
    ) -> bool {
        let id = group.channels[place].delivery;
        let Some(delivery) = id.and_then(|id| self.outbox.get(id)).cloned() else {
            return false;
        };
        let Some((primary, to)) = self.next_receiver(&delivery) else {
            return false;
        };
        let addresses: Vec<_> = match self.policies.target(&to) {
            Some(target) => target
                .integrations
                .iter()
                .map(|(address, _)| address.clone())
                .collect(),
            None => Vec::new(),
        };
        let is_busy = |address: &Arc<Address>| self.is_busy(group, address);
        if addresses.is_empty() || addresses.iter().any(is_busy) {
            return false;
        }
        self.close(
            group,
            place,
            Outcome::FailedOver { to: to.clone() },
            now,
            step,
        );
        self.note_failover(group, &delivery, &to, now, step);
        for address in addresses {
            let content = (delivery.reason, &*delivery.parts, delivery.decided_at);
            self.hand_over(
                group,
                at,
                content,
                (address, Some(primary.clone())),
                now,
                step,
            );
        }
        if delivery.instead_of.is_none() {
            let heard_at = heard_at(group, &to, &delivery, now);
            let before = group.channels[place].told.as_deref();
            let known = passed_on(before, &delivery, to, heard_at);
            self.tell(group, place, known, step);
        }
        self.release_told(group, at, delivery.resolved().into_iter(), step);
        true
    }

    /// Returns the receiver whose notice it is, and who is asked next.
    fn next_receiver(&self, delivery: &Delivery) -> Option<(Arc<str>, Arc<str>)> {
        let current = &delivery.address.receiver;
        let primary = delivery.instead_of.as_ref().unwrap_or(current);
        let fallback = &self.policies.target(primary)?.fallback;
        let tried = match delivery.instead_of {
            None => 0,
            Some(_) => fallback.iter().position(|name| name == current)? + 1,
        };
        Some((primary.clone(), fallback.get(tried)?.clone()))
    }

    /// Says whether who stands in heard of an alert before, and that it is over or would not be told: another integration of the
    /// same receiver hands over the page late. What began after that is another matter.
    fn is_over_for(&self, told: &Known, part: &Part) -> bool {
        let number = part.fingerprint.as_u64();
        let entry = self.book.get(part.fingerprint);
        let is_over = entry.is_none_or(|entry| entry.is_resolved);
        let knows_end = has(&told.resolved, number) && !has(&told.firing, number);
        is_over && knows_end && part.starts_at <= told.at
    }

    /// Says whether who was told `told` knows all of a notice. A repetition that was told meanwhile came from another
    /// integration of the same receiver, and what came late was told a moment ago.
    pub(super) fn is_known(
        &self,
        group: &Group,
        told: &Known,
        (reason, parts, decided_at): (Reason, &[Part], Timestamp),
        now: Timestamp,
    ) -> bool {
        let repeat_interval = self.policies.get(group.policy).route.repeat_interval;
        let is_recent = told.at >= decided_at.min(now - repeat_interval);
        told.says(parts) && (reason != Reason::Repeat || is_recent)
    }

    /// Says whether an attempt is under way in a channel, which cannot be changed now.
    fn is_busy(&self, group: &Group, address: &Address) -> bool {
        let place = group.channel(address);
        let open = place.and_then(|place| self.outbox.get(group.channels[place].delivery?));
        open.is_some_and(|open| open.phase == DeliveryPhase::Leased)
    }

    /// Puts the notice of another channel on its way to an integration, together with what waits there. Who stands in hears
    /// of ends by itself too: what it knows already it is not told again.
    pub(super) fn hand_over(
        &mut self,
        group: &mut Group,
        at: GroupIndex,
        (reason, parts, decided_at): (Reason, &[Part], Timestamp),
        (address, instead_of): (Arc<Address>, Option<Arc<str>>),
        now: Timestamp,
        step: &mut Step,
    ) {
        let Some(integration) = self.policies.integration(&address) else {
            return;
        };
        let place = group.channel(&address);
        let told = place.and_then(|place| group.channels[place].told.as_deref());
        let is_wanted = |part: &&Part| match part.is_resolved() {
            true => integration.sends_resolved,
            false => !told.is_some_and(|told| self.is_over_for(told, part)),
        };
        let parts: Vec<Part> = parts.iter().filter(is_wanted).copied().collect();
        let is_known =
            told.is_some_and(|told| self.is_known(group, told, (reason, &parts, decided_at), now));
        if parts.is_empty() || is_known || self.is_busy(group, &address) {
            return;
        }
        let place = place.unwrap_or_else(|| {
            let mut channel = Channel::new(address);
            channel.instead_of = instead_of;
            channel.sequence = self.known_sequence(&group.name, &channel);
            group.channels.push(channel);
            group.channels.len() - 1
        });
        let waiting = group.channels[place]
            .delivery
            .and_then(|id| self.outbox.get(id));
        let says =
            |part: &Part| waiting.is_some_and(|one| one.part(part.fingerprint) == Some(part));
        if parts.iter().all(says) {
            // Another integration of the same receiver handed it over already: it keeps its key.
            return;
        }
        let parts = united(waiting.map_or(&[], |waiting| &waiting.parts), &parts);
        self.queue(group, at, place, (reason, parts), now, step);
    }
}

/// Returns when the next repetition counts from: who stands in may have heard this one already, a while ago.
fn heard_at(group: &Group, to: &str, delivery: &Delivery, now: Timestamp) -> Timestamp {
    let channels = group.channels.iter();
    let own = channels.filter(|one| *one.address.receiver == *to && one.delivery.is_none());
    let heard = own
        .filter_map(|one| one.told.as_deref())
        .map(|told| told.at);
    match delivery.reason {
        Reason::Repeat => heard.min().unwrap_or(now),
        _ => now,
    }
}

/// Returns what a receiver knows whose notice goes to a fallback. That this one is told of an end does not close what the
/// receiver opened itself: that stays in doubt, so each flush decides its end again until it takes it.
fn passed_on(before: Option<&Known>, delivery: &Delivery, to: Arc<str>, now: Timestamp) -> Known {
    let mut known = known(delivery, ReceiverData::default(), Some(to), now);
    let Some(before) = before.filter(|before| !is_all_passed_on(before)) else {
        // So it is recognised as long as the receiver hears nothing itself.
        known.reason = Reason::First;
        return known;
    };
    if known.reason == Reason::First {
        known.reason = Reason::NewAlerts;
    }
    let open = before.firing.iter().copied();
    let open = open.filter(|one| has(&known.resolved, *one));
    let mut firing: Vec<u64> = known.firing.iter().copied().chain(open).collect();
    firing.sort_unstable();
    known.firing = firing.into();
    known
}

/// Says whether the receiver has heard nothing itself of what counts as told. Its ends need not wait for it: a receiver that
/// is never back would keep all alerts.
pub(super) fn is_all_passed_on(told: &Known) -> bool {
    told.firing.is_empty() || (told.via.is_some() && told.reason == Reason::First)
}

/// Returns all parts, ascending as both lists do; of two about the same alert the newer one.
fn united(older: &[Part], newer: &[Part]) -> Arc<[Part]> {
    let has_newer = |part: &&Part| {
        newer
            .binary_search_by_key(&part.fingerprint, |one| one.fingerprint)
            .is_ok()
    };
    let older = older.iter().filter(|part| !has_newer(part));
    let mut all: Vec<Part> = older.chain(newer).copied().collect();
    all.sort_unstable_by_key(|part| part.fingerprint);
    all.into()
}
