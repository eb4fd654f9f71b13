//! `/api/v1/alerting/notifications` and `/deliveries`: what became of notices, and which are on their way.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use plimsoll_alerting::rows::{ChannelKey, HistoryRow, Outcome, Part};
use plimsoll_alerting::{DeliveryView, Fingerprint};
use serde::Serialize;
use utoipa::ToSchema;

use super::{answer, enveloped, limit};
use crate::error::ApiError;
use crate::openapi::values::Time;
use crate::openapi::words::DeliveryPhase;
use crate::v2::{Desk, Query, Refused};

/// How many lines of the history are looked through when only some are wanted.
const SEARCHED_MAX: u32 = 10_000;
/// How many alerts of a notice are named.
const ALERTS_MAX: usize = 100;

/// What became of notices, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Notifications)]
pub(super) struct Notices<'a> {
    notifications: Vec<NoticeView<'a>>,
}

/// Notices on their way, the one that waits longest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Deliveries<'a> {
    deliveries: Vec<WaitingView<'a>>,
}

/// What became of a notice.
#[derive(Serialize, ToSchema)]
#[schema(as = Notification)]
#[serde(rename_all = "camelCase")]
struct NoticeView<'a> {
    at: Time,
    delivery: String,
    #[serde(flatten)]
    channel: ChannelView<'a>,
    /// Why it was sent, in a word.
    reason: &'a str,
    outcome: NotificationOutcome,
    /// When it failed, and is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    failed_over_to: Option<&'a str>,
    attempts: u32,
    decided_at: Time,
    firing: usize,
    resolved: usize,
    /// The first of them.
    alerts: Vec<PartView>,
    /// Why it failed; empty when it did not.
    error: &'a str,
    /// Whether a template failed, and a plain text was sent instead.
    is_degraded: bool,
}

/// What became of a notice, in a word.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NotificationOutcome {
    Sent,
    Failed,
    Superseded,
    Withdrawn,
    FailedOver,
    Dead,
    Orphaned,
}

/// Who is told, by what, of which group.
#[derive(Serialize, ToSchema)]
#[schema(as = NotificationChannel)]
struct ChannelView<'a> {
    receiver: &'a str,
    /// Kind and number of the integration: `webhook[0]`.
    integration: String,
    group: String,
}

/// An alert of a notice.
#[derive(Serialize, ToSchema)]
#[schema(as = NotificationAlert)]
struct PartView {
    fingerprint: String,
    status: PartStatus,
}

/// What was told of an alert.
#[derive(Serialize, ToSchema)]
#[schema(as = NotificationAlertStatus)]
#[serde(rename_all = "lowercase")]
enum PartStatus {
    Firing,
    Resolved,
}

/// A notice on its way.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
#[serde(rename_all = "camelCase")]
struct WaitingView<'a> {
    delivery: String,
    #[serde(flatten)]
    channel: ChannelView<'a>,
    /// Why it is sent, in a word.
    reason: &'a str,
    phase: DeliveryPhase,
    firing: usize,
    resolved: usize,
    decided_at: Time,
    attempts: u32,
    /// When it is tried next, or since when it is.
    attempt_at: Time,
    /// Empty when none failed.
    last_error: &'a str,
    /// The receiver that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
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
    let notifications = rows.iter().map(notice).collect();
    let body = enveloped(&Notices { notifications });
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Lists the notices that are on their way, the one that waits longest first.
pub(super) async fn deliveries(State(desk): State<Arc<Desk>>) -> Result<Response, ApiError> {
    answer(&desk, |desk| {
        let found = desk.look(|engine, _| engine.deliveries());
        let deliveries = found.iter().map(waiting).collect();
        Ok(enveloped(&Deliveries { deliveries }))
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
        Outcome::Failed { retry_at } => (Some(Time(*retry_at)), None),
        Outcome::FailedOver { to } => (None, Some(&**to)),
        Outcome::Sent
        | Outcome::Superseded
        | Outcome::Withdrawn
        | Outcome::Dead
        | Outcome::Orphaned => (None, None),
    };
    NoticeView {
        at: Time(row.at),
        delivery: row.delivery.to_string(),
        channel: channel(&row.channel),
        reason: row.reason.as_str(),
        outcome: (&row.outcome).into(),
        retry_at,
        failed_over_to,
        attempts: row.attempts,
        decided_at: Time(row.decided_at),
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
            true => PartStatus::Resolved,
            false => PartStatus::Firing,
        },
    }
}

fn waiting(delivery: &DeliveryView) -> WaitingView<'_> {
    WaitingView {
        delivery: delivery.id.to_string(),
        channel: channel(&delivery.channel),
        reason: delivery.reason.as_str(),
        phase: DeliveryPhase(delivery.phase),
        firing: delivery.firing,
        resolved: delivery.resolved,
        decided_at: Time(delivery.decided_at),
        attempts: delivery.attempts,
        attempt_at: Time(delivery.attempt_at),
        last_error: &delivery.last_error,
        instead_of: delivery.instead_of.as_deref(),
    }
}

impl From<&Outcome> for NotificationOutcome {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Sent => Self::Sent,
            Outcome::Failed { .. } => Self::Failed,
            Outcome::Superseded => Self::Superseded,
            Outcome::Withdrawn => Self::Withdrawn,
            Outcome::FailedOver { .. } => Self::FailedOver,
            Outcome::Dead => Self::Dead,
            Outcome::Orphaned => Self::Orphaned,
        }
    }
}
