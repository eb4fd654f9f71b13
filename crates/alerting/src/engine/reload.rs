//! Another configuration.
//!
//! | group | becomes |
//! |---|---|
//! | its route is there (same matchers on the way), same receiver | goes on: timers, what was told, what is on its way |
//! | its route is there, another receiver | goes on; who is new is told at the next flush |
//! | its alerts are grouped or routed otherwise | dissolved; its alerts begin new groups |
//!
//! Who was told that an alert fires, and is led away from it, is told that it is over: see `dissolve`.
//!
//! A notice on its way in a group that is gone, or to a receiver that is gone, is not sent. Those of its alerts that fire
//! are told by the groups that they are in now. Those that are over by now are told there too, as they were decided, so
//! that no alert is lost that nobody heard of.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use plimsoll_types::Timestamp;

use super::{Engine, Step, Timer, silence_policy};
use crate::Fingerprint;
use crate::book::GroupIndex;
use crate::config::Config;
use crate::delivery::Delivery;
use crate::group::{Channel, Group, Policies, PolicyIndex};
use crate::inhibit::Inhibitor;
use crate::rows::{Change, GroupName, Outcome, Part};

/// The groups as they were, by name.
pub(super) type Former = HashMap<Arc<GroupName>, Group>;

impl Engine {
    pub(super) fn take_config(&mut self, config: Arc<Config>, now: Timestamp, step: &mut Step) {
        let over = self.heartbeats.change(&config.plimsoll.heartbeats, now);
        over.iter().for_each(|labels| self.lower(labels, now, step));
        self.silences
            .set_policy(silence_policy(&config, self.is_leading));
        if self.config.inhibit_rules != config.inhibit_rules {
            self.know_sources_anew(&config);
        }
        self.policies = Policies::new(&config);
        self.config = config;
        let policies = &self.policies;
        self.outbox
            .keep_receivers(|name| policies.target(name).is_some());
        self.timers
            .retain(|(_, timer)| matches!(timer, Timer::Delivery(..)));
        let former = self.groups.drain();
        let former: Former = former
            .into_iter()
            .map(|group| (group.name.clone(), group))
            .collect();
        self.regroup(former, now, step);
    }

    fn know_sources_anew(&mut self, config: &Config) {
        self.inhibitor = Inhibitor::new(&config.inhibit_rules);
        for (fingerprint, entry) in self.book.iter() {
            if !entry.is_resolved && entry.origin.is_routed() {
                self.inhibitor.upsert(fingerprint, &entry.labels);
            }
        }
    }

    /// Puts all alerts into groups again; those groups that are the same as before go on.
    pub(super) fn regroup(&mut self, mut former: Former, now: Timestamp, step: &mut Step) {
        let fingerprints: Vec<_> = self
            .book
            .iter()
            .map(|(fingerprint, _)| fingerprint)
            .collect();
        let owed = self.owed(&former);
        for fingerprint in &fingerprints {
            let is_owed = owed.contains(fingerprint);
            self.rejoin(*fingerprint, is_owed, &mut former, now, step);
        }
        let mut rest: Vec<Group> = former.into_values().collect();
        rest.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let mut orphans = Vec::new();
        let routed: Vec<GroupIndex> = self.groups.iter().map(|(at, _)| at).collect();
        for group in rest {
            self.dissolve(group, &mut orphans, now, step);
        }
        for at in routed {
            self.change_channels(at, &mut orphans, now, step);
        }
        for orphan in orphans {
            self.hand_on(&orphan, now, step);
        }
        fingerprints
            .into_iter()
            .for_each(|fingerprint| self.forget_homeless(fingerprint, step));
    }

    /// Forgets an alert that no group wants.
    fn forget_homeless(&mut self, fingerprint: Fingerprint, step: &mut Step) {
        let entry = self.book.get(fingerprint);
        if entry.is_some_and(|entry| entry.groups.is_empty()) {
            self.book.remove(fingerprint);
            step.changes.push(Change::DeleteAlert(fingerprint));
        }
    }

    /// Returns the alerts that are over and that nobody heard of, though it was decided that somebody should.
    fn owed(&self, former: &Former) -> BTreeSet<Fingerprint> {
        let channels = former.values().flat_map(|group| &group.channels);
        let owed = channels.filter_map(|channel| {
            let delivery = self.outbox.get(channel.delivery?)?;
            Some(owed_parts(delivery, channel).map(|part| part.fingerprint))
        });
        owed.flatten().collect()
    }

    /// Takes away what is on its way in a channel that goes; what is over and was not heard of is to be handed on.
    pub(super) fn orphan(
        &mut self,
        group: &mut Group,
        place: usize,
        now: Timestamp,
        step: &mut Step,
    ) -> Option<Delivery> {
        let delivery = self.close(group, place, Outcome::Orphaned, now, step)?;
        let parts: Vec<Part> = owed_parts(&delivery, &group.channels[place])
            .copied()
            .collect();
        self.note_orphan(&delivery, now, step);
        Some(Delivery {
            parts: parts.into(),
            ..delivery
        })
    }

    /// Puts an alert into the groups that its routes say now.
    fn rejoin(
        &mut self,
        fingerprint: Fingerprint,
        is_owed: bool,
        former: &mut Former,
        now: Timestamp,
        step: &mut Step,
    ) {
        let Some(entry) = self.book.get(fingerprint) else {
            return;
        };
        let (labels, origin, is_resolved) = (entry.labels.clone(), entry.origin, entry.is_resolved);
        let starts_at = entry.starts_at;
        let mut joined = Vec::new();
        for at in self.policies.of_alert(&self.config, origin, &labels) {
            let policy = self.policies.get(at).clone();
            let group_labels = policy.route.group_by.group_labels(&labels);
            let known = self.groups.find(at, &group_labels).or_else(|| {
                let group = former.remove(&policy.group_name(&group_labels))?;
                Some(self.adopt(group, at, now))
            });
            let group = known.and_then(|at| self.groups.get(at));
            let was_member = group.is_some_and(|group| group.members.contains(&fingerprint));
            if is_resolved && !was_member && !is_owed {
                // Nobody heard of it here, and it is over.
                continue;
            }
            let group = known.unwrap_or_else(|| self.open_group(at, &policy, group_labels, now));
            if !was_member {
                self.add_member(group, fingerprint, starts_at, now, step);
            }
            joined.push(group);
        }
        if let Some(entry) = self.book.get_mut(fingerprint) {
            entry.groups = joined.into();
        }
    }

    /// Takes a group over into the configuration of now.
    fn adopt(&mut self, mut group: Group, policy: PolicyIndex, now: Timestamp) -> GroupIndex {
        let intervals = self.policies.get(policy);
        let latest = now
            + intervals
                .route
                .group_interval
                .max(intervals.route.group_wait);
        group.policy = policy;
        group.is_dissolved = false;
        group.flush_at = group.flush_at.min(latest);
        // Those that are somewhere else now are not; those that are here come back one by one.
        let routed = |fingerprint: &Fingerprint| {
            let Some(entry) = self.book.get(*fingerprint) else {
                return false;
            };
            self.policies
                .of_alert(&self.config, entry.origin, &entry.labels)
                .contains(&policy)
        };
        group.members.retain(routed);
        let flush_at = group.flush_at;
        let at = self.insert_group(group);
        self.timers.insert((flush_at, Timer::Group(at)));
        at
    }

    /// Puts a group among the others, with what is on its way in it.
    pub(super) fn insert_group(&mut self, group: Group) -> GroupIndex {
        let deliveries = group.channels.iter().filter_map(|one| one.delivery);
        let deliveries: Vec<_> = deliveries.collect();
        let at = self.groups.insert(group);
        for id in deliveries {
            if let Some(delivery) = self.outbox.get_mut(id) {
                delivery.group = at;
            }
        }
        at
    }

    /// Gives a group the channels that its receiver has now. What was on its way to others is orphaned.
    fn change_channels(
        &mut self,
        at: GroupIndex,
        orphans: &mut Vec<Delivery>,
        now: Timestamp,
        step: &mut Step,
    ) {
        let Some(mut group) = self.groups.take(at) else {
            return;
        };
        let policy = self.policies.get(group.policy).clone();
        let target = self.policies.target(&policy.receiver).cloned();
        let wanted = target
            .as_ref()
            .map(|target| &target.integrations[..])
            .unwrap_or_default();
        let mut retired = Vec::new();
        for place in (0..group.channels.len()).rev() {
            let address = &group.channels[place].address;
            let is_own = wanted.iter().any(|(own, _)| own == address);
            let stands_in = group.channels[place].instead_of.is_some()
                && self.policies.integration(address).is_some();
            if is_own {
                group.channels[place].instead_of = None;
                group.channels[place].is_left_behind = false;
            } else if !stands_in && self.is_awaited_by_members(&group, place) {
                orphans.extend(self.leave_behind(&mut group, place, now, step));
            } else if !stands_in {
                orphans.extend(self.orphan(&mut group, place, now, step));
                retired.push(group.channels.remove(place));
            }
        }
        self.retire(&retired, &group, now, step);
        let mut is_changed = !retired.is_empty();
        for (address, _) in wanted {
            if group.channel(address).is_none() {
                let mut channel = Channel::new(address.clone());
                channel.sequence = self.known_sequence(&group.name, &channel);
                group.channels.push(channel);
                is_changed = true;
            }
        }
        group.has_news |= is_changed;
        if is_changed && self.is_leading {
            step.changes
                .extend(group.row_to_write().map(Change::PutGroup));
        }
        self.groups.put_back(at, group);
    }

    fn is_awaited_by_members(&self, group: &Group, place: usize) -> bool {
        let mut awaited = self.awaited(&group.channels[place]);
        awaited.any(|fingerprint| group.members.contains(&fingerprint))
    }

    /// Puts what nobody heard of and what is over on its way where its alerts are routed now, as it was decided. Those that
    /// fire are told by the next flush.
    fn hand_on(&mut self, orphan: &Delivery, now: Timestamp, step: &mut Step) {
        let mut by_group: BTreeMap<GroupIndex, Vec<Part>> = BTreeMap::new();
        for part in orphan.parts.iter() {
            let Some(entry) = self
                .book
                .get(part.fingerprint)
                .filter(|entry| entry.is_resolved)
            else {
                continue;
            };
            for at in &entry.groups {
                by_group.entry(*at).or_default().push(*part);
            }
        }
        for (at, parts) in by_group {
            let Some(mut group) = self.groups.take(at) else {
                continue;
            };
            for place in 0..group.channels.len() {
                if group.channels[place].is_left_behind {
                    continue;
                }
                let address = group.channels[place].address.clone();
                self.hand_over(
                    &mut group,
                    at,
                    (orphan.reason, &parts, orphan.decided_at),
                    (address, None),
                    now,
                    step,
                );
            }
            self.groups.put_back(at, group);
        }
    }
}

/// Returns what a notice tells as firing and the receiver did not hear of for sure.
fn owed_parts<'a>(delivery: &'a Delivery, channel: &'a Channel) -> impl Iterator<Item = &'a Part> {
    let parts = delivery.parts.iter();
    parts.filter(|part| !part.is_resolved() && !channel.knows_firing(part.fingerprint.as_u64()))
}
