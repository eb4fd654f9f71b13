use http::header::AUTHORIZATION;
use plimsoll_runtime::http::Authorization;
use serde_json::json;

use super::{GROUP_KEY_SHA256, body, entry, good, labelled, notice, payload, request, written};

#[test]
fn creates_an_alert() {
    let sent = request(
        &good("opsgenie", "{api_key: 'key-{{ .Status }}'}"),
        &notice(true),
    );
    assert_eq!(sent.url.as_str(), "https://api.opsgenie.com/v2/alerts");
    assert_eq!(sent.headers[AUTHORIZATION], "GenieKey key-firing");
    let list = |instance: &str| {
        format!(
            "Labels:\n - alertname = Down\n - cluster = eu\n - instance = {instance}\n - severity = critical\n\
             Annotations:\n - summary = it is <down>\nSource: http://prom/graph?g0.expr=up\n"
        )
    };
    let expected = json!({
        "alias": GROUP_KEY_SHA256,
        "message": "[FIRING:2] Down eu (critical)",
        "description": format!("it is <down>\nAlerts Firing:\n{}{}\n", list("a"), list("b")),
        "details": { "alertname": "Down", "cluster": "eu", "severity": "critical" },
        "source": "http://plimsoll/#/alerts?receiver=team",
    });
    assert_eq!(body(&sent), expected);
}

#[test]
fn has_all_fields() {
    let fields = "{api_key: k, message: m, description: d, source: s, entity: e, actions: 'a1, a2', tags: 't1 , t2,,',
        note: n, priority: '{{ \"P1\" }}', details: {cluster: over, k: '{{ .Status }}'},
        responders: [{name: team-a, type: team}, {id: i, type: '{{ \"user\" }}'}, {username: un, type: user},
          {name: 'x,y', type: teams}, {name: '{{ .CommonLabels.none }}', type: team}]}";
    let body = payload(&good("opsgenie", fields), &notice(true));
    let expected = json!({
        "alias": GROUP_KEY_SHA256,
        "message": "m",
        "description": "d",
        "details": { "alertname": "Down", "cluster": "over", "severity": "critical", "k": "firing" },
        "source": "s",
        "responders": [
            { "name": "team-a", "type": "team" },
            { "id": "i", "type": "user" },
            { "username": "un", "type": "user" },
            { "name": "x", "type": "team" },
            { "name": "y", "type": "team" },
        ],
        "tags": ["t1 ", " t2"],
        "note": "n",
        "priority": "P1",
        "entity": "e",
        "actions": ["a1", " a2"],
    });
    assert_eq!(body, expected);
}

#[test]
fn updates_what_is_open_already() {
    let integration = entry(
        "opsgenie",
        "{api_key: k, update_alerts: true, message: m, description: d}",
        "opsgenie_api_url: 'http://h/og'",
    );
    let requests = written(&integration.unwrap(), &notice(true)).unwrap();
    let sent: Vec<_> = requests
        .iter()
        .map(|sent| {
            (
                sent.method.as_str(),
                sent.url.as_str().to_owned(),
                body(sent),
            )
        })
        .collect();
    let part =
        |name| format!("http://h/og/v2/alerts/{GROUP_KEY_SHA256}/{name}?identifierType=alias");
    assert_eq!(sent.len(), 3);
    assert_eq!(
        (sent[0].0, sent[0].1.as_str()),
        ("POST", "http://h/og/v2/alerts")
    );
    assert_eq!(sent[1], ("PUT", part("message"), json!({ "message": "m" })));
    assert_eq!(
        sent[2],
        ("PUT", part("description"), json!({ "description": "d" }))
    );
}

#[test]
fn closes_by_the_alias() {
    for fields in ["{api_key: k}", "{api_key: k, update_alerts: true}"] {
        let sent = request(&good("opsgenie", fields), &notice(false));
        assert_eq!(sent.method, "POST");
        assert_eq!(
            sent.url.as_str(),
            format!(
                "https://api.opsgenie.com/v2/alerts/{GROUP_KEY_SHA256}/close?identifierType=alias"
            )
        );
        let source = "http://plimsoll/#/alerts?receiver=team";
        assert_eq!(body(&sent), json!({ "source": source }));
    }
}

#[test]
fn cuts_what_would_be_refused() {
    let fields = "{api_key: k, message: '{{ .CommonLabels.long }}', description: '{{ .CommonLabels.long }}'}";
    let notice = labelled(notice(true), "long", &"\u{e9}".repeat(20_000));
    let body = payload(&good("opsgenie", fields), &notice);
    assert_eq!(body["message"], "\u{e9}".repeat(129) + "\u{2026}");
    assert_eq!(body["description"], "\u{e9}".repeat(14_999) + "\u{2026}");
}

#[test]
fn the_key_counts_whatever_else_says_who_we_are() {
    let global = "http_config: {authorization: {credentials: other}}";
    let integration = entry("opsgenie", "{api_key: k}", global).unwrap();
    assert_eq!(integration.http.authorization, None::<Authorization>);
}
