//! Which groups an alert is in.

use std::sync::Arc;

use plimsoll_types::{Labels, Timestamp};

use super::{Engine, Step, Timer};
use crate::Fingerprint;
use crate::book::GroupIndex;
use crate::group::{Channel, Group, Policy, PolicyIndex};
use crate::rows::{Change, GroupName};

impl Engine {
    /// Puts a firing alert into all groups that its routes say.
    pub(super) fn join(&mut self, fingerprint: Fingerprint, now: Timestamp, step: &mut Step) {
        let Some(entry) = self.book.get(fingerprint) else {
            return;
        };
        let (labels, origin, starts_at) = (entry.labels.clone(), entry.origin, entry.starts_at);
        let mut groups = Vec::new();
        for at in self.policies.of_alert(&self.config, origin, &labels) {
            let policy = self.policies.get(at).clone();
            let group_labels = policy.route.group_by.group_labels(&labels);
            let group = match self.groups.find(at, &group_labels) {
                Some(group) => group,
                None => self.open_group(at, &policy, group_labels, now),
            };
            self.add_member(group, fingerprint, starts_at, now, step);
            groups.push(group);
        }
        if let Some(entry) = self.book.get_mut(fingerprint) {
            let is_dissolved = |at: &GroupIndex| {
                let group = self.groups.get(*at);
                group.is_some_and(|group| group.is_dissolved)
            };
            groups.extend(entry.groups.iter().copied().filter(is_dissolved));
            entry.groups = groups.into();
        }
    }

    pub(super) fn open_group(
        &mut self,
        at: PolicyIndex,
        policy: &Policy,
        labels: Labels,
        now: Timestamp,
    ) -> GroupIndex {
        let name = Arc::new(policy.group_name(&labels));
        let target = self.policies.target(&policy.receiver);
        let addresses = target
            .map(|target| &target.integrations[..])
            .unwrap_or_default();
        let channels = addresses
            .iter()
            .map(|(address, _)| Channel::new(address.clone()));
        let mut group = Group {
            channels: channels.collect(),
            name,
            labels,
            policy: at,
            members: Default::default(),
            created_at: now,
            flushed_at: None,
            flush_at: now + policy.route.group_wait,
            has_news: true,
            is_early: false,
            is_dissolved: false,
            muted_by: None,
            kept_back: [0; 4],
            written: None,
        };
        for channel in &mut group.channels {
            channel.sequence = self.known_sequence(&group.name, channel);
        }
        let flush_at = group.flush_at;
        let index = self.groups.insert(group);
        self.timers.insert((flush_at, Timer::Group(index)));
        index
    }

    /// Returns the last number of a channel whose group was gone.
    pub(super) fn known_sequence(&mut self, group: &Arc<GroupName>, channel: &Channel) -> i64 {
        let key = channel.key(group);
        let Some((sequence, forget_at)) = self.sequences.remove(&key) else {
            return channel.sequence;
        };
        self.forget_at.remove(&(forget_at, key));
        sequence.max(channel.sequence)
    }

    pub(super) fn add_member(
        &mut self,
        at: GroupIndex,
        fingerprint: Fingerprint,
        starts_at: Timestamp,
        now: Timestamp,
        step: &mut Step,
    ) {
        let Some(group) = self.groups.get_mut(at) else {
            return;
        };
        group.members.insert(fingerprint);
        group.has_news = true;
        let wait = self.policies.get(group.policy).route.group_wait;
        let is_old = group.flushed_at.is_none() && starts_at + wait < now;
        if is_old {
            self.flush_no_later_than(at, now);
        }
        self.write_group(at, step);
    }

    /// A member is over: who was told that it fires is told soon.
    pub(super) fn member_is_over(
        &mut self,
        at: GroupIndex,
        fingerprint: Fingerprint,
        now: Timestamp,
        step: &mut Step,
    ) {
        let Some(group) = self.groups.get_mut(at) else {
            return;
        };
        group.has_news = true;
        let number = fingerprint.as_u64();
        let mut channels = group.channels.iter();
        let was_told = channels.any(|channel| crate::dedup::has(channel.told_firing(), number));
        let interval = self.policies.get(group.policy).route.resolve_interval;
        if let Some(flushed_at) = group.flushed_at.filter(|_| was_told) {
            let early = (flushed_at + interval).max(now);
            if early < group.flush_at {
                group.is_early = true;
                self.flush_no_later_than(at, early);
            }
        }
        self.write_group(at, step);
    }

    pub(super) fn flush_no_later_than(&mut self, at: GroupIndex, time: Timestamp) {
        let Some(group) = self.groups.get_mut(at) else {
            return;
        };
        if time < group.flush_at {
            self.timers.remove(&(group.flush_at, Timer::Group(at)));
            group.flush_at = time;
            self.timers.insert((time, Timer::Group(at)));
        }
    }

    pub(super) fn write_group(&mut self, at: GroupIndex, step: &mut Step) {
        if !self.is_leading {
            return;
        }
        let row = self.groups.get_mut(at).and_then(Group::row_to_write);
        step.changes.extend(row.map(Change::PutGroup));
    }

    /// Takes an alert out of all groups and out of the book, without telling anybody.
    pub(super) fn leave_all(&mut self, fingerprint: Fingerprint) {
        let Some(entry) = self.book.remove(fingerprint) else {
            return;
        };
        for at in &entry.groups {
            let Some(group) = self.groups.get_mut(*at) else {
                continue;
            };
            group.members.remove(&fingerprint);
            if group.is_done()
                && let Some(group) = self.groups.take(*at)
            {
                self.timers.remove(&(group.flush_at, Timer::Group(*at)));
                self.groups.forget(*at, &group);
            }
        }
    }
}
