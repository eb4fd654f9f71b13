//! What was told without the database, as it waits in the inbox for who leads.

use std::time::Duration;

use plimsoll_alerting::rows::{AlertRow, ChannelKey, GroupName, Origin, ToldAlone, ToldRow};
use plimsoll_alerting::{Fingerprint, Post};
use plimsoll_notify::ReceiverData;
use plimsoll_types::Timestamp;
use serde::{Deserialize, Serialize};

use super::alerts::{PostRecord, from_post, to_post};
use super::{Damaged, channels, json};

#[derive(Serialize, Deserialize)]
struct Record {
    told: Vec<ToldRecord>,
    alerts: Vec<AlertRecord>,
}

/// What one integration was told.
#[derive(Serialize, Deserialize)]
struct ToldRecord {
    route: String,
    ordinal: u32,
    group_key: String,
    receiver: String,
    kind: String,
    position: u32,
    told_at: i64,
    reason: String,
    /// Fingerprints, as the columns of what was told have them.
    firing: String,
    resolved: String,
    sequence: i64,
    data: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    via: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instead_of: Option<String>,
}

/// An alert that was told as firing.
#[derive(Serialize, Deserialize)]
struct AlertRecord {
    post: PostRecord,
    updated_at: i64,
    lease_millis: u64,
    is_resolved: bool,
}

/// Writes what was told.
pub(in crate::alerting) fn from_told_alone(alone: &ToldAlone) -> String {
    json::write(&Record {
        told: alone.told.iter().map(from_told).collect(),
        alerts: alone.alerts.iter().map(from_alert).collect(),
    })
}

/// Reads what [`from_told_alone`] wrote.
pub(in crate::alerting) fn to_told_alone(text: &str) -> Result<ToldAlone, Damaged> {
    let record: Record = json::read(text)?;
    let told = record.told.into_iter().map(to_told);
    Ok(ToldAlone {
        told: told.collect::<Result<_, Damaged>>()?,
        alerts: record.alerts.into_iter().map(to_alert).collect(),
    })
}

fn from_told(row: &ToldRow) -> ToldRecord {
    let ChannelKey {
        group,
        receiver,
        kind,
        index,
    } = &row.channel;
    ToldRecord {
        route: group.route.to_string(),
        ordinal: group.ordinal,
        group_key: group.key.to_string(),
        receiver: receiver.to_string(),
        kind: kind.to_string(),
        position: *index,
        told_at: row.at.millis(),
        reason: row.reason.as_str().into(),
        firing: json::from_fingerprints(&row.firing),
        resolved: json::from_fingerprints(&row.resolved),
        sequence: row.sequence,
        data: row.data.to_json(),
        via: row.via.as_deref().map(String::from),
        instead_of: row.instead_of.as_deref().map(String::from),
    }
}

fn to_told(record: ToldRecord) -> Result<ToldRow, Damaged> {
    let group = GroupName {
        route: record.route.into(),
        ordinal: record.ordinal,
        key: record.group_key.into(),
    };
    Ok(ToldRow {
        channel: ChannelKey {
            group: group.into(),
            receiver: record.receiver.into(),
            kind: record.kind.into(),
            index: record.position,
        },
        at: Timestamp::from_millis(record.told_at),
        reason: channels::reason(&record.reason)?,
        firing: json::to_fingerprints(&record.firing)?.into(),
        resolved: json::to_fingerprints(&record.resolved)?.into(),
        sequence: record.sequence,
        data: ReceiverData::from_json(&record.data).map_err(|error| error.to_string())?,
        via: record.via.map(Into::into),
        instead_of: record.instead_of.map(Into::into),
        expires_at: Timestamp::MAX,
    })
}

fn from_alert(row: &AlertRow) -> AlertRecord {
    AlertRecord {
        post: from_post(&Post {
            alert: row.to_alert(),
            is_timeout: row.is_timeout,
        }),
        updated_at: row.updated_at.millis(),
        lease_millis: u64::try_from(row.lease.as_millis()).unwrap_or(u64::MAX),
        is_resolved: row.is_resolved,
    }
}

fn to_alert(record: AlertRecord) -> AlertRow {
    let Post { alert, is_timeout } = to_post(record.post);
    AlertRow {
        fingerprint: Fingerprint::of(&alert.labels),
        labels: alert.labels,
        annotations: alert.annotations,
        generator_url: alert.generator_url.into(),
        starts_at: alert.starts_at,
        ends_at: alert.ends_at.unwrap_or(Timestamp::MAX),
        updated_at: Timestamp::from_millis(record.updated_at),
        lease: Duration::from_millis(record.lease_millis),
        origin: Origin::Posted,
        is_timeout,
        is_resolved: record.is_resolved,
    }
}
