//! `/api/v1/alerting/explain`: who was told of an alert and who was not, why, and what is next.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use plimsoll_alerting::{ChannelExplanation, Explanation, Fingerprint, Told, Why};
use plimsoll_types::{Labels, Timestamp};
use plimsoll_wire::alertmanager::ListedAlert;
use serde::Serialize;
use serde_json::{Value, json};

use super::{answer, enveloped, labels};
use crate::error::ApiError;
use crate::number::rfc3339;
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    labels: Value,
    /// `null` when there is none with these labels.
    alert: Option<ListedAlert>,
    channels: Vec<ChannelView<'a>>,
    not_routed_to: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChannelView<'a> {
    receiver: &'a str,
    /// Kind and number of the integration: `webhook[0]`.
    integration: String,
    route: &'a str,
    group: String,
    told: Option<ToldView<'a>>,
    why: Value,
    next_at: Option<String>,
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToldView<'a> {
    at: String,
    reason: &'a str,
    is_resolved: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<&'a str>,
}

fn view(explanation: &Explanation) -> View<'_> {
    let names = explanation.not_routed_to.iter();
    View {
        labels: object(&explanation.labels),
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
        why: why(&explanation.why),
        next_at: explanation.next_at.map(rfc3339),
        text: &explanation.text,
    }
}

fn told(told: &Told) -> ToldView<'_> {
    ToldView {
        at: rfc3339(told.at),
        reason: told.reason.as_str(),
        is_resolved: told.is_resolved,
        via: told.via.as_deref(),
    }
}

/// Writes a reason as an object whose `kind` says which it is.
fn why(why: &Why) -> Value {
    let at = |time: &Timestamp| rfc3339(*time);
    match why {
        Why::NoAlert => json!({"kind": "no_alert"}),
        Why::RowsUnread => json!({"kind": "rows_unread"}),
        Why::NoIntegration => json!({"kind": "no_integration"}),
        Why::Waiting { until, timer } => {
            json!({"kind": "waiting", "until": at(until), "timer": timer.as_str()})
        }
        Why::WarmUp { until } => json!({"kind": "warm_up", "until": at(until)}),
        Why::Silenced { by } => {
            let by = by.iter().map(|(id, created_by, ends_at)| {
                json!({"id": id.to_string(), "createdBy": created_by, "endsAt": at(ends_at)})
            });
            json!({"kind": "silenced", "by": by.collect::<Vec<_>>()})
        }
        Why::Inhibited { by, labels, rule } => json!({
            "kind": "inhibited", "by": by.to_string(), "labels": object(labels), "rule": rule,
        }),
        Why::Muted { by } => json!({"kind": "muted", "by": by}),
        Why::BeingTold { delivery, since } => {
            json!({"kind": "being_told", "delivery": delivery.to_string(), "since": at(since)})
        }
        Why::Queued {
            delivery,
            until,
            failures,
            error,
        } => json!({
            "kind": "queued", "delivery": delivery.to_string(), "until": at(until),
            "failures": failures, "error": &**error,
        }),
        Why::NothingNew { repeat_at } => {
            json!({"kind": "nothing_new", "repeatAt": at(repeat_at)})
        }
        Why::ResolvedNotWanted => json!({"kind": "resolved_not_wanted"}),
        Why::ResolvedUnheard => json!({"kind": "resolved_unheard"}),
        Why::ResolvedTold => json!({"kind": "resolved_told"}),
        Why::NotLeading => json!({"kind": "not_leading"}),
    }
}

fn object(labels: &Labels) -> Value {
    let pairs = labels.iter();
    Value::Object(
        pairs
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect(),
    )
}
