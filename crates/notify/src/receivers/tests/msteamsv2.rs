use serde_json::json;

use super::{good, judged, labelled, notice, payload, request};

#[test]
fn writes_an_adaptive_card() {
    let fields = "{webhook_url: 'http://h/', title: 't {{ .Status }}', text: x}";
    let expected = |color: &str, title: &str| {
        json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.2",
                    "body": [
                        { "type": "TextBlock", "text": title, "weight": "Bolder", "size": "Medium", "wrap": true,
                          "style": "heading", "color": color },
                        { "type": "TextBlock", "text": "x", "wrap": true },
                    ],
                    "msteams": { "width": "full" },
                },
            }],
        })
    };
    let integration = good("msteamsv2", fields);
    assert_eq!(
        payload(&integration, &notice(true)),
        expected("Attention", "t firing")
    );
    assert_eq!(
        payload(&integration, &notice(false)),
        expected("Good", "t resolved")
    );
}

#[test]
fn the_defaults_tell_the_alerts() {
    let body = payload(
        &good("msteamsv2", "{webhook_url: 'http://h/'}"),
        &notice(true),
    )
    .to_string();
    assert!(body.contains("[FIRING:2] Down eu (critical)"), "{body}");
    assert!(body.contains("it is <down>"), "{body}");
}

#[test]
fn cuts_the_text_to_what_teams_takes() {
    let integration = good(
        "msteamsv2",
        "{webhook_url: 'http://h/', text: '{{ .CommonLabels.long }}'}",
    );
    for filling in ["x", "\"", "\u{e9}", "\u{1}", "\u{1f525}"] {
        let notice = labelled(notice(true), "long", &filling.repeat(100_000));
        let sent = request(&integration, &notice);
        let length = sent.body.len();
        assert!(
            (20_000..=28_000).contains(&length),
            "{length} bytes of {filling:?}"
        );
        let body = super::body(&sent);
        let text = &body["attachments"][0]["content"]["body"][1]["text"];
        assert!(text.as_str().unwrap().ends_with('\u{2026}'));
    }
}

#[test]
fn a_failure_behind_the_webhook_is_one() {
    let integration = good("msteamsv2", "{webhook_url: 'http://h/'}");
    let failed = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429";
    assert_eq!(judged(&integration, 200, &[], failed), "retry");
    assert_eq!(judged(&integration, 202, &[], ""), "sent");
    assert_eq!(judged(&integration, 200, &[], "1"), "sent");
    assert_eq!(judged(&integration, 413, &[], ""), "refused");
}
