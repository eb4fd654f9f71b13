//! What is wrong is refused with its place and its reason, and what was good goes on.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plimsoll_e2e::{Home, Manager, Recorder, binary, wait_until};
use serde_json::{Value, json};

use crate::alerting_node;
use crate::cli::{plimsoll, refused};

const WAIT_MAX: Duration = Duration::from_secs(60);

fn config(recorder: &Recorder) -> String {
    let hook = recorder.url("/hook");
    format!(
        "route: {{receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s}}\n\
         receivers: [{{name: hook, webhook_configs: [{{url: '{hook}'}}]}}]\nplimsoll: {{limits: {{alerts: 10}}}}\n"
    )
}

fn labelled(name: &str) -> Value {
    json!({"labels": {"alertname": name}})
}

fn names(manager: &Manager) -> Result<Vec<String>> {
    let listed = manager.api.get("/api/v2/alerts", &[])?.json()?;
    let listed = listed.as_array().context("no list")?.iter();
    let mut names: Vec<String> = listed
        .map(|alert| {
            alert["labels"]["alertname"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    names.sort();
    Ok(names)
}

#[test]
fn a_bad_configuration_is_refused_at_the_start_with_its_place() {
    let home = Home::new().unwrap();
    for (text, place, expected) in [
        (
            "route:\n  receiver: nobody\nreceivers: [{name: x}]\n",
            ":2:13: error: ",
            "nobody",
        ),
        (
            "route:\n  reciever: x\nreceivers: [{name: x}]\n",
            ":2:3: error: ",
            "did you mean `receiver`?",
        ),
        (
            "route:\n  receiver: x\n  routes:\n  - matchers: ['a=~(']\nreceivers: [{name: x}]\n",
            ":4:",
            "^",
        ),
        (
            "route: {receiver: x}\nreceivers:\n- name: x\n  victorops_configs: [{}]\n",
            ":4:3: error: ",
            "webhook",
        ),
    ] {
        let path = home.write("alertmanager.yml", text.as_bytes()).unwrap();
        let path = path.to_str().unwrap();
        let storage = home.path("never");
        let command = [
            "alertmanager",
            "--config.file",
            path,
            "--storage.path",
            storage.to_str().unwrap(),
        ];
        refused(
            &plimsoll(&command),
            1,
            &[&format!("alertmanager.yml{place}"), expected, "^"],
        );
        assert!(!storage.exists(), "a refusal leaves nothing behind");
        refused(
            &plimsoll(&["check", "alertmanager", path]),
            1,
            &[place, expected],
        );
        refused(&plimsoll(&["check", "config", path]), 1, &[place, expected]);
        let mut serve = home.serve_command().unwrap();
        let output = serve
            .args(["--alertmanager.config-file", path])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(place) && said.contains(expected), "{said}");
    }
}

#[test]
fn a_bad_configuration_changes_nothing_at_a_reload() {
    let recorder = Recorder::start().unwrap();
    let good = config(&recorder);
    let manager = alerting_node::start(&good).unwrap();
    let status = |manager: &Manager| -> Value {
        let status = manager
            .api
            .get("/api/v2/status", &[])
            .unwrap()
            .json()
            .unwrap();
        status["config"]["original"].clone()
    };
    let before = status(&manager);
    let said = manager.reload(&good.replace("10", "many")).unwrap_err();
    let said = format!("{said:#}");
    for text in ["status 400", "alertmanager.yml:3:", "many", "^"] {
        assert!(said.contains(text), "{text:?} is not in {said}");
    }
    let without_templates = format!("{good}templates: [\"*.tmpl\"]\nnonsense: 1\n");
    let said = format!("{:#}", manager.reload(&without_templates).unwrap_err());
    assert!(said.contains("alertmanager.yml:5:1"), "{said}");
    assert_eq!(status(&manager), before);
    manager
        .post("/alerts", &json!([labelled("Still")]))
        .unwrap();
    wait_until(WAIT_MAX, "the notice", || {
        let received = recorder.received("/hook");
        ensure!(!received.is_empty(), "none");
        Ok(())
    })
    .unwrap();
    manager.program.hang_up().unwrap();
    wait_until(WAIT_MAX, "the refusal in the log", || {
        let log = manager.program.log();
        ensure!(log.contains("alertmanager.yml:5:1"), "{log}");
        Ok(())
    })
    .unwrap();
    manager.reload(&good.replace("10", "11")).unwrap();
}

#[test]
fn malformed_alerts_are_refused_one_by_one_and_storms_whole() {
    let recorder = Recorder::start().unwrap();
    let manager = alerting_node::start(&config(&recorder)).unwrap();
    let post = |body: &Value| {
        let json = [("Content-Type", "application/json")];
        manager
            .api
            .post("/api/v2/alerts", &json, body.to_string().as_bytes())
            .unwrap()
    };
    let ends_early = json!({
        "labels": {"alertname": "Early"}, "startsAt": "2030-01-01T00:00:00Z", "endsAt": "2029-01-01T00:00:00Z",
    });
    let mixed = json!([labelled("First"), {"labels": {}}, ends_early, labelled("Second")]);
    let reply = post(&mixed);
    assert_eq!(reply.status, 400, "{}", reply.text());
    for text in [
        "at least one label pair required",
        "start time must be before end time",
    ] {
        assert!(
            reply.text().contains(text),
            "{text:?} is not in {}",
            reply.text()
        );
    }
    assert_eq!(names(&manager).unwrap(), ["First", "Second"]);
    assert_eq!(post(&json!({})).status, 400);
    assert_eq!(names(&manager).unwrap().len(), 2);

    let storm: Vec<Value> = (0..100)
        .map(|number| labelled(&format!("Storm{number}")))
        .collect();
    let reply = post(&json!(storm));
    assert_eq!(reply.status, 429, "{}", reply.text());
    assert!(
        reply.text().contains("10"),
        "the limit is named: {}",
        reply.text()
    );
    let known = names(&manager).unwrap();
    assert!(known.len() <= 10, "{known:?}");
    assert!(known.contains(&"First".to_owned()), "{known:?}");
    let metrics = manager.api.get("/metrics", &[]).unwrap().text();
    let refused = metrics
        .lines()
        .find_map(|line| line.strip_prefix("plimsoll_alerting_alerts_refused_total "));
    let refused: f64 = refused
        .with_context(|| metrics.clone())
        .unwrap()
        .parse()
        .unwrap();
    assert!(refused >= 90.0, "{refused}");
    // Who was known before the storm is heard still.
    assert_eq!(post(&json!([labelled("First")])).status, 200);
}

#[test]
fn whoever_has_no_plimsoll_file_is_told_what_is_missing() {
    let home = Home::new().unwrap();
    let missing = home.path("missing.yml");
    let output = Command::new(binary().unwrap())
        .args(["alertmanager", "--config.file"])
        .arg(&missing)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("missing.yml"), "{said}");
}
