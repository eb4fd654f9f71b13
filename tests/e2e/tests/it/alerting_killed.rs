//! kill -9 while notices wait: what was acknowledged is told after the next start, and told once.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plimsoll_e2e::{
    Behaviour, Manager, Received, Recorder, now_millis, rfc_3339_of_millis, wait_until,
};
use serde_json::{Value, json};

use crate::alerting_node;

/// Attempts are repeated after growing pauses, in debug builds on two busy cores.
const WAIT_MAX: Duration = Duration::from_secs(120);
const ALERTS: usize = 20;

fn config(recorder: &Recorder) -> String {
    let hook = recorder.url("/hook");
    format!(
        "route: {{receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}\n\
         receivers: [{{name: hook, webhook_configs: [{{url: '{hook}'}}]}}]\n"
    )
}

/// Posts the alerts; those that are over ended now.
fn post(manager: &Manager, start_millis: i64, is_over: bool) {
    let alert = |number: usize| {
        let mut alert = json!({
            "labels": {"alertname": "Down", "instance": format!("db-{number}")},
            "startsAt": rfc_3339_of_millis(start_millis),
        });
        if is_over {
            alert["endsAt"] = rfc_3339_of_millis(now_millis()).into();
        }
        alert
    };
    let alerts: Vec<Value> = (0..ALERTS).map(alert).collect();
    manager.post("/alerts", &json!(alerts)).unwrap();
}

/// Returns how often each alert was told to a receiver that took it, by its number.
fn taken(recorder: &Recorder, status: &str) -> Result<Vec<usize>> {
    let mut counts = vec![0; ALERTS];
    for received in recorder
        .received("/hook")
        .iter()
        .filter(|received| received.is_taken())
    {
        for alert in received.json()?["alerts"].as_array().context("no alerts")? {
            if alert["status"] == status {
                let instance = alert["labels"]["instance"]
                    .as_str()
                    .context("no instance")?;
                let number: usize = instance.trim_start_matches("db-").parse()?;
                counts[number] += 1;
            }
        }
    }
    Ok(counts)
}

fn wait_until_told_once(recorder: &Recorder, status: &str) {
    wait_until(WAIT_MAX, &format!("each told as {status}"), || {
        let counts = taken(recorder, status)?;
        ensure!(counts.iter().all(|count| *count > 0), "{counts:?}");
        Ok(())
    })
    .unwrap();
}

/// Waits until it is durable that each notice was taken: who is killed before tells it once more, as nobody knows.
fn wait_until_noted(manager: &Manager) {
    wait_until(WAIT_MAX, "each noted as taken", || {
        let limit = [("limit", "1000")];
        let noted = manager.api.data("/api/v1/alerting/notifications", &limit)?;
        let noted = noted["notifications"].as_array().context("no notices")?;
        let sent = noted.iter().filter(|notice| notice["outcome"] == "sent");
        let count = sent.count();
        ensure!(count == ALERTS, "{count} of {ALERTS}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn notices_that_wait_outlive_kills() {
    let recorder = Recorder::start().unwrap();
    recorder.behave("/hook", Behaviour::status(503), None);
    let mut manager = alerting_node::start(&config(&recorder)).unwrap();
    let start = now_millis();
    post(&manager, start, false);
    for _ in 0..3 {
        let before = recorder.received("/hook").len();
        wait_until(WAIT_MAX, "an attempt", || {
            ensure!(recorder.received("/hook").len() > before, "none");
            Ok(())
        })
        .unwrap();
        alerting_node::kill_and_restart(&mut manager).unwrap();
    }
    let waiting = manager
        .api
        .data("/api/v1/alerting/deliveries", &[])
        .unwrap();
    assert_eq!(
        waiting["deliveries"].as_array().map(Vec::len),
        Some(ALERTS),
        "{waiting}"
    );
    recorder.behave("/hook", Behaviour::status(200), None);
    wait_until_told_once(&recorder, "firing");
    wait_until_noted(&manager);
    // What the last attempts of a killed process brought about is over by now.
    alerting_node::kill_and_restart(&mut manager).unwrap();
    post(&manager, start, true);
    wait_until_told_once(&recorder, "resolved");
    for status in ["firing", "resolved"] {
        let counts = taken(&recorder, status).unwrap();
        assert_eq!(counts, [1; ALERTS], "{status}");
    }
    let all = recorder.received("/hook");
    let failed: Vec<&Received> = all.iter().filter(|received| !received.is_taken()).collect();
    assert!(failed.len() >= 3, "{}", failed.len());
}

#[test]
fn an_acknowledged_silence_outlives_a_kill_right_after() {
    let recorder = Recorder::start().unwrap();
    let mut manager = alerting_node::start(&config(&recorder)).unwrap();
    let now = now_millis();
    let silence = json!({
        "matchers": [{"name": "alertname", "value": "Down", "isRegex": false, "isEqual": true}],
        "startsAt": rfc_3339_of_millis(now), "endsAt": rfc_3339_of_millis(now + 3_600_000), "createdBy": "me", "comment": "c",
    });
    let id = manager.post("/silences", &silence).unwrap().json().unwrap();
    alerting_node::kill_and_restart(&mut manager).unwrap();
    let id = id["silenceID"].as_str().unwrap();
    let reply = manager
        .api
        .get(&format!("/api/v2/silence/{id}"), &[])
        .unwrap();
    assert_eq!(reply.json().unwrap()["status"]["state"], "active");
    post(&manager, now, false);
    let labels = [("label", "alertname=Down"), ("label", "instance=db-0")];
    let explained = manager
        .api
        .data("/api/v1/alerting/explain", &labels)
        .unwrap();
    assert_eq!(
        explained["channels"][0]["why"]["kind"], "silenced",
        "{explained}"
    );
    manager.expire(id).unwrap();
    wait_until_told_once(&recorder, "firing");
}
