//! Each receiver's verdicts, payloads and judgements.
//!
//! The payloads of webhook, pagerduty, slack, opsgenie, discord and telegram were compared with what Debian's Alertmanager
//! 0.25 sends for the same alerts; `tests/it` does so again where it is installed.

mod discord;
mod incidentio;
mod msteamsv2;
mod opsgenie;
mod pagerduty;
mod sections;
mod slack;
mod telegram;
mod webhook;

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use plimsoll_runtime::config::{Diagnostics, Findings, Source};
use plimsoll_types::{Alert, Annotations, Labels, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::config::{RawGlobal, RawReceiver};
use crate::{
    Answer, HttpRequest, Integration, Notice, NoticeAlert, Reason, RenderError, Rendering, Request,
    Templates, Verdict,
};

/// 2026-11-21T10:00:00Z.
const STARTS_AT: Timestamp = Timestamp::from_millis(1_795_255_200_000);
/// What Alertmanager makes of the group's key.
const GROUP_KEY: &str = "{}:{alertname=\"Down\", cluster=\"eu\"}";
const GROUP_KEY_SHA256: &str = "4cb3d414e206876f99b26551500c2bd0f4fedca6cc86a5854340d331b4ec4e5b";

/// What is in the file, as far as receivers go.
#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    global: RawGlobal,
    receivers: Vec<RawReceiver>,
}

/// Reads a file; what is only warned of does not matter here.
fn integrations(text: &str) -> Result<Vec<Integration>, Diagnostics> {
    let source = Source::new(Path::new("alertmanager.yml"), text)?;
    let file: File = source.parse()?;
    let mut findings = Findings::new(&source);
    let globals = file.global.check(&mut findings);
    let receivers = file.receivers.into_iter();
    let receivers: Vec<_> = receivers
        .map(|receiver| receiver.check(&globals, &mut findings))
        .collect();
    let findings = Diagnostics(findings.into_list());
    if findings.has_errors() {
        return Err(findings);
    }
    Ok(receivers
        .into_iter()
        .flat_map(|receiver| receiver.integrations)
        .collect())
}

/// Reads one entry of a kind, in flow style, after what stands in `global`.
fn entry(kind: &str, fields: &str, global: &str) -> Result<Integration, Diagnostics> {
    let text = format!(
        "global: {{{global}}}\nreceivers:\n- name: team\n  {kind}_configs:\n  - {fields}\n"
    );
    let mut integrations = integrations(&text)?;
    assert_eq!(integrations.len(), 1, "{text}");
    Ok(integrations.remove(0))
}

/// As [`entry`], of what is good.
fn good(kind: &str, fields: &str) -> Integration {
    entry(kind, fields, "").unwrap_or_else(|findings| panic!("{findings}"))
}

/// A notice of two alerts, `a` and `b`, that fire or are over.
fn notice(is_firing: bool) -> Notice {
    notice_of(&["a", "b"], is_firing)
}

fn notice_of(instances: &[&str], is_firing: bool) -> Notice {
    let alert = |instance: &&str| {
        let labels = [
            ("alertname", "Down"),
            ("cluster", "eu"),
            ("instance", *instance),
            ("severity", "critical"),
        ];
        NoticeAlert {
            alert: Arc::new(Alert {
                labels: Labels::from_pairs(labels),
                annotations: Annotations::from_pairs([("summary", "it is <down>")]),
                starts_at: STARTS_AT,
                ends_at: Some(STARTS_AT.saturating_add_millis(90_500)),
                generator_url: "http://prom/graph?g0.expr=up".to_owned(),
            }),
            fingerprint: 0x00ab,
            is_resolved: !is_firing,
        }
    };
    Notice {
        id: "notice-1".to_owned(),
        receiver: "team".to_owned(),
        group_key: GROUP_KEY.to_owned(),
        group_labels: Labels::from_pairs([("alertname", "Down"), ("cluster", "eu")]),
        route_labels: Labels::empty(),
        reason: match is_firing {
            true => Reason::First,
            false => Reason::AllResolved,
        },
        alerts: instances.iter().map(alert).collect(),
        truncated: 0,
        external_url: "http://plimsoll".to_owned(),
        now: STARTS_AT,
        is_degraded: false,
        previous: None,
    }
}

/// The same notice with one more label on each alert.
fn labelled(notice: Notice, name: &str, value: &str) -> Notice {
    let alerts = notice.alerts.into_iter().map(|mut one| {
        let alert = Arc::make_mut(&mut one.alert);
        alert.labels = alert.labels.to_builder().set(name, value).build();
        one
    });
    Notice {
        alerts: alerts.collect(),
        ..notice
    }
}

fn templates() -> Templates {
    Templates::builtin(Arc::new(|| STARTS_AT))
}

fn written(integration: &Integration, notice: &Notice) -> Result<Vec<HttpRequest>, RenderError> {
    let templates = templates();
    let rendering = Rendering::new(&templates, notice);
    let requests = integration.receiver.requests(notice, &rendering)?;
    Ok(requests.into_iter().map(by_http).collect())
}

fn by_http(request: Request) -> HttpRequest {
    match request {
        Request::Http(request) => request,
        Request::Mail(mail) => panic!("{mail:?} is no HTTP request"),
    }
}

/// Writes the one request of a notice.
fn request(integration: &Integration, notice: &Notice) -> HttpRequest {
    let mut requests = written(integration, notice).unwrap();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

/// Returns what is sent instead after an answer.
fn instead(integration: &Integration, notice: &Notice, answer: &Answer) -> Option<HttpRequest> {
    let templates = templates();
    let rendering = Rendering::new(&templates, notice);
    let requests = integration.receiver.instead(notice, &rendering, answer);
    let mut requests = requests.unwrap()?;
    assert_eq!(requests.len(), 1);
    Some(by_http(requests.remove(0)))
}

fn body(request: &HttpRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// Returns the body of the one request of a notice.
fn payload(integration: &Integration, notice: &Notice) -> Value {
    body(&request(integration, notice))
}

fn answer(status: u16, headers: &[(&'static str, &'static str)], text: &str) -> Answer {
    let headers = headers.iter().map(|(name, value)| {
        let name = HeaderName::from_static(name);
        (name, HeaderValue::from_static(value))
    });
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::from_iter(headers),
        body: Bytes::copy_from_slice(text.as_bytes()),
        is_complete: true,
        now: STARTS_AT,
        masks: Arc::default(),
    }
}

/// Says in one word, and with the pause in milliseconds, how an answer is judged.
fn judged(
    integration: &Integration,
    status: u16,
    headers: &[(&'static str, &'static str)],
    text: &str,
) -> String {
    match integration
        .receiver
        .judge(0, &answer(status, headers, text))
    {
        Verdict::Sent { .. } => "sent".to_owned(),
        Verdict::Refused { .. } => "refused".to_owned(),
        Verdict::Unknown { .. } => "unknown".to_owned(),
        Verdict::Retry { after: None, .. } => "retry".to_owned(),
        Verdict::Retry {
            after: Some(after), ..
        } => format!("retry {}", after.as_millis()),
    }
}

/// Every kind, with an entry that is good.
const GOOD: [(&str, &str); 8] = [
    ("webhook", "{url: 'http://h/'}"),
    ("pagerduty", "{routing_key: hunter2}"),
    ("slack", "{api_url: 'http://h/hunter2'}"),
    ("opsgenie", "{api_key: hunter2}"),
    ("msteamsv2", "{webhook_url: 'http://h/hunter2'}"),
    ("discord", "{webhook_url: 'http://h/hunter2'}"),
    ("telegram", "{bot_token: hunter2, chat_id: 1}"),
    (
        "incidentio",
        "{url: 'http://h/', alert_source_token: hunter2}",
    ),
];

#[test]
fn every_kind_but_mail_is_tested() {
    let tested = GOOD.into_iter().map(|(kind, _)| kind).chain(["email"]);
    let tested: BTreeSet<_> = tested.collect();
    assert_eq!(tested, super::ALL.iter().copied().collect());
}

#[test]
fn every_kind_waits_as_long_as_it_is_told_to() {
    for (kind, fields) in GOOD {
        let integration = good(kind, fields);
        let told = [("retry-after", "7")];
        for (status, expected) in [
            (429, "retry 7000"),
            (503, "retry 7000"),
            (400, "refused"),
            (404, "refused"),
        ] {
            assert_eq!(
                judged(&integration, status, &told, ""),
                expected,
                "{kind} {status}"
            );
        }
        assert_eq!(judged(&integration, 500, &[], ""), "retry", "{kind}");
        assert_eq!(
            judged(&integration, 429, &[], "{\"x\":1}"),
            "retry",
            "{kind}"
        );
    }
}

#[test]
fn no_kind_shows_its_secrets() {
    for (kind, fields) in GOOD {
        let integration = good(kind, fields);
        let requests = written(&integration, &notice(true)).unwrap();
        let shown = format!("{integration:?} {requests:?} {:?}", requests[0].headers);
        assert!(!shown.contains("hunter2"), "{kind}: {shown}");
    }
}

#[test]
fn every_kind_tells_that_a_notice_may_come_twice() {
    let degraded = Notice {
        is_degraded: true,
        ..notice(true)
    };
    for (kind, fields) in GOOD {
        let body = payload(&good(kind, fields), &degraded).to_string();
        let is_marked =
            body.contains("DEGRADED, MAY REPEAT: ") || body.contains("\"degraded\":true");
        assert!(is_marked, "{kind}: {body}");
    }
}

#[test]
fn a_failed_template_costs_no_kind_its_notice() {
    for (kind, fields) in [
        (
            "pagerduty",
            "{routing_key: k, description: '{{ .Nope }}', details: {x: '{{ .Nope }}'}}",
        ),
        (
            "slack",
            "{api_url: 'http://h/', title: '{{ .Nope }}', text: '{{ .Nope }}', channel: '{{ .Nope }}', color: '{{ .Nope }}'}",
        ),
        (
            "opsgenie",
            "{api_key: k, message: '{{ .Nope }}', description: '{{ .Nope }}', tags: '{{ .Nope }}'}",
        ),
        (
            "msteamsv2",
            "{webhook_url: 'http://h/', title: '{{ .Nope }}', text: '{{ .Nope }}'}",
        ),
        (
            "discord",
            "{webhook_url: 'http://h/', title: '{{ .Nope }}', message: '{{ .Nope }}'}",
        ),
        (
            "telegram",
            "{bot_token: k, chat_id: 1, message: '{{ .Nope }}'}",
        ),
        (
            "webhook",
            "{url: 'http://h/', payload: {text: '{{ .Nope }}'}}",
        ),
    ] {
        let body = payload(&good(kind, fields), &notice(true)).to_string();
        assert!(body.contains("template"), "{kind}: {body}");
        assert!(body.contains("Nope"), "{kind}: {body}");
    }
}

#[test]
fn a_secret_in_a_file_that_is_gone_may_come_back() {
    for (kind, fields) in [
        ("webhook", "{url_file: gone}"),
        ("pagerduty", "{routing_key_file: gone}"),
        ("slack", "{api_url_file: gone}"),
        ("opsgenie", "{api_key_file: gone}"),
        ("msteamsv2", "{webhook_url_file: gone}"),
        ("discord", "{webhook_url_file: gone}"),
        ("telegram", "{bot_token_file: gone, chat_id: 1}"),
        ("incidentio", "{url_file: gone, alert_source_token: t}"),
    ] {
        let error = written(&good(kind, fields), &notice(true)).unwrap_err();
        assert!(error.is_retryable(), "{kind}: {error}");
        assert!(error.to_string().contains("gone"), "{kind}: {error}");
    }
}

#[test]
fn secrets_are_read_from_their_files_for_each_notice() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("url");
    let fields = format!("{{webhook_url_file: '{}'}}", path.display());
    let integration = good("discord", &fields);
    for url in ["http://h/first", "http://h/second"] {
        std::fs::write(&path, format!("{url}\n")).unwrap();
        assert_eq!(request(&integration, &notice(true)).url.as_str(), url);
    }
}

#[test]
fn no_answer_makes_a_receiver_panic() {
    let mut kinds = GOOD.map(|(kind, fields)| good(kind, fields)).to_vec();
    kinds.push(good(
        "slack",
        "{app_token: t, channel: c, update_message: true}",
    ));
    let notice = notice(true);
    let check = AssertUnwindSafe(|status: u16, body: &[u8], is_complete: bool| {
        let mut answer = answer(100 + status % 900, &[], "");
        answer.body = Bytes::copy_from_slice(body);
        answer.is_complete = is_complete;
        for integration in &kinds {
            let verdict = integration.receiver.judge(0, &answer);
            let may_be_sent = answer.status.is_success();
            assert!(may_be_sent || !verdict.is_sent(), "{verdict:?}");
            instead(integration, &notice, &answer);
        }
    });
    bolero::check!()
        .with_type::<(u16, Vec<u8>, bool)>()
        .for_each(|(status, body, is_complete)| (*check)(*status, body, *is_complete));
}
