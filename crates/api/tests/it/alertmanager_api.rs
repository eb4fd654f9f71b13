//! `/api/v2` as clients of Alertmanager see it. The answers to bad input are those of Debian's Alertmanager 0.25 but where
//! `docs/http-api.md` says otherwise.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::{Value, json};

use crate::alerting_node::{CONFIG, server, server_with};
use crate::harness::{Answer, Server};

impl Server {
    async fn post_json(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.post(path, "application/json", body).await
    }

    async fn alerts(&self, body: &str) {
        let answer = self.post_json("/api/v2/alerts", body.to_owned()).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (200, ""));
    }

    async fn listed(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
        assert!(answer.body.ends_with('\n'));
        answer.json()
    }
}

impl Answer {
    /// Checks a refusal by Alertmanager's framework.
    fn is_coded(&self, status: u16, code: u16, message: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.json(), json!({"code": code, "message": message}));
    }

    /// Checks a refusal by a handler.
    fn is_text(&self, status: u16, message: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.json(), json!(message));
        assert!(self.body.ends_with("\"\n"), "{}", self.body);
    }
}

#[tokio::test]
async fn posted_alerts_are_judged_as_by_an_alertmanager() {
    let (server, _) = server();
    for (body, code, expected) in [
        ("", 602, "alerts in body is required"),
        ("[{}]", 602, "0.labels in body is required"),
        (
            r#"[{"labels":{"a":"b"},"generatorURL":"nowhere"}]"#,
            601,
            "0.generatorURL in body must be of type uri: \"nowhere\"",
        ),
    ] {
        let answer = server.post_json("/api/v2/alerts", body).await;
        answer.is_coded(422, code, expected);
    }
    let malformed = server.post_json("/api/v2/alerts", "{").await;
    assert_eq!(malformed.status, 400);
    assert_eq!(malformed.json()["code"], 400);
    let words = malformed.json()["message"].as_str().unwrap().to_owned();
    assert!(
        words.starts_with("parsing alerts body from \"\" failed, because line 1, column "),
        "{words}"
    );
    for (body, expected) in [
        (r#"[{"labels":{}}]"#, "at least one label pair required"),
        (
            r#"[{"labels":{"a":"b"},"startsAt":"2026-11-21T22:00:00Z","endsAt":"2026-11-21T21:00:00Z"}]"#,
            "start time must be before end time",
        ),
        (
            r#"[{"labels":{"a":""}},{"labels":{"a":"b"},"annotations":{"":"x"}},{"labels":{"good":"1"}}]"#,
            "at least one label pair required; invalid annotations: invalid name \"\"",
        ),
    ] {
        let answer = server.post_json("/api/v2/alerts", body).await;
        answer.is_text(400, expected);
    }
    // What was good among the bad counts.
    let listed = server.listed("/api/v2/alerts").await;
    assert_eq!(listed[0]["labels"], json!({"good": "1"}));
    for body in ["null", "[]"] {
        server.alerts(body).await;
    }
}

#[tokio::test]
async fn what_is_no_json_is_refused() {
    let (server, _) = server();
    let body = r#"[{"labels":{"a":"b"}}]"#;
    for (kind, named) in [
        ("text/plain", "text/plain"),
        (
            "application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded",
        ),
        ("foo", "foo"),
        ("", "application/octet-stream"),
    ] {
        let request = Request::post("/api/v2/alerts")
            .header(header::CONTENT_LENGTH, body.len())
            .header(header::CONTENT_TYPE, kind);
        let answer = server.send(request.body(Body::from(body)).unwrap()).await;
        let words =
            format!("unsupported media type \"{named}\", only [application/json] are allowed");
        answer.is_coded(415, 415, &words);
    }
    let request = Request::get("/api/v2/status").header(header::ACCEPT, "text/plain");
    let answer = server.send(request.body(Body::empty()).unwrap()).await;
    let words = "unsupported media type requested, only [application/json] are available";
    answer.is_coded(406, 406, words);
    let answer = server
        .post("/api/v2/alerts", "application/json; charset=utf-8", body)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn paths_and_methods_that_are_none_are_named() {
    let (server, _) = server();
    let answer = server.get("/api/v2/nothing").await;
    answer.is_coded(404, 404, "path /api/v2/nothing was not found");
    let silence = "/api/v2/silence/7d8b0e4f-7f8d-4a58-9dd6-9a4a0a1b2c3d";
    for (method, path, allowed) in [
        (Method::PUT, "/api/v2/alerts", "GET,POST"),
        (Method::DELETE, "/api/v2/silences", "GET,POST"),
        (Method::OPTIONS, "/api/v2/alerts", "GET,POST"),
        (Method::PUT, silence, "DELETE,GET"),
        (Method::POST, "/api/v2/status", "GET"),
    ] {
        let request = Request::builder().method(method.clone()).uri(path);
        let answer = server.send(request.body(Body::empty()).unwrap()).await;
        let words = format!("method {method} is not allowed, but [{allowed}] are");
        answer.is_coded(405, 405, &words);
        assert_eq!(answer.headers[header::ALLOW], allowed);
    }
    let head = Request::head("/api/v2/alerts").body(Body::empty()).unwrap();
    assert_eq!(server.send(head).await.status, 405);
}

#[tokio::test]
async fn a_page_of_another_site_posts_nothing() {
    let (server, _) = server();
    for path in ["/api/v2/alerts", "/api/v2/silences"] {
        let request = Request::post(path)
            .header(header::ORIGIN, "https://evil.example")
            .header(header::HOST, "localhost:9880")
            .header(header::CONTENT_TYPE, "application/json");
        let answer = server.send(request.body(Body::from("[]")).unwrap()).await;
        assert_eq!(answer.status, 403, "{}", answer.body);
    }
    let request = Request::get("/api/v2/receivers").header(header::ORIGIN, "http://localhost:3000");
    let answer = server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        answer.headers["access-control-allow-origin"],
        "http://localhost:3000"
    );
}

#[tokio::test]
async fn alerts_are_listed_as_alertmanager_lists_them() {
    let (server, _) = server();
    server
        .alerts(r#"[{"labels":{"a":"b"},"annotations":{"s":"<x> & \"y\""},"generatorURL":"http://h/g?a=b&c=<d>"}]"#)
        .await;
    let answer = server.get("/api/v2/alerts").await;
    let expected = concat!(
        r#"[{"annotations":{"s":"<x> & \"y\""},"endsAt":"1970-01-01T00:06:40.000Z","fingerprint":"d2b371819297f98a","#,
        r#""receivers":[{"name":"team-a"}],"startsAt":"1970-01-01T00:01:40.000Z","#,
        r#""status":{"inhibitedBy":[],"mutedBy":[],"silencedBy":[],"state":"active"},"#,
        r#""updatedAt":"1970-01-01T00:01:40.000Z","generatorURL":"http://h/g?a=b&c=<d>","labels":{"a":"b"}}]"#,
        "\n",
    );
    assert_eq!(answer.body, expected);
}

async fn names(server: &Server, query: &str) -> Vec<String> {
    let listed = server.listed(&format!("/api/v2/alerts?{query}")).await;
    let alerts = listed.as_array().unwrap().iter();
    let mut names: Vec<String> = alerts
        .map(|alert| alert["labels"]["alertname"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

const FOUR: &str = r#"[
    {"labels":{"alertname":"A","job":"db","severity":"critical"}},
    {"labels":{"alertname":"B","job":"db","severity":"warning"}},
    {"labels":{"alertname":"C","team":"b"}},
    {"labels":{"alertname":"D","team":"c"}}]"#;

fn silence(name: &str, value: &str) -> String {
    json!({
        "matchers": [{"name": name, "value": value, "isRegex": false}],
        "startsAt": "1970-01-01T00:00:00Z", "endsAt": "1970-01-01T01:00:00Z",
        "createdBy": "me", "comment": "c",
    })
    .to_string()
}

#[tokio::test]
async fn alerts_are_chosen_by_labels_receivers_and_what_keeps_them_back() {
    let (server, node) = server();
    server.alerts(FOUR).await;
    server
        .post_json("/api/v2/silences", silence("alertname", "D"))
        .await;
    // group_wait passes, and everything was looked at.
    server.clock.advance(Duration::from_secs(31));
    node.step(plimsoll_alerting::Event::Due);
    for (query, expected) in [
        ("", "ABCD"),
        ("active=false", "BD"),
        ("active=false&active=true", "ABCD"),
        ("active=", "ABCD"),
        ("active=maybe", "BD"),
        ("unprocessed=false", "ABCD"),
        ("active=YES", "ABCD"),
        ("inhibited=false", "ACD"),
        ("silenced=0", "ABC"),
        ("filter=job%3Ddb", "AB"),
        ("filter=job%3Ddb&filter=severity%21%7E%22crit.*%22", "B"),
        ("filter=team%3D", "AB"),
        ("filter=%7B%22team%22%3D%7E%22b%7Cc%22%7D", "CD"),
        ("receiver=team", ""),
        ("receiver=team-.*", "ABCD"),
        ("receiver=team-c", "CD"),
        ("receiver=", "ABCD"),
        ("receiver_matchers=name%3Dteam-b", "C"),
        (
            "receiver_matchers=name%21%3Dteam-b&receiver=team-%5Bbc%5D",
            "CD",
        ),
    ] {
        assert_eq!(names(&server, query).await.concat(), expected, "{query}");
    }
}

#[tokio::test]
async fn conditions_that_cannot_be_read_are_refused() {
    let (server, _) = server();
    for path in ["alerts", "alerts/groups", "silences"] {
        let answer = server.get(&format!("/api/v2/{path}?filter=a")).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(
            answer.body.starts_with("\"bad matcher format: "),
            "{}",
            answer.body
        );
        let answer = server
            .get(&format!("/api/v2/{path}?filter=a%3D%7E%22%28%22"))
            .await;
        assert_eq!(answer.status, 400, "{}", answer.body);
    }
    for path in ["alerts", "alerts/groups"] {
        let answer = server.get(&format!("/api/v2/{path}?receiver=%28")).await;
        answer.is_text(400, "failed to parse receiver param: unclosed group");
    }
    let answer = server.get("/api/v2/receivers?receiver_matchers=x").await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    let many = "filter=a%3Db&".repeat(101);
    let answer = server.get(&format!("/api/v2/alerts?{many}")).await;
    answer.is_text(400, "more than 100 conditions in filter");
    let many = "x=&".repeat(1001);
    let answer = server.get(&format!("/api/v2/alerts?{many}")).await;
    answer.is_text(400, "more than 1000 parameters");
}

#[tokio::test]
async fn groups_are_listed_with_what_was_asked_for() {
    let (server, node) = server();
    server.alerts(FOUR).await;
    server.clock.advance(Duration::from_secs(31));
    node.step(plimsoll_alerting::Event::Due);
    let brief = |listed: &Value| {
        let groups = listed.as_array().unwrap().iter().map(|group| {
            let alerts = group["alerts"].as_array().unwrap().iter();
            let names = alerts.map(|alert| alert["labels"]["alertname"].as_str().unwrap());
            let receiver = group["receiver"]["name"].as_str().unwrap();
            format!("{receiver}:{}", names.collect::<String>())
        });
        groups.collect::<Vec<_>>().join(" ")
    };
    for (query, expected) in [
        ("", "team-a:A team-a:B team-b:C team-c:C team-c:D"),
        ("muted=false", "team-a:A team-b:C"),
        ("active=false", "team-a:B"),
        ("receiver=team-b", "team-b:C"),
        ("filter=alertname%3DA", "team-a:A"),
    ] {
        let listed = server
            .listed(&format!("/api/v2/alerts/groups?{query}"))
            .await;
        assert_eq!(brief(&listed), expected, "{query}");
    }
}

#[tokio::test]
async fn a_silence_is_made_changed_and_ended() {
    let (server, _) = server();
    let made = server
        .post_json("/api/v2/silences", silence("a", "b"))
        .await;
    assert_eq!(made.status, 200, "{}", made.body);
    let id = made.json()["silenceID"].as_str().unwrap().to_owned();
    assert_eq!(made.body, format!("{{\"silenceID\":\"{id}\"}}\n"));
    let path = format!("/api/v2/silence/{id}");
    let expected = json!({
        "id": id, "status": {"state": "active"}, "updatedAt": "1970-01-01T00:01:40.000Z", "annotations": {},
        "comment": "c", "createdBy": "me", "endsAt": "1970-01-01T01:00:00.000Z",
        "matchers": [{"isEqual": true, "isRegex": false, "name": "a", "value": "b"}],
        "startsAt": "1970-01-01T00:01:40.000Z",
    });
    assert_eq!(server.listed(&path).await, expected);
    assert_eq!(server.listed("/api/v2/silences").await, json!([expected]));
    let mut changed = expected.clone();
    changed["comment"] = "longer".into();
    changed["endsAt"] = "1970-01-01T02:00:00.000Z".into();
    let answer = server
        .post_json("/api/v2/silences", changed.to_string())
        .await;
    assert_eq!(answer.json()["silenceID"], id, "{}", answer.body);
    assert_eq!(server.listed(&path).await["comment"], "longer");
    let ended = Request::delete(&path).body(Body::empty()).unwrap();
    let ended = server.send(ended).await;
    assert_eq!((ended.status.as_u16(), &*ended.body), (200, ""));
    assert_eq!(server.listed(&path).await["status"]["state"], "expired");
    assert_eq!(
        server.listed("/api/v2/silences?expired=false").await,
        json!([])
    );
}

#[tokio::test]
async fn the_filter_of_silences_asks_for_how_matchers_are_written() {
    let (server, _) = server();
    server
        .post_json("/api/v2/silences", silence("zz", "b"))
        .await;
    for (query, expected) in [
        ("filter=zz%3Db", 1),
        ("filter=zz%3D%7Eb", 0),
        ("filter=zz%3Dc", 0),
        ("filter=nn%3D%22%22", 0),
        ("active=false", 0),
        ("pending=false&expired=false", 1),
    ] {
        let listed = server.listed(&format!("/api/v2/silences?{query}")).await;
        assert_eq!(listed.as_array().unwrap().len(), expected, "{query}");
    }
}

#[tokio::test]
async fn silences_that_must_not_be_are_refused() {
    let (server, _) = server();
    let good = silence("a", "b");
    let change = |from: &str, to: &str| good.replace(from, to);
    let answer = server.post_json("/api/v2/silences", "").await;
    answer.is_coded(422, 602, "silence in body is required");
    let answer = server.post_json("/api/v2/silences", "null").await;
    answer.is_coded(422, 602, "comment in body is required");
    let answer = server.post_json("/api/v2/silences", "{").await;
    assert!(
        answer.body.contains("parsing silence body from"),
        "{}",
        answer.body
    );
    for (body, status, expected) in [
        (
            change("01:00:00Z", "00:00:00Z"),
            400,
            "Failed to create silence: start time must be before end time",
        ),
        (
            change("01:00:00Z", "00:01:00Z"),
            400,
            "Failed to create silence: end time can't be in the past",
        ),
        (
            change("1970-01-01T01:00:00Z", "0001-01-01T00:00:00Z"),
            400,
            "Failed to create silence: start time must be before end time",
        ),
        (
            change("\"b\"", "\"\""),
            400,
            "invalid silence: matcher set 0: at least one matcher must not match the empty string",
        ),
        (
            change("\"a\"", "\"\""),
            400,
            "invalid silence: invalid label matcher 0 in set 0: invalid label name \"\"",
        ),
        (
            change("{\"comment\"", "{\"id\":\"x\",\"comment\""),
            404,
            "silence not found",
        ),
        (
            change(
                "{\"comment\"",
                "{\"id\":\"7d8b0e4f-7f8d-4a58-9dd6-9a4a0a1b2c3d\",\"comment\"",
            ),
            404,
            "silence not found",
        ),
        (
            change(
                "{\"comment\"",
                "{\"recurrence\":{\"rrule\":\"FREQ=DAILY\",\"timeZone\":\"Mars\"},\"comment\"",
            ),
            400,
            "invalid silence: unknown time zone \"Mars\"",
        ),
    ] {
        let answer = server.post_json("/api/v2/silences", body).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        let found = answer.json();
        let words = found.as_str().unwrap();
        assert!(
            words == expected || (expected.contains("Mars") && words.contains("Mars")),
            "{words}"
        );
    }
    let bad = good
        .replace("\"isRegex\":false", "\"isRegex\":true")
        .replace("\"b\"", "\"(\"");
    let answer = server.post_json("/api/v2/silences", bad).await;
    let expected = "invalid silence: invalid label matcher 0: invalid regular expression \"(\": unclosed group";
    answer.is_text(400, expected);
}

#[tokio::test]
async fn a_silence_that_is_not_there_is_404_and_what_is_no_id_422() {
    let (server, _) = server();
    let path = "/api/v2/silence/7d8b0e4f-7f8d-4a58-9dd6-9a4a0a1b2c3d";
    for request in [Request::get(path), Request::delete(path)] {
        let answer = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (404, ""));
    }
    for request in [
        Request::get("/api/v2/silence/x"),
        Request::delete("/api/v2/silence/x"),
    ] {
        let answer = server.send(request.body(Body::empty()).unwrap()).await;
        answer.is_coded(422, 601, "silenceID in path must be of type uuid: \"x\"");
    }
}

#[tokio::test]
async fn what_only_our_silences_have_is_shown_and_not_lost_by_others() {
    let (server, _) = server();
    let mut posted: Value = serde_json::from_str(&silence("a", "b")).unwrap();
    posted["matcherSets"] = json!([[{"name": "c", "value": "d|e", "isRegex": true}]]);
    posted["receiverMatcherSets"] =
        json!([[{"name": "name", "value": "team-a", "isRegex": false}]]);
    posted["recurrence"] = json!({"rrule": "FREQ=DAILY", "timeZone": "Europe/Berlin"});
    posted["annotations"] = json!({"ticket": "7"});
    let made = server
        .post_json("/api/v2/silences", posted.to_string())
        .await;
    assert_eq!(made.status, 200, "{}", made.body);
    let path = format!(
        "/api/v2/silence/{}",
        made.json()["silenceID"].as_str().unwrap()
    );
    let mut shown = server.listed(&path).await;
    assert_eq!(
        shown["recurrence"],
        json!({
            "rrule": "FREQ=DAILY", "timeZone": "Europe/Berlin",
            "startsAt": "1970-01-01T00:00:00.000Z", "endsAt": "1970-01-01T01:00:00.000Z",
        })
    );
    assert_eq!(shown["matcherSets"][0][0]["value"], "d|e");
    assert_eq!(shown["receiverMatcherSets"][0][0]["value"], "team-a");
    assert_eq!(shown["annotations"], json!({"ticket": "7"}));
    // Whoever sends back what was shown changes nothing else.
    shown["comment"] = "known".into();
    let changed = server
        .post_json("/api/v2/silences", shown.to_string())
        .await;
    assert_eq!(changed.json(), made.json(), "{}", changed.body);
    // A client of Alertmanager would make a plain silence of it.
    let fields = shown.as_object_mut().unwrap();
    for name in ["matcherSets", "receiverMatcherSets", "recurrence"] {
        fields.remove(name);
    }
    let refused = server
        .post_json("/api/v2/silences", shown.to_string())
        .await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(
        refused
            .body
            .contains("(matcherSets, receiverMatcherSets, recurrence)"),
        "{}",
        refused.body
    );
}

#[tokio::test]
async fn what_cannot_be_made_durable_is_answered_503() {
    let (server, node) = server();
    node.is_full.store(true, Ordering::Relaxed);
    let posts = [
        ("/api/v2/alerts", r#"[{"labels":{"a":"b"}}]"#.to_owned()),
        ("/api/v2/silences", silence("a", "b")),
    ];
    for (path, body) in posts {
        let answer = server.post_json(path, body).await;
        answer.is_text(503, "the disk is full");
        assert_eq!(answer.headers[header::RETRY_AFTER], "1");
    }
    let path = "/api/v2/silence/7d8b0e4f-7f8d-4a58-9dd6-9a4a0a1b2c3d";
    let answer = server
        .send(Request::delete(path).body(Body::empty()).unwrap())
        .await;
    answer.is_text(503, "the disk is full");
}

#[tokio::test]
async fn a_storm_is_refused_with_the_limit_and_known_alerts_count_on() {
    let limited = format!("{CONFIG}plimsoll:\n  limits: {{alerts: 2}}\n");
    let (server, _) = server_with(&limited);
    server
        .alerts(r#"[{"labels":{"a":"1"}},{"labels":{"a":"2"}}]"#)
        .await;
    let storm = r#"[{"labels":{"a":"1"}},{"labels":{"a":"3"}}]"#;
    let answer = server.post_json("/api/v2/alerts", storm).await;
    answer.is_text(429, "more than 2 alerts are active");
    server.alerts(r#"[{"labels":{"a":"2"}}]"#).await;
}

#[tokio::test]
async fn too_large_bodies_are_refused() {
    let (server, _) = server();
    let large = vec![b' '; (32 << 20) + 1];
    let answer = server.post_json("/api/v2/alerts", large).await;
    assert_eq!(answer.status, 413, "{}", answer.body);
    let large = vec![b' '; (256 << 10) + 1];
    let answer = server.post_json("/api/v2/silences", large).await;
    assert_eq!(answer.status, 413, "{}", answer.body);
}

#[tokio::test]
async fn the_status_tells_the_configuration_without_secrets() {
    let (server, _) = server();
    let status = server.listed("/api/v2/status").await;
    assert_eq!(
        status["cluster"],
        json!({"name": "node-1", "peers": [], "status": "ready"})
    );
    assert_eq!(status["uptime"], "1970-01-01T00:01:40.000Z");
    assert_eq!(status["versionInfo"]["version"], "1.2.3");
    let original = status["config"]["original"].as_str().unwrap();
    assert!(original.contains("receiver: team-a"), "{original}");
    assert!(!original.contains("secret.example"), "{original}");
    let names = json!([{"name": "team-a"}, {"name": "team-b"}, {"name": "team-c"}]);
    assert_eq!(server.listed("/api/v2/receivers").await, names);
    let one = server
        .listed("/api/v2/receivers?receiver_matchers=name%3Dteam-b")
        .await;
    assert_eq!(one, json!([{"name": "team-b"}]));
}

#[tokio::test]
async fn without_alerting_there_is_no_such_api() {
    let server = Server::new();
    assert_eq!(server.get("/api/v2/alerts").await.status, 404);
    assert_eq!(server.get("/api/v1/alerting/routes").await.status, 404);
}

#[tokio::test]
async fn who_asks_when_too_many_wait_is_told_to_come_back() {
    let (server, node) = server();
    let closed = node.gate.write().await;
    // Four look, a hundred wait for their turn.
    let mut asked: Vec<_> = (0..104)
        .map(|_| Box::pin(server.get("/api/v2/alerts")))
        .collect();
    for request in &mut asked {
        assert!(futures_util::poll!(request).is_pending());
    }
    let refused = server.get("/api/v2/alerts").await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(refused.body.contains("100 wait"), "{}", refused.body);
    // Who posts does not wait for who reads.
    server.alerts(r#"[{"labels":{"a":"b"}}]"#).await;
    drop(closed);
    for request in asked {
        assert_eq!(request.await.status, 200);
    }
}

#[tokio::test]
async fn who_reads_the_history_holds_up_nobody_else() {
    let (server, node) = server();
    let closed = node.gate.write().await;
    let mut asked: Vec<_> = (0..4)
        .map(|_| Box::pin(server.get("/api/v1/alerting/notifications?receiver=team-a")))
        .collect();
    for request in &mut asked {
        assert!(futures_util::poll!(request).is_pending());
    }
    let refused = server.get("/api/v1/alerting/notifications").await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(refused.body.contains("4 others"), "{}", refused.body);
    assert_eq!(server.get("/-/healthy").await.status, 200);
    drop(closed);
    for request in asked {
        assert_eq!(request.await.status, 200);
    }
    let again = server.get("/api/v1/alerting/notifications").await;
    assert_eq!(again.status, 200, "{}", again.body);
}

#[tokio::test]
async fn alerts_that_are_wrong_by_themselves_are_counted() {
    let (server, node) = server();
    let body = r#"[{"labels":{"a":"b"}},{"labels":{}},{"labels":{"":"x"}}]"#;
    let answer = server.post_json("/api/v2/alerts", body).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(node.invalid.load(Ordering::Relaxed), 2);
}
