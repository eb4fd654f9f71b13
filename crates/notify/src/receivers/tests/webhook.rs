use serde_json::json;

use super::{good, labelled, notice, notice_of, payload, request, written};
use crate::Notice;

#[test]
fn tells_the_group() {
    let body = payload(
        &good("webhook", "{url: 'http://h/hook'}"),
        &notice_of(&["a"], true),
    );
    let expected = json!({
        "receiver": "team",
        "status": "firing",
        "alerts": [{
            "status": "firing",
            "labels": { "alertname": "Down", "cluster": "eu", "instance": "a", "severity": "critical" },
            "annotations": { "summary": "it is <down>" },
            "startsAt": "2026-11-21T10:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prom/graph?g0.expr=up",
            "fingerprint": "00000000000000ab",
        }],
        "notification_reason": "first notification",
        "groupLabels": { "alertname": "Down", "cluster": "eu" },
        "commonLabels": { "alertname": "Down", "cluster": "eu", "instance": "a", "severity": "critical" },
        "commonAnnotations": { "summary": "it is <down>" },
        "externalURL": "http://plimsoll",
        "version": "4",
        "groupKey": "{}:{alertname=\"Down\", cluster=\"eu\"}",
        "truncatedAlerts": 0,
    });
    assert_eq!(body, expected);
}

#[test]
fn tells_the_end_of_what_is_over() {
    let body = payload(&good("webhook", "{url: 'http://h/'}"), &notice(false));
    assert_eq!(body["status"], "resolved");
    assert_eq!(body["alerts"][1]["status"], "resolved");
    assert_eq!(body["alerts"][1]["endsAt"], "2026-11-21T10:01:30.5Z");
    assert_eq!(body["notification_reason"], "all alerts resolved");
}

#[test]
fn counts_the_alerts_that_it_leaves_out() {
    let notice = Notice {
        truncated: 5,
        ..notice_of(&["a", "b", "c"], true)
    };
    let body = payload(
        &good("webhook", "{url: 'http://h/', max_alerts: 1}"),
        &notice,
    );
    assert_eq!(body["alerts"].as_array().unwrap().len(), 1);
    assert_eq!(body["truncatedAlerts"], 7);
    // Of those that are there, as Alertmanager does.
    assert_eq!(body["commonLabels"]["instance"], "a");
}

#[test]
fn escapes_the_receiver_as_a_regular_expression() {
    let notice = Notice {
        receiver: "a.b+c".to_owned(),
        ..notice(true)
    };
    let body = payload(&good("webhook", "{url: 'http://h/'}"), &notice);
    assert_eq!(body["receiver"], "a\\.b\\+c");
}

#[test]
fn the_url_is_a_template() {
    let integration = good("webhook", "{url: 'http://h/{{ .GroupLabels.cluster }}'}");
    assert_eq!(
        request(&integration, &notice(true)).url.as_str(),
        "http://h/eu"
    );
    let integration = good("webhook", "{url: '{{ .CommonLabels.cluster }}'}");
    let error = written(&integration, &notice(true)).unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    assert!(error.to_string().contains("`url`"), "{error}");
}

#[test]
fn a_payload_takes_the_place_of_the_body() {
    let fields = "{url: 'http://h/', payload: {
        '{{ .Status }}': [1, true, null, '1', 'x {{ .GroupLabels.cluster }}'],
        count: '{{ len .Alerts }}', labels: '{{ toJson .GroupLabels }}', text: 'a: {{ .Status }}'}}";
    let body = payload(&good("webhook", fields), &notice(true));
    let expected = json!({
        "firing": [1, true, null, "1", "x eu"],
        "count": 2,
        "labels": { "alertname": "Down", "cluster": "eu" },
        "text": "a: firing",
    });
    assert_eq!(body, expected);
}

#[test]
fn a_label_cannot_break_out_of_the_json() {
    let hostile = "\"},{\u{2028}\\\u{0}\u{7f}<&>";
    let notice = labelled(notice(true), "x", hostile);
    let body = payload(&good("webhook", "{url: 'http://h/'}"), &notice);
    assert_eq!(body["commonLabels"]["x"], hostile);
}
