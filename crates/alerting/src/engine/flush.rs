//! A group is flushed: each of its channels is decided, and what nobody has to hear of any more goes.

use plimsoll_notify::ReceiverData;
use plimsoll_types::Timestamp;

use super::survey::Survey;
use super::{Engine, Step, Timer};
use crate::Fingerprint;
use crate::book::GroupIndex;
use crate::dedup::has;
use crate::group::{Channel, Group, Policy};
use crate::rows::{Change, ToldRow};

impl Engine {
    pub(super) fn flush(&mut self, at: GroupIndex, now: Timestamp, step: &mut Step) {
        let Some(mut group) = self.groups.take(at) else {
            return;
        };
        self.counts.flushes += 1;
        let policy = self.policies.get(group.policy).clone();
        let survey = self.survey(&group, &policy, now);
        self.note_kept_back(&mut group, &policy, &survey, now, step);
        if group.flushed_at.is_none() && survey.is_only_held() {
            group.flush_at = survey
                .held_until
                .unwrap_or(now + policy.route.group_interval);
        } else {
            let before = step.changes.len();
            for channel in 0..group.channels.len() {
                self.decide(&mut group, at, channel, &survey, now, step);
            }
            self.release(&mut group, at, &survey, now, step);
            let was_idle = step.changes.len() == before;
            arm(&mut group, &policy, &survey, now);
            group.has_news = survey.held > 0;
            if was_idle && group.written.is_some_and(|(_, had_news)| !had_news) {
                // Nothing followed: after a restart the same flush may be made again, so its time is not written.
                return self.settle(group, at, now, false, step);
            }
        }
        self.settle(group, at, now, true, step);
    }

    /// Puts a group back after work on it, or lets it go when nobody has to hear of it any more.
    pub(super) fn settle(
        &mut self,
        mut group: Group,
        at: GroupIndex,
        now: Timestamp,
        is_to_be_written: bool,
        step: &mut Step,
    ) {
        if group.is_done() {
            return self.let_go(group, at, now, step);
        }
        if is_to_be_written {
            step.changes
                .extend(group.row_to_write().map(Change::PutGroup));
        }
        self.timers.insert((group.flush_at, Timer::Group(at)));
        self.groups.put_back(at, group);
    }

    /// Lets members go that are over and that nobody has to hear of any more.
    fn release(
        &mut self,
        group: &mut Group,
        at: GroupIndex,
        survey: &Survey,
        now: Timestamp,
        step: &mut Step,
    ) {
        for number in &survey.resolved_quietly {
            self.release_quietly(group, *number, now, step);
        }
        let over = [&survey.resolved[..], &survey.resolved_quietly].concat();
        self.release_told(group, at, over.into_iter(), step);
    }

    /// An alert ended while it was kept back, and nobody is told. When it fires again, that is news.
    fn release_quietly(&mut self, group: &mut Group, number: u64, now: Timestamp, step: &mut Step) {
        let name = group.name.clone();
        for channel in &mut group.channels {
            let Some(told) = channel
                .told
                .as_mut()
                .filter(|told| has(&told.firing, number))
            else {
                continue;
            };
            let firing = told.firing.iter().copied();
            told.firing = firing.filter(|one| *one != number).collect();
            step.changes
                .push(Change::PutTold(channel.row(&name, Timestamp::MAX)));
        }
        self.note_quiet_end(group, number, now, step);
    }

    /// Lets those of `over` go that no notice on its way is about, and that nobody who wants to hear of it takes for firing.
    pub(super) fn release_told(
        &mut self,
        group: &mut Group,
        at: GroupIndex,
        over: impl Iterator<Item = u64>,
        step: &mut Step,
    ) {
        for number in over {
            let fingerprint = Fingerprint::from_u64(number);
            let is_over = self
                .book
                .get(fingerprint)
                .is_none_or(|entry| entry.is_resolved);
            if !is_over || !group.members.contains(&fingerprint) || self.is_awaited(group, number) {
                continue;
            }
            group.members.remove(&fingerprint);
            self.leave(fingerprint, at, step);
        }
    }

    fn is_awaited(&self, group: &Group, number: u64) -> bool {
        let fingerprint = Fingerprint::from_u64(number);
        group.channels.iter().any(|channel| {
            let delivery = channel.delivery.and_then(|id| self.outbox.get(id));
            let is_on_its_way = delivery.is_some_and(|one| one.part(fingerprint).is_some());
            let wants_to_hear = || {
                let integration = self.policies.integration(&channel.address);
                integration.is_some_and(|integration| integration.sends_resolved)
            };
            is_on_its_way || (has(channel.told_firing(), number) && wants_to_hear())
        })
    }

    /// An alert is not a member of a group any more; when it was the last one, it is forgotten.
    fn leave(&mut self, fingerprint: Fingerprint, at: GroupIndex, step: &mut Step) {
        let Some(entry) = self.book.get_mut(fingerprint) else {
            return;
        };
        let groups = entry.groups.iter().copied();
        entry.groups = groups.filter(|group| *group != at).collect();
        if entry.groups.is_empty() {
            self.book.remove(fingerprint);
            step.changes.push(Change::DeleteAlert(fingerprint));
        }
    }

    /// A group goes. Of its channels only the numbers of their notices stay, so that no key is used twice.
    fn let_go(&mut self, group: Group, at: GroupIndex, now: Timestamp, step: &mut Step) {
        self.retire(&group.channels, &group, now, step);
        if group.written.is_some() {
            step.changes.push(Change::DeleteGroup(group.name.clone()));
        }
        self.timers.remove(&(group.flush_at, Timer::Group(at)));
        self.groups.forget(at, &group);
    }
}

impl Engine {
    /// Channels go: only the numbers of their notices stay for a while.
    pub(super) fn retire(
        &mut self,
        channels: &[Channel],
        group: &Group,
        now: Timestamp,
        step: &mut Step,
    ) {
        let repeat = self.policies.longest_repeat_interval();
        let forget_at = now + repeat.saturating_mul(2).min(self.settings.retention);
        for channel in channels {
            let key = channel.key(&group.name);
            if channel.sequence == 0 {
                continue;
            }
            step.changes.push(Change::PutTold(ToldRow {
                firing: [].into(),
                resolved: [].into(),
                data: ReceiverData::default(),
                ..channel.row(&group.name, forget_at)
            }));
            self.forget_at.insert((forget_at, key.clone()));
            self.sequences.insert(key, (channel.sequence, forget_at));
        }
    }
}

/// Says when the group is flushed next.
fn arm(group: &mut Group, policy: &Policy, survey: &Survey, now: Timestamp) {
    let planned = group.flush_at + policy.route.group_interval;
    group.flush_at = match group.is_early || planned <= now {
        true => now + policy.route.group_interval,
        false => planned,
    };
    if let Some(until) = survey.held_until {
        group.flush_at = group.flush_at.min(until);
    }
    group.is_early = false;
    group.flushed_at = Some(now);
}
