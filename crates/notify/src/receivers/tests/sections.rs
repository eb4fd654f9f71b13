//! What is accepted and refused, as `amtool check-config` does where it knows the field.

use super::entry;

/// The kinds, entries and verdicts; `None` is accepted, else a part of the message.
fn check(kind: &str, cases: &[(&str, Option<&str>)]) {
    for (fields, expected) in cases {
        match (entry(kind, fields, ""), expected) {
            (Ok(_), None) => {}
            (Err(findings), Some(expected)) => {
                let shown = findings.to_string();
                assert!(shown.contains(expected), "{kind} {fields}: {shown}");
                assert!(shown.starts_with("alertmanager.yml:5:"), "{shown}");
            }
            (Ok(_), Some(expected)) => panic!("{kind} {fields} is accepted, not: {expected}"),
            (Err(findings), None) => panic!("{kind} {fields} is refused: {findings}"),
        }
    }
}

#[test]
fn webhook() {
    check(
        "webhook",
        &[
            ("{url: 'http://h/'}", None),
            ("{url_file: f}", None),
            ("{url: 'http://h/{{ .GroupLabels.a }}'}", None),
            ("{url: '{{ .CommonAnnotations.hook }}'}", None),
            ("{url: 'http://h/', http_config: {}}", None),
            ("{url: 'http://h/', http_config: }", None),
            (
                "{url: 'http://h/', timeout: 3s, payload: [1, {a: b}]}",
                None,
            ),
            ("{}", Some("needs a `url` or a `url_file`")),
            ("{url: ''}", Some("`url` is empty")),
            ("{url: h}", Some("not a URL")),
            ("{url: 'ftp://h/'}", Some("http or https")),
            (
                "{url: 'http://h/', url_file: f}",
                Some("exclude each other"),
            ),
            ("{url: 'http://h/', max_alerts: -1}", Some("whole number")),
            (
                "{url: 'http://h/', send_resolved: maybe}",
                Some("true or false"),
            ),
            ("{url: 'http://h/', foo: 1}", Some("unknown field `foo`")),
        ],
    );
}

#[test]
fn pagerduty() {
    check(
        "pagerduty",
        &[
            ("{routing_key: k}", None),
            ("{service_key: k}", None),
            ("{routing_key_file: f}", None),
            ("{routing_key: k, service_key: k}", None),
            ("{routing_key: k, service_key_file: f}", None),
            ("{routing_key: k, details: {a: {b: [c]}, n: 1}}", None),
            ("{routing_key: k, images: [{}], links: [{}]}", None),
            ("{}", Some("needs a `routing_key`")),
            ("{routing_key: ''}", Some("needs a `routing_key`")),
            (
                "{routing_key: k, routing_key_file: f}",
                Some("exclude each other"),
            ),
            (
                "{service_key: k, service_key_file: f}",
                Some("exclude each other"),
            ),
            ("{routing_key: k, url: ''}", Some("not a URL")),
            (
                "{routing_key: k, images: [{x: y}]}",
                Some("unknown field `x`"),
            ),
        ],
    );
}

#[test]
fn slack() {
    check(
        "slack",
        &[
            ("{api_url: 'http://h/'}", None),
            ("{api_url_file: f}", None),
            ("{app_token: t, channel: c}", None),
            (
                "{app_token_file: f, channel: c, update_message: true}",
                None,
            ),
            (
                "{api_url: 'https://slack.com/api/chat.postMessage', update_message: true, http_config: {authorization: {credentials: t}}}",
                None,
            ),
            (
                "{api_url: 'http://h/', actions: [{type: button, text: t, name: n}]}",
                None,
            ),
            (
                "{api_url: 'http://h/', actions: [{type: button, text: t, url: u, name: n}]}",
                None,
            ),
            ("{}", Some("needs an `api_url` or an `app_token`")),
            ("{api_url: ''}", Some("`api_url` is empty")),
            ("{api_url: '', api_url_file: f}", Some("`api_url` is empty")),
            ("{api_url: h}", Some("not a URL")),
            (
                "{api_url: 'http://h/', api_url_file: f}",
                Some("exclude each other"),
            ),
            (
                "{app_token: t, app_token_file: f, channel: c}",
                Some("exclude each other"),
            ),
            (
                "{api_url: 'http://h/', app_token: t, channel: c}",
                Some("exclude each other"),
            ),
            (
                "{app_token: t, channel: c, http_config: {authorization: {credentials: x}}}",
                Some("exclude each other"),
            ),
            ("{app_token: t}", Some("needs a `channel`")),
            (
                "{api_url: 'http://h/', update_message: true}",
                Some("needs an app"),
            ),
            (
                "{api_url_file: f, update_message: true}",
                Some("needs an app"),
            ),
            (
                "{api_url: 'http://h/', fields: [{title: t}]}",
                Some("a field needs a `value`"),
            ),
            (
                "{api_url: 'http://h/', fields: [{value: v}]}",
                Some("a field needs a `title`"),
            ),
            (
                "{api_url: 'http://h/', actions: [{text: t, name: n}]}",
                Some("needs a `type`"),
            ),
            (
                "{api_url: 'http://h/', actions: [{type: t, name: n}]}",
                Some("needs a `text`"),
            ),
            (
                "{api_url: 'http://h/', actions: [{type: t, text: t}]}",
                Some("needs a `url` or a `name`"),
            ),
            (
                "{api_url: 'http://h/', actions: [{type: t, text: t, name: n, confirm: {}}]}",
                Some("`confirm` needs a `text`"),
            ),
        ],
    );
}

#[test]
fn opsgenie() {
    check(
        "opsgenie",
        &[
            ("{api_key: k}", None),
            ("{api_key_file: f}", None),
            (
                "{api_key: k, responders: [{name: n, type: Team}, {name: n, id: i, type: teams}]}",
                None,
            ),
            (
                "{api_key: k, responders: [{username: u, type: '{{ .X }}'}]}",
                None,
            ),
            ("{api_key: k, message: '{{ .X'}", None),
            ("{}", Some("needs an `api_key`")),
            ("{api_key: ''}", Some("needs an `api_key`")),
            ("{api_key: k, api_key_file: f}", Some("exclude each other")),
            ("{api_key: k, api_url: x}", Some("not a URL")),
            (
                "{api_key: k, responders: [{type: team}]}",
                Some("needs an `id`, a `name` or a `username`"),
            ),
            (
                "{api_key: k, responders: [{name: n}]}",
                Some("expected one of team, teams"),
            ),
            (
                "{api_key: k, responders: [{name: n, type: foo}]}",
                Some("`foo`"),
            ),
        ],
    );
}

#[test]
fn telegram() {
    check(
        "telegram",
        &[
            ("{bot_token: t, chat_id: -100}", None),
            (
                "{bot_token_file: f, chat_id_file: f, message_thread_id: 3}",
                None,
            ),
            ("{bot_token: t, chat_id: 1, parse_mode: ''}", None),
            ("{bot_token: t, chat_id: 1, parse_mode: MarkdownV2}", None),
            ("{}", Some("needs a `bot_token`")),
            ("{chat_id: 1}", Some("needs a `bot_token`")),
            ("{bot_token: '', chat_id: 1}", Some("needs a `bot_token`")),
            ("{bot_token: t}", Some("needs a `chat_id`")),
            ("{bot_token: t, chat_id: 0}", Some("needs a `chat_id`")),
            ("{bot_token: t, chat_id: '1'}", Some("whole number")),
            (
                "{bot_token: t, chat_id: 1, chat_id_file: f}",
                Some("exclude each other"),
            ),
            (
                "{bot_token: t, bot_token_file: f, chat_id: 1}",
                Some("exclude each other"),
            ),
            (
                "{bot_token: t, chat_id: 1, parse_mode: html}",
                Some("HTML, Markdown, MarkdownV2"),
            ),
        ],
    );
}

#[test]
fn discord_and_teams() {
    for kind in ["discord", "msteamsv2"] {
        check(
            kind,
            &[
                ("{webhook_url: 'http://h/'}", None),
                ("{webhook_url_file: f}", None),
                ("{}", Some("needs a `webhook_url`")),
                ("{webhook_url: h}", Some("not a URL")),
                (
                    "{webhook_url: 'http://h/', webhook_url_file: f}",
                    Some("exclude each other"),
                ),
            ],
        );
    }
}

#[test]
fn incidentio() {
    check(
        "incidentio",
        &[
            ("{url: 'http://h/', alert_source_token: t}", None),
            (
                "{url_file: f, alert_source_token_file: f, max_alerts: 5, timeout: 3s}",
                None,
            ),
            (
                "{url: 'http://h/', http_config: {authorization: {credentials: t}}}",
                None,
            ),
            ("{alert_source_token: t}", Some("needs a `url`")),
            ("{url: 'http://h/'}", Some("needs an `alert_source_token`")),
            (
                "{url: 'http://h/', alert_source_token: t, alert_source_token_file: f}",
                Some("exclude each other"),
            ),
            (
                "{url: 'http://h/', alert_source_token: t, http_config: {authorization: {credentials: t}}}",
                Some("exclude each other"),
            ),
        ],
    );
}

#[test]
fn what_global_says_counts_where_the_entry_says_nothing() {
    let global = "slack_api_url: 'http://s/', opsgenie_api_key: k, telegram_bot_token: t";
    for (kind, fields) in [
        ("slack", "{}"),
        ("opsgenie", "{}"),
        ("telegram", "{chat_id: 1}"),
    ] {
        assert!(entry(kind, fields, global).is_ok(), "{kind}");
    }
}

#[test]
fn resolved_alerts_are_told_unless_somebody_is_woken_for_nothing() {
    for (kind, fields) in super::GOOD {
        let integration = super::good(kind, fields);
        assert_eq!(integration.sends_resolved, kind != "slack", "{kind}");
    }
}
