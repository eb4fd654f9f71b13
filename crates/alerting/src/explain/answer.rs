//! How the answer is found: from the same state and by the same rules as the decisions.

use std::sync::Arc;

use plimsoll_types::{Labels, Timestamp};

use super::{ChannelExplanation, Explanation, Timer, Told, Why};
use crate::book::Entry;
use crate::dedup::has;
use crate::engine::Engine;
use crate::group::{Address, Channel, Group, Policy};
use crate::rows::{ChannelKey, DeliveryPhase, GroupName, Origin};
use crate::{Fingerprint, SilenceId};

/// What is asked about.
struct Case<'a> {
    engine: &'a Engine,
    entry: Option<&'a Entry>,
    labels: &'a Labels,
    number: u64,
    policy: &'a Policy,
    group: Option<&'a Group>,
    now: Timestamp,
}

impl Engine {
    /// Says for each integration that an alert with these labels is routed to, when and why it was told of it or why not,
    /// and when something can happen next. The alert need not be there: then it says where it would go. An integration
    /// that is asked in place of another is among them once it was.
    pub fn explain(&self, labels: &Labels, now: Timestamp) -> Explanation {
        let fingerprint = Fingerprint::of(labels);
        let entry = self
            .book()
            .get(fingerprint)
            .filter(|entry| entry.labels == *labels);
        let origin = entry.map_or(Origin::Posted, |entry| entry.origin);
        let mut channels = Vec::new();
        let mut named: Vec<Arc<str>> = Vec::new();
        for at in self.policies().of_alert(self.config(), origin, labels) {
            let policy = self.policies().get(at);
            let group_labels = policy.route.group_by.group_labels(labels);
            let group = self.groups_known().find(at, &group_labels);
            let case = Case {
                engine: self,
                entry,
                labels,
                number: fingerprint.as_u64(),
                policy,
                group: group.and_then(|at| self.groups_known().get(at)),
                now,
            };
            named.push(policy.receiver.clone());
            channels.extend(case.channels(&group_labels));
        }
        let all = self.policies().receivers();
        Explanation {
            labels: labels.clone(),
            alert: self.alert(fingerprint, now).filter(|_| entry.is_some()),
            channels,
            not_routed_to: all.filter(|name| !named.contains(name)).cloned().collect(),
        }
    }
}

impl Case<'_> {
    fn channels(&self, group_labels: &Labels) -> Vec<ChannelExplanation> {
        let name = match self.group {
            Some(group) => group.name.clone(),
            None => Arc::new(self.policy.group_name(group_labels)),
        };
        let known = self
            .group
            .map(|group| &group.channels[..])
            .unwrap_or_default();
        if !known.is_empty() {
            let concerned = known.iter().filter(|channel| self.is_concerned(channel));
            return concerned
                .map(|channel| self.channel(&name, channel))
                .collect();
        }
        let target = self.engine.policies().target(&self.policy.receiver);
        let addresses = target
            .map(|target| &target.integrations[..])
            .unwrap_or_default();
        if addresses.is_empty() {
            return vec![self.nowhere(name)];
        }
        let fresh = addresses
            .iter()
            .map(|(address, _)| Channel::new(address.clone()));
        fresh.map(|channel| self.channel(&name, &channel)).collect()
    }

    /// The receiver has no integration: that is legal, and tells nobody.
    fn nowhere(&self, group: Arc<GroupName>) -> ChannelExplanation {
        let key = ChannelKey {
            group,
            receiver: self.policy.receiver.clone(),
            kind: Arc::from(""),
            index: 0,
        };
        self.explained(key, None, Why::NoIntegration, None)
    }

    /// Who stands in for another is concerned by what it got in its place.
    fn is_concerned(&self, channel: &Channel) -> bool {
        channel.instead_of.is_none()
            || has(channel.told_firing(), self.number)
            || self.on_its_way(channel).is_some()
    }

    fn channel(&self, name: &Arc<GroupName>, channel: &Channel) -> ChannelExplanation {
        let told = self.told(channel);
        let why = self.why(channel);
        let next_at = self.next_at(&why);
        let mut explained = self.explained(channel.key(name), told, why, next_at);
        if let Some(deputy) = self.on_its_way_to_deputy(channel) {
            let (deputy, text) = (&deputy.address.receiver, &explained.text);
            explained.text = format!("on its way to {deputy}, which is asked in its place: {text}");
        }
        explained
    }

    /// Returns who stands in for a receiver and has not been told yet what counts as told to it.
    fn on_its_way_to_deputy(&self, channel: &Channel) -> Option<&Channel> {
        channel.told.as_ref()?.via.as_ref()?;
        if self.on_its_way(channel).is_some() {
            return None;
        }
        let mut all = self.group?.channels.iter();
        all.find(|one| {
            one.instead_of.as_ref() == Some(&channel.address.receiver)
                && self.on_its_way(one).is_some()
        })
    }

    fn explained(
        &self,
        key: ChannelKey,
        told: Option<Told>,
        why: Why,
        next_at: Option<Timestamp>,
    ) -> ChannelExplanation {
        ChannelExplanation {
            key,
            route: self.policy.key.clone(),
            text: why.sentence(next_at),
            told,
            why,
            next_at,
        }
    }

    fn told(&self, channel: &Channel) -> Option<Told> {
        let told = channel.told.as_ref()?;
        if self.on_its_way_to_deputy(channel).is_some() {
            return None;
        }
        let is_newer = |entry: &Entry| entry.starts_at > told.at;
        if self.entry.is_some_and(is_newer) && !channel.knows_firing(self.number) {
            // It may have arrived, and nobody heard so.
            return None;
        }
        // What is in doubt was confirmed as firing, and as resolved at most by who stands in.
        let is_in_doubt = has(&told.firing, self.number) && told.via.is_none();
        let is_resolved = has(&told.resolved, self.number) && !is_in_doubt;
        (is_resolved || has(&told.firing, self.number)).then(|| Told {
            at: told.at,
            reason: told.reason,
            is_resolved,
            via: told.via.clone(),
        })
    }

    fn why(&self, channel: &Channel) -> Why {
        let (Some(entry), Some(group)) = (self.entry, self.group) else {
            return self.unless_unread(Why::NoAlert);
        };
        if !self.engine.is_leading() {
            return Why::NotLeading;
        }
        let teller = self.on_its_way_to_deputy(channel).unwrap_or(channel);
        if let Some(why) = self.on_its_way(teller) {
            return why;
        }
        if let Some(why) = self.kept_back(entry, channel) {
            return why;
        }
        let is_told_firing = has(channel.told_firing(), self.number);
        let is_sure = channel.knows_firing(self.number);
        match (entry.is_resolved, is_told_firing) {
            (true, false) => self.over_and_not_told_firing(channel),
            (true, true) if !self.wants_resolved(&channel.address) => Why::ResolvedNotWanted,
            (true, true) => self.waiting(group),
            (false, true) if !is_sure => self.waiting(group),
            (false, true) => Why::NothingNew {
                repeat_at: self.repeat_at(channel),
            },
            (false, false) => match self.engine.held_until(entry, self.number, group, self.now) {
                Some(until) => Why::WarmUp { until },
                None => self.waiting(group),
            },
        }
    }

    fn over_and_not_told_firing(&self, channel: &Channel) -> Why {
        match self.told(channel) {
            Some(told) if told.is_resolved => Why::ResolvedTold,
            _ => self.unless_unread(Why::ResolvedUnheard),
        }
    }

    /// What nothing is known of may be in rows that nobody could read so far.
    fn unless_unread(&self, why: Why) -> Why {
        match self.engine.has_read_rows() {
            true => why,
            false => Why::RowsUnread,
        }
    }

    fn on_its_way(&self, channel: &Channel) -> Option<Why> {
        let delivery = self.engine.outbox().get(channel.delivery?)?;
        delivery.part(Fingerprint::from_u64(self.number))?;
        Some(match delivery.phase {
            DeliveryPhase::Leased => Why::BeingTold {
                delivery: delivery.id,
                since: delivery.attempt_at,
            },
            DeliveryPhase::Queued | DeliveryPhase::RetryAt => Why::Queued {
                delivery: delivery.id,
                until: delivery.attempt_at,
                failures: delivery.failures,
                error: delivery.last_error.clone(),
            },
        })
    }

    fn kept_back(&self, entry: &Entry, channel: &Channel) -> Option<Why> {
        if !entry.origin.is_routed() {
            return None;
        }
        let by = self.silences(&channel.address);
        if !by.is_empty() {
            return Some(Why::Silenced { by });
        }
        if let Some(inhibition) = self.engine.inhibitor().inhibited_by(self.labels).next() {
            let source = self.engine.book().get(inhibition.source);
            return Some(Why::Inhibited {
                by: inhibition.source,
                labels: source.map_or_else(Labels::empty, |source| source.labels.clone()),
                rule: inhibition.rule,
            });
        }
        let by = self.engine.muted_by(self.policy, self.now)?;
        Some(Why::Muted { by })
    }

    fn silences(&self, address: &Address) -> Vec<(SilenceId, String, Timestamp)> {
        let receiver = self.engine.receiver_labels(&address.receiver);
        let silences = self.engine.silences();
        let by = silences.silenced_by(self.labels, Some(&receiver), self.now);
        by.iter()
            .map(|one| (one.id, one.created_by.clone(), one.window(self.now).ends_at))
            .collect()
    }

    fn waiting(&self, group: &Group) -> Why {
        let timer = match (group.flushed_at, group.is_early) {
            (None, _) => Timer::GroupWait,
            (Some(_), true) => Timer::ResolveInterval,
            (Some(_), false) => Timer::GroupInterval,
        };
        Why::Waiting {
            until: group.flush_at,
            timer,
        }
    }

    fn wants_resolved(&self, address: &Address) -> bool {
        let integration = self.engine.policies().integration(address);
        integration.is_some_and(|integration| integration.sends_resolved)
    }

    fn repeat_at(&self, channel: &Channel) -> Timestamp {
        let told = channel.told.as_ref();
        told.map_or(self.now, |told| told.at + self.policy.route.repeat_interval)
    }

    /// Says when something can happen next if nothing else does.
    fn next_at(&self, why: &Why) -> Option<Timestamp> {
        let flush_at = self.group.map(|group| group.flush_at);
        match why {
            Why::Waiting { until, .. } | Why::WarmUp { until } | Why::Queued { until, .. } => {
                Some(*until)
            }
            Why::Silenced { by } => {
                let until = by.iter().map(|(_, _, until)| *until).max()?;
                Some(self.flush_after(until))
            }
            Why::NothingNew { repeat_at } => {
                Some(self.flush_after(repeat_at.saturating_add_millis(1)))
            }
            // The answer may come at any moment.
            Why::BeingTold { .. } => Some(self.now),
            Why::Muted { .. } => {
                let route = &self.policy.route;
                let (mute, active) = (&route.mute_time_intervals, &route.active_time_intervals);
                let intervals = &self.engine.config().intervals;
                Some(self.flush_after(intervals.speaks_from(mute, active, self.now)?))
            }
            Why::Inhibited { .. } | Why::ResolvedUnheard => flush_at,
            Why::NoAlert
            | Why::RowsUnread
            | Why::ResolvedNotWanted
            | Why::ResolvedTold
            | Why::NotLeading
            | Why::NoIntegration => None,
        }
    }

    /// Returns the first flush at `at` or after it, if nothing changes the rhythm of the group.
    fn flush_after(&self, at: Timestamp) -> Timestamp {
        let Some(group) = self.group else {
            return at;
        };
        let interval =
            i64::try_from(self.policy.route.group_interval.as_millis()).unwrap_or(i64::MAX);
        let missing = at.millis_since(group.flush_at).max(0);
        let beats = missing / interval + i64::from(missing % interval > 0);
        group
            .flush_at
            .saturating_add_millis(beats.saturating_mul(interval))
    }
}
