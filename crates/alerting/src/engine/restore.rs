//! Where the rows end, the engine goes on.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Labels, Timestamp};

use super::reload::Former;
use super::{Engine, Step};
use crate::Fingerprint;
use crate::dedup::has;
use crate::delivery::Delivery;
use crate::group::{Address, Channel, Group};
use crate::rows::{Change, DeliveryRow, GroupName, GroupRow, Origin, Rows, ToldRow};

/// No attempt waits for longer, whatever a row says: the clock may have been wrong when it was written.
const WAIT_MAX: Duration = Duration::from_secs(3600);

impl Engine {
    pub(super) fn take_rows(&mut self, rows: Rows, now: Timestamp, step: &mut Step) {
        for silence in rows.silences {
            self.silences.put(crate::Silence::clone(&silence), now);
        }
        for row in rows.alerts {
            self.restore_alert(row, now);
        }
        let groups = rows.groups.into_iter();
        let mut former: Former = groups
            .map(|row| (row.name.clone(), self.former(row, now)))
            .collect();
        for row in rows.told {
            self.restore_told(row, &mut former, now, step);
        }
        let mut deliveries = rows.deliveries;
        deliveries.sort_by_key(|row| (row.decided_at, row.id));
        for row in deliveries {
            self.restore_delivery(row, &mut former, now);
        }
        self.know_members(&mut former);
        self.regroup(former, now, step);
    }

    fn restore_alert(&mut self, row: crate::rows::AlertRow, now: Timestamp) {
        let (fingerprint, origin, labels) = (row.fingerprint, row.origin, row.labels.clone());
        self.book.restore(row, now);
        let is_firing = self
            .book
            .get(fingerprint)
            .is_some_and(|entry| !entry.is_resolved);
        if is_firing && origin.is_routed() {
            self.inhibitor.upsert(fingerprint, &labels);
            self.silences.alert_fires(fingerprint, &labels);
        }
        if is_firing && origin == Origin::Heartbeat {
            self.heartbeats.is_known_to_fire(&labels);
        }
    }

    /// A group whose time has come goes on at once if something waits for it, and else in its rhythm.
    fn former(&self, row: GroupRow, now: Timestamp) -> Group {
        let policy = self.policies.find(&row.name.route, row.name.ordinal);
        let interval = policy.map(|policy| self.policies.get(policy).route.group_interval);
        let (flushed_at, flush_at) = match interval {
            // The flushes since then had nothing to say, and were not written.
            Some(interval) if row.flush_at <= now && !row.has_news => {
                let next = next_beat(row.flush_at, interval, now);
                (Some(next - interval), next)
            }
            _ => (row.flushed_at.map(|at| at.min(now)), row.flush_at.max(now)),
        };
        Group {
            written: Some((row.flush_at, row.has_news)),
            name: row.name,
            labels: row.labels,
            policy: policy.unwrap_or_default(),
            members: Default::default(),
            channels: Vec::new(),
            created_at: row.created_at.min(now),
            flushed_at,
            flush_at,
            has_news: row.has_news,
            is_early: false,
            is_dissolved: false,
            muted_by: None,
            kept_back: [0; 4],
        }
    }

    fn restore_told(&mut self, row: ToldRow, former: &mut Former, now: Timestamp, step: &mut Step) {
        if let Some(group) = former.get_mut(&row.channel.group) {
            channel_of(group, &Address::of_channel(&row.channel)).restore(&row, now);
        } else if row.expires_at <= now {
            step.changes.push(Change::DeleteTold(row.channel));
        } else {
            let forget_at = row.expires_at.min(now + self.settings.retention);
            self.forget_at.insert((forget_at, row.channel.clone()));
            self.sequences
                .insert(row.channel, (row.sequence, forget_at));
        }
    }

    fn restore_delivery(&mut self, row: DeliveryRow, former: &mut Former, now: Timestamp) {
        let name = row.channel.group.clone();
        let labels = row.group_labels.clone();
        let group = former
            .entry(name.clone())
            .or_insert_with(|| lost(name, labels, now));
        let channel = channel_of(group, &Address::of_channel(&row.channel));
        channel.sequence = channel.sequence.max(row.sequence);
        channel.instead_of = row.instead_of.clone();
        channel.delivery = Some(row.id);
        channel.is_to_be_decided = true;
        let mut delivery = Delivery::restored(row, self.next_place, now);
        self.next_place += 1;
        delivery.attempt_at = delivery.attempt_at.min(now + WAIT_MAX);
        self.timers.insert(delivery.timer());
        self.outbox.insert(delivery);
    }

    /// Says which alerts are members of which groups. One that is over is a member where somebody has to hear of it.
    fn know_members(&mut self, former: &mut Former) {
        for (fingerprint, entry) in self.book.iter() {
            for at in self
                .policies
                .of_alert(&self.config, entry.origin, &entry.labels)
            {
                let policy = self.policies.get(at);
                let name = policy.group_name(&policy.route.group_by.group_labels(&entry.labels));
                if let Some(group) = former.get_mut(&name)
                    && (!entry.is_resolved || self.is_owed(group, fingerprint))
                {
                    group.members.insert(fingerprint);
                }
            }
        }
    }

    /// Says whether somebody has to hear of an alert that is over.
    fn is_owed(&self, group: &Group, fingerprint: Fingerprint) -> bool {
        let number = fingerprint.as_u64();
        let is_owed = |channel: &Channel| {
            let delivery = channel.delivery.and_then(|id| self.outbox.get(id));
            let is_on_its_way = delivery.is_some_and(|one| one.part(fingerprint).is_some());
            is_on_its_way || has(channel.told_firing(), number)
        };
        let is_told = |channel: &Channel| {
            let told = channel.told.as_ref();
            told.is_some_and(|told| has(&told.resolved, number))
        };
        let is_news = group.has_news && !group.channels.iter().any(is_told);
        is_news || group.channels.iter().any(is_owed)
    }
}

/// Returns the channel of an integration; one that is not there yet knows nothing.
fn channel_of<'a>(group: &'a mut Group, address: &Address) -> &'a mut Channel {
    let place = group.channel(address).unwrap_or_else(|| {
        group.channels.push(Channel::new(Arc::new(address.clone())));
        group.channels.len() - 1
    });
    &mut group.channels[place]
}

/// Makes a group of which only a notice on its way is left.
fn lost(name: Arc<GroupName>, labels: Labels, now: Timestamp) -> Group {
    Group {
        name,
        labels,
        policy: 0,
        members: Default::default(),
        channels: Vec::new(),
        created_at: now,
        flushed_at: Some(now),
        flush_at: now,
        has_news: true,
        is_early: false,
        is_dissolved: false,
        muted_by: None,
        kept_back: [0; 4],
        written: None,
    }
}

/// Returns the first time after `now` that lies whole intervals after `planned`.
fn next_beat(planned: Timestamp, interval: Duration, now: Timestamp) -> Timestamp {
    let interval = i64::try_from(interval.as_millis())
        .unwrap_or(i64::MAX)
        .max(1);
    let beats = now.millis_since(planned) / interval + 1;
    planned.saturating_add_millis(beats.saturating_mul(interval))
}
