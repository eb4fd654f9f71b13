//! What one integration of a group is told, if anything.

use std::sync::Arc;

use plimsoll_notify::{Reason, ReceiverData};
use plimsoll_types::Timestamp;

use super::survey::Survey;
use super::{Engine, Step};
use crate::Fingerprint;
use crate::book::GroupIndex;
use crate::dedup::{Visible, has};
use crate::delivery::{Content, Delivery, DeliveryId, Given, Open, Plan, plan};
use crate::group::{Channel, Group, Known, Unconfirmed};
use crate::rows::{Change, ChannelKey, DeliveryPhase, Outcome, Part};

impl Engine {
    /// Decides a channel of a group that was taken out.
    pub(super) fn decide(
        &mut self,
        group: &mut Group,
        at: GroupIndex,
        place: usize,
        survey: &Survey,
        now: Timestamp,
        step: &mut Step,
    ) {
        let channel = &mut group.channels[place];
        let open = channel.delivery.and_then(|id| self.outbox.get(id));
        let is_busy = open
            .is_some_and(|open| open.phase == DeliveryPhase::Leased || channel.hears_only_ends());
        if is_busy {
            channel.is_to_be_decided = true;
            return;
        }
        match self.plan(&group.channels[place], group, survey, now) {
            Plan::Keep => group.channels[place].is_to_be_decided = open_of(group, place).is_some(),
            Plan::Withdraw => {
                self.close(group, place, Outcome::Withdrawn, now, step);
            }
            Plan::Forget => {
                self.close(group, place, Outcome::Withdrawn, now, step);
                self.forget_told(group, place, survey, now, step);
            }
            Plan::Tell(content) => {
                let parts = self.parts(&content, open_of(group, place));
                let reason = content.reason;
                let id = self.queue(group, at, place, (reason, parts), now, step);
                if let Some(delivery) = self.outbox.get_mut(id) {
                    delivery.is_surveyed = true;
                }
                self.note_decision(group, place, id, survey, now, step);
            }
        }
    }

    /// Notes that what a channel heard of is over, though it is not told so. What it never heard of stays unknown to it, and
    /// what fires behind a silence or a source stays told: it is no news when it is seen again.
    fn forget_told(
        &mut self,
        group: &mut Group,
        place: usize,
        survey: &Survey,
        now: Timestamp,
        step: &mut Step,
    ) {
        let Some(told) = group.channels[place].told.as_deref().cloned() else {
            return;
        };
        let told_firing = told.firing.iter().copied();
        let (over, left): (Vec<u64>, Vec<u64>) =
            told_firing.partition(|one| has(&survey.resolved, *one));
        if over.is_empty() {
            return;
        }
        self.note_forgotten(group, place, survey, now, step);
        let known = match left.is_empty() {
            true => Known {
                at: now,
                reason: Reason::AllResolved,
                firing: [].into(),
                resolved: over.into(),
                data: ReceiverData::default(),
                via: None,
            },
            false => {
                let in_doubt = left.iter().copied().filter(|one| has(&told.resolved, *one));
                let mut resolved: Vec<u64> = over.into_iter().chain(in_doubt).collect();
                resolved.sort_unstable();
                Known {
                    firing: left.into(),
                    resolved: resolved.into(),
                    ..told
                }
            }
        };
        self.tell(group, place, known, step);
    }

    fn plan(&self, channel: &Channel, group: &Group, survey: &Survey, now: Timestamp) -> Plan {
        let Some(integration) = self.policies.integration(&channel.address) else {
            return Plan::Keep;
        };
        let open = channel.delivery.and_then(|id| self.outbox.get(id));
        let content = open.map(|open| (open.firing(), open.resolved(), open.was_attempted()));
        let open = content
            .as_ref()
            .map(|(firing, resolved, was_attempted)| Open {
                firing,
                resolved,
                was_attempted: *was_attempted,
            });
        let policy = self.policies.get(group.policy);
        let mut given = Given {
            last: channel.last(),
            open,
            visible: survey.visible(),
            sends_resolved: integration.sends_resolved,
            repeat_interval: policy.route.repeat_interval,
            now,
        };
        if !channel.hears_only_ends() {
            return plan(given);
        }
        // And it hears of nothing twice.
        let told = channel.told_firing();
        let only_told = |all: &[u64]| -> Vec<u64> {
            all.iter().copied().filter(|one| has(told, *one)).collect()
        };
        let (firing, resolved) = (only_told(&survey.firing), only_told(&survey.resolved));
        given.visible = Visible {
            firing: &firing,
            resolved: &resolved,
        };
        given.repeat_interval = std::time::Duration::MAX;
        plan(given)
    }

    /// Returns what is told, with the times of the alerts. What is over and is told as firing keeps the time with which it
    /// waited.
    fn parts(&self, content: &Content, open: Option<DeliveryId>) -> Arc<[Part]> {
        let open = open.and_then(|id| self.outbox.get(id));
        let mut parts = Vec::with_capacity(content.firing.len() + content.resolved.len());
        for number in &content.firing {
            let fingerprint = Fingerprint::from_u64(*number);
            let waiting = open.and_then(|open| open.part(fingerprint));
            let entry = self.book.get(fingerprint);
            let starts_at = match (entry, waiting) {
                (Some(entry), _) if !entry.is_resolved => Some(entry.starts_at),
                (_, Some(waiting)) => Some(waiting.starts_at),
                (entry, None) => entry.map(|entry| entry.starts_at),
            };
            parts.extend(starts_at.map(|starts_at| Part {
                fingerprint,
                starts_at,
                ends_at: None,
            }));
        }
        for number in &content.resolved {
            let fingerprint = Fingerprint::from_u64(*number);
            parts.extend(self.book.get(fingerprint).map(|entry| Part {
                fingerprint,
                starts_at: entry.starts_at,
                ends_at: Some(entry.ends_at),
            }));
        }
        parts.sort_unstable_by_key(|part| part.fingerprint);
        parts.into()
    }

    /// Puts a notice on its way, in the place of the one that waits.
    pub(super) fn queue(
        &mut self,
        group: &mut Group,
        at: GroupIndex,
        place: usize,
        (reason, parts): (Reason, Arc<[Part]>),
        now: Timestamp,
        step: &mut Step,
    ) -> DeliveryId {
        let before = group.channels[place].delivery;
        let before = before.and_then(|id| self.outbox.get(id)).cloned();
        self.close(group, place, Outcome::Superseded, now, step);
        let repeat_interval = self.policies.get(group.policy).route.repeat_interval;
        let channel = &mut group.channels[place];
        let key = channel.key(&group.name);
        let (sequence, id) = unconfirmed(channel, &key, &parts)
            .filter(|same| reason != Reason::Repeat || now < same.decided_at + repeat_interval)
            .map_or_else(
                || {
                    let next = next_sequence(channel.sequence, &parts, now);
                    (next, DeliveryId::of(&key, next, &parts))
                },
                |same| (same.sequence, same.id),
            );
        channel.sequence = channel.sequence.max(sequence);
        channel.is_to_be_decided = false;
        let delivery = Delivery {
            id,
            place: self.next_place,
            group: at,
            channel: key,
            address: channel.address.clone(),
            sequence,
            reason,
            parts,
            phase: DeliveryPhase::Queued,
            decided_at: now,
            waiting_since: before.as_ref().map_or(now, |before| before.waiting_since),
            attempts: 0,
            // An attempt of which nobody knows how it went counts as one that failed.
            failures: before
                .as_ref()
                .map_or(0, |before| before.failures.max(before.attempts)),
            attempt_at: before
                .as_ref()
                .map_or(now, |before| before.attempt_at.max(now)),
            last_error: before
                .as_ref()
                .map_or_else(|| "".into(), |one| one.last_error.clone()),
            instead_of: channel.instead_of.clone(),
            is_unconfirmed: false,
            is_surveyed: false,
            has_turn: before.is_some_and(|before| before.has_turn),
        };
        let id = delivery.id;
        channel.delivery = Some(id);
        step.changes
            .push(Change::PutDelivery(delivery.row(&group.labels)));
        self.next_place += 1;
        self.timers.insert(delivery.timer());
        let counts = self.channel_counts(&delivery.address);
        *counts.decided.entry(reason).or_default() += 1;
        self.outbox.insert(delivery);
        id
    }

    /// Ends the delivery of a channel, if there is one.
    pub(super) fn close(
        &mut self,
        group: &mut Group,
        place: usize,
        outcome: Outcome,
        now: Timestamp,
        step: &mut Step,
    ) -> Option<Delivery> {
        let id = group.channels[place].delivery.take()?;
        let delivery = self.outbox.remove(id)?;
        note_unconfirmed(
            &mut group.channels[place],
            &delivery,
            outcome == Outcome::Sent,
        );
        if delivery.was_attempted() && outcome != Outcome::Sent {
            let channel = &mut group.channels[place];
            // The receiver may know the key: it is not used for anything else, not even after a restart. And it may know the
            // ends: when one of these alerts fires again, that is news.
            if let Some(told) = channel.told.as_mut() {
                told.doubt(&delivery.resolved());
            }
            if delivery.may_have_arrived() {
                channel.doubt_pages(&delivery.firing());
            }
            let row = channel.row(&group.name, Timestamp::MAX);
            if self.is_degraded {
                self.alone.note(row.clone());
            }
            step.changes.push(Change::PutTold(row));
        }
        self.timers.remove(&delivery.timer());
        let counts = self.channel_counts(&delivery.address);
        match outcome {
            Outcome::Sent => counts.sent += 1,
            Outcome::Superseded => counts.superseded += 1,
            Outcome::Withdrawn | Outcome::Orphaned => counts.withdrawn += 1,
            Outcome::FailedOver { .. } => counts.failed_over += 1,
            Outcome::Dead => counts.dead += 1,
            Outcome::Failed { .. } => {}
        }
        step.changes.push(Change::DeleteDelivery(id));
        let history = delivery.history(outcome, now, self.is_degraded);
        step.changes.push(Change::AddHistory(history));
        Some(delivery)
    }

    /// Notes what a channel knows now.
    pub(super) fn tell(&mut self, group: &mut Group, place: usize, known: Known, step: &mut Step) {
        let channel = &mut group.channels[place];
        channel.told = Some(Box::new(known));
        let row = channel.row(&group.name, Timestamp::MAX);
        if self.is_degraded {
            self.alone.note(row.clone());
        }
        step.changes.push(Change::PutTold(row));
    }
}

fn open_of(group: &Group, place: usize) -> Option<DeliveryId> {
    group.channels[place].delivery
}

/// Notes of which notice nobody knows whether it arrived, now that another one may follow.
fn note_unconfirmed(channel: &mut Channel, delivery: &Delivery, is_sent: bool) {
    if is_sent {
        channel.unconfirmed = None;
    } else if delivery.attempts > 0 {
        channel.unconfirmed = Some(Unconfirmed {
            id: delivery.id,
            sequence: delivery.sequence,
            decided_at: delivery.decided_at,
        });
    }
}

/// Returns the last notice that may have arrived when it said the same: under its key, who has it already takes it once.
fn unconfirmed(channel: &Channel, key: &ChannelKey, parts: &[Part]) -> Option<Unconfirmed> {
    let says_the_same = |one: &Unconfirmed| DeliveryId::of(key, one.sequence, parts) == one.id;
    channel.unconfirmed.filter(says_the_same)
}

/// Returns the number of the next notice. Of a channel that nothing is known of it is the time at which the first of the
/// alerts began, so that replicas that decide the same without a database use the same key.
fn next_sequence(last: i64, parts: &[Part], now: Timestamp) -> i64 {
    let began = parts.iter().map(|part| part.starts_at.min(now)).min();
    let began = began.unwrap_or(now).millis();
    began.max(last.saturating_add(1))
}
