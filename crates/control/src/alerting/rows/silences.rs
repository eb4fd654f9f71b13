//! Silences: as they are kept, and as they wait in the inbox.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_alerting::{MatcherSets, Recurrence, Silence, SilenceId};
use plimsoll_state::rows::alerting::SilenceRow;
use plimsoll_types::{Annotations, MatchOp, Matcher, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Damaged, json};

/// What has no column of its own.
#[derive(Serialize, Deserialize)]
struct Body {
    matchers: Vec<Vec<MatcherRecord>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    receivers: Vec<Vec<MatcherRecord>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recurrence: Option<RecurrenceRecord>,
    /// Milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until_resolved: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told_end: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct MatcherRecord {
    name: String,
    op: String,
    value: String,
}

#[derive(Serialize, Deserialize)]
struct RecurrenceRecord {
    rule: String,
    zone: String,
}

/// A silence in the inbox.
#[derive(Serialize, Deserialize)]
struct Record {
    id: String,
    starts_at: i64,
    ends_at: i64,
    updated_at: i64,
    created_by: String,
    comment: String,
    body: Body,
}

pub(super) fn to_row(silence: &Silence) -> SilenceRow {
    SilenceRow {
        silence_id: silence.id.to_string(),
        starts_at: silence.starts_at,
        ends_at: silence.ends_at,
        updated_at: silence.updated_at,
        created_by: silence.created_by.clone(),
        comment: silence.comment.clone(),
        body: json::write(&body(silence)),
    }
}

pub(super) fn from_row(row: SilenceRow) -> Result<Silence, Damaged> {
    silence(Record {
        id: row.silence_id,
        starts_at: row.starts_at.millis(),
        ends_at: row.ends_at.millis(),
        updated_at: row.updated_at.millis(),
        created_by: row.created_by,
        comment: row.comment,
        body: json::read(&row.body)?,
    })
}

/// Writes silences for the inbox.
pub(in crate::alerting) fn from_silences<'a>(
    silences: impl Iterator<Item = &'a Silence>,
) -> String {
    let record = |silence: &Silence| Record {
        id: silence.id.to_string(),
        starts_at: silence.starts_at.millis(),
        ends_at: silence.ends_at.millis(),
        updated_at: silence.updated_at.millis(),
        created_by: silence.created_by.clone(),
        comment: silence.comment.clone(),
        body: body(silence),
    };
    json::write(&silences.map(record).collect::<Vec<_>>())
}

/// Reads what [`from_silences`] wrote.
pub(in crate::alerting) fn to_silences(text: &str) -> Result<Vec<Silence>, Damaged> {
    let records: Vec<Record> = json::read(text)?;
    records.into_iter().map(silence).collect()
}

fn body(silence: &Silence) -> Body {
    let annotations = silence.annotations.iter();
    Body {
        matchers: sets(&silence.matchers),
        receivers: sets(&silence.receivers),
        annotations: annotations
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect(),
        recurrence: silence
            .recurrence
            .as_ref()
            .map(|recurrence| RecurrenceRecord {
                rule: recurrence.rule(),
                zone: recurrence.zone().to_owned(),
            }),
        until_resolved: silence
            .until_resolved
            .map(|grace| u64::try_from(grace.as_millis()).unwrap_or(u64::MAX)),
        ended_at: silence.ended_at.map(Timestamp::millis),
        told_end: silence.told_end.map(Timestamp::millis),
    }
}

fn silence(record: Record) -> Result<Silence, Damaged> {
    let id: SilenceId = record
        .id
        .parse()
        .map_err(|_| format!("the id {:?}", record.id))?;
    let body = record.body;
    let recurrence = body.recurrence.map(|recurrence| {
        Recurrence::parse(&recurrence.rule, &recurrence.zone).map_err(|error| error.to_string())
    });
    let matchers = MatcherSets::for_alerts(matchers(body.matchers)?);
    let receivers = MatcherSets::for_receivers(self::matchers(body.receivers)?);
    Ok(Silence {
        id,
        matchers: matchers.map_err(|error| error.to_string())?,
        receivers: receivers.map_err(|error| error.to_string())?,
        starts_at: Timestamp::from_millis(record.starts_at),
        ends_at: Timestamp::from_millis(record.ends_at),
        updated_at: Timestamp::from_millis(record.updated_at),
        created_by: record.created_by,
        comment: record.comment,
        annotations: Annotations::from_pairs(body.annotations),
        recurrence: recurrence.transpose()?,
        until_resolved: body.until_resolved.map(Duration::from_millis),
        ended_at: body.ended_at.map(Timestamp::from_millis),
        told_end: body.told_end.map(Timestamp::from_millis),
    })
}

fn sets(sets: &MatcherSets) -> Vec<Vec<MatcherRecord>> {
    let record = |matcher: &Matcher| MatcherRecord {
        name: matcher.name().into(),
        op: matcher.op().as_str().into(),
        value: matcher.value().into(),
    };
    sets.iter()
        .map(|set| set.iter().map(record).collect())
        .collect()
}

fn matchers(sets: Vec<Vec<MatcherRecord>>) -> Result<Vec<Vec<Matcher>>, Damaged> {
    let matcher = |record: MatcherRecord| {
        let ops = [
            MatchOp::Equal,
            MatchOp::NotEqual,
            MatchOp::Regex,
            MatchOp::NotRegex,
        ];
        let op = ops.into_iter().find(|op| op.as_str() == record.op);
        let op = op.ok_or_else(|| format!("the comparison {:?}", record.op))?;
        Matcher::new(op, &record.name, &record.value).map_err(|error| error.message)
    };
    let set = |set: Vec<MatcherRecord>| set.into_iter().map(matcher).collect();
    sets.into_iter().map(set).collect()
}
