//! What screens ask beside the API that programs know.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use plimsoll_api::{
    Change, ChangeKind, ChangesRead, ConfiguredObject, FileInForce, Journal, RecentChanges,
    ReloadOutcome,
};
use plimsoll_rules::view::{GroupView, RuleViews};
use plimsoll_slo::surface::Slos;
use plimsoll_slo::{Correction, CorrectionKind};
use plimsoll_types::Timestamp;
use serde_json::{Value, json};

use crate::harness::Server;
use crate::{alerting_node, gateway, slos};

/// Between two pulses.
const PAUSE: Duration = Duration::from_secs(2);
const SILENCE: Duration = Duration::from_secs(15);

#[tokio::test]
async fn the_state_says_what_runs_here() {
    let answer = Server::new().get("/api/v1/ui/state").await;
    answer.is_data(
        r#"{"version": "1.2.3", "revision": "", "kind": "server", "startedAt": "1970-01-01T00:01:30Z",
            "now": "1970-01-01T00:01:40Z", "externalUrl": "http://box:9880",
            "has": {"alerting": false, "slos": false, "gateway": false, "rules": false, "hosts": false, "decisions": true}}"#,
    );
    let server = Server::surfaced(|surface| {
        surface.slos = Some(Arc::new(slos::Fake::default()));
        surface.gateway = Some(Arc::new(gateway::Fake::default()));
    });
    let host = "node_uname_info{job=\"node\"} 1 90000\n";
    server
        .post("/api/v1/import/prometheus", "text/plain", host)
        .await;
    let has = server.get("/api/v1/ui/state").await.json()["data"]["has"].clone();
    let expected = json!({"alerting": false, "slos": true, "gateway": true, "rules": false, "hosts": true, "decisions": true});
    assert_eq!(has, expected);
    let refused = server.get("/api/v1/ui/state?x=1").await;
    refused.is_error(400, "bad_data", "takes no parameters");
}

#[tokio::test]
async fn files_and_reloads_are_shown() {
    let server = Server::surfaced(|surface| {
        surface.ui.files.replace(vec![FileInForce {
            path: "rules.yml".into(),
            role: "rules",
            loaded: Timestamp::from_millis(90_000),
            bytes: 7,
            objects: vec![ConfiguredObject {
                kind: "group",
                name: "g".into(),
                line: 2,
            }],
            text: "groups:".into(),
            is_cut: false,
        }]);
        surface.ui.files.note(ReloadOutcome {
            at: Timestamp::from_millis(95_000),
            is_ok: false,
            message: "rules.yml:2:1: error".into(),
        });
    });
    server.get("/api/v1/status/files").await.is_data(
        r#"{"files": [{"path": "rules.yml", "role": "rules", "loadedAt": "1970-01-01T00:01:30Z", "bytes": 7,
              "objects": [{"kind": "group", "name": "g", "line": 2}], "text": "groups:", "isCut": false}],
            "reloads": [{"at": "1970-01-01T00:01:35Z", "ok": false, "message": "rules.yml:2:1: error"}]}"#,
    );
}

fn change(at: i64, kind: ChangeKind, service: Option<&str>) -> Change {
    Change {
        at: Timestamp::from_millis(at),
        kind,
        subject: format!("subject {at}"),
        service: service.map(str::to_owned),
        what: "was changed".into(),
        by: None,
        origin: None,
    }
}

async fn subjects(server: &Server, query: &str) -> Vec<String> {
    let answer = server.get(&format!("/api/v1/changes{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let data = answer.json();
    let changes = data["data"]["changes"].as_array().unwrap();
    let subject = |change: &Value| change["subject"].as_str().unwrap().to_owned();
    changes.iter().map(subject).collect()
}

#[tokio::test]
async fn changes_come_newest_first_from_all_who_know_of_some() {
    let fake = Arc::new(slos::Fake::default());
    let correction = Correction {
        id: "c".into(),
        kind: CorrectionKind::Exclude,
        from: Timestamp::EPOCH,
        length: Duration::from_secs(3600),
        repeat: None,
        matchers: Vec::new(),
        reason: "moved house".into(),
        author: "ann".into(),
        created: Timestamp::from_millis(80_000),
        revoked: Some(Timestamp::from_millis(85_000)),
    };
    fake.correct("checkout/availability", correction)
        .await
        .unwrap();
    let server = Server::surfaced(|surface| {
        surface.slos = Some(fake);
        surface
            .ui
            .journal
            .note(change(70_000, ChangeKind::Start, None));
        surface
            .ui
            .journal
            .note(change(90_000, ChangeKind::Order, Some("checkout")));
        surface
            .ui
            .journal
            .note(change(91_000, ChangeKind::Order, Some("cart")));
    });
    let id = "checkout/availability";
    let all = [
        "subject 91000",
        "subject 90000",
        id,
        id,
        "subject 70000",
        id,
    ];
    assert_eq!(subjects(&server, "").await, all);
    let of_checkout = ["subject 90000", id, id, "subject 70000", id];
    assert_eq!(subjects(&server, "?service=checkout").await, of_checkout);
    assert_eq!(subjects(&server, "?limit=1").await, all[..1]);
    assert_eq!(subjects(&server, "?start=85.5&end=90.5").await, all[1..2]);
    let answer = server.get("/api/v1/changes?start=79&end=81").await;
    answer.is_data(
        r#"{"changes": [{"at": "1970-01-01T00:01:20Z", "kind": "correction", "subject": "checkout/availability",
            "service": "checkout", "what": "1h of events count as left out: moved house", "by": "ann"}]}"#,
    );
    for (query, part) in [
        ("?limit=0", "wanted 1 to 1000"),
        ("?limit=1001", "wanted 1 to 1000"),
        ("?start=2&end=1", "before the start"),
        ("?servce=x", "takes start, end, limit, service"),
    ] {
        let answer = server.get(&format!("/api/v1/changes{query}")).await;
        answer.is_error(400, "bad_data", part);
    }
}

/// A journal whose store is away.
struct Away;

impl Journal for Away {
    fn note(&self, _: Change) {}

    fn read(&self, _: u32) -> ChangesRead<'_> {
        Box::pin(async { Err("the disk is gone".to_owned()) })
    }

    fn revision(&self) -> u64 {
        0
    }
}

#[tokio::test]
async fn changes_that_cannot_be_read_are_not_said_to_be_none() {
    let server = Server::surfaced(|surface| surface.ui.journal = Arc::new(Away));
    let answer = server.get("/api/v1/changes").await;
    answer.is_error(503, "unavailable", "the disk is gone");
}

#[tokio::test]
async fn an_order_is_a_change_of_its_service() {
    let server = Server::surfaced(|surface| {
        surface.gateway = Some(Arc::new(gateway::Fake::default()));
    });
    let order = json!({"order": "drain", "backend": "shop", "endpoint": "a:1"}).to_string();
    let path = "/api/v1/gateway/orders";
    let answer = server.post(path, "application/json", order).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    server.get("/api/v1/changes").await.is_data(
        r#"{"changes": [{"at": "1970-01-01T00:01:40Z", "kind": "order", "subject": "endpoint shop/a:1", "service": "cart",
            "what": "ordered to drain", "origin": "POST /api/v1/gateway/orders"}]}"#,
    );
}

#[tokio::test]
async fn services_join_what_is_known_of_them() {
    let server = Server::surfaced(|surface| {
        surface.slos = Some(Arc::new(slos::Fake::default()));
        surface.gateway = Some(Arc::new(gateway::Fake::default()));
    });
    let answer = server.get("/api/v1/services").await.json();
    let services = &answer["data"]["services"];
    assert_eq!(services[0]["name"], "cart");
    assert_eq!(services[0]["sources"], json!(["route"]));
    assert_eq!(services[0]["backends"], json!(["shop"]));
    let rate = "sum(rate(plimsoll_gateway_requests_total{job=\"gateway\",route=\"cart\"}[1m]))";
    assert_eq!(services[0]["red"]["rate"], rate);
    assert_eq!(services[0]["worst"], Value::Null);
    let checkout = json!({
        "name": "checkout", "sources": ["slo"], "slos": ["checkout/availability"], "routes": [], "jobs": [], "backends": [],
        "alerts": {"page": 0, "ticket": 0, "other": 0},
        "worst": {"slo": "checkout/availability", "remaining": -0.46, "state": "exhausted"},
        "red": {"rate": null, "errors": null, "p99": null}, "saturation": null,
    });
    assert_eq!(services[1], checkout);
    assert_eq!(services.as_array().unwrap().len(), 2);
    let cart = server.get("/api/v1/services/cart").await.json();
    let expected = json!({
        "upstream": [],
        "downstream": [{"name": "shop", "kind": "backend", "endpointsUp": 1, "endpoints": 2}],
    });
    assert_eq!(cart["data"]["dependencies"], expected);
    assert_eq!(cart["data"]["name"], "cart");
    let unknown = server.get("/api/v1/services/a%22b").await;
    unknown.is_error(404, "not_found", "there is no service \"a\\\"b\"");
}

#[tokio::test]
async fn queries_of_a_service_are_queries() {
    let server = Server::surfaced(|surface| {
        surface.gateway = Some(Arc::new(gateway::Fake::default()));
    });
    let cart = server.get("/api/v1/services/cart").await.json();
    for part in ["rate", "errors", "p99"] {
        let query = cart["data"]["red"][part].as_str().unwrap();
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let answer = server.get(&format!("/api/v1/query?query={encoded}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
}

/// Rules that count how often somebody looks at them.
#[derive(Default)]
struct Watched(AtomicUsize);

impl RuleViews for Watched {
    fn groups(&self) -> Vec<Arc<GroupView>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Vec::new()
    }
}

/// What follows pulses.
struct Reader(Body);

impl Reader {
    async fn of(server: &Server, query: &str) -> Self {
        let request = Request::get(format!("/api/v1/live{query}"));
        let request = request.header(header::ACCEPT_ENCODING, "gzip");
        let response = server.respond(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/event-stream"
        );
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
        Self(response.into_body())
    }

    /// Waits for the next event; `None` at the end.
    async fn event(&mut self) -> Option<String> {
        let frame = self.0.frame().await?.unwrap();
        Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
    }

    async fn pulse(&mut self) -> Value {
        let event = self.event().await.unwrap();
        let data = event.strip_prefix("event: pulse\ndata: ").unwrap();
        serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap()
    }
}

/// Waits until somebody sleeps for so long.
async fn until_asleep(server: &Server, duration: Duration) {
    while server.clock.sleepers_until(duration) == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_pulse_comes_when_something_is_another_and_only_then() {
    let journal = Arc::new(RecentChanges::default());
    let noting = journal.clone();
    let server = Server::surfaced(move |surface| surface.ui.journal = journal);
    let mut reader = Reader::of(&server, "?topics=changes,slos").await;
    let first = reader.pulse().await;
    assert_eq!(first["at"], "1970-01-01T00:01:40Z");
    assert_eq!(first["counts"]["firing"], 0);
    let topics: Vec<&String> = first["revisions"].as_object().unwrap().keys().collect();
    assert_eq!(topics, ["changes", "slos"]);
    // Nothing is another after one pulse more; after the next one something is.
    until_asleep(&server, PAUSE).await;
    server.clock.advance(PAUSE);
    until_asleep(&server, PAUSE).await;
    noting.note(change(1, ChangeKind::Order, None));
    server.clock.advance(PAUSE);
    let second = reader.pulse().await;
    assert_eq!(second["at"], "1970-01-01T00:01:44Z");
    assert_ne!(
        second["revisions"]["changes"],
        first["revisions"]["changes"]
    );
    assert_eq!(second["revisions"]["slos"], first["revisions"]["slos"]);
    let whole = |value: &Value| value.as_u64().is_some_and(|number| number < 1 << 53);
    assert!(whole(&second["revisions"]["changes"]));
}

#[tokio::test]
async fn a_reader_of_something_else_is_left_alone_and_told_that_it_is() {
    let journal = Arc::new(RecentChanges::default());
    let noting = journal.clone();
    let server = Server::surfaced(move |surface| surface.ui.journal = journal);
    let mut reader = Reader::of(&server, "?topics=slos").await;
    reader.pulse().await;
    noting.note(change(1, ChangeKind::Order, None));
    let next = async {
        until_asleep(&server, SILENCE).await;
        server.clock.advance(SILENCE);
    };
    let (event, ()) = tokio::join!(reader.event(), next);
    assert_eq!(event.as_deref(), Some(": still here\n\n"));
}

#[tokio::test]
async fn one_looks_for_all_and_only_while_somebody_reads() {
    let watched = Arc::new(Watched::default());
    let rules = watched.clone();
    let server = Server::surfaced(move |surface| surface.rules = rules);
    let looks = || watched.0.load(Ordering::SeqCst);
    let mut readers = Vec::new();
    for _ in 0..10 {
        readers.push(Reader::of(&server, "?topics=rules").await);
    }
    for reader in &mut readers {
        reader.pulse().await;
    }
    until_asleep(&server, PAUSE).await;
    let of_one_pulse = looks();
    assert!(of_one_pulse <= 2, "{of_one_pulse}");
    server.clock.advance(PAUSE);
    until_asleep(&server, PAUSE).await;
    assert_eq!(looks(), 2 * of_one_pulse);
    drop(readers);
    server.clock.advance(PAUSE);
    // On one thread whoever was woken runs before whoever yields goes on.
    tokio::task::yield_now().await;
    assert_eq!(server.clock.sleepers_until(PAUSE), 0);
    // The next reader is not told of then, and whoever makes pulses begins anew.
    let mut late = Reader::of(&server, "?topics=rules").await;
    assert_eq!(late.pulse().await["at"], "1970-01-01T00:01:44Z");
    assert_eq!(looks(), 3 * of_one_pulse);
}

#[tokio::test]
async fn a_reader_too_many_is_refused_and_has_its_place_once_another_leaves() {
    let server = Server::new();
    let mut readers = Vec::new();
    for _ in 0..64 {
        readers.push(Reader::of(&server, "").await);
    }
    let refused = server.get("/api/v1/live").await;
    refused.is_error(503, "unavailable", "64 readers follow already");
    readers.pop();
    Reader::of(&server, "").await.pulse().await;
}

#[tokio::test]
async fn streams_end_with_the_server() {
    let server = Server::new();
    let mut reader = Reader::of(&server, "?topics=alerts").await;
    reader.pulse().await;
    server.stop.trigger();
    assert_eq!(reader.event().await, None);
}

#[tokio::test]
async fn topics_are_named_one_by_one() {
    let server = Server::new();
    let refused = server.get("/api/v1/live?topics=alerts,slo").await;
    refused.is_error(400, "bad_data", "found \"slo\"");
    let all = Reader::of(&server, "").await.pulse().await;
    assert_eq!(all["revisions"].as_object().unwrap().len(), 8);
}

#[tokio::test]
async fn a_silence_is_news_of_what_it_concerns() {
    let (server, _) = alerting_node::server();
    let mut reader = Reader::of(&server, "?topics=alerts,changes,silences,targets").await;
    let first = reader.pulse().await;
    until_asleep(&server, PAUSE).await;
    let silence = json!({
        "matchers": [{"name": "service", "value": "shop", "isRegex": false, "isEqual": true}],
        "startsAt": "1970-01-01T00:01:40Z", "endsAt": "1970-01-01T01:00:00Z", "createdBy": "ann", "comment": "quiet",
    });
    let path = "/api/v2/silences";
    let answer = server
        .post(path, "application/json", silence.to_string())
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    server.clock.advance(PAUSE);
    let second = reader.pulse().await;
    for (topic, is_another) in [
        ("alerts", false),
        ("changes", true),
        ("silences", true),
        ("targets", false),
    ] {
        let differs = first["revisions"][topic] != second["revisions"][topic];
        assert_eq!(differs, is_another, "{topic}");
    }
    let answer = server.get("/api/v1/changes?service=shop").await.json();
    let change = &answer["data"]["changes"][0];
    assert_eq!(change["kind"], "silence");
    assert_eq!(change["by"], "ann");
    assert_eq!(change["what"], "a silence was set: quiet");
    assert_eq!(change["subject"], "{service=\"shop\"}");
    assert!(
        change["origin"]
            .as_str()
            .unwrap()
            .starts_with("/silences?edit=")
    );
}
