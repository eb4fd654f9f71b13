//! What a replica told without the database, and what becomes of that when the database is back.
//!
//! No row says what was told without the database, since the rows are those of who leads when it is back. Whoever told
//! something says so to it then. Else a receiver would never hear the end of a page that only this replica knew of, and not
//! that an alert fires again whose end only this replica told.
//!
//! | the leader says of an alert | it was told alone, later than that | becomes |
//! |---|---|---|
//! | nothing | as firing | told as firing: its end is told when it is over |
//! | told as firing | as over | in doubt: that it fires is news, and its end |
//! | told as over | as firing | in doubt |

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_types::Timestamp;

use super::{Engine, Step};
use crate::Fingerprint;
use crate::book::GroupIndex;
use crate::dedup::has;
use crate::group::{Address, Channel, Group, Known};
use crate::rows::{AlertRow, ChannelKey, GroupName, Origin, ToldAlone, ToldRow};

/// What was told without the database, by channel.
#[derive(Debug, Default)]
pub(super) struct Alone(BTreeMap<ChannelKey, ToldRow>);

impl Alone {
    /// Notes what a channel was told. What it was told before and is not told as firing any more is over for who reads it.
    pub(super) fn note(&mut self, mut row: ToldRow) {
        if let Some(before) = self.0.get(&row.channel) {
            let earlier = before.firing.iter().chain(&*before.resolved).copied();
            let over = earlier.filter(|one| !has(&row.firing, *one));
            row.resolved = united(row.resolved.iter().copied().chain(over));
        }
        self.0.insert(row.channel.clone(), row);
    }

    /// The rows of what was told are durable.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Engine {
    /// Returns what was told without the database and is in no row, and forgets it: for who leads when the database is back,
    /// as [`Event::ToldAlone`](super::Event::ToldAlone).
    pub fn take_told_alone(&mut self, now: Timestamp) -> ToldAlone {
        if self.is_degraded {
            self.note_unanswered();
        }
        let told: Vec<ToldRow> = std::mem::take(&mut self.alone.0).into_values().collect();
        let firing = united(told.iter().flat_map(|row| row.firing.iter().copied()));
        let alerts = firing
            .iter()
            .filter_map(|number| self.book.row(Fingerprint::from_u64(*number), now))
            .filter(|row| row.origin == Origin::Posted);
        ToldAlone {
            alerts: alerts.collect(),
            told,
        }
    }

    /// Notes what is on its way and may have arrived: nobody waits for the answer any more.
    fn note_unanswered(&mut self) {
        let deliveries = self.outbox.iter();
        for delivery in deliveries.filter(|delivery| delivery.may_have_arrived()) {
            let Some(group) = self.groups.get(delivery.group) else {
                continue;
            };
            let Some(place) = group.channel(&delivery.address) else {
                continue;
            };
            let mut channel = group.channels[place].clone();
            if let Some(told) = channel.told.as_mut() {
                told.doubt(&delivery.resolved());
            }
            channel.doubt_pages(&delivery.firing());
            self.alone.note(channel.row(&group.name, Timestamp::MAX));
        }
    }

    /// Takes what another replica told, or this one before it read the rows.
    pub(super) fn take_told(&mut self, alone: ToldAlone, now: Timestamp, step: &mut Step) {
        if !self.is_leading {
            return;
        }
        let alerts = alone.alerts.into_iter();
        let over: Vec<Fingerprint> = alerts
            .filter_map(|row| self.know_told(row, now, step))
            .collect();
        for row in alone.told {
            if let Some(at) = self.group_told(&row, now) {
                self.take_told_row(at, &row, now, step);
            }
        }
        for fingerprint in over {
            self.keep_if_awaited(fingerprint, now, step);
        }
    }

    /// An alert that is over, and that only who told it knew, is kept as long as somebody has to hear of that.
    fn keep_if_awaited(&mut self, fingerprint: Fingerprint, now: Timestamp, step: &mut Step) {
        let entry = self.book.get(fingerprint);
        match entry.is_some_and(|entry| !entry.groups.is_empty()) {
            true => self.write_alert(fingerprint, now, step),
            false => drop(self.book.remove(fingerprint)),
        }
    }

    /// Takes an alert that somebody was told of; returns it when it is over and nobody here knows it.
    fn know_told(&mut self, row: AlertRow, now: Timestamp, step: &mut Step) -> Option<Fingerprint> {
        let fingerprint = row.fingerprint;
        let is_new = self.book.get(fingerprint).is_none();
        if is_new && (row.is_resolved || row.ends_at <= now) {
            let over = AlertRow {
                is_resolved: true,
                ends_at: row.ends_at.min(now),
                ..row
            };
            self.book.restore(over, now);
            return Some(fingerprint);
        }
        let effect = self.book.merge(&row, now);
        self.take_effect(fingerprint, effect, now, step);
        if is_new {
            self.write_alert(fingerprint, now, step);
        }
        None
    }

    /// Returns the group of a channel, with all of the alerts as members that it was told of as firing.
    fn group_told(&mut self, row: &ToldRow, now: Timestamp) -> Option<GroupIndex> {
        let mut found = None;
        for number in row.firing.iter() {
            let fingerprint = Fingerprint::from_u64(*number);
            let Some(at) = self.group_of(fingerprint, row, now) else {
                continue;
            };
            if let (Some(group), Some(entry)) =
                (self.groups.get_mut(at), self.book.get_mut(fingerprint))
            {
                group.members.insert(fingerprint);
                if !entry.groups.contains(&at) {
                    entry.groups = entry.groups.iter().copied().chain([at]).collect();
                }
            }
            found = Some(at);
        }
        found.or_else(|| self.group_named(&row.channel.group))
    }

    /// Returns the group of a name that an alert is routed to; it is opened when there is none, unless more was told to the
    /// channel since.
    fn group_of(
        &mut self,
        fingerprint: Fingerprint,
        row: &ToldRow,
        now: Timestamp,
    ) -> Option<GroupIndex> {
        let entry = self.book.get(fingerprint)?;
        let (labels, origin) = (entry.labels.clone(), entry.origin);
        for at in self.policies.of_alert(&self.config, origin, &labels) {
            let policy = self.policies.get(at).clone();
            let group_labels = policy.route.group_by.group_labels(&labels);
            if policy.group_name(&group_labels) != *row.channel.group {
                continue;
            }
            if let Some(found) = self.groups.find(at, &group_labels) {
                return Some(found);
            }
            let known = self.sequences.get(&row.channel);
            if known.is_some_and(|(sequence, _)| *sequence > row.sequence) {
                return None;
            }
            return Some(self.open_group(at, &policy, group_labels, now));
        }
        None
    }

    fn group_named(&self, name: &Arc<GroupName>) -> Option<GroupIndex> {
        let mut all = self.groups.iter();
        let found = all.find(|(_, group)| group.name == *name && !group.is_dissolved);
        found.map(|(at, _)| at)
    }

    fn take_told_row(&mut self, at: GroupIndex, row: &ToldRow, now: Timestamp, step: &mut Step) {
        let Some(mut group) = self.groups.take(at) else {
            return;
        };
        if let Some(place) = self.channel_told(&mut group, row) {
            let known = joined(group.channels[place].told.as_deref(), row, &group, now);
            let channel = &mut group.channels[place];
            channel.sequence = channel.sequence.max(row.sequence);
            if group.channels[place].told.as_deref() != Some(&known) {
                self.tell(&mut group, place, known, step);
                group.has_news = true;
            }
        }
        self.settle(group, at, now, true, step);
    }

    /// Returns the place of a channel; who stands in for another gets one.
    fn channel_told(&self, group: &mut Group, row: &ToldRow) -> Option<usize> {
        let address = Address::of_channel(&row.channel);
        self.policies.integration(&address)?;
        group.channel(&address).or_else(|| {
            let instead_of = row.instead_of.clone()?;
            let mut channel = Channel::new(Arc::new(address));
            channel.instead_of = Some(instead_of);
            group.channels.push(channel);
            Some(group.channels.len() - 1)
        })
    }
}

/// Returns what a channel knows by what the leader says and what was told alone.
fn joined(own: Option<&Known>, row: &ToldRow, group: &Group, now: Timestamp) -> Known {
    let is_member = |one: &u64| group.members.contains(&Fingerprint::from_u64(*one));
    let firing = row.firing.iter().copied().filter(is_member);
    let at = row.at.min(now);
    let Some(own) = own.filter(|own| !own.firing.is_empty() || !own.resolved.is_empty()) else {
        return Known {
            at,
            reason: row.reason,
            firing: firing.collect(),
            resolved: row.resolved.clone(),
            data: row.data.clone(),
            via: row.via.clone(),
        };
    };
    let is_later = at > own.at;
    let added =
        firing.filter(|one| !has(&own.firing, *one) && (is_later || !has(&own.resolved, *one)));
    let added: Vec<u64> = added.collect();
    let in_doubt = added.iter().copied().filter(|one| has(&row.resolved, *one));
    let over = row.resolved.iter().copied();
    let doubted = over.filter(|one| is_later && has(&own.firing, *one) && !has(&row.firing, *one));
    let mut known = own.clone();
    if own.firing.is_empty() && !row.firing.is_empty() {
        (known.reason, known.via) = (row.reason, row.via.clone());
    }
    let resolved = own.resolved.iter().copied().chain(doubted).chain(in_doubt);
    known.resolved = united(resolved);
    known.firing = united(own.firing.iter().copied().chain(added.iter().copied()));
    known
}

fn united(all: impl Iterator<Item = u64>) -> Arc<[u64]> {
    let all: std::collections::BTreeSet<u64> = all.collect();
    all.into_iter().collect()
}
