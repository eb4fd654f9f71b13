//! A group of alerts as JSON, as webhooks and incident.io get it: version 4 of Alertmanager's webhook body.
//!
//! ```json
//! {"receiver": "team", "status": "firing", "alerts": [{"status": "firing", "labels": {}, "annotations": {},
//!  "startsAt": "2026-11-21T10:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": ""}],
//!  "notification_reason": "first notification", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
//!  "externalURL": "", "version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0}
//! ```
//!
//! The receiver's name is escaped as a regular expression, as in templates. `degraded` is there, and `true`, only when
//! the notice may come twice. `commonLabels` are those of the alerts that are in the body.

use plimsoll_gotemplate::Time;
use serde::Serialize;
use serde::ser::Serializer;

use crate::{Notice, NoticeAlert, Rendering};

/// Writes a notice with at most `alerts_max` alerts, all of them for 0; the others are counted.
pub(super) fn write(notice: &Notice, rendering: &Rendering<'_>, alerts_max: usize) -> Vec<u8> {
    let kept = match alerts_max {
        0 => notice.alerts.len(),
        max => max.min(notice.alerts.len()),
    };
    if kept == notice.alerts.len() {
        return write_all(notice, rendering);
    }
    let left_out = (notice.alerts.len() - kept) as u64;
    let shown = Notice {
        alerts: notice.alerts[..kept].to_vec(),
        truncated: notice.truncated.saturating_add(left_out),
        ..notice.clone()
    };
    write_all(&shown, rendering)
}

fn write_all(notice: &Notice, rendering: &Rendering<'_>) -> Vec<u8> {
    let (labels, annotations) = (notice.common_labels(), notice.common_annotations());
    let body = Body {
        receiver: &rendering.data().receiver,
        status: notice.status(),
        alerts: notice.alerts.iter().map(alert).collect(),
        reason: notice.reason.as_str(),
        group_labels: Pairs(notice.group_labels.iter()),
        common_labels: Pairs(labels.iter()),
        common_annotations: Pairs(annotations.iter()),
        external_url: &notice.external_url,
        version: "4",
        group_key: &notice.group_key,
        truncated_alerts: notice.truncated,
        is_degraded: notice.is_degraded,
    };
    serde_json::to_vec(&body).expect("texts and numbers are JSON")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a, G: Serialize, L: Serialize, A: Serialize, O: Serialize> {
    receiver: &'a str,
    status: &'static str,
    alerts: Vec<O>,
    #[serde(rename = "notification_reason")]
    reason: &'static str,
    group_labels: G,
    common_labels: L,
    common_annotations: A,
    #[serde(rename = "externalURL")]
    external_url: &'a str,
    version: &'static str,
    group_key: &'a str,
    truncated_alerts: u64,
    #[serde(rename = "degraded", skip_serializing_if = "std::ops::Not::not")]
    is_degraded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert<'a, L: Serialize, A: Serialize> {
    status: &'static str,
    labels: L,
    annotations: A,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: &'a str,
    fingerprint: String,
}

fn alert(one: &NoticeAlert) -> impl Serialize + '_ {
    let ends_at = one.alert.ends_at.filter(|_| one.is_resolved);
    Alert {
        status: one.status(),
        labels: Pairs(one.alert.labels.iter()),
        annotations: Pairs(one.alert.annotations.iter()),
        starts_at: rfc3339(&one.alert.starts_at.into()),
        ends_at: rfc3339(&ends_at.map_or_else(Time::zero, Time::from)),
        generator_url: &one.alert.generator_url,
        fingerprint: one.fingerprint_text(),
    }
}

fn rfc3339(time: &Time) -> String {
    time.format("2006-01-02T15:04:05.999999999Z07:00")
}

/// Texts by name, as a JSON object.
struct Pairs<I>(I);

impl<'a, I: Iterator<Item = (&'a str, &'a str)> + Clone> Serialize for Pairs<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.clone())
    }
}
