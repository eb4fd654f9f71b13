//! What a test needs to send: a sender, a notice, and a receiver that does as the test says.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_notify::config::{RawGlobal, RawReceiver, ReceiverConfig};
use plimsoll_notify::{
    HttpRequest, Integration, Metrics, Notice, NoticeAlert, Reason, Receiver, RenderError,
    Rendering, Request, Sender, Templates, Verdict,
};
use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_runtime::config::{Diagnostic, Findings, Source, Spanned};
use plimsoll_runtime::http::ClientConfig;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_types::{Alert, Annotations, Labels, Timestamp};
use serde::Deserialize;

/// The time of every notice: 2023-11-14T22:13:20Z.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// A deadline that no good exchange meets.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A sender and what it counts.
pub(crate) struct Bench {
    pub(crate) sender: Sender,
    pub(crate) registry: Registry,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock::new()))
    }

    pub(crate) fn with_clock(clock: Arc<dyn Clock>) -> Self {
        let registry = Registry::new();
        let tasks = Tasks::new(Shutdown::new(), Arc::clone(&clock), &registry);
        let templates = Templates::builtin(Arc::new(|| NOW));
        let metrics = Metrics::new(&registry);
        Self {
            sender: Sender::new(templates, tasks, clock, metrics),
            registry,
        }
    }

    pub(crate) async fn send(&self, integration: &Integration) -> Verdict {
        self.sender
            .send(integration, Arc::new(notice()), LONG)
            .await
    }
}

pub(crate) fn notice() -> Notice {
    let alert = Alert {
        labels: Labels::from_pairs([("alertname", "Down"), ("instance", "web-1")]),
        annotations: Annotations::from_pairs([("summary", "it burns")]),
        starts_at: NOW - Duration::from_secs(60),
        ends_at: None,
        generator_url: "http://prometheus/graph".into(),
    };
    Notice {
        id: "key-1".into(),
        receiver: "team".into(),
        group_key: "{}:{alertname=\"Down\"}".into(),
        group_labels: Labels::from_pairs([("alertname", "Down")]),
        route_labels: Labels::empty(),
        reason: Reason::First,
        alerts: vec![NoticeAlert {
            alert: Arc::new(alert),
            fingerprint: 7,
            is_resolved: false,
        }],
        truncated: 0,
        external_url: "http://alerts.example".into(),
        now: NOW,
        is_degraded: false,
        previous: None,
    }
}

/// A receiver that posts its texts.
#[derive(Debug, Default)]
pub(crate) struct Poster {
    pub(crate) urls: Vec<String>,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) channel: String,
    pub(crate) instead: Option<String>,
}

impl Poster {
    pub(crate) fn to(url: impl Into<String>) -> Self {
        Self {
            urls: vec![url.into()],
            ..Self::default()
        }
    }

    pub(crate) fn integration(self) -> Integration {
        self.integration_with(ClientConfig::default())
    }

    pub(crate) fn integration_with(self, http: ClientConfig) -> Integration {
        Integration {
            kind: "poster",
            index: 0,
            sends_resolved: true,
            timeout: None,
            http: Arc::new(http),
            receiver: Arc::new(self),
        }
    }
}

impl Receiver for Poster {
    fn requests(&self, _: &Notice, rendering: &Rendering<'_>) -> Result<Vec<Request>, RenderError> {
        let title = rendering.title(&self.title);
        let body = rendering.text(&self.body);
        let channel = rendering.exact(&self.channel)?;
        let body = format!("{channel}|{title}|{body}");
        let post = |url: &String| {
            let request = HttpRequest::post_json(url.parse().unwrap(), body.clone());
            Request::Http(request)
        };
        Ok(self.urls.iter().map(post).collect())
    }

    fn instead(
        &self,
        _: &Notice,
        _: &Rendering<'_>,
        answer: &plimsoll_notify::Answer,
    ) -> Result<Option<Vec<Request>>, RenderError> {
        let url = self.instead.as_ref().filter(|_| answer.status == 404);
        Ok(url.map(|url| {
            let request = HttpRequest::post_json(url.parse().unwrap(), "instead");
            vec![Request::Http(request)]
        }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    global: Option<Spanned<RawGlobal>>,
    receivers: Vec<RawReceiver>,
}

/// Reads `global` and `receivers` as an alertmanager.yml has them.
pub(crate) fn read(text: &str) -> (Vec<ReceiverConfig>, Vec<Diagnostic>) {
    let source = Source::new("alertmanager.yml".as_ref(), text).unwrap();
    let file: File = match source.parse() {
        Ok(file) => file,
        Err(found) => return (Vec::new(), found.iter().cloned().collect()),
    };
    let mut findings = Findings::new(&source);
    let global = file.global.map(Spanned::into_inner).unwrap_or_default();
    let globals = global.check(&mut findings);
    let receivers = file.receivers.into_iter();
    let receivers = receivers
        .map(|receiver| receiver.check(&globals, &mut findings))
        .collect();
    (receivers, findings.into_list())
}

/// Reads the only integration of a good file.
pub(crate) fn only(text: &str) -> Integration {
    let (receivers, findings) = read(text);
    assert!(findings.is_empty(), "{findings:?}");
    receivers[0].integrations[0].clone()
}
