use serde_json::json;

use super::{good, judged, labelled, notice, notice_of, payload};

#[test]
fn writes_an_embed() {
    let body = payload(
        &good("discord", "{webhook_url: 'http://h/'}"),
        &notice_of(&["a"], true),
    );
    let expected = json!({
        "content": "",
        "embeds": [{
            "title": "[FIRING:1] Down eu (a critical)",
            "description": "\n\nAlerts Firing:\nLabels:\n - alertname = Down\n - cluster = eu\n - instance = a\n\
                 \u{20}- severity = critical\nAnnotations:\n - summary = it is <down>\n\
                 Source: http://prom/graph?g0.expr=up\n\n\n\n",
            "color": 10_038_562,
        }],
    });
    assert_eq!(body, expected);
}

#[test]
fn has_all_fields() {
    let fields = "{webhook_url: 'http://h/', content: '@here {{ .Status }}', title: t, message: m, username: u,
        avatar_url: 'http://a/'}";
    let expected = json!({
        "content": "@here resolved",
        "embeds": [{ "title": "t", "description": "m", "color": 3_066_993 }],
        "username": "u",
        "avatar_url": "http://a/",
    });
    assert_eq!(payload(&good("discord", fields), &notice(false)), expected);
}

#[test]
fn cuts_what_would_be_refused() {
    let fields = "{webhook_url: 'http://h/', content: '{{ .CommonLabels.l }}', title: '{{ .CommonLabels.l }}',
        message: '{{ .CommonLabels.l }}', username: '{{ .CommonLabels.l }}'}";
    let notice = labelled(notice(true), "l", &"\u{1f525}".repeat(5000));
    let body = payload(&good("discord", fields), &notice);
    let embed = &body["embeds"][0];
    for (text, max) in [
        (&body["content"], 2000),
        (&embed["title"], 256),
        (&embed["description"], 4096),
        (&body["username"], 80),
    ] {
        let expected = "\u{1f525}".repeat(max - 1) + "\u{2026}";
        assert_eq!(text, &json!(expected), "{max}");
    }
}

#[test]
fn waits_for_fractions_of_a_second() {
    let integration = good("discord", "{webhook_url: 'http://h/'}");
    for (headers, body, expected) in [
        (
            &[("retry-after", "1")][..],
            "{\"retry_after\": 0.65, \"global\": false}",
            "retry 650",
        ),
        (&[("retry-after", "1")][..], "too many", "retry 1000"),
        (&[][..], "{\"retry_after\": -1}", "retry"),
        (&[][..], "{\"retry_after\": 1e300}", "retry"),
        (&[][..], "{\"retry_after\": 86400}", "retry 3600000"),
    ] {
        assert_eq!(judged(&integration, 429, headers, body), expected, "{body}");
    }
    assert_eq!(judged(&integration, 204, &[], ""), "sent");
}
