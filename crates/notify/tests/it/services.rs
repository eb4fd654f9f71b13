//! Each kind of receiver against a fake of its service: what comes over the wire, and what is made of the answer.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_notify::{Integration, Notice, Reason, ReceiverData, Verdict, receivers};
use serde_json::Value;

use crate::bench::{Bench, LONG, notice, only};
use crate::peer::{Peer, Reply, Request};

/// A kind, its entry, what stands in `global`, what the service says, and the request that it is to get.
struct Service {
    kind: &'static str,
    entry: &'static str,
    global: &'static str,
    reply: (&'static str, &'static str),
    line: &'static str,
    authorization: Option<&'static str>,
}

const SERVICES: [Service; 8] = [
    Service {
        kind: "webhook",
        entry: "{url: 'http://HOST/hook?x={{ .Status }}'}",
        global: "",
        reply: ("204 No Content", ""),
        line: "POST /hook?x=firing HTTP/1.1",
        authorization: None,
    },
    Service {
        kind: "pagerduty",
        entry: "{routing_key: rk}",
        global: "pagerduty_url: 'http://HOST/v2/enqueue'",
        reply: (
            "202 Accepted",
            "{\"status\":\"success\",\"dedup_key\":\"x\"}",
        ),
        line: "POST /v2/enqueue HTTP/1.1",
        authorization: None,
    },
    Service {
        kind: "slack",
        entry: "{}",
        global: "slack_api_url: 'http://HOST/services/T/B/X'",
        reply: ("200 OK", "ok"),
        line: "POST /services/T/B/X HTTP/1.1",
        authorization: None,
    },
    Service {
        kind: "opsgenie",
        entry: "{}",
        global: "opsgenie_api_url: 'http://HOST/', opsgenie_api_key: gk",
        reply: ("202 Accepted", "{\"result\":\"Request will be processed\"}"),
        line: "POST /v2/alerts HTTP/1.1",
        authorization: Some("GenieKey gk"),
    },
    Service {
        kind: "msteamsv2",
        entry: "{webhook_url: 'http://HOST/workflows/x'}",
        global: "",
        reply: ("202 Accepted", ""),
        line: "POST /workflows/x HTTP/1.1",
        authorization: None,
    },
    Service {
        kind: "discord",
        entry: "{webhook_url: 'http://HOST/api/webhooks/1/x'}",
        global: "",
        reply: ("204 No Content", ""),
        line: "POST /api/webhooks/1/x HTTP/1.1",
        authorization: None,
    },
    Service {
        kind: "telegram",
        entry: "{chat_id: -100}",
        global: "telegram_api_url: 'http://HOST', telegram_bot_token: '1:tok'",
        reply: ("200 OK", "{\"ok\":true,\"result\":{\"message_id\":1}}"),
        line: "POST /bot1:tok/sendMessage HTTP/1.1",
        authorization: None,
    },
    Service {
        kind: "incidentio",
        entry: "{url: 'http://HOST/v2/alert_events/alertmanager/1', alert_source_token: st}",
        global: "",
        reply: ("202 Accepted", "{}"),
        line: "POST /v2/alert_events/alertmanager/1 HTTP/1.1",
        authorization: Some("Bearer st"),
    },
];

fn integration(kind: &str, entry: &str, global: &str, peer: &Peer) -> Integration {
    let text =
        format!("global: {{{global}}}\nreceivers:\n- name: team\n  {kind}_configs: [{entry}]\n");
    only(&text.replace("HOST", &format!("127.0.0.1:{}", peer.port)))
}

fn json(request: &Request) -> Value {
    serde_json::from_str(&request.body).unwrap()
}

fn ok(body: &str) -> Reply {
    Reply::status("200 OK", &[("Content-Type", "application/json")], body)
}

#[tokio::test]
async fn every_service_gets_what_it_reads() {
    let bench = Bench::new();
    for service in SERVICES {
        let (status, body) = service.reply;
        let peer = Peer::start(vec![Reply::status(status, &[], body)]);
        let integration = integration(service.kind, service.entry, service.global, &peer);
        let verdict = bench.send(&integration).await;
        assert!(verdict.is_sent(), "{}: {verdict:?}", service.kind);
        let request = peer.request();
        assert_eq!(request.line(), service.line);
        assert_eq!(request.header("authorization"), service.authorization);
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("idempotency-key"), Some("key-1"));
        assert!(json(&request).is_object());
    }
}

#[tokio::test]
async fn every_service_may_ask_for_a_pause() {
    let bench = Bench::new();
    for service in SERVICES {
        let headers = [("Retry-After", "7")];
        let busy = Reply::status("429 Too Many Requests", &headers, "");
        let peer = Peer::start(vec![busy]);
        let integration = integration(service.kind, service.entry, service.global, &peer);
        match bench.send(&integration).await {
            Verdict::Retry { after, .. } => assert_eq!(after, Some(Duration::from_secs(7))),
            other => panic!("{}: {other:?}", service.kind),
        }
    }
}

#[test]
fn no_service_is_forgotten() {
    let tested = SERVICES.map(|service| service.kind);
    let missing = receivers::ALL.iter().filter(|kind| !tested.contains(kind));
    // Mail has tests of its own, with a server of its own.
    assert_eq!(missing.copied().collect::<Vec<_>>(), ["email"]);
}

const APP: &str = "{app_token: xoxb, channel: '#ops', update_message: true}";
const APP_URL: &str = "slack_app_url: 'http://HOST/api/chat.postMessage'";

/// A further notice of the group, after what the last one left.
fn further(data: ReceiverData) -> Arc<Notice> {
    Arc::new(Notice {
        id: "key-2".to_owned(),
        reason: Reason::NewAlerts,
        previous: Some(data),
        ..notice()
    })
}

fn data(verdict: Verdict) -> ReceiverData {
    match verdict {
        Verdict::Sent { data } => data,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_slack_app_changes_its_message() {
    let bench = Bench::new();
    let posted = "{\"ok\":true,\"channel\":\"C1\",\"ts\":\"1.1\"}";
    let peer = Peer::start(vec![ok(posted), ok(posted)]);
    let slack = integration("slack", APP, APP_URL, &peer);

    let kept = data(bench.send(&slack).await);
    let first = peer.request();
    assert_eq!(first.line(), "POST /api/chat.postMessage HTTP/1.1");
    assert_eq!(first.header("authorization"), Some("Bearer xoxb"));
    assert_eq!(json(&first)["channel"], "#ops");

    let again = data(bench.sender.send(&slack, further(kept.clone()), LONG).await);
    assert_eq!(again, kept);
    let second = peer.request();
    assert_eq!(second.line(), "POST /api/chat.update HTTP/1.1");
    assert_eq!(json(&second)["channel"], "C1");
    assert_eq!(json(&second)["ts"], "1.1");
}

#[tokio::test]
async fn a_slack_app_writes_anew_where_its_message_is_gone() {
    let bench = Bench::new();
    let peer = Peer::start(vec![
        ok("{\"ok\":false,\"error\":\"message_not_found\"}"),
        ok("{\"ok\":true,\"channel\":\"C1\",\"ts\":\"2.2\"}"),
    ]);
    let slack = integration("slack", APP, APP_URL, &peer);
    let old = ReceiverData::from_pairs([("channel", "C1"), ("ts", "1.1")]);
    let kept = data(bench.sender.send(&slack, further(old), LONG).await);
    assert_eq!(kept.get("ts"), Some("2.2"));
    assert_eq!(peer.request().line(), "POST /api/chat.update HTTP/1.1");
    let anew = peer.request();
    assert_eq!(anew.line(), "POST /api/chat.postMessage HTTP/1.1");
    assert_eq!(json(&anew).get("ts"), None);
}

#[tokio::test]
async fn telegram_gets_plain_text_where_it_cannot_read_the_markup() {
    let bench = Bench::new();
    let refused = "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: can't parse entities: x\"}";
    let peer = Peer::start(vec![
        Reply::status("400 Bad Request", &[], refused),
        ok("{\"ok\":true}"),
    ]);
    let entry = "{bot_token: t, chat_id: 1, api_url: 'http://HOST', message: '<b>{{ .Status }}'}";
    let telegram = integration("telegram", entry, "", &peer);
    assert!(bench.send(&telegram).await.is_sent());
    assert_eq!(json(&peer.request())["parse_mode"], "HTML");
    let plain = json(&peer.request());
    assert_eq!(plain["text"], "<b>firing");
    assert_eq!(plain.get("parse_mode"), None);
}

#[tokio::test]
async fn opsgenie_is_told_of_a_change_after_the_alert_and_not_without_it() {
    let bench = Bench::new();
    let entry =
        "{api_key: k, api_url: 'http://HOST/', update_alerts: true, message: m, description: d}";
    let accepted = || Reply::status("202 Accepted", &[], "{}");
    let peer = Peer::start(vec![accepted(), accepted(), accepted()]);
    let opsgenie = integration("opsgenie", entry, "", &peer);
    assert!(bench.send(&opsgenie).await.is_sent());
    let lines: Vec<_> = (0..3).map(|_| peer.request().line().to_owned()).collect();
    assert_eq!(lines[0], "POST /v2/alerts HTTP/1.1");
    assert!(lines[1].starts_with("PUT /v2/alerts/"), "{lines:?}");
    assert!(
        lines[1].contains("/message?identifierType=alias "),
        "{lines:?}"
    );
    assert!(
        lines[2].contains("/description?identifierType=alias "),
        "{lines:?}"
    );

    let peer = Peer::start(vec![
        Reply::status("503 Service Unavailable", &[], ""),
        accepted(),
    ]);
    let opsgenie = integration("opsgenie", entry, "", &peer);
    let verdict = bench.send(&opsgenie).await;
    assert!(matches!(verdict, Verdict::Retry { .. }), "{verdict:?}");
    peer.request();
    assert!(!peer.has_request());
}

#[tokio::test]
async fn a_peer_that_repeats_the_request_tells_no_secret() {
    let entries = [
        "webhook_configs: [{url: 'http://HOST/hooks/s3cret-of-the-hook'}]",
        "webhook_configs: [{url: 'http://HOST/hook?key=s3cret{{ .Status }}'}]",
        "webhook_configs: [{url: 'http://HOST/hook', http_config: {basic_auth: {username: me, password: s3cret}}}]",
        "webhook_configs: [{url: 'http://HOST/hook', http_config: {authorization: {credentials: s3cret}}}]",
        "pagerduty_configs: [{routing_key: s3cret, url: 'http://HOST/v2/enqueue', details: {}}]",
        "slack_configs: [{api_url: 'http://HOST/services/T/B/s3cret-of-the-hook'}]",
        "opsgenie_configs: [{api_url: 'http://HOST/', api_key: s3cret}]",
        "msteamsv2_configs: [{webhook_url: 'http://HOST/workflows/s3cret-of-the-flow?sig=s3cret'}]",
        "discord_configs: [{webhook_url: 'http://HOST/api/webhooks/1/s3cret-of-the-hook'}]",
        "telegram_configs: [{api_url: 'http://HOST', bot_token: '1:s3cret', chat_id: 5}]",
        "incidentio_configs: [{url: 'http://HOST/v2', alert_source_token: s3cret}]",
    ];
    for entry in entries {
        let peer = Peer::start(vec![Reply::Echo("400 Bad Request")]);
        let entry = entry.replace("HOST", &format!("127.0.0.1:{}", peer.port));
        let integration = only(&format!("receivers: [{{name: team, {entry}}}]\n"));
        match Bench::new().send(&integration).await {
            Verdict::Refused { reason } => {
                // "me:s3cret"
                let tells = reason.contains("s3cret") || reason.contains("bWU6czNjcmV0");
                assert!(!tells && reason.contains("<secret>"), "{entry}: {reason}");
            }
            other => panic!("{entry}: {other:?}"),
        }
    }
}
