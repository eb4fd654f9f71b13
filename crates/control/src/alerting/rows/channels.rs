//! Groups, what their integrations were told, and what is on its way to them.

use std::sync::Arc;

use plimsoll_alerting::rows::{
    ChannelKey, DeliveryPhase, DeliveryRow, GroupName, GroupRow, ToldRow,
};
use plimsoll_notify::{Reason, ReceiverData};
use plimsoll_state::rows::alerting as state;

use super::{Damaged, json};

pub(super) fn to_name(name: &GroupName) -> state::Group {
    state::Group {
        route: name.route.to_string(),
        ordinal: name.ordinal,
        key: name.key.to_string(),
    }
}

fn from_name(group: state::Group) -> Arc<GroupName> {
    Arc::new(GroupName {
        route: group.route.into(),
        ordinal: group.ordinal,
        key: group.key.into(),
    })
}

pub(super) fn to_channel(channel: &ChannelKey) -> state::Channel {
    state::Channel {
        group: to_name(&channel.group),
        receiver: channel.receiver.to_string(),
        kind: channel.kind.to_string(),
        position: channel.index,
    }
}

pub(super) fn from_channel(channel: state::Channel) -> ChannelKey {
    ChannelKey {
        group: from_name(channel.group),
        receiver: channel.receiver.into(),
        kind: channel.kind.into(),
        index: channel.position,
    }
}

pub(super) fn to_group(row: &GroupRow) -> state::GroupRow {
    state::GroupRow {
        group: to_name(&row.name),
        labels: row.labels.clone(),
        created_at: row.created_at,
        flushed_at: row.flushed_at,
        flush_at: row.flush_at,
        has_news: row.has_news,
    }
}

pub(super) fn from_group(row: state::GroupRow) -> Result<GroupRow, Damaged> {
    Ok(GroupRow {
        name: from_name(row.group),
        labels: row.labels,
        created_at: row.created_at,
        flushed_at: row.flushed_at,
        flush_at: row.flush_at,
        has_news: row.has_news,
    })
}

pub(super) fn to_told(row: &ToldRow) -> state::ToldRow {
    state::ToldRow {
        channel: to_channel(&row.channel),
        told_at: row.at,
        reason: row.reason.as_str().into(),
        firing: json::from_fingerprints(&row.firing),
        resolved: json::from_fingerprints(&row.resolved),
        sequence: row.sequence,
        data: row.data.to_json(),
        via: text(row.via.as_ref()),
        instead_of: text(row.instead_of.as_ref()),
        expires_at: row.expires_at,
    }
}

pub(super) fn from_told(row: state::ToldRow) -> Result<ToldRow, Damaged> {
    Ok(ToldRow {
        channel: from_channel(row.channel),
        at: row.told_at,
        reason: reason(&row.reason)?,
        firing: json::to_fingerprints(&row.firing)?.into(),
        resolved: json::to_fingerprints(&row.resolved)?.into(),
        sequence: row.sequence,
        data: ReceiverData::from_json(&row.data).map_err(|error| error.to_string())?,
        via: named(row.via),
        instead_of: named(row.instead_of),
        expires_at: row.expires_at,
    })
}

pub(super) fn to_delivery(row: &DeliveryRow) -> state::DeliveryRow {
    state::DeliveryRow {
        delivery_id: row.id.to_string(),
        channel: to_channel(&row.channel),
        group_labels: row.group_labels.clone(),
        sequence: row.sequence,
        reason: row.reason.as_str().into(),
        parts: json::from_parts(&row.parts, usize::MAX),
        phase: row.phase.as_str().into(),
        decided_at: row.decided_at,
        waiting_since: row.waiting_since,
        attempts: row.attempts,
        failures: row.failures,
        attempt_at: row.attempt_at,
        last_error: row.last_error.to_string(),
        instead_of: text(row.instead_of.as_ref()),
    }
}

pub(super) fn from_delivery(row: state::DeliveryRow) -> Result<DeliveryRow, Damaged> {
    Ok(DeliveryRow {
        id: delivery_id(&row.delivery_id)?,
        channel: from_channel(row.channel),
        group_labels: row.group_labels,
        sequence: row.sequence,
        reason: reason(&row.reason)?,
        parts: json::to_parts(&row.parts)?.into(),
        phase: phase(&row.phase)?,
        decided_at: row.decided_at,
        waiting_since: row.waiting_since,
        attempts: row.attempts,
        failures: row.failures,
        attempt_at: row.attempt_at,
        last_error: row.last_error.into(),
        instead_of: named(row.instead_of),
    })
}

pub(super) fn delivery_id(text: &str) -> Result<plimsoll_alerting::DeliveryId, Damaged> {
    text.parse()
        .map_err(|error: plimsoll_alerting::InvalidDeliveryId| error.to_string())
}

pub(super) fn reason(text: &str) -> Result<Reason, Damaged> {
    let mut known = Reason::ALL.into_iter();
    known
        .find(|reason| reason.as_str() == text)
        .ok_or_else(|| format!("the reason {text:?}"))
}

fn phase(text: &str) -> Result<DeliveryPhase, Damaged> {
    let mut known = DeliveryPhase::ALL.into_iter();
    known
        .find(|phase| phase.as_str() == text)
        .ok_or_else(|| format!("the phase {text:?}"))
}

/// Writes a name that may be missing; a receiver has one.
fn text(name: Option<&Arc<str>>) -> String {
    name.map(|name| name.to_string()).unwrap_or_default()
}

fn named(name: String) -> Option<Arc<str>> {
    (!name.is_empty()).then(|| name.into())
}
