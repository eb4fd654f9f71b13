use serde_json::json;

use super::{GROUP_KEY_SHA256, good, judged, labelled, notice, payload, request};

#[test]
fn triggers_an_event_of_version_2() {
    let integration = good(
        "pagerduty",
        "{routing_key: '{{ .CommonLabels.cluster }}-key'}",
    );
    let sent = request(&integration, &notice(true));
    assert_eq!(sent.url.as_str(), "https://events.pagerduty.com/v2/enqueue");
    let list = |instance: &str| {
        format!(
            "Labels:\n - alertname = Down\n - cluster = eu\n - instance = {instance}\n - severity = critical\n\
             Annotations:\n - summary = it is <down>\nSource: http://prom/graph?g0.expr=up\n"
        )
    };
    let expected = json!({
        "routing_key": "eu-key",
        "dedup_key": GROUP_KEY_SHA256,
        "event_action": "trigger",
        "payload": {
            "summary": "[FIRING:2] Down eu (critical)",
            "source": "Alertmanager",
            "severity": "error",
            "custom_details": {
                "firing": list("a") + &list("b"),
                "resolved": "",
                "num_firing": "2",
                "num_resolved": "0",
            },
        },
        "client": "Alertmanager",
        "client_url": "http://plimsoll/#/alerts?receiver=team",
    });
    assert_eq!(super::body(&sent), expected);
}

#[test]
fn resolves_what_it_triggered() {
    let body = payload(&good("pagerduty", "{routing_key: k}"), &notice(false));
    assert_eq!(body["event_action"], "resolve");
    assert_eq!(body["dedup_key"], GROUP_KEY_SHA256);
    assert_eq!(body["payload"]["summary"], "[RESOLVED] Down eu (critical)");
    assert_eq!(body["payload"]["custom_details"]["num_resolved"], "2");
}

#[test]
fn has_all_fields() {
    let fields = "{routing_key: k, url: 'http://h/pd', severity: '{{ .CommonLabels.severity }}', client: me,
        client_url: 'http://c/', class: cl, component: co, group: gr,
        details: {mine: 'x{{ .Status }}', firing: over, nested: {list: ['{{ .Status }}', 7]}, json: '{{ toJson .GroupLabels }}'},
        images: [{src: 'http://i', alt: a, href: h}, {src: '{{ .CommonLabels.none }}', alt: b}],
        links: [{href: 'http://l', text: t}, {text: u}]}";
    let sent = request(&good("pagerduty", fields), &notice(true));
    assert_eq!(sent.url.as_str(), "http://h/pd");
    let expected = json!({
        "routing_key": "k",
        "dedup_key": GROUP_KEY_SHA256,
        "event_action": "trigger",
        "payload": {
            "summary": "[FIRING:2] Down eu (critical)",
            "source": "me",
            "severity": "critical",
            "class": "cl",
            "component": "co",
            "group": "gr",
            "custom_details": {
                "mine": "xfiring",
                "firing": "over",
                "resolved": "",
                "num_firing": "2",
                "num_resolved": "0",
                "nested": { "list": ["firing", 7] },
                "json": { "alertname": "Down", "cluster": "eu" },
            },
        },
        "client": "me",
        "client_url": "http://c/",
        "images": [{ "src": "http://i", "alt": "a", "href": "h" }],
        "links": [{ "href": "http://l", "text": "t" }],
    });
    assert_eq!(super::body(&sent), expected);
}

#[test]
fn speaks_version_1_with_a_service_key() {
    let integration = good(
        "pagerduty",
        "{service_key: sk, routing_key: rk, details: {firing: f}}",
    );
    let sent = request(&integration, &notice(true));
    assert_eq!(
        sent.url.as_str(),
        "https://events.pagerduty.com/generic/2010-04-15/create_event.json"
    );
    let details = json!({ "firing": "f", "resolved": "", "num_firing": "2", "num_resolved": "0" });
    let expected = json!({
        "service_key": "sk",
        "incident_key": GROUP_KEY_SHA256,
        "event_type": "trigger",
        "description": "[FIRING:2] Down eu (critical)",
        "client": "Alertmanager",
        "client_url": "http://plimsoll/#/alerts?receiver=team",
        "details": details,
    });
    assert_eq!(super::body(&sent), expected);
    let body = payload(&integration, &notice(false));
    assert_eq!(body["event_type"], "resolve");
    assert_eq!(body.get("client"), None);
    assert_eq!(
        judged(&integration, 403, &[("retry-after", "3")], ""),
        "retry 3000"
    );
    let v2 = good("pagerduty", "{routing_key: rk}");
    assert_eq!(judged(&v2, 403, &[], ""), "refused");
    assert_eq!(judged(&v2, 202, &[], "{\"status\":\"success\"}"), "sent");
}

#[test]
fn sends_no_severity_that_would_be_refused() {
    for (severity, expected) in [
        ("critical", "critical"),
        ("Warning", "warning"),
        ("page", "error"),
        ("", "error"),
        ("{{ .CommonLabels.severity }}", "critical"),
        ("{{ .Nope }}", "error"),
    ] {
        let fields = format!("{{routing_key: k, severity: '{severity}'}}");
        let body = payload(&good("pagerduty", &fields), &notice(true));
        assert_eq!(body["payload"]["severity"], expected, "{severity}");
    }
}

#[test]
fn cuts_the_summary_and_drops_details_that_do_not_fit() {
    let integration = good(
        "pagerduty",
        "{routing_key: k, description: '{{ .CommonLabels.long }}'}",
    );
    let fitting = labelled(notice(true), "long", &"\u{e9}".repeat(1024));
    let body = payload(&integration, &fitting);
    assert_eq!(body["payload"]["summary"], "\u{e9}".repeat(1024));
    assert_eq!(body["payload"]["custom_details"]["num_firing"], "2");

    let large = labelled(notice(true), "long", &"\u{e9}".repeat(300_000));
    let sent = request(&integration, &large);
    assert!(sent.body.len() <= 512_000, "{}", sent.body.len());
    let body = super::body(&sent);
    let summary = body["payload"]["summary"].as_str().unwrap();
    assert_eq!(summary, "\u{e9}".repeat(1023) + "\u{2026}");
    let details = body["payload"]["custom_details"].as_object().unwrap();
    assert_eq!(details.keys().collect::<Vec<_>>(), ["error"]);
    assert_eq!(body["dedup_key"], GROUP_KEY_SHA256);
}
