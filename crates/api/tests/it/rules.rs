//! Rule groups, alerts and Alertmanagers as clients of Prometheus see them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_api::Alertmanagers;
use plimsoll_rules::view::{
    AlertView, AlertingView, GroupView, Health, Place, RuleView, RuleViews,
};
use plimsoll_rules::{AlertState, GroupKey};
use plimsoll_types::{Annotations, Decision, Labels, Timestamp};
use serde_json::{Value, json};

use crate::harness::Server;

struct Fixed(Vec<Arc<GroupView>>);

impl RuleViews for Fixed {
    fn groups(&self) -> Vec<Arc<GroupView>> {
        self.0.clone()
    }
}

fn texts(pairs: &[(&str, &str)]) -> Arc<BTreeMap<String, String>> {
    let owned = |(name, text): &(&str, &str)| ((*name).into(), (*text).into());
    Arc::new(pairs.iter().map(owned).collect())
}

fn recording(name: &str, labels: &[(&str, &str)]) -> RuleView {
    RuleView {
        name: name.into(),
        place: Place { line: 1, column: 1 },
        query: "sum(up)".into(),
        labels: texts(labels),
        health: Health::Unknown,
        last_error: None,
        last_evaluation: None,
        evaluation_time: Duration::ZERO,
        alerting: None,
    }
}

fn alerting(name: &str, alerts: Vec<AlertView>) -> RuleView {
    RuleView {
        query: "up == 0".into(),
        labels: texts(&[("severity", "page")]),
        health: Health::Bad,
        last_error: Some("vector contains metrics with the same labelset".into()),
        last_evaluation: Some(Timestamp::from_millis(90_250)),
        evaluation_time: Duration::from_micros(1500),
        alerting: Some(AlertingView {
            hold: Duration::from_secs(90),
            keep_firing_for: Duration::from_secs(30),
            annotations: texts(&[("summary", "{{ $labels.job }} is down")]),
            state: alerts.iter().map(|alert| alert.state).max(),
            alerts,
        }),
        ..recording(name, &[])
    }
}

fn alert() -> AlertView {
    AlertView {
        labels: Labels::from_pairs([("alertname", "Down"), ("job", "db")]),
        annotations: Annotations::from_pairs([("summary", "db is down"), ("empty", "")]),
        state: AlertState::Firing,
        active_at: Timestamp::from_millis(60_001),
        fired_at: Some(Timestamp::from_millis(80_000)),
        keep_firing_since: Some(Timestamp::from_millis(85_000)),
        value: 1234.5,
    }
}

fn group(file: &str, name: &str, rules: Vec<RuleView>) -> Arc<GroupView> {
    Arc::new(GroupView {
        key: GroupKey::new(file, name),
        place: Place { line: 1, column: 1 },
        interval: Duration::from_secs(15),
        query_offset: Duration::ZERO,
        limit: 7,
        rules,
        last_slot: Some(Timestamp::from_millis(90_000)),
        last_evaluation: Some(Timestamp::from_millis(90_250)),
        evaluation_time: Duration::from_millis(2),
        missed: 0,
    })
}

fn server(groups: Vec<Arc<GroupView>>) -> Server {
    Server::surfaced(|surface| surface.rules = Arc::new(Fixed(groups)))
}

/// Three groups: `a.yml` has `one` and `two`, `b.yml` has `one`.
fn three() -> Server {
    server(vec![
        group(
            "a.yml",
            "one",
            vec![
                alerting("Down", vec![alert()]),
                recording("job:up:sum", &[("team", "{{ x }}")]),
            ],
        ),
        group(
            "a.yml",
            "two",
            vec![recording("job:up:max", &[("team", "db")])],
        ),
        group("b.yml", "one", vec![alerting("New", Vec::new())]),
    ])
}

/// Returns `file/group: rules` of each group in an answer.
async fn listed(server: &Server, query: &str) -> Vec<String> {
    let answer = server.get(&format!("/api/v1/rules?{query}")).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    let json = answer.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rules = |group: &Value| {
        let rules = group["rules"].as_array().unwrap().iter();
        rules
            .map(|rule| text(&rule["name"]))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let show = |group: &Value| {
        format!(
            "{}/{}: {}",
            text(&group["file"]),
            text(&group["name"]),
            rules(group)
        )
    };
    json["data"]["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(show)
        .collect()
}

#[tokio::test]
async fn every_field_is_that_of_prometheus() {
    let answer = three().get("/api/v1/rules").await;
    let groups = answer.json()["data"]["groups"].clone();
    let alert = json!({
        "labels": {"alertname": "Down", "job": "db"},
        "annotations": {"summary": "db is down", "empty": ""},
        "state": "firing",
        "activeAt": "1970-01-01T00:01:00.001Z",
        "keepFiringSince": "1970-01-01T00:01:25Z",
        "value": "1.2345e+03",
    });
    let expected = json!({
        "name": "one",
        "file": "a.yml",
        "interval": 15,
        "limit": 7,
        "evaluationTime": 0.002,
        "lastEvaluation": "1970-01-01T00:01:30.25Z",
        "rules": [
            {
                "state": "firing",
                "name": "Down",
                "query": "up == 0",
                "duration": 90,
                "keepFiringFor": 30,
                "labels": {"severity": "page"},
                "annotations": {"summary": "{{ $labels.job }} is down"},
                "alerts": [alert],
                "health": "err",
                "lastError": "vector contains metrics with the same labelset",
                "evaluationTime": 0.0015,
                "lastEvaluation": "1970-01-01T00:01:30.25Z",
                "type": "alerting",
            },
            {
                "name": "job:up:sum",
                "query": "sum(up)",
                "labels": {"team": "{{ x }}"},
                "health": "unknown",
                "evaluationTime": 0,
                "lastEvaluation": "0001-01-01T00:00:00Z",
                "type": "recording",
            },
        ],
    });
    assert_eq!(groups[0], expected);
    // Nobody knows before the first evaluation, and labels that are not there are not shown.
    assert_eq!(groups[2]["rules"][0]["state"], "unknown");
    assert_eq!(groups[2]["rules"][0]["alerts"], json!([]));
    let alerts = three().get("/api/v1/alerts").await.json();
    assert_eq!(alerts["data"], json!({"alerts": [alert]}));
    let plain = server(vec![group("a", "b", vec![recording("c", &[])])]);
    let plain = plain.get("/api/v1/rules").await.json();
    assert!(
        plain["data"]["groups"][0]["rules"][0]
            .get("labels")
            .is_none()
    );
}

#[tokio::test]
async fn rules_are_chosen_by_kind_name_group_file_and_labels() {
    let server = three();
    let all = [
        "a.yml/one: Down job:up:sum",
        "a.yml/two: job:up:max",
        "b.yml/one: New",
    ];
    for (query, expected) in [
        ("", vec![all[0], all[1], all[2]]),
        (
            "type=&exclude_alerts=&group_limit=",
            vec![all[0], all[1], all[2]],
        ),
        ("type=ALERT", vec!["a.yml/one: Down", all[2]]),
        ("type=record", vec!["a.yml/one: job:up:sum", all[1]]),
        (
            "rule_name[]=New&rule_name[]=job:up:sum",
            vec!["a.yml/one: job:up:sum", all[2]],
        ),
        ("rule_group[]=one", vec![all[0], all[2]]),
        ("file[]=a.yml&rule_group[]=one", vec![all[0]]),
        ("file[]=c.yml", vec![]),
        ("match[]={team=\"db\"}", vec![all[1]]),
        (
            "match[]={severity=~\"p.*\"}",
            vec!["a.yml/one: Down", all[2]],
        ),
        (
            "match[]={team=\"db\"}&match[]={severity=\"page\"}",
            vec!["a.yml/one: Down", all[1], all[2]],
        ),
        (
            "match[]={team=\"{{ x }}\",severity=\"\"}",
            vec!["a.yml/one: job:up:sum"],
        ),
    ] {
        let encoded = query
            .replace('{', "%7B")
            .replace('}', "%7D")
            .replace('"', "%22");
        let encoded = encoded.replace(' ', "%20");
        assert_eq!(listed(&server, &encoded).await, expected, "{query}");
    }
}

#[tokio::test]
async fn alerts_can_be_left_out() {
    let server = three();
    let alerts = |answer: Value| answer["data"]["groups"][0]["rules"][0]["alerts"].clone();
    for (value, expected) in [
        ("true", true),
        ("1", true),
        ("TRUE", true),
        ("false", false),
    ] {
        let path = format!("/api/v1/rules?exclude_alerts={value}");
        let found = alerts(server.get(&path).await.json());
        assert_eq!(found.is_null(), expected, "{value}");
    }
}

#[tokio::test]
async fn groups_come_in_pages() {
    let server = three();
    let mut token = String::new();
    let mut pages = Vec::new();
    loop {
        let path = format!("/api/v1/rules?group_limit=1&group_next_token={token}");
        let data = server.get(&path).await.json()["data"].clone();
        let groups = data["groups"].as_array().unwrap();
        let names = groups
            .iter()
            .map(|group| group["file"].as_str().unwrap().to_owned());
        pages.push(names.collect::<Vec<_>>().join(","));
        match data.get("groupNextToken") {
            Some(next) => token = next.as_str().unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(pages, ["a.yml", "a.yml", "b.yml"]);
    // A page is what is left after all other conditions.
    let data = server
        .get("/api/v1/rules?group_limit=1&type=record&rule_group[]=two")
        .await
        .json();
    assert!(data["data"].get("groupNextToken").is_none());
    let wrong = server
        .get("/api/v1/rules?group_limit=1&group_next_token=abc")
        .await;
    wrong.is_error(
        400,
        "bad_data",
        "invalid group_next_token 'abc'. were rule groups changed?",
    );
}

#[tokio::test]
async fn alertmanagers_are_listed() {
    let server = Server::surfaced(|surface| {
        surface.alertmanagers = Box::new(|| Alertmanagers {
            active: vec!["http://one:9093/api/v2/alerts".into()],
            dropped: vec!["http://two:9093/api/v2/alerts".into()],
        });
    });
    let expected = r#"{"activeAlertmanagers": [{"url": "http://one:9093/api/v2/alerts"}],
        "droppedAlertmanagers": [{"url": "http://two:9093/api/v2/alerts"}]}"#;
    server.get("/api/v1/alertmanagers").await.is_data(expected);
}

#[tokio::test]
async fn decisions_are_shown_with_what_they_were_made_from() {
    let decision = Decision {
        at: Timestamp::from_millis(90_000),
        kind: "alert.firing".into(),
        subject: "{alertname=\"Down\"}".into(),
        rule: "a.yml;one;Down".into(),
        inputs: vec![("value".into(), "0".into())],
        outcome: "the alert fires".into(),
        counterfactual: "a value above 0".into(),
    };
    let server = Server::surfaced(|surface| {
        surface.decisions = Box::new(move |subject, count| {
            let found = match (subject.as_deref(), count) {
                (None, 100) => Ok(vec![decision.clone(), decision.clone()]),
                (Some("x y"), 1) => Ok(vec![decision.clone()]),
                _ => Err("it is away".into()),
            };
            Box::pin(std::future::ready(found))
        });
    });
    let one = json!({
        "at": "1970-01-01T00:01:30Z",
        "kind": "alert.firing",
        "subject": "{alertname=\"Down\"}",
        "rule": "a.yml;one;Down",
        "inputs": [{"name": "value", "value": "0"}],
        "outcome": "the alert fires",
        "counterfactual": "a value above 0",
    });
    let data = |answer: Value| answer["data"].clone();
    let all = data(server.get("/api/v1/decisions").await.json());
    assert_eq!(all, json!({"decisions": [one, one]}));
    let about = data(
        server
            .get("/api/v1/decisions?subject=x%20y&limit=1")
            .await
            .json(),
    );
    assert_eq!(about, json!({"decisions": [one]}));
    let away = server.get("/api/v1/decisions?subject=z").await;
    away.is_error(503, "unavailable", "cannot be read: it is away");
    for limit in ["0", "1001", "-1"] {
        let wrong = server
            .get(&format!("/api/v1/decisions?limit={limit}"))
            .await;
        wrong.is_error(400, "bad_data", "wanted 1 to 1000");
    }
}
