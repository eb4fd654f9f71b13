//! Groups and deliveries, as the API shows them.

use plimsoll_types::Timestamp;

use super::{AlertQuery, ChannelView, DeliveryView, GroupPhase, GroupView, ToldView};
use crate::delivery::Delivery;
use crate::engine::Engine;
use crate::group::{Channel, Group};

impl Engine {
    /// Returns the groups that have alerts which a query takes, by their labels and then by their receiver. Groups of
    /// alerts of our own, and those that only wait for ends after a reload, are not among them. Costs a look at every alert of every group.
    pub fn groups(&self, query: &AlertQuery<'_>, now: Timestamp) -> Vec<GroupView> {
        let all = self.groups_known().iter().map(|(_, group)| group);
        let mut views: Vec<GroupView> = all
            .filter(|group| self.is_wanted(group, query))
            .map(|group| self.group_view(group, query, now))
            .filter(|view| !view.alerts.is_empty())
            .collect();
        views.sort_by(|a, b| {
            let order = a.labels.iter().cmp(b.labels.iter());
            order.then_with(|| (&a.receiver, &a.name).cmp(&(&b.receiver, &b.name)))
        });
        views
    }

    /// Returns the deliveries that are not at their end, the oldest first.
    pub fn deliveries(&self) -> Vec<DeliveryView> {
        let mut views: Vec<DeliveryView> = self.outbox().iter().map(delivery_view).collect();
        views.sort_by_key(|view| (view.decided_at, view.id));
        views
    }

    fn is_wanted(&self, group: &Group, query: &AlertQuery<'_>) -> bool {
        let policy = self.policies().get(group.policy);
        policy.origin.is_routed()
            && !group.is_dissolved
            && query
                .receiver
                .is_none_or(|is_wanted| is_wanted(&policy.receiver))
    }

    fn group_view(&self, group: &Group, query: &AlertQuery<'_>, now: Timestamp) -> GroupView {
        let policy = self.policies().get(group.policy);
        // The receiver of the group counts, not all those of its alerts.
        let query = AlertQuery {
            receiver: None,
            ..*query
        };
        let members = group.members.iter();
        let members = members.filter_map(|one| Some((*one, self.book().get(*one)?)));
        let wanted = members.clone().filter(|(_, entry)| query.wants(entry, now));
        let alerts = wanted.map(|(one, entry)| self.alert_view(one, entry, now));
        let is_draining = members.clone().all(|(_, entry)| entry.is_resolved);
        GroupView {
            name: group.name.clone(),
            receiver: policy.receiver.clone(),
            labels: group.labels.clone(),
            alerts: alerts.filter(|view| query.takes(view)).collect(),
            muted_by: self.muted_by(policy, now).unwrap_or_default(),
            phase: match (group.flushed_at, is_draining) {
                (None, _) => GroupPhase::Waiting,
                (Some(_), false) => GroupPhase::Active,
                (Some(_), true) => GroupPhase::Draining,
            },
            flushed_at: group.flushed_at,
            flush_at: group.flush_at,
            channels: group
                .channels
                .iter()
                .map(|one| self.channel_view(group, one))
                .collect(),
        }
    }

    fn channel_view(&self, group: &Group, channel: &Channel) -> ChannelView {
        let repeat = self.policies().get(group.policy).route.repeat_interval;
        let delivery = channel.delivery.and_then(|id| self.outbox().get(id));
        ChannelView {
            key: channel.key(&group.name),
            told: channel.told.as_ref().map(|told| ToldView {
                at: told.at,
                reason: told.reason,
                firing: told.firing.len(),
                resolved: told.resolved.len(),
                via: told.via.clone(),
                repeat_at: told.at + repeat,
            }),
            delivery: delivery.map(delivery_view),
        }
    }
}

fn delivery_view(delivery: &Delivery) -> DeliveryView {
    let resolved = delivery
        .parts
        .iter()
        .filter(|part| part.is_resolved())
        .count();
    DeliveryView {
        id: delivery.id,
        channel: delivery.channel.clone(),
        reason: delivery.reason,
        phase: delivery.phase,
        firing: delivery.parts.len() - resolved,
        resolved,
        decided_at: delivery.decided_at,
        attempts: delivery.attempts,
        attempt_at: delivery.attempt_at,
        last_error: delivery.last_error.clone(),
        instead_of: delivery.instead_of.clone(),
    }
}
