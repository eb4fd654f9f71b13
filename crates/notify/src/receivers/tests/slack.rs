use plimsoll_runtime::http::{Authorization, SecretSource};
use serde_json::json;

use super::{answer, good, instead, judged, labelled, notice, payload, request};
use crate::{Integration, Notice, Reason, ReceiverData, Verdict};

const APP: &str = "{app_token: xoxb, channel: '#{{ .CommonLabels.cluster }}', update_message: true, send_resolved: true}";

#[test]
fn writes_by_a_webhook() {
    let sent = request(
        &good("slack", "{api_url: 'http://h/services/x'}"),
        &notice(true),
    );
    assert_eq!(sent.url.as_str(), "http://h/services/x");
    let title = "[FIRING:2] Down eu (critical)";
    let link = "http://plimsoll/#/alerts?receiver=team";
    let expected = json!({
        "username": "Alertmanager",
        "attachments": [{
            "title": title,
            "title_link": link,
            "text": "",
            "fallback": format!("{title} | {link}"),
            "callback_id": "",
            "footer": "",
            "color": "danger",
            "mrkdwn_in": ["fallback", "pretext", "text"],
        }],
    });
    assert_eq!(super::body(&sent), expected);
}

#[test]
fn has_all_fields() {
    let fields = "{api_url: 'http://h/', channel: '#{{ .CommonLabels.cluster }}', username: u, color: '{{ .Status }}',
        title: ti, title_link: tl, pretext: p, text: t, message_text: mt, short_fields: true,
        fields: [{title: f1, value: v1}, {title: f2, value: '{{ .Status }}', short: false}],
        footer: fo, fallback: fa, callback_id: cb, icon_emoji: ':x:', icon_url: iu, image_url: im, thumb_url: th,
        link_names: true, mrkdwn_in: [text],
        actions: [{type: button, text: b, url: 'http://b', name: gone, value: gone, confirm: {text: gone}},
          {type: button, text: b2, name: n, value: v, style: danger,
           confirm: {text: sure, title: T, ok_text: O, dismiss_text: D}}]}";
    let body = payload(&good("slack", fields), &notice(false));
    let expected = json!({
        "channel": "#eu",
        "username": "u",
        "icon_emoji": ":x:",
        "icon_url": "iu",
        "link_names": true,
        "text": "mt",
        "attachments": [{
            "title": "ti",
            "title_link": "tl",
            "pretext": "p",
            "text": "t",
            "fallback": "fa",
            "callback_id": "cb",
            "fields": [
                { "title": "f1", "value": "v1", "short": true },
                { "title": "f2", "value": "resolved", "short": false },
            ],
            "actions": [
                { "type": "button", "text": "b", "url": "http://b" },
                {
                    "type": "button", "text": "b2", "style": "danger", "name": "n", "value": "v",
                    "confirm": { "text": "sure", "title": "T", "ok_text": "O", "dismiss_text": "D" },
                },
            ],
            "image_url": "im",
            "thumb_url": "th",
            "footer": "fo",
            "color": "resolved",
            "mrkdwn_in": ["text"],
        }],
    });
    assert_eq!(body, expected);
}

#[test]
fn is_red_or_green_and_cuts_the_title() {
    let integration = good(
        "slack",
        "{api_url: 'http://h/', title: '{{ .CommonLabels.long }}'}",
    );
    let long = |is_firing| labelled(notice(is_firing), "long", &"\u{e9}".repeat(1025));
    let attachment = payload(&integration, &long(true))["attachments"][0].clone();
    assert_eq!(attachment["title"], "\u{e9}".repeat(1023) + "\u{2026}");
    assert_eq!(attachment["color"], "danger");
    let body = payload(&integration, &long(false));
    assert_eq!(body["attachments"][0]["color"], "good");
}

#[test]
fn an_app_is_known_by_its_token() {
    let integration = good("slack", APP);
    let expected = Authorization::Scheme {
        scheme: "Bearer".to_owned(),
        credentials: SecretSource::inline("xoxb"),
    };
    assert_eq!(integration.http.authorization, Some(expected));
    let sent = request(&integration, &notice(true));
    assert_eq!(sent.url.as_str(), "https://slack.com/api/chat.postMessage");
    assert_eq!(super::body(&sent)["channel"], "#eu");
}

/// Posts, keeps what Slack said, and returns the next notice of the group.
fn followed_by(integration: &Integration, reason: Reason) -> Notice {
    let posted = answer(
        200,
        &[],
        "{\"ok\":true,\"channel\":\"C1\",\"ts\":\"12.34\",\"message\":{}}",
    );
    let Verdict::Sent { data } = integration.receiver.judge(0, &posted) else {
        panic!("a message that is posted is sent");
    };
    Notice {
        reason,
        previous: Some(data),
        ..notice(false)
    }
}

#[test]
fn further_notices_change_the_message() {
    let integration = good("slack", APP);
    let next = followed_by(&integration, Reason::AllResolved);
    let sent = request(&integration, &next);
    assert_eq!(sent.url.as_str(), "https://slack.com/api/chat.update");
    let body = super::body(&sent);
    assert_eq!(
        (&body["channel"], &body["ts"]),
        (&json!("C1"), &json!("12.34"))
    );
    assert_eq!(
        body["attachments"][0]["title"],
        "[RESOLVED] Down eu (critical)"
    );
}

#[test]
fn a_first_notice_is_a_new_message_also_where_there_is_an_old_one() {
    let integration = good("slack", APP);
    let sent = request(&integration, &followed_by(&integration, Reason::First));
    assert_eq!(sent.url.as_str(), "https://slack.com/api/chat.postMessage");
    assert_eq!(super::body(&sent).get("ts"), None);
}

#[test]
fn a_message_that_is_gone_is_written_anew() {
    let integration = good("slack", APP);
    let next = followed_by(&integration, Reason::NewAlerts);
    for error in [
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
    ] {
        let gone = answer(200, &[], &format!("{{\"ok\":false,\"error\":\"{error}\"}}"));
        let sent = instead(&integration, &next, &gone).unwrap();
        assert_eq!(sent.url.as_str(), "https://slack.com/api/chat.postMessage");
        assert_eq!(super::body(&sent)["channel"], "#eu");
        // There is nothing to replace when no message was to be changed.
        assert!(
            instead(&integration, &notice(true), &gone).is_none(),
            "{error}"
        );
    }
    let other = answer(200, &[], "{\"ok\":false,\"error\":\"invalid_auth\"}");
    assert!(instead(&integration, &next, &other).is_none());
}

#[test]
fn without_updates_nothing_is_kept() {
    let integration = good("slack", "{app_token: xoxb, channel: c}");
    let posted = answer(
        200,
        &[],
        "{\"ok\":true,\"channel\":\"C1\",\"ts\":\"12.34\"}",
    );
    let data = ReceiverData::default();
    assert_eq!(
        integration.receiver.judge(0, &posted),
        Verdict::Sent { data }
    );
    let next = followed_by(&good("slack", APP), Reason::NewAlerts);
    assert_eq!(
        request(&integration, &next).url.as_str(),
        "https://slack.com/api/chat.postMessage"
    );
}

#[test]
fn reads_the_body_of_what_looks_like_success() {
    let integration = good("slack", "{api_url: 'http://h/'}");
    for (status, body, expected) in [
        (200, "ok", "sent"),
        (200, "ok\n", "sent"),
        (200, "", "sent"),
        (200, "{\"ok\":true}", "sent"),
        (200, "{\"success\":true}", "sent"),
        (200, "invalid_payload", "refused"),
        (200, "<html>log in</html>", "refused"),
        (
            200,
            "{\"ok\":false,\"error\":\"channel_not_found\"}",
            "refused",
        ),
        (200, "{\"ok\":false}", "refused"),
        (
            200,
            "{\"ok\":false,\"error\":\"ratelimited\"}",
            "retry 9000",
        ),
        (
            200,
            "{\"ok\":false,\"error\":\"service_unavailable\"}",
            "retry 9000",
        ),
        (403, "invalid_token", "refused"),
        (404, "no_service", "refused"),
        (
            429,
            "{\"ok\":false,\"error\":\"ratelimited\"}",
            "retry 9000",
        ),
    ] {
        let verdict = judged(&integration, status, &[("retry-after", "9")], body);
        assert_eq!(verdict, expected, "{status} {body}");
    }
}

#[test]
fn an_answer_that_is_cut_is_read_as_far_as_it_goes() {
    let integration = good("slack", APP);
    let long = "x".repeat(100);
    for (body, expected) in [
        (
            format!(
                "{{\"ok\":true,\"channel\":\"C1\",\"ts\":\"1.2\",\"message\":{{\"text\":\"{long}"
            ),
            Some("1.2"),
        ),
        ("{\"ok\":true,\"chan".to_owned(), Some("")),
        ("{\"ok\":tr".to_owned(), None),
        ("{\"response_metadata\":{\"x\":".to_owned(), None),
    ] {
        let mut cut = answer(200, &[], &body);
        cut.is_complete = false;
        match (integration.receiver.judge(0, &cut), expected) {
            (Verdict::Sent { data }, Some(ts)) => assert_eq!(data.get("ts"), Some(ts)),
            (Verdict::Retry { .. }, None) => {}
            (verdict, _) => panic!("{body}: {verdict:?}"),
        }
    }
    let mut cut = answer(200, &[], "<html>");
    cut.is_complete = false;
    let verdict = integration.receiver.judge(0, &cut);
    assert!(matches!(verdict, Verdict::Retry { .. }), "{verdict:?}");
}
