//! The same configuration and the same alerts through Debian's Alertmanager 0.25 and through ours: what each receiver's
//! service gets must be the same request, with the same JSON.
//!
//! Left out are the differences that are meant: `notification_reason`, which is younger than 0.25, and texts that Discord
//! refuses because they are too long, which 0.25 does not cut.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use plimsoll_notify::config::{RawGlobal, RawReceiver};
use plimsoll_notify::{
    Integration, Notice, NoticeAlert, Reason, Rendering, Request as Written, Templates,
};
use plimsoll_runtime::config::{Findings, Source};
use plimsoll_runtime::http::{Client, ClientConfig, Request};
use plimsoll_types::{Alert, Annotations, Labels, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const ALERTMANAGER: &str = "/usr/bin/prometheus-alertmanager";
/// 2026-11-21T10:00:00.123Z and 90 s later: both lie behind us, so nothing waits.
const STARTS_AT: &str = "2026-11-21T10:00:00.123Z";
const ENDS_AT: &str = "2026-11-21T10:01:30Z";
const STARTS_AT_MILLIS: i64 = 1_795_255_200_123;
const ENDS_AT_MILLIS: i64 = 1_795_255_290_000;
/// Requests that one notice makes with the configuration below; Opsgenie gets two more while it fires.
const REQUESTS: usize = 14;
/// How long Alertmanager may take for any one step.
const PATIENCE: Duration = Duration::from_secs(30);

/// The receivers; `HOST` is where the recorder listens.
const CONFIG: &str = r#"
global:
  opsgenie_api_url: http://HOST/og/
  opsgenie_api_key: gk
  pagerduty_url: http://HOST/pd/v2/enqueue
  slack_api_url: http://HOST/slack/hook
  telegram_api_url: http://HOST
route: {receiver: 'a.b', group_by: [alertname, cluster], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
- name: 'a.b'
  webhook_configs:
  - {url: 'http://HOST/webhook'}
  - {url: 'http://HOST/webhook-1', max_alerts: 1}
  pagerduty_configs:
  - {routing_key: rk}
  - routing_key: '{{ .CommonLabels.cluster }}'
    url: http://HOST/pd/full
    severity: '{{ .CommonLabels.severity }}'
    client: me
    client_url: 'http://client/'
    description: '{{ .CommonAnnotations.long }}'
    class: cl
    component: co
    group: gr
    details: {mine: 'x{{ .Status }}', firing: over, num_resolved: ''}
    images: [{src: 'http://i', alt: a, href: h}, {src: '{{ "" }}', alt: b}]
    links: [{href: 'http://l', text: t}, {href: '', text: u}]
  slack_configs:
  - {send_resolved: true}
  - api_url: http://HOST/slack/full
    send_resolved: true
    channel: '#{{ .CommonLabels.cluster }}'
    username: u
    color: '{{ .Status }}'
    title: '{{ .CommonAnnotations.long }}'
    title_link: tl
    pretext: p
    text: '{{ range .Alerts }}{{ .Labels.instance }} {{ .Fingerprint }} {{ .StartsAt.Unix }};{{ end }}'
    short_fields: true
    fields: [{title: f1, value: v1}, {title: f2, value: '{{ .Status }}', short: false}]
    footer: fo
    fallback: fa
    callback_id: cb
    icon_emoji: ':x:'
    icon_url: iu
    image_url: im
    thumb_url: th
    link_names: true
    mrkdwn_in: [text]
    actions:
    - {type: button, text: b, url: 'http://b', name: gone, confirm: {text: gone}}
    - {type: button, text: b2, name: n, value: v, style: danger,
       confirm: {text: sure, title: T, ok_text: O, dismiss_text: D}}
  opsgenie_configs:
  - {api_url: 'http://HOST/og-default/'}
  - update_alerts: true
    message: '{{ .CommonAnnotations.long }}'
    description: d
    source: s
    entity: e
    actions: 'a1, a2'
    tags: 't1 , t2,,'
    note: n
    priority: '{{ "P1" }}'
    details: {cluster: over, k: '{{ .Status }}'}
    responders:
    - {name: team-a, type: team}
    - {id: i, type: '{{ "user" }}'}
    - {username: un, type: user}
    - {name: 'x,y', type: teams}
  discord_configs:
  - {webhook_url: 'http://HOST/discord'}
  - {webhook_url: 'http://HOST/discord-own', title: 't {{ .Status }}', message: '{{ len .Alerts }}'}
  telegram_configs:
  - {bot_token: tok, chat_id: 123}
  - bot_token: long
    chat_id: -5
    message: '<b>{{ .CommonLabels.html }}</b>{{ range .Alerts }}{{ .Annotations.long }}{{ .Annotations.long }}{{ end }}'
    disable_notifications: true
  - {bot_token: mark, chat_id: 7, parse_mode: MarkdownV2, message: '{{ .CommonLabels.html }}'}
  - {bot_token: plain, chat_id: 8, parse_mode: '', message: '{{ .CommonLabels.html }}'}
"#;

/// What a service got.
#[derive(Clone, Debug, PartialEq)]
struct Got {
    method: String,
    path: String,
    content_type: String,
    authorization: Option<String>,
    body: Value,
}

/// Compares what differs only in what is meant to differ; sorted, because receivers are told at the same time.
fn comparable(mut all: Vec<Got>) -> Vec<Got> {
    for got in &mut all {
        if let Some(body) = got.body.as_object_mut() {
            body.remove("notification_reason");
        }
    }
    let key = |got: &Got| (got.path.clone(), got.body.to_string());
    all.sort_by_key(key);
    all
}

/// Takes all that comes and answers as each service does.
async fn record(
    State(sender): State<mpsc::Sender<Got>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let text = |name| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let path = uri.to_string();
    let answer = match path.starts_with("/bot") {
        true => (
            StatusCode::OK,
            "{\"ok\":true,\"result\":{\"message_id\":1,\"date\":1,\"chat\":{\"id\":1}}}",
        ),
        false if path.starts_with("/slack") => (StatusCode::OK, "ok"),
        false => (StatusCode::ACCEPTED, "{}"),
    };
    let got = Got {
        method: method.to_string(),
        content_type: text("content-type").unwrap_or_default(),
        authorization: text("authorization"),
        path,
        body: serde_json::from_slice(&body).unwrap(),
    };
    sender.send(got).await.unwrap();
    answer
}

/// Debian's Alertmanager, as long as this lives.
struct Alertmanager {
    process: Child,
    /// Read to its end by nobody: the pipe must stay open for what is written to it.
    _log: BufReader<ChildStderr>,
    url: String,
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Alertmanager {
    fn start(folder: &Path, config: &str) -> Self {
        let file = folder.join("alertmanager.yml");
        std::fs::write(&file, config).unwrap();
        let mut process = Command::new(ALERTMANAGER)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", folder.join("data").display()))
            .args([
                "--web.listen-address=127.0.0.1:0",
                "--cluster.listen-address=",
            ])
            .arg("--web.external-url=http://plimsoll:9093")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let address = loop {
            let mut line = String::new();
            let length = log.read_line(&mut line).unwrap();
            assert!(length > 0, "Alertmanager ended before it listened");
            if line.contains("Listening on") {
                break line.trim_end().split("address=").nth(1).unwrap().to_owned();
            }
        };
        let url = format!("http://{address}/api/v2/alerts");
        Self {
            process,
            _log: log,
            url,
        }
    }

    async fn post(&self, alerts: &Value) {
        let client = Client::new(ClientConfig::default()).unwrap();
        let request = Request::post(
            self.url.parse().unwrap(),
            alerts.to_string().into(),
            PATIENCE,
        )
        .with_header(
            axum::http::header::CONTENT_TYPE,
            axum::http::HeaderValue::from_static("application/json"),
        );
        let response = client.send(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
}

fn annotations() -> [(&'static str, String); 2] {
    [
        ("long", "\u{e9}".repeat(1100)),
        ("summary", "it is <down> & \"out\"".to_owned()),
    ]
}

fn labels(instance: &str) -> Labels {
    Labels::from_pairs([
        ("alertname", "Down"),
        ("cluster", "eu"),
        ("html", "<&>\"x'"),
        ("instance", instance),
        ("severity", "critical"),
    ])
}

const GENERATOR: &str = "http://prom/graph?g0.expr=up+%3D%3D+0&g0.tab=1";

fn posted(is_firing: bool) -> Value {
    let alerts = ["a", "b"].into_iter().map(|instance| {
        let labels: serde_json::Map<_, _> = labels(instance)
            .iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let annotations = annotations().map(|(name, text)| (name.to_owned(), text.into()));
        let annotations: serde_json::Map<_, _> = annotations.into_iter().collect();
        let mut alert = json!({
            "labels": labels, "annotations": annotations, "startsAt": STARTS_AT, "generatorURL": GENERATOR,
        });
        if !is_firing {
            alert["endsAt"] = ENDS_AT.into();
        }
        alert
    });
    alerts.collect()
}

/// FNV-1a with 64 bits over names and values, each followed by 0xff.
fn fingerprint(labels: &Labels) -> u64 {
    let texts = labels.iter().flat_map(|(name, value)| [name, value]);
    let bytes = texts.flat_map(|text| text.bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn notice(is_firing: bool) -> Notice {
    let alerts = ["a", "b"].into_iter().map(|instance| NoticeAlert {
        fingerprint: fingerprint(&labels(instance)),
        alert: Arc::new(Alert {
            labels: labels(instance),
            annotations: Annotations::from_pairs(annotations()),
            starts_at: Timestamp::from_millis(STARTS_AT_MILLIS),
            ends_at: (!is_firing).then_some(Timestamp::from_millis(ENDS_AT_MILLIS)),
            generator_url: GENERATOR.to_owned(),
        }),
        is_resolved: !is_firing,
    });
    Notice {
        id: "id".to_owned(),
        receiver: "a.b".to_owned(),
        group_key: "{}:{alertname=\"Down\", cluster=\"eu\"}".to_owned(),
        group_labels: Labels::from_pairs([("alertname", "Down"), ("cluster", "eu")]),
        route_labels: Labels::empty(),
        reason: Reason::First,
        alerts: alerts.collect(),
        truncated: 0,
        external_url: "http://plimsoll:9093".to_owned(),
        now: Timestamp::from_millis(ENDS_AT_MILLIS),
        is_degraded: false,
        previous: None,
    }
}

#[derive(Deserialize)]
struct File {
    global: RawGlobal,
    receivers: Vec<RawReceiver>,
}

fn integrations(config: &str) -> Vec<Integration> {
    let source = Source::new(Path::new("alertmanager.yml"), config).unwrap();
    let file: File = source.parse().unwrap();
    let mut findings = Findings::new(&source);
    let globals = file.global.check(&mut findings);
    let receivers = file.receivers.into_iter();
    let integrations = receivers
        .flat_map(|receiver| receiver.check(&globals, &mut findings).integrations)
        .collect();
    let findings = findings.into_list();
    assert!(findings.is_empty(), "{findings:?}");
    integrations
}

/// Returns what our receivers write.
fn ours(integrations: &[Integration], notice: &Notice) -> Vec<Got> {
    let templates = Templates::builtin(Arc::new(|| Timestamp::EPOCH));
    let rendering = Rendering::new(&templates, notice);
    let requests = integrations
        .iter()
        .flat_map(|integration| integration.receiver.requests(notice, &rendering).unwrap());
    let got = requests.map(|request| {
        let Written::Http(request) = request else {
            panic!("no mail is configured");
        };
        let text = |name| {
            request
                .headers
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let url = &request.url;
        Got {
            method: request.method.to_string(),
            path: url[url::Position::BeforePath..].to_owned(),
            content_type: text("content-type").unwrap_or_default(),
            authorization: text("authorization"),
            body: serde_json::from_slice(&request.body).unwrap(),
        }
    });
    let got = got.collect();
    assert!(!rendering.has_failed());
    got
}

#[expect(
    clippy::print_stderr,
    reason = "a skipped test must not look like a passed one"
)]
fn is_installed() -> bool {
    let is_installed = Path::new(ALERTMANAGER).is_file();
    if !is_installed {
        let is_required = std::env::var_os("PLIMSOLL_REQUIRE_PROGRAMS").is_some();
        assert!(
            !is_required,
            "prometheus-alertmanager is not installed, and PLIMSOLL_REQUIRE_PROGRAMS is set"
        );
        eprintln!("SKIPPED: prometheus-alertmanager is not installed");
    }
    is_installed
}

#[tokio::test]
async fn services_get_what_alertmanager_sends() {
    if !is_installed() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = CONFIG.replace("HOST", &listener.local_addr().unwrap().to_string());
    let (sender, mut receiver) = mpsc::channel(100);
    let router = Router::new().fallback(record).with_state(sender);
    let serving = async { axum::serve(listener, router).await };
    let comparing = async {
        let folder = tempfile::tempdir().unwrap();
        let alertmanager = Alertmanager::start(folder.path(), &config);
        let integrations = integrations(&config);
        for (is_firing, count) in [(true, REQUESTS + 2), (false, REQUESTS)] {
            alertmanager.post(&posted(is_firing)).await;
            let mut theirs = Vec::new();
            while theirs.len() < count {
                let got = tokio::time::timeout(PATIENCE, receiver.recv()).await;
                theirs.push(got.expect("Alertmanager sends in time").unwrap());
            }
            let (theirs, ours) = (
                comparable(theirs),
                comparable(ours(&integrations, &notice(is_firing))),
            );
            for (theirs, ours) in theirs.iter().zip(&ours) {
                assert_eq!(ours, theirs);
            }
            assert_eq!(ours.len(), theirs.len());
        }
    };
    tokio::select! {
        ended = serving => panic!("the recorder ended: {ended:?}"),
        () = comparing => {}
    }
}
