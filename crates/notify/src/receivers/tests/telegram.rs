use serde_json::json;

use super::{
    answer, body, entry, good, instead, judged, labelled, notice, notice_of, payload, request,
    written,
};

#[test]
fn writes_html() {
    let integration = entry(
        "telegram",
        "{bot_token: '1:tok', chat_id: -100}",
        "telegram_api_url: 'http://h'",
    );
    let sent = request(&integration.unwrap(), &notice_of(&["a"], true));
    assert_eq!(sent.url.as_str(), "http://h/bot1:tok/sendMessage");
    let expected = json!({
        "chat_id": "-100",
        "text": "\n\nAlerts Firing:\nLabels:\n - alertname = Down\n - cluster = eu\n - instance = a\n\
             \u{20}- severity = critical\nAnnotations:\n - summary = it is &lt;down&gt;\n\
             Source: http://prom/graph?g0.expr=up\n\n\n\n",
        "parse_mode": "HTML",
        "disable_web_page_preview": "true",
    });
    assert_eq!(body(&sent), expected);
}

#[test]
fn has_all_fields() {
    let fields = "{bot_token: t, chat_id: 7, api_url: 'http://h/x/', message_thread_id: 3, message: '{{ .CommonAnnotations.summary }}',
        disable_notifications: true, parse_mode: MarkdownV2}";
    let sent = request(&good("telegram", fields), &notice(true));
    assert_eq!(sent.url.as_str(), "http://h/x/bott/sendMessage");
    let expected = json!({
        "chat_id": "7",
        "message_thread_id": "3",
        "text": "it is <down>",
        "parse_mode": "MarkdownV2",
        "disable_web_page_preview": "true",
        "disable_notification": "true",
    });
    assert_eq!(body(&sent), expected);
    let plain = "{bot_token: t, chat_id: 7, message: x, parse_mode: ''}";
    assert_eq!(
        payload(&good("telegram", plain), &notice(true)).get("parse_mode"),
        None
    );
}

#[test]
fn cuts_html_where_it_stays_html() {
    let fields = "{bot_token: t, chat_id: 7, message: '<b>{{ .CommonLabels.long }}</b>'}";
    let notice = labelled(notice(true), "long", &"<".repeat(5000));
    let text = payload(&good("telegram", fields), &notice)["text"].clone();
    let text = text.as_str().unwrap();
    assert!(text.chars().count() <= 4096);
    assert!(
        text.ends_with("&lt;\u{2026}</b>"),
        "{}",
        &text[text.len() - 30..]
    );
}

#[test]
fn a_text_that_stands_in_for_a_failed_template_has_no_markup() {
    let markdown = "{bot_token: t, chat_id: 7, message: '{{ .Nope }}', parse_mode: MarkdownV2}";
    let body = payload(&good("telegram", markdown), &notice(true));
    assert_eq!(body.get("parse_mode"), None);
    let html = "{bot_token: t, chat_id: 7, message: '{{ .Nope }}'}";
    let body = payload(&good("telegram", html), &notice(true));
    assert_eq!(body["parse_mode"], "HTML");
    assert!(
        body["text"]
            .as_str()
            .unwrap()
            .contains("it is &lt;down&gt;"),
        "{body}"
    );
}

#[test]
fn what_telegram_cannot_read_is_sent_as_plain_text() {
    let fields = "{bot_token: t, chat_id: 7, message: '<b>{{ .CommonAnnotations.summary }}'}";
    let integration = good("telegram", fields);
    let refused = "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: can't parse entities: \
         Can't find end tag corresponding to start tag b\"}";
    assert_eq!(judged(&integration, 400, &[], refused), "refused");
    let sent = instead(&integration, &notice(true), &answer(400, &[], refused)).unwrap();
    let body = body(&sent);
    assert_eq!(body["text"], "<b>it is <down>");
    assert_eq!(body.get("parse_mode"), None);

    let other = answer(
        400,
        &[],
        "{\"ok\":false,\"description\":\"Bad Request: chat not found\"}",
    );
    assert!(instead(&integration, &notice(true), &other).is_none());
    let plain = good(
        "telegram",
        "{bot_token: t, chat_id: 7, message: x, parse_mode: ''}",
    );
    assert!(instead(&plain, &notice(true), &answer(400, &[], refused)).is_none());
}

#[test]
fn waits_as_long_as_the_body_says() {
    let integration = good("telegram", "{bot_token: t, chat_id: 7}");
    let limited = "{\"ok\":false,\"error_code\":429,\"parameters\":{\"retry_after\":14}}";
    assert_eq!(judged(&integration, 429, &[], limited), "retry 14000");
    assert_eq!(judged(&integration, 200, &[], "{\"ok\":true}"), "sent");
    assert_eq!(judged(&integration, 401, &[], "{\"ok\":false}"), "refused");
}

#[test]
fn a_chat_may_be_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chat");
    let integration = good(
        "telegram",
        &format!("{{bot_token: t, chat_id_file: '{}'}}", path.display()),
    );
    std::fs::write(&path, "-12\n").unwrap();
    assert_eq!(payload(&integration, &notice(true))["chat_id"], "-12");
    std::fs::write(&path, "hunter2").unwrap();
    let error = written(&integration, &notice(true)).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
