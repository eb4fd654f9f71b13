//! `/api/v1/alerting`: who is told and who is not, and why.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use plimsoll_alerting::Event;
use plimsoll_notify::Verdict;
use serde_json::{Value, json};

use crate::alerting_node::{Node, server, server_with};
use crate::harness::Server;

/// One team that has a webhook, and a heartbeat.
const WEBHOOK: &str = "
route: {receiver: team, group_by: [alertname], group_wait: 30s}
receivers:
- name: team
  webhook_configs: [{url: 'http://127.0.0.1:1/'}]
- name: other
plimsoll:
  heartbeats: [{name: Silent, matchers: [beat=\"yes\"], timeout: 10m}]
";

impl Server {
    async fn data(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let json = answer.json();
        assert_eq!(json["status"], "success");
        json["data"].clone()
    }

    async fn fire(&self, labels: Value) {
        let body = json!([{ "labels": labels }]).to_string();
        let answer = self.post("/api/v2/alerts", "application/json", body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

async fn why(server: &Server) -> Value {
    let explained = server
        .data("/api/v1/alerting/explain?label=alertname%3DDown")
        .await;
    explained["channels"][0]["why"].clone()
}

/// Lets what is due begin; answers what began.
fn attempts(node: &Arc<Node>) -> Vec<plimsoll_alerting::DeliveryId> {
    let begun = node.step(Event::Due).start;
    begun.into_iter().map(|attempt| attempt.delivery).collect()
}

#[tokio::test]
async fn an_alert_is_explained_from_its_post_to_its_notice() {
    let (server, node) = server_with(WEBHOOK);
    assert_eq!(why(&server).await, json!({"kind": "no_alert"}));
    server.fire(json!({"alertname": "Down"})).await;
    let explained = server
        .data("/api/v1/alerting/explain?label=alertname%3DDown")
        .await;
    assert_eq!(explained["labels"], json!({"alertname": "Down"}));
    assert_eq!(explained["notRoutedTo"], json!(["other"]));
    let channel = &explained["channels"][0];
    assert_eq!(
        (&channel["receiver"], &channel["integration"]),
        (&json!("team"), &json!("webhook[0]"))
    );
    assert_eq!(channel["group"], "{}:{alertname=\"Down\"}");
    assert_eq!(channel["told"], Value::Null);
    let waiting =
        json!({"kind": "waiting", "until": "1970-01-01T00:02:10Z", "timer": "group_wait"});
    assert_eq!(channel["why"], waiting);
    assert_eq!(channel["nextAt"], "1970-01-01T00:02:10Z");
    assert!(!channel["text"].as_str().unwrap().is_empty());
    // The same by its fingerprint.
    let path = format!(
        "/api/v1/alerting/explain?fingerprint={}",
        explained["alert"]["fingerprint"].as_str().unwrap()
    );
    assert_eq!(server.data(&path).await, explained);

    server.clock.advance(Duration::from_secs(30));
    let delivery = attempts(&node)[0];
    assert_eq!(why(&server).await["kind"], "being_told");
    let waiting = server.data("/api/v1/alerting/deliveries").await;
    assert_eq!(waiting["deliveries"][0]["phase"], "leased");
    assert_eq!(waiting["deliveries"][0]["delivery"], delivery.to_string());
    let verdict = Verdict::Sent {
        data: Default::default(),
    };
    node.step(Event::Answered { delivery, verdict });
    assert_eq!(why(&server).await["kind"], "nothing_new");
    assert_eq!(
        server.data("/api/v1/alerting/deliveries").await,
        json!({"deliveries": []})
    );

    let history = server.data("/api/v1/alerting/notifications").await;
    let notice = &history["notifications"][0];
    assert_eq!(
        (&notice["outcome"], &notice["reason"]),
        (&json!("sent"), &json!("first notification"))
    );
    assert_eq!(
        (&notice["firing"], &notice["alerts"][0]["status"]),
        (&json!(1), &json!("firing"))
    );
    for (query, count) in [
        ("receiver=team", 1),
        ("receiver=other", 0),
        ("limit=1", 1),
        ("fingerprint=0000000000000000", 0),
    ] {
        let found = server
            .data(&format!("/api/v1/alerting/notifications?{query}"))
            .await;
        assert_eq!(
            found["notifications"].as_array().unwrap().len(),
            count,
            "{query}"
        );
    }
}

#[tokio::test]
async fn who_kept_an_alert_back_is_named() {
    let (server, node) = server();
    server
        .fire(json!({"alertname": "Up", "job": "db", "severity": "critical"}))
        .await;
    server
        .fire(json!({"alertname": "Down", "job": "db", "severity": "warning"}))
        .await;
    server.clock.advance(Duration::from_secs(31));
    node.step(Event::Due);
    let path =
        "/api/v1/alerting/explain?label=alertname%3DDown&label=job%3Ddb&label=severity%3Dwarning";
    let explained = server.data(path).await;
    let status = &explained["alert"]["status"];
    assert_eq!(status["state"], "suppressed");
    assert_eq!(status["inhibitedBy"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused() {
    let (server, node) = server();
    let refused = [
        ("explain", "wanted fingerprint or label=name=value"),
        (
            "explain?label=x",
            "invalid parameter \"label\": wanted name=value",
        ),
        (
            "explain?label=a%3Db&label=a%3Dc",
            "invalid parameter \"label\"",
        ),
        ("explain?fingerprint=x", "invalid parameter \"fingerprint\""),
        (
            "notifications?limit=0",
            "invalid parameter \"limit\": wanted 1 to 1000",
        ),
        (
            "notifications?fingerprint=x",
            "invalid parameter \"fingerprint\"",
        ),
        ("routes/test?label=x", "invalid parameter \"label\""),
    ];
    for (path, part) in refused {
        let answer = server.get(&format!("/api/v1/alerting/{path}")).await;
        answer.is_error(400, "bad_data", part);
    }
    let answer = server
        .get("/api/v1/alerting/explain?fingerprint=0000000000000000")
        .await;
    answer.is_error(404, "not_found", "0000000000000000");
    node.is_full.store(true, Ordering::Relaxed);
    let answer = server.get("/api/v1/alerting/notifications").await;
    answer.is_error(503, "unavailable", "the disk is full");
}

#[tokio::test]
async fn routes_are_shown_and_tested() {
    let (server, _) = server();
    let tree = server.data("/api/v1/alerting/routes").await;
    let routes = tree["routes"].as_array().unwrap();
    assert_eq!(routes.len(), 3);
    assert_eq!(
        (&routes[0]["parent"], &routes[1]["parent"]),
        (&Value::Null, &json!(0))
    );
    assert_eq!(routes[1]["matchers"], json!(["team=\"b\""]));
    assert_eq!(
        (&routes[1]["continue"], &routes[1]["groupWait"]),
        (&json!(true), &json!("30s"))
    );
    assert_eq!(routes[2]["muteTimeIntervals"], json!(["always"]));
    for (query, expected) in [
        ("", json!(["team-a"])),
        ("label=team%3Db", json!(["team-b", "team-c"])),
        ("label=team%3Dc&label=x%3Dy", json!(["team-c"])),
    ] {
        let found = server
            .data(&format!("/api/v1/alerting/routes/test?{query}"))
            .await;
        assert_eq!(found["receivers"], expected, "{query}");
    }
}

#[tokio::test]
async fn a_preview_shows_what_a_silence_would_keep_back_and_changes_nothing() {
    let (server, _) = server();
    for name in ["A", "B", "C"] {
        server.fire(json!({ "alertname": name })).await;
    }
    let silence = json!({
        "matchers": [{"name": "alertname", "value": "A|B", "isRegex": true}],
        "matcherSets": [[{"name": "alertname", "value": "B", "isRegex": false}]],
        "startsAt": "1970-01-01T00:00:00Z", "endsAt": "1970-01-01T01:00:00Z",
        "createdBy": "me", "comment": "c",
    });
    let path = "/api/v1/alerting/silences/preview";
    let answer = server
        .post(path, "application/json", silence.to_string())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let data = &answer.json()["data"];
    assert_eq!((&data["active"], &data["matched"]), (&json!(3), &json!(2)));
    assert_eq!(data["alerts"].as_array().unwrap().len(), 2);
    assert_eq!(server.get("/api/v2/silences").await.body, "[]\n");
    let answer = server.post(path, "application/json", "{}").await;
    answer.is_error(400, "bad_data", "comment in body is required");
}

#[tokio::test]
async fn who_should_be_heard_of_is_listed() {
    let (server, node) = server_with(WEBHOOK);
    let listed = server.data("/api/v1/alerting/heartbeats").await;
    let beat = &listed["heartbeats"][0];
    assert_eq!(
        (&beat["name"], &beat["isMissing"]),
        (&json!("Silent"), &json!(false))
    );
    server.clock.advance(Duration::from_secs(601));
    node.step(Event::Due);
    let listed = server.data("/api/v1/alerting/heartbeats").await;
    assert_eq!(listed["heartbeats"][0]["isMissing"], true);
    server
        .fire(json!({"alertname": "Watchdog", "beat": "yes"}))
        .await;
    let listed = server.data("/api/v1/alerting/heartbeats").await;
    assert_eq!(listed["heartbeats"][0]["isMissing"], false);
    assert_eq!(listed["heartbeats"][0]["seenAt"], "1970-01-01T00:11:41Z");
}
