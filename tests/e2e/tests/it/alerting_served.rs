//! Debian's Prometheus sends alerts to us, its amtool silences them, and PagerDuty and Slack hear of them and of their end.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plimsoll_e2e::{Behaviour, Home, Prometheus, Received, Recorder, find, wait_until};
use serde_json::{Value, json};

use crate::alerting_node;
use crate::cli::plimsoll;

/// An evaluation a second and a flush a second, in debug builds on two busy cores.
const WAIT_MAX: Duration = Duration::from_secs(90);

fn config(recorder: &Recorder) -> String {
    let (pagerduty, hook, post) = (
        recorder.url("/pagerduty"),
        recorder.url("/hook"),
        recorder.url("/slack/chat.postMessage"),
    );
    format!(
        "route:\n  receiver: chat\n  group_by: [alertname]\n  group_wait: 0s\n  group_interval: 1s\n  routes:\n  \
         - matchers: [severity=page]\n    receiver: pagers\n\
         receivers:\n- name: chat\n  slack_configs: [{{api_url: '{hook}', channel: '#ops', send_resolved: true}}]\n\
         - name: pagers\n  pagerduty_configs: [{{routing_key: secret-key, url: '{pagerduty}'}}]\n  \
         slack_configs: [{{app_token: xoxb-secret, app_url: '{post}', channel: C1, update_message: true, send_resolved: true}}]\n"
    )
}

/// One rule for each name; the condition is true as long as it is in `firing`.
fn rules(firing: &[&str]) -> String {
    let rule = |name: &str| {
        let value = u8::from(!firing.contains(&name));
        format!(
            "  - alert: {name}\n    expr: vector({value}) < 1\n    labels: {{severity: page}}\n    \
             annotations: {{summary: '{name} is down'}}\n"
        )
    };
    format!(
        "groups:\n- name: one\n  interval: 1s\n  rules:\n{}{}",
        rule("Loud"),
        rule("Quiet")
    )
}

fn prometheus(home: &Home, manager: SocketAddr) -> Result<Prometheus> {
    home.write("rules.yml", rules(&["Loud", "Quiet"]).as_bytes())?;
    let config = |_| {
        format!(
            "global: {{evaluation_interval: 1s, scrape_interval: 1h}}\nrule_files: [rules.yml]\n\
             alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{manager}']}}]}}]}}\n"
        )
    };
    // It says everything once before it has found out whom to tell, and again a minute later unless it is told otherwise.
    Prometheus::start_with(home, config, &["--rules.alert.resend-delay=5s"])
}

/// Runs amtool against a server; it must be content.
fn amtool(server: SocketAddr, arguments: &[&str]) -> Result<String> {
    let url = format!("--alertmanager.url=http://{server}");
    let output = Command::new("amtool").arg(url).args(arguments).output()?;
    let (text, talk) = (
        String::from_utf8(output.stdout)?,
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    ensure!(output.status.success(), "{arguments:?}: {text}{talk}");
    Ok(text)
}

/// Returns PagerDuty's events about an alert.
fn pages(recorder: &Recorder, name: &str, action: &str) -> Result<Vec<Value>> {
    let mut pages = Vec::new();
    for received in recorder.received("/pagerduty") {
        let event = received.json()?;
        let about = event.to_string();
        if about.contains(&format!("{name} is down")) && event["event_action"] == action {
            pages.push(event);
        }
    }
    Ok(pages)
}

fn wait_for_page(recorder: &Recorder, name: &str, action: &str) -> Value {
    wait_until(WAIT_MAX, &format!("{action} of {name}"), || {
        let mut pages = pages(recorder, name, action)?;
        pages.pop().context("no page")
    })
    .unwrap()
}

fn has_text(received: &Received, text: &str) -> bool {
    String::from_utf8_lossy(&received.body).contains(text)
}

fn wait_for_slack(recorder: &Recorder, path: &str, text: &str) -> Received {
    wait_until(WAIT_MAX, &format!("{text:?} on {path}"), || {
        let received = recorder.received(path);
        let found = received
            .into_iter()
            .find(|received| has_text(received, text));
        found.context("no message")
    })
    .unwrap()
}

/// Runs `plimsoll alert explain` and returns the page.
fn explained(server: SocketAddr, name: &str) -> String {
    let ended = plimsoll(&[
        "alert",
        "explain",
        name,
        "--server",
        &format!("http://{server}"),
    ]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.stdout
}

#[test]
fn prometheus_pages_through_us_and_amtool_silences() {
    if find("prometheus").unwrap().is_none() || find("amtool").unwrap().is_none() {
        return;
    }
    let recorder = Recorder::start().unwrap();
    let taken = |status: u16, body: Value| Behaviour {
        body: body.to_string(),
        ..Behaviour::status(status)
    };
    recorder.behave(
        "/pagerduty",
        taken(202, json!({"status": "success", "dedup_key": "x"})),
        None,
    );
    let posted = json!({"ok": true, "channel": "C1", "ts": "17.5"});
    for path in ["/slack/chat.postMessage", "/slack/chat.update"] {
        recorder.behave(path, taken(200, posted.clone()), None);
    }
    let manager = alerting_node::start(&config(&recorder)).unwrap();
    let address = manager.api.address;
    let add = [
        "silence",
        "add",
        "alertname=Quiet",
        "--comment=new disk",
        "--author=ann",
        "--duration=1h",
    ];
    let silence = amtool(address, &add).unwrap();
    let silence = silence.trim();
    let home = Home::new().unwrap();
    let prometheus = prometheus(&home, address).unwrap();

    let triggered = wait_for_page(&recorder, "Loud", "trigger");
    assert_eq!(triggered["routing_key"], "secret-key", "{triggered}");
    let message = wait_for_slack(&recorder, "/slack/chat.postMessage", "Loud");
    assert_eq!(message.header("authorization"), Some("Bearer xoxb-secret"));
    let known = amtool(address, &["alert", "query", "--silenced", "-o", "json"]).unwrap();
    let known: Value = serde_json::from_str(&known).unwrap();
    wait_until(WAIT_MAX, "the silenced alert", || {
        let known = amtool(
            address,
            &["alert", "query", "--silenced", "alertname=Quiet"],
        )?;
        ensure!(known.contains("suppressed"), "{known}");
        Ok(())
    })
    .unwrap();
    assert!(known.is_array(), "{known}");
    let page = explained(address, "Quiet");
    for text in [
        "NOT TOLD\n",
        "silenced by ann until",
        silence,
        "plimsoll silence expire",
    ] {
        assert!(page.contains(text), "{text:?} is not in {page}");
    }
    // The receiver has it a moment before ours has heard its answer.
    let page = wait_until(WAIT_MAX, "the page is noted", || {
        let page = explained(address, "Loud");
        let is_told = page.contains("pagers pagerduty[0]: told that it fires");
        ensure!(is_told, "{page}");
        Ok(page)
    })
    .unwrap();
    assert!(page.contains("no route leads to: chat"), "{page}");
    assert!(
        pages(&recorder, "Quiet", "trigger").unwrap().is_empty(),
        "it is silenced"
    );

    let listed = amtool(address, &["silence", "query", "alertname=Quiet", "-q"]).unwrap();
    assert_eq!(listed.trim(), silence);
    amtool(address, &["silence", "expire", silence]).unwrap();
    assert_eq!(
        amtool(address, &["silence", "query", "-q"]).unwrap().trim(),
        ""
    );
    wait_for_page(&recorder, "Quiet", "trigger");

    home.write("rules.yml", rules(&[]).as_bytes()).unwrap();
    prometheus.program.hang_up().unwrap();
    let resolved = wait_for_page(&recorder, "Loud", "resolve");
    assert_eq!(resolved["dedup_key"], triggered["dedup_key"]);
    wait_for_page(&recorder, "Quiet", "resolve");
    // The message that is there changes: nobody has to look for the one it belongs to.
    let update = wait_for_slack(&recorder, "/slack/chat.update", "RESOLVED");
    assert!(has_text(&update, "17.5"), "{update:?}");
    let hooks = recorder.received("/hook");
    assert!(hooks.is_empty(), "no route leads there: {hooks:?}");
}
