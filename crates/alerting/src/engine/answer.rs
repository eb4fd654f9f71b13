//! An attempt came to an end.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_notify::{ReceiverData, Verdict};
use plimsoll_types::Timestamp;

use super::{Engine, Step};
use crate::book::GroupIndex;
use crate::delivery::{Delivery, DeliveryId, retry_after};
use crate::group::{Group, Known};
use crate::rows::{Change, DeliveryPhase, Outcome, Part};

impl Engine {
    pub(super) fn take_answer(
        &mut self,
        id: DeliveryId,
        verdict: Verdict,
        now: Timestamp,
        step: &mut Step,
    ) {
        let Some(delivery) = self.outbox.get(id) else {
            return;
        };
        if delivery.phase != DeliveryPhase::Leased || !self.is_leading {
            return;
        }
        let at = delivery.group;
        let Some(mut group) = self.groups.take(at) else {
            return;
        };
        let place = group.channel(&self.outbox.get(id).expect("looked up above").address);
        if let Some(place) = place {
            match verdict {
                Verdict::Sent { data } => self.sent(&mut group, at, place, data, now, step),
                Verdict::Retry { after, reason } => {
                    self.failed(&mut group, at, place, (reason, after), now, step);
                }
                Verdict::Unknown { after, reason } => {
                    self.note_unconfirmed(id);
                    self.failed(&mut group, at, place, (reason, after), now, step);
                }
                Verdict::Refused { reason } => {
                    self.refused(&mut group, at, place, reason, now, step);
                }
            }
        }
        self.settle(group, at, now, false, step);
    }

    fn sent(
        &mut self,
        group: &mut Group,
        at: GroupIndex,
        place: usize,
        data: ReceiverData,
        now: Timestamp,
        step: &mut Step,
    ) {
        let Some(delivery) = self.close(group, place, Outcome::Sent, now, step) else {
            return;
        };
        self.note_taken(&delivery.address, now, step);
        // What begins after all was resolved is a new matter: it does not change the messages of the old one.
        let is_over = delivery.firing().is_empty();
        let data = if is_over {
            ReceiverData::default()
        } else {
            data
        };
        let known = known(&delivery, data, None, now);
        self.tell(group, place, known, step);
        self.doubt_primary(group, place, &delivery, step);
        self.release_told(group, at, delivery.resolved().into_iter(), step);
        self.decide_again(group, at, place, now, step);
    }

    /// A stand-in has heard that alerts are over. Who it stands in for may not want to hear of ends, and takes them for firing,
    /// whoever told it so: when one of them fires again, that is news all the same, or nobody would hear of it.
    fn doubt_primary(&self, group: &mut Group, place: usize, delivery: &Delivery, step: &mut Step) {
        let Some(primary) = group.channels[place].instead_of.clone() else {
            return;
        };
        for channel in &mut group.channels {
            let integration = self.policies.integration(&channel.address);
            let wants_ends = integration.is_none_or(|integration| integration.sends_resolved);
            let told = channel.told.as_mut();
            let Some(told) = told.filter(|_| channel.address.receiver == primary) else {
                continue;
            };
            // What it heard itself after such an end is of a later time. Who wants ends hears of them itself.
            let is_own = told.via.is_none();
            let may_miss = |part: &&Part| {
                !is_own || !wants_ends && part.ends_at.is_some_and(|at| told.at <= at)
            };
            let ends = delivery.parts.iter().filter(|part| part.is_resolved());
            let ends: Vec<u64> = ends
                .filter(may_miss)
                .map(|part| part.fingerprint.as_u64())
                .collect();
            if told.doubt(&ends) {
                let row = channel.row(&group.name, Timestamp::MAX);
                step.changes.push(Change::PutTold(row));
            }
        }
    }

    /// A flush had to wait for this answer: what it would have decided is decided now.
    fn decide_again(
        &mut self,
        group: &mut Group,
        at: GroupIndex,
        place: usize,
        now: Timestamp,
        step: &mut Step,
    ) {
        if !std::mem::take(&mut group.channels[place].is_to_be_decided) {
            return;
        }
        let policy = self.policies.get(group.policy).clone();
        let survey = self.survey(group, &policy, now);
        self.decide(group, at, place, &survey, now, step);
        self.release_told(group, at, survey.resolved.iter().copied(), step);
    }

    fn failed(
        &mut self,
        group: &mut Group,
        at: GroupIndex,
        place: usize,
        (reason, after): (String, Option<Duration>),
        now: Timestamp,
        step: &mut Step,
    ) {
        let Some(delivery) = self.note_failure(group, place, reason) else {
            return;
        };
        let interval = self.policies.get(group.policy).route.group_interval;
        let retry_at = now + retry_after(delivery.id, delivery.failures, after, interval);
        if after.is_some() {
            self.outbox.pause(&delivery.address, retry_at);
        }
        if self.is_given_up(&delivery, now) && self.fail_over(group, at, place, now, step) {
            return;
        }
        if self.is_too_old(group, &delivery, now) {
            return self.die(group, place, now, step);
        }
        self.retry(group, place, retry_at, now, step);
        self.decide_again(group, at, place, now, step);
    }

    fn refused(
        &mut self,
        group: &mut Group,
        at: GroupIndex,
        place: usize,
        reason: String,
        now: Timestamp,
        step: &mut Step,
    ) {
        if self.note_failure(group, place, reason).is_some()
            && !self.fail_over(group, at, place, now, step)
        {
            self.die(group, place, now, step);
        }
    }

    /// Nobody heard how an attempt went: the receiver may have the notice.
    fn note_unconfirmed(&mut self, id: DeliveryId) {
        if let Some(delivery) = self.outbox.get_mut(id) {
            delivery.is_unconfirmed = true;
        }
    }

    /// Counts a failed attempt; returns the delivery.
    fn note_failure(&mut self, group: &Group, place: usize, reason: String) -> Option<Delivery> {
        let id = group.channels[place].delivery?;
        let delivery = self.outbox.get_mut(id)?;
        delivery.failures = delivery.failures.saturating_add(1);
        delivery.last_error = Arc::from(reason);
        delivery.phase = DeliveryPhase::RetryAt;
        let delivery = delivery.clone();
        self.channel_counts(&delivery.address).failed_attempts += 1;
        Some(delivery)
    }

    pub(super) fn retry(
        &mut self,
        group: &Group,
        place: usize,
        retry_at: Timestamp,
        now: Timestamp,
        step: &mut Step,
    ) {
        let id = group.channels[place].delivery;
        let Some(delivery) = id.and_then(|id| self.outbox.get_mut(id)) else {
            return;
        };
        delivery.attempt_at = retry_at;
        delivery.has_turn = false;
        self.timers.insert(delivery.timer());
        step.changes
            .push(Change::PutDelivery(delivery.row(&group.labels)));
        // An outage of hours would fill the history with the same line: the row of the delivery knows the last one.
        if delivery.attempts.is_power_of_two() {
            let outcome = Outcome::Failed { retry_at };
            let history = delivery.history(outcome, now, self.is_degraded);
            step.changes.push(Change::AddHistory(history));
        }
    }

    /// Says whether it is time to ask somebody else.
    fn is_given_up(&self, delivery: &Delivery, now: Timestamp) -> bool {
        let primary = delivery
            .instead_of
            .as_ref()
            .unwrap_or(&delivery.address.receiver);
        self.policies.target(primary).is_some_and(|target| {
            delivery.failures >= target.fallback_failures
                || delivery.waiting_since + target.fallback_age <= now
        })
    }

    fn is_too_old(&self, group: &Group, delivery: &Delivery, now: Timestamp) -> bool {
        let dead_letters = self.config.plimsoll.dead_letters.as_ref();
        let is_routed = self.policies.get(group.policy).origin.is_routed();
        dead_letters.is_some_and(|dead| is_routed && delivery.waiting_since + dead.after <= now)
    }

    /// Nobody takes the notice.
    pub(super) fn die(&mut self, group: &mut Group, place: usize, now: Timestamp, step: &mut Step) {
        let Some(delivery) = self.close(group, place, Outcome::Dead, now, step) else {
            return;
        };
        group.channels[place].is_to_be_decided = false;
        group.has_news = true;
        step.changes
            .extend(group.row_to_write().map(Change::PutGroup));
        self.note_death(group, &delivery, now, step);
        if self.policies.get(group.policy).origin.is_routed() {
            self.dead_letter(&delivery, now, step);
        }
    }
}

/// Returns what a receiver knows that has a notice.
pub(super) fn known(
    delivery: &Delivery,
    data: ReceiverData,
    via: Option<Arc<str>>,
    now: Timestamp,
) -> Known {
    Known {
        at: now,
        reason: delivery.reason,
        firing: delivery.firing().into(),
        resolved: delivery.resolved().into(),
        data,
        via,
    }
}
