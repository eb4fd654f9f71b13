//! A configuration led alerts away from a group or a receiver: who was told that they fire is told that they are over.
//!
//! A service that keeps an incident open under the group's key has it open for ever otherwise: the alerts are told under
//! another key from now on, or to somebody else. So the channels of the old group stay as long as their alerts do. They
//! hear of ends and of nothing else, and a receiver that is not in the configuration any more hears of nothing.

use std::collections::BTreeSet;

use plimsoll_types::Timestamp;

use super::{Engine, Step, Timer};
use crate::Fingerprint;
use crate::delivery::Delivery;
use crate::group::{Channel, Group};
use crate::rows::Change;

impl Engine {
    /// Lets a group go that no route leads to any more, all but the channels that have to hear of ends.
    pub(super) fn dissolve(
        &mut self,
        mut group: Group,
        orphans: &mut Vec<Delivery>,
        now: Timestamp,
        step: &mut Step,
    ) {
        let mut gone = Vec::new();
        for place in (0..group.channels.len()).rev() {
            if self.awaited(&group.channels[place]).next().is_some() {
                orphans.extend(self.leave_behind(&mut group, place, now, step));
            } else {
                orphans.extend(self.orphan(&mut group, place, now, step));
                gone.push(group.channels.remove(place));
            }
        }
        self.retire(&gone, &group, now, step);
        match group.channels.is_empty() {
            true => step.changes.push(Change::DeleteGroup(group.name)),
            false => self.keep_dissolved(group, now, step),
        }
    }

    /// Returns the alerts of which a channel has to hear that they are over.
    pub(super) fn awaited(&self, channel: &Channel) -> impl Iterator<Item = Fingerprint> {
        let integration = self.policies.integration(&channel.address);
        let wants_ends = integration.is_some_and(|integration| integration.sends_resolved);
        let told = channel.told_firing().iter().copied();
        told.map(Fingerprint::from_u64)
            .filter(move |fingerprint| wants_ends && self.book.get(*fingerprint).is_some())
    }

    /// From now on a channel hears of ends only. What is on its way to it goes on when it is about nothing else, and else is
    /// returned as [`orphan`](Self::orphan) does.
    pub(super) fn leave_behind(
        &mut self,
        group: &mut Group,
        place: usize,
        now: Timestamp,
        step: &mut Step,
    ) -> Option<Delivery> {
        let channel = &mut group.channels[place];
        channel.is_left_behind = true;
        let open = channel.delivery.and_then(|id| self.outbox.get(id))?;
        match open.firing().is_empty() {
            true => None,
            false => self.orphan(group, place, now, step),
        }
    }

    fn keep_dissolved(&mut self, mut group: Group, now: Timestamp, step: &mut Step) {
        let awaited = group.channels.iter().flat_map(|one| self.awaited(one));
        let members: BTreeSet<Fingerprint> = awaited.collect();
        let is_over = |one: &Fingerprint| self.book.get(*one).is_some_and(|one| one.is_resolved);
        let policy = self.policies.find(&group.name.route, group.name.ordinal);
        group.policy = policy.unwrap_or_default();
        group.is_dissolved = true;
        group.has_news = true;
        group.flush_at = match members.iter().any(is_over) {
            true => now,
            false => now + self.policies.get(group.policy).route.group_interval,
        };
        group.members = members;
        step.changes
            .extend(group.row_to_write().map(Change::PutGroup));
        let (flush_at, members) = (group.flush_at, group.members.clone());
        let at = self.insert_group(group);
        self.timers.insert((flush_at, Timer::Group(at)));
        for fingerprint in members {
            if let Some(entry) = self.book.get_mut(fingerprint) {
                entry.groups = entry.groups.iter().copied().chain([at]).collect();
            }
        }
    }
}
