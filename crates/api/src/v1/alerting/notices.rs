//! `/api/v1/alerting/notifications` and `/deliveries`: what became of notices, and which are on their way.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use plimsoll_alerting::rows::{ChannelKey, HistoryRow, Outcome, Part};
use plimsoll_alerting::{DeliveryView, Fingerprint};
use serde::Serialize;

use super::{answer, enveloped, limit};
use crate::error::ApiError;
use crate::number::rfc3339;
use crate::v2::{Desk, Query, Refused};

/// How many lines of the history are looked through when only some are wanted.
const SEARCHED_MAX: u32 = 10_000;
/// How many alerts of a notice are named.
const ALERTS_MAX: usize = 100;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NoticeView<'a> {
    at: String,
    delivery: String,
    #[serde(flatten)]
    channel: ChannelView<'a>,
    reason: &'a str,
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_over_to: Option<&'a str>,
    attempts: u32,
    decided_at: String,
    firing: usize,
    resolved: usize,
    /// The first of them.
    alerts: Vec<PartView>,
    error: &'a str,
    is_degraded: bool,
}

#[derive(Serialize)]
struct ChannelView<'a> {
    receiver: &'a str,
    /// Kind and number of the integration: `webhook[0]`.
    integration: String,
    group: String,
}

#[derive(Serialize)]
struct PartView {
    fingerprint: String,
    status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WaitingView<'a> {
    delivery: String,
    #[serde(flatten)]
    channel: ChannelView<'a>,
    reason: &'a str,
    phase: &'a str,
    firing: usize,
    resolved: usize,
    decided_at: String,
    attempts: u32,
    attempt_at: String,
    last_error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instead_of: Option<&'a str>,
}

/// Lists what became of notices, the newest first: of one alert (`fingerprint`), of one `receiver`, or of all.
pub(super) async fn history(State(desk): State<Arc<Desk>>, uri: Uri) -> Result<Response, ApiError> {
    let query = Query::read(uri.query().unwrap_or_default())?;
    let limit = limit(&query)?;
    let wrong = |error| Refused::bad(format!("invalid parameter \"fingerprint\": {error}"));
    let alert = query.last("fingerprint").map(str::parse::<Fingerprint>);
    let alert = alert.transpose().map_err(wrong)?;
    let receiver = query.last("receiver");
    let count = match alert.is_none() && receiver.is_none() {
        true => limit as u32,
        false => SEARCHED_MAX,
    };
    let (mut rows, _place) = desk.history(count).await?;
    rows.retain(|row| {
        let has = |alert| row.parts.iter().any(|part| part.fingerprint == alert);
        alert.is_none_or(has) && receiver.is_none_or(|name| *row.channel.receiver == *name)
    });
    rows.truncate(limit);
    let notices: Vec<_> = rows.iter().map(notice).collect();
    let body = enveloped(&serde_json::json!({ "notifications": notices }));
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Lists the notices that are on their way, the one that waits longest first.
pub(super) async fn deliveries(State(desk): State<Arc<Desk>>) -> Result<Response, ApiError> {
    answer(&desk, |desk| {
        let found = desk.look(|engine, _| engine.deliveries());
        let waiting: Vec<_> = found.iter().map(waiting).collect();
        Ok(enveloped(&serde_json::json!({ "deliveries": waiting })))
    })
    .await
}

fn channel(key: &ChannelKey) -> ChannelView<'_> {
    ChannelView {
        receiver: &key.receiver,
        integration: format!("{}[{}]", key.kind, key.index),
        group: key.group.to_string(),
    }
}

fn notice(row: &HistoryRow) -> NoticeView<'_> {
    let resolved = row.parts.iter().filter(|part| part.is_resolved()).count();
    let (retry_at, failed_over_to) = match &row.outcome {
        Outcome::Failed { retry_at } => (Some(rfc3339(*retry_at)), None),
        Outcome::FailedOver { to } => (None, Some(&**to)),
        Outcome::Sent
        | Outcome::Superseded
        | Outcome::Withdrawn
        | Outcome::Dead
        | Outcome::Orphaned => (None, None),
    };
    NoticeView {
        at: rfc3339(row.at),
        delivery: row.delivery.to_string(),
        channel: channel(&row.channel),
        reason: row.reason.as_str(),
        outcome: row.outcome.as_str(),
        retry_at,
        failed_over_to,
        attempts: row.attempts,
        decided_at: rfc3339(row.decided_at),
        firing: row.parts.len() - resolved,
        resolved,
        alerts: row.parts.iter().take(ALERTS_MAX).map(part).collect(),
        error: &row.error,
        is_degraded: row.is_degraded,
    }
}

fn part(part: &Part) -> PartView {
    PartView {
        fingerprint: part.fingerprint.to_string(),
        status: match part.is_resolved() {
            true => "resolved",
            false => "firing",
        },
    }
}

fn waiting(delivery: &DeliveryView) -> WaitingView<'_> {
    WaitingView {
        delivery: delivery.id.to_string(),
        channel: channel(&delivery.channel),
        reason: delivery.reason.as_str(),
        phase: delivery.phase.as_str(),
        firing: delivery.firing,
        resolved: delivery.resolved,
        decided_at: rfc3339(delivery.decided_at),
        attempts: delivery.attempts,
        attempt_at: rfc3339(delivery.attempt_at),
        last_error: &delivery.last_error,
        instead_of: delivery.instead_of.as_deref(),
    }
}
