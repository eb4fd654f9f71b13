use serde_json::json;

use super::*;

fn three_o_clock() -> Timestamp {
    let at: jiff::Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
    Timestamp::from_millis(at.as_millisecond())
}

fn channel(receiver: &str, told: &Value, why: &Value, next_at: &Value) -> Value {
    json!({
        "receiver": receiver, "integration": "webhook[0]", "route": "{}", "group": "{}:{}", "told": told, "why": why,
        "nextAt": next_at, "text": "as the server says",
    })
}

/// Returns what is said of a channel: the lines from its name to its route.
fn said(told: &Value, why: &Value, next_at: &Value) -> String {
    let answer = json!({
        "labels": {"alertname": "Down"}, "alert": {"startsAt": "2026-11-21T02:00:00Z", "endsAt": "2026-11-21T04:00:00Z"},
        "channels": [channel("pagers", told, why, next_at)], "notRoutedTo": [],
    });
    let page = render(&[answer], three_o_clock());
    let (_, after) = page
        .split_once("  pagers webhook[0]: ")
        .expect("the channel");
    after
        .split("    route")
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn a_whole_page() {
    let told = json!({"at": "2026-11-21T02:41:30Z", "reason": "first notice", "isResolved": false});
    let silenced = json!({"kind": "silenced", "by": [{"id": "8ac1", "createdBy": "ops\u{1b}", "endsAt": "2026-11-21T05:00:00Z"}]});
    let answer = json!({
        "labels": {"alertname": "Down", "job": "db"},
        "alert": {"startsAt": "2026-11-21T02:41:00Z", "endsAt": "2026-11-21T03:04:00Z", "annotations": {"summary": "db is down"}},
        "channels": [
            channel("pagers", &told, &json!({"kind": "nothing_new", "repeatAt": "2026-11-21T06:41:30Z"}), &"2026-11-21T06:42:00Z".into()),
            channel("chat", &Value::Null, &silenced, &"2026-11-21T05:00:30Z".into()),
        ],
        "notRoutedTo": ["mail"],
        "notifications": [{
            "at": "2026-11-21T02:41:30Z", "receiver": "pagers", "integration": "webhook[0]", "outcome": "sent", "firing": 1,
            "resolved": 0, "reason": "first notice", "error": "",
        }, {
            "at": "2026-11-21T02:41:10Z", "receiver": "pagers", "integration": "webhook[0]", "outcome": "failed", "firing": 1,
            "resolved": 0, "reason": "first notice", "error": "status 503", "retryAt": "2026-11-21T02:41:30Z",
        }],
    });
    let expected = r#"Down{job="db"}
  fires since 2026-11-21T02:41:00Z (19m ago)
  db is down
  told: 1 of 2 integrations

  pagers webhook[0]: told that it fires, 2026-11-21T02:41:30Z (18m30s ago)
    why         it was told and nothing is new; it is told again after repeat_interval
    next        2026-11-21T06:42:00Z (in 3h42m): it is told again, if it fires still
    route       {}
    group       {}:{}

  chat webhook[0]: NOT TOLD
    why         silenced by ops\u{1b} until 2026-11-21T05:00:00Z (in 2h), silence 8ac1
    to end it   plimsoll silence expire 8ac1
    next        2026-11-21T05:00:30Z (in 2h): it is told, if it fires still
    route       {}
    group       {}:{}

  no route leads to: mail

  last notices:
    2026-11-21T02:41:30Z (18m30s ago)  pagers webhook[0]  sent: 1 firing, 0 resolved (first notice)
    2026-11-21T02:41:10Z (18m50s ago)  pagers webhook[0]  failed: 1 firing, 0 resolved (first notice): status 503; again at 2026-11-21T02:41:30Z
"#;
    assert_eq!(render(&[answer], three_o_clock()), expected);
}

#[test]
fn what_a_server_could_not_read_is_not_said_to_be_absent() {
    let unread = channel(
        "pagers",
        &Value::Null,
        &json!({"kind": "rows_unread"}),
        &Value::Null,
    );
    let answer = json!({
        "labels": {"alertname": "Down"}, "alert": null, "channels": [unread], "notRoutedTo": [],
    });
    let page = render(&[answer], three_o_clock());
    assert!(page.contains("not known whether it fires"), "{page}");
    assert!(!page.contains("does not fire"), "{page}");
}

#[test]
fn every_reason_is_said() {
    let check = |why: Value, parts: &[&str]| {
        let said = said(&Value::Null, &why, &"2026-11-21T03:05:00Z".into());
        for part in parts {
            assert!(said.contains(part), "{part:?} is not in {said}");
        }
        assert!(!said.contains("as the server says"), "{said}");
    };
    check(json!({"kind": "no_alert"}), &["would be told"]);
    check(
        json!({"kind": "rows_unread"}),
        &["NOT KNOWN", "could not read yet"],
    );
    check(
        json!({"kind": "waiting", "timer": "group_wait"}),
        &["NOT TOLD YET", "(group_wait)", "(in 5m): it is told"],
    );
    check(
        json!({"kind": "waiting", "timer": "group_interval"}),
        &["group_interval"],
    );
    check(
        json!({"kind": "waiting", "timer": "resolve_interval"}),
        &["resolve_interval"],
    );
    check(json!({"kind": "warm_up"}), &["NOT TOLD YET", "warm_up"]);
    check(
        json!({"kind": "inhibited", "by": "00ab", "labels": {"alertname": "Up"}, "rule": 2}),
        &[
            "NOT TOLD\n",
            "while Up fires",
            "inhibit_rules[2]",
            "plimsoll alert explain 00ab",
        ],
    );
    check(
        json!({"kind": "muted", "by": ["night"]}),
        &["NOT TOLD\n", "the time interval night"],
    );
    check(
        json!({"kind": "muted", "by": []}),
        &["active_time_intervals"],
    );
    check(
        json!({"kind": "being_told"}),
        &["NOT TOLD YET", "under way"],
    );
    check(
        json!({"kind": "queued", "failures": 0}),
        &["NOT TOLD YET", "waits for its turn"],
    );
    check(
        json!({"kind": "queued", "failures": 2, "error": "status 503"}),
        &["2 attempts failed", "status 503", "the next attempt"],
    );
    check(
        json!({"kind": "resolved_not_wanted"}),
        &["send_resolved is false"],
    );
    check(json!({"kind": "resolved_unheard"}), &["never heard"]);
    check(json!({"kind": "not_leading"}), &["another replica decides"]);
    let later = said(
        &Value::Null,
        &json!({"kind": "of another version"}),
        &Value::Null,
    );
    assert!(later.contains("as the server says"), "{later}");
}

#[test]
fn what_is_due_is_next_now() {
    let said = said(
        &Value::Null,
        &json!({"kind": "queued", "failures": 0}),
        &"2026-11-21T02:59:59Z".into(),
    );
    assert!(said.contains("next        now: the next attempt"), "{said}");
}

#[test]
fn one_receiver_is_left() {
    let one = |name: &str| {
        channel(
            name,
            &Value::Null,
            &json!({"kind": "no_alert"}),
            &Value::Null,
        )
    };
    let answer = json!({"channels": [one("a"), one("b")], "notRoutedTo": ["c", "d"]});
    let kept = |receiver: &str| {
        let mut answer = answer.clone();
        keep_receiver(&mut answer, receiver).map(|()| {
            let count = |name: &str| answer[name].as_array().unwrap().len();
            (count("channels"), count("notRoutedTo"))
        })
    };
    assert_eq!(kept("a").unwrap(), (1, 0));
    assert_eq!(kept("d").unwrap(), (0, 1));
    assert!(kept("e").is_err());
}
