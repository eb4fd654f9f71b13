//! The time of an attempt has come.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_notify::{Notice, NoticeAlert};
use plimsoll_types::{Labels, Timestamp};

use super::event::Attempt;
use super::failover::is_all_passed_on;
use super::{Engine, Step};
use crate::dedup::has;
use crate::delivery::{Delivery, DeliveryId, retry_after};
use crate::group::{Group, Known, in_order};
use crate::rows::{Change, DeliveryPhase, Outcome, Part};

impl Engine {
    /// Begins an attempt, unless something holds it up or makes it needless.
    pub(super) fn attempt(&mut self, id: DeliveryId, now: Timestamp, step: &mut Step) {
        let Some(delivery) = self.outbox.get(id).cloned() else {
            return;
        };
        if self.is_held_up(&delivery, now) {
            return;
        }
        let Some(mut group) = self.groups.take(delivery.group) else {
            return;
        };
        let is_as_surveyed = delivery.is_surveyed && delivery.decided_at == now;
        if !is_as_surveyed && self.is_changed_by_keepers(&mut group, &delivery, now, step) {
            return self.settle(group, delivery.group, now, false, step);
        }
        self.begin(&mut group, id, now, step);
        self.groups.put_back(delivery.group, group);
    }

    /// Says whether the receiver wants to be left alone for now; then the attempt is put off.
    fn is_held_up(&mut self, delivery: &Delivery, now: Timestamp) -> bool {
        let id = delivery.id;
        if let Some(until) = self.outbox.paused_until(&delivery.address, now) {
            // Those who waited do not come back at the same moment.
            let spread = retry_after(id, 1, None, Duration::ZERO);
            self.put_off(id, until + spread);
            return true;
        }
        if delivery.has_turn {
            return false;
        }
        let target = self.policies.target(&delivery.address.receiver);
        let limit = target.and_then(|target| target.rate);
        let turn = self.outbox.turn(&delivery.address.receiver, limit, now);
        if let Some(delivery) = self.outbox.get_mut(id) {
            delivery.has_turn = true;
        }
        if turn > now {
            self.channel_counts(&delivery.address).delayed += 1;
            self.put_off(id, turn);
        }
        turn > now
    }

    pub(super) fn put_off(&mut self, id: DeliveryId, until: Timestamp) {
        let Some(delivery) = self.outbox.get_mut(id) else {
            return;
        };
        self.timers.remove(&delivery.timer());
        delivery.attempt_at = until;
        self.timers.insert(delivery.timer());
    }

    /// Leaves out what a silence or another alert keeps back since the notice was decided, and alerts whose row could not be
    /// read back. Says whether that changed it: then another notice takes its place, or none.
    fn is_changed_by_keepers(
        &mut self,
        group: &mut Group,
        delivery: &Delivery,
        now: Timestamp,
        step: &mut Step,
    ) -> bool {
        let receiver = self.receiver_labels(&delivery.address.receiver);
        let is_free = |part: &Part| {
            let is_free =
                |entry| part.is_resolved() || self.kept_back(entry, &receiver, now).is_none();
            self.book.get(part.fingerprint).is_some_and(is_free)
        };
        let left: Arc<[Part]> = delivery.parts.iter().copied().filter(is_free).collect();
        if left.len() == delivery.parts.len() {
            return false;
        }
        let Some(place) = group.channel(&delivery.address) else {
            return false;
        };
        let channel = &group.channels[place];
        let notice = (delivery.reason, &*left, delivery.decided_at);
        let is_known = |told: &Known| self.is_known(group, told, notice, now);
        let is_known = channel.told.as_deref().is_some_and(is_known);
        let told = channel.told_firing();
        let is_worth_telling =
            |part: &Part| !part.is_resolved() || has(told, part.fingerprint.as_u64());
        let is_news = !is_known && left.iter().any(is_worth_telling);
        self.note_kept_back_late(group, delivery, left.len(), now, step);
        take_back(group, place, delivery, &left, step);
        if is_news {
            self.queue(
                group,
                delivery.group,
                place,
                (delivery.reason, left),
                now,
                step,
            );
        } else {
            self.close(group, place, Outcome::Withdrawn, now, step);
        }
        true
    }

    fn begin(&mut self, group: &mut Group, id: DeliveryId, now: Timestamp, step: &mut Step) {
        let Some(delivery) = self.outbox.get_mut(id) else {
            return;
        };
        let Some(integration) = self.policies.integration(&delivery.address) else {
            return;
        };
        let earlier = delivery.attempts;
        delivery.phase = DeliveryPhase::Leased;
        delivery.attempts += 1;
        delivery.attempt_at = now;
        step.changes
            .push(Change::PutDelivery(delivery.row(&group.labels)));
        let integration = integration.clone();
        let address = delivery.address.clone();
        let delivery = delivery.clone();
        self.channel_counts(&address).attempts += 1;
        let notice = self.notice(group, &delivery);
        step.start.push(Attempt {
            delivery: id,
            integration,
            notice,
            earlier,
        });
    }

    fn notice(&self, group: &Group, delivery: &Delivery) -> Notice {
        let policy = self.policies.get(group.policy);
        let previous = group.channel(&delivery.address).and_then(|place| {
            let told = group.channels[place].told.as_ref()?;
            (!told.data.is_empty()).then(|| told.data.clone())
        });
        let alerts: Vec<NoticeAlert> = delivery
            .parts
            .iter()
            .filter_map(|part| {
                let entry = self.book.get(part.fingerprint)?;
                Some(NoticeAlert {
                    alert: Arc::new(entry.alert(part.starts_at, part.ends_at)),
                    fingerprint: part.fingerprint.as_u64(),
                    is_resolved: part.is_resolved(),
                })
            })
            .collect();
        Notice {
            id: delivery.id.to_string(),
            receiver: String::from(&*delivery.address.receiver),
            group_key: String::from(&*group.name.key),
            group_labels: group.labels.clone(),
            route_labels: Labels::clone(&policy.route.labels),
            reason: delivery.reason,
            alerts: in_order(alerts),
            truncated: 0,
            external_url: self.settings.external_url.clone(),
            now: delivery.decided_at,
            is_degraded: self.is_degraded,
            previous,
        }
    }
}

/// Who stands in is not told of all that was handed over to it: what is left out does not count as told to whom it stands in
/// for, so that it is news there when nothing keeps it back any more.
fn take_back(group: &mut Group, place: usize, delivery: &Delivery, left: &[Part], step: &mut Step) {
    let Some(primary) = &delivery.instead_of else {
        return;
    };
    let heard = group.channels[place].told_firing();
    let is_unheard = |part: &&Part| {
        let is_left = left.iter().any(|one| one.fingerprint == part.fingerprint);
        !part.is_resolved() && !is_left && !has(heard, part.fingerprint.as_u64())
    };
    let unheard = delivery.parts.iter().filter(is_unheard);
    let unheard: Vec<u64> = unheard.map(|part| part.fingerprint.as_u64()).collect();
    for channel in &mut group.channels {
        let is_primary = channel.address.receiver == *primary;
        let Some(told) = channel.told.as_mut().filter(|_| is_primary) else {
            continue;
        };
        let is_passed_on = told.via.as_ref() == Some(&delivery.address.receiver);
        let is_changed = is_passed_on
            && match is_all_passed_on(told) {
                true => told.take_back(&unheard),
                // It may have heard of it itself before.
                false => told.doubt(&unheard),
            };
        if is_changed {
            let row = channel.row(&group.name, Timestamp::MAX);
            step.changes.push(Change::PutTold(row));
        }
    }
}
