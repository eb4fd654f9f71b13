//! Alerts: as they are kept, and as they were posted and wait in the inbox.

use std::collections::BTreeMap;

use plimsoll_alerting::Post;
use plimsoll_alerting::rows::{AlertRow, Origin};
use plimsoll_state::rows::alerting::ReceivedRow;
use plimsoll_types::{Alert, Annotations, Labels, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Damaged, json};

/// A posted alert in the inbox.
#[derive(Serialize, Deserialize)]
pub(super) struct PostRecord {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    starts_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends_at: Option<i64>,
    generator_url: String,
    is_timeout: bool,
}

pub(super) fn to_row(row: &AlertRow) -> ReceivedRow {
    ReceivedRow {
        fingerprint: row.fingerprint.to_string(),
        labels: row.labels.clone(),
        annotations: row.annotations.clone(),
        generator_url: row.generator_url.to_string(),
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        updated_at: row.updated_at,
        lease: row.lease,
        origin: row.origin.as_str().into(),
        is_timeout: row.is_timeout,
        is_resolved: row.is_resolved,
    }
}

pub(super) fn from_row(row: ReceivedRow) -> Result<AlertRow, Damaged> {
    let mut known = Origin::ALL.into_iter();
    let origin = known.find(|origin| origin.as_str() == row.origin);
    Ok(AlertRow {
        origin: origin.ok_or_else(|| format!("the origin {:?}", row.origin))?,
        fingerprint: json::fingerprint(&row.fingerprint)?,
        labels: row.labels,
        annotations: row.annotations,
        generator_url: row.generator_url.into(),
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        updated_at: row.updated_at,
        lease: row.lease,
        is_timeout: row.is_timeout,
        is_resolved: row.is_resolved,
    })
}

/// Writes posted alerts for the inbox.
pub(in crate::alerting) fn from_posts(posts: &[Post]) -> String {
    json::write(&posts.iter().map(from_post).collect::<Vec<_>>())
}

/// Reads what [`from_posts`] wrote.
pub(in crate::alerting) fn to_posts(text: &str) -> Result<Vec<Post>, Damaged> {
    let records: Vec<PostRecord> = json::read(text)?;
    Ok(records.into_iter().map(to_post).collect())
}

pub(super) fn from_post(post: &Post) -> PostRecord {
    PostRecord {
        labels: owned(post.alert.labels.iter()),
        annotations: owned(post.alert.annotations.iter()),
        starts_at: post.alert.starts_at.millis(),
        ends_at: post.alert.ends_at.map(Timestamp::millis),
        generator_url: post.alert.generator_url.clone(),
        is_timeout: post.is_timeout,
    }
}

pub(super) fn to_post(record: PostRecord) -> Post {
    Post {
        alert: Alert {
            labels: Labels::from_pairs(record.labels),
            annotations: Annotations::from_pairs(record.annotations),
            starts_at: Timestamp::from_millis(record.starts_at),
            ends_at: record.ends_at.map(Timestamp::from_millis),
            generator_url: record.generator_url,
        },
        is_timeout: record.is_timeout,
    }
}

fn owned<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
