//! `/api/v1/alerting/explain`: who was told of an alert and who was not, why, and what is next.

mod why;

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use plimsoll_alerting::{ChannelExplanation, Explanation, Fingerprint, Told};
use plimsoll_types::Labels;
use plimsoll_wire::alertmanager::ListedAlert;
use serde::Serialize;
use utoipa::ToSchema;

use self::why::WhyView;
use super::{answer, enveloped, labels};
use crate::error::ApiError;
use crate::openapi::values::{Labels as LabelSet, Time};
use crate::v2::described::Alert;
use crate::v2::{Desk, Query, Refused, listed_alert};

/// Explains the alert with a `fingerprint`, or with exactly the labels of every `label=<name>=<value>`, which need not
/// be there.
pub(super) async fn explain(State(desk): State<Arc<Desk>>, uri: Uri) -> Result<Response, ApiError> {
    let query = uri.query().unwrap_or_default().to_owned();
    answer(&desk, move |desk| {
        let query = Query::read(&query)?;
        let labels = subject(desk, &query)?;
        let explanation = desk.look(|engine, now| engine.explain(&labels, now));
        Ok(enveloped(&view(&explanation)))
    })
    .await
}

fn subject(desk: &Desk, query: &Query) -> Result<Labels, Refused> {
    let Some(text) = query.last("fingerprint") else {
        let labels = labels(query)?;
        return match labels.is_empty() {
            true => Err(Refused::bad(
                "wanted fingerprint or label=name=value, found neither",
            )),
            false => Ok(labels),
        };
    };
    let wrong = |error| Refused::bad(format!("invalid parameter \"fingerprint\": {error}"));
    let fingerprint: Fingerprint = text.parse().map_err(wrong)?;
    let found = desk.look(|engine, now| engine.alert(fingerprint, now));
    found.map(|alert| alert.labels).ok_or_else(|| {
        let reason = format!("there is no alert with the fingerprint {fingerprint}");
        Refused::text(axum::http::StatusCode::NOT_FOUND, reason)
    })
}

/// Who was told of an alert and who was not, why, and what is next.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertExplanation)]
#[serde(rename_all = "camelCase")]
pub(super) struct View<'a> {
    labels: LabelSet<'a>,
    /// `null` when there is none with these labels.
    #[schema(value_type = Option<Alert>)]
    alert: Option<ListedAlert>,
    /// Each integration that it is routed to.
    channels: Vec<ChannelView<'a>>,
    /// Other receivers.
    not_routed_to: Vec<&'a str>,
}

/// An integration that an alert is routed to.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertChannel)]
#[serde(rename_all = "camelCase")]
struct ChannelView<'a> {
    receiver: &'a str,
    /// Kind and number of the integration: `webhook[0]`.
    integration: String,
    route: &'a str,
    group: String,
    /// What it was told last.
    told: Option<ToldView<'a>>,
    why: WhyView<'a>,
    /// When something can happen at the earliest.
    next_at: Option<Time>,
    /// The reason as a sentence.
    text: &'a str,
}

/// What somebody was told last.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertTold)]
#[serde(rename_all = "camelCase")]
struct ToldView<'a> {
    at: Time,
    /// Why it was told, in a word.
    reason: &'a str,
    is_resolved: bool,
    /// The receiver that was told instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    via: Option<&'a str>,
}

fn view(explanation: &Explanation) -> View<'_> {
    let names = explanation.not_routed_to.iter();
    View {
        labels: LabelSet(&explanation.labels),
        alert: explanation.alert.as_ref().map(listed_alert),
        channels: explanation.channels.iter().map(channel).collect(),
        not_routed_to: names.map(|name| &**name).collect(),
    }
}

fn channel(explanation: &ChannelExplanation) -> ChannelView<'_> {
    let key = &explanation.key;
    ChannelView {
        receiver: &key.receiver,
        integration: format!("{}[{}]", key.kind, key.index),
        route: &explanation.route,
        group: key.group.to_string(),
        told: explanation.told.as_ref().map(told),
        why: (&explanation.why).into(),
        next_at: explanation.next_at.map(Time),
        text: &explanation.text,
    }
}

fn told(told: &Told) -> ToldView<'_> {
    ToldView {
        at: Time(told.at),
        reason: told.reason.as_str(),
        is_resolved: told.is_resolved,
        via: told.via.as_deref(),
    }
}
