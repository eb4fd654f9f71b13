//! Takes the notices that would wake somebody: a webhook on loopback, in the format of Alertmanager.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use plimsoll_runtime::clock::{Clock, Monotonic};
use plimsoll_runtime::http::read_capped;
use plimsoll_types::ByteCount;
use tokio::sync::mpsc;

use crate::http1::{Answering, Handler, text};
use crate::load::Load;
use crate::service::metrics;

/// A notice has at most a handful of alerts here.
const NOTICE_MAX: ByteCount = ByteCount::MIB;

/// What somebody is told about one alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When it came.
    pub at: Monotonic,
    /// Who is told.
    pub receiver: String,
    /// Whether the alert fires; otherwise it is over.
    pub is_firing: bool,
    /// Its labels, `alertname` among them.
    pub labels: BTreeMap<String, String>,
    /// What it says.
    pub summary: String,
    /// Since when it fires, as RFC 3339.
    pub since: String,
}

impl Notice {
    /// Returns a label, empty when there is none.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    /// Says whether it wakes somebody.
    pub fn is_page(&self) -> bool {
        self.label("severity") == "page"
    }
}

#[derive(serde::Deserialize)]
struct Message {
    receiver: String,
    alerts: Vec<Alert>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    status: String,
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    starts_at: String,
}

/// Answers webhooks, and scrapes of what customers see.
pub(crate) struct Receiver {
    pub(crate) notices: mpsc::Sender<Notice>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) load: Arc<Load>,
}

impl Receiver {
    async fn take(&self, request: Request<Incoming>) -> StatusCode {
        let Ok(body) = read_capped(request.into_body(), NOTICE_MAX).await else {
            return StatusCode::PAYLOAD_TOO_LARGE;
        };
        let Ok(notices) = read(&body, self.clock.monotonic()) else {
            return StatusCode::BAD_REQUEST;
        };
        for notice in notices {
            // Who reads them may have stopped; then nobody is told any more.
            if self.notices.send(notice).await.is_err() {
                return StatusCode::SERVICE_UNAVAILABLE;
            }
        }
        StatusCode::OK
    }
}

impl Handler for Receiver {
    fn handle(self: Arc<Self>, request: Request<Incoming>) -> Answering {
        Box::pin(async move {
            match (request.method(), request.uri().path()) {
                (&Method::POST, "/notices") => text(self.take(request).await, ""),
                (_, "/metrics") => metrics(self.load.exposition()),
                _ => text(StatusCode::NOT_FOUND, "no such page\n"),
            }
        })
    }
}

fn read(body: &[u8], at: Monotonic) -> Result<Vec<Notice>, serde_json::Error> {
    let message: Message = serde_json::from_slice(body)?;
    let receiver = message.receiver;
    let notice = |alert: Alert| Notice {
        at,
        receiver: receiver.clone(),
        is_firing: alert.status == "firing",
        labels: alert.labels,
        summary: alert
            .annotations
            .get("summary")
            .cloned()
            .unwrap_or_default(),
        since: alert.starts_at,
    };
    Ok(message.alerts.into_iter().map(notice).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_webhook_is_read_alert_by_alert() {
        let at = Monotonic::from_origin(Duration::from_secs(3));
        let body = br#"{"version":"4","receiver":"shop-on-call","status":"firing","alerts":[
            {"status":"firing","labels":{"alertname":"ErrorBudgetBurn","severity":"page","slo":"buy"},
             "annotations":{"summary":"it burns"},"startsAt":"2026-11-22T08:00:00Z","endsAt":"0001-01-01T00:00:00Z"},
            {"status":"resolved","labels":{"alertname":"X"},"startsAt":"2026-11-22T07:00:00Z"}]}"#;
        let notices = read(body, at).unwrap();
        assert_eq!(notices.len(), 2);
        assert!(notices[0].is_firing && notices[0].is_page());
        assert_eq!(notices[0].summary, "it burns");
        assert_eq!(notices[0].label("slo"), "buy");
        assert!(!notices[1].is_firing && !notices[1].is_page());
        assert!(read(b"{}", at).is_err());
    }
}
