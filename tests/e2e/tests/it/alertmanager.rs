//! Debian's Alertmanager as the measure of what an alert is on the wire.

use std::time::Duration;

use anyhow::{Result, ensure};
use plimsoll_e2e::{Alertmanager, Home, Server, find, now_millis, wait_until};
use plimsoll_types::Timestamp;
use plimsoll_wire::alertmanager::{Error, Limits, decode};
use serde_json::{Value, json};

/// An evaluation a second, on two busy cores.
const TOLD_MAX: Duration = Duration::from_secs(60);
/// What Alertmanager assumes where nobody says when an alert ends.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(300);

fn rules(value: u8) -> String {
    format!(
        "groups:\n- name: one\n  interval: 1s\n  rules:\n  - alert: Down\n    expr: vector({value}) < 1\n    \
         labels: {{severity: page}}\n    annotations: {{summary: 'it is {{{{ $value }}}} <b> & \"x\" \u{fc}'}}\n"
    )
}

#[test]
fn an_alertmanager_takes_our_alerts_and_hears_of_their_end() {
    if find("prometheus-alertmanager").unwrap().is_none() {
        return;
    }
    let home = Home::new().unwrap();
    let alertmanager = Alertmanager::start(&home).unwrap();
    let address = alertmanager.api.address;
    home.write("rules.yml", rules(0).as_bytes()).unwrap();
    let config = format!(
        "global:\n  scrape_interval: 10y\n  external_labels: {{cluster: eu, severity: none}}\nrule_files: [rules.yml]\n\
         alerting:\n  alertmanagers:\n  - static_configs:\n    - targets: ['{address}', '127.0.0.1:1']\n\
         plimsoll:\n  host_metrics:\n    enabled: false\n"
    );
    home.configure(&config).unwrap();
    let server = Server::start(&home).unwrap();
    let known = || -> Result<Vec<Value>> {
        let reply = alertmanager.api.get("/api/v2/alerts", &[])?;
        ensure!(reply.status == 200, "{}", reply.text());
        Ok(reply.json()?.as_array().cloned().unwrap_or_default())
    };
    let alert = wait_until(TOLD_MAX, "the alert", || {
        let known = known()?;
        ensure!(known.len() == 1, "{known:?}");
        Ok(known[0].clone())
    });
    let alert = alert.unwrap();
    assert_eq!(
        alert["labels"],
        json!({"alertname": "Down", "cluster": "eu", "severity": "page"})
    );
    assert_eq!(
        alert["annotations"],
        json!({"summary": "it is 0 <b> & \"x\" \u{fc}"})
    );
    assert_eq!(alert["status"]["state"], "active");
    assert!(
        alert["generatorURL"]
            .as_str()
            .unwrap()
            .starts_with("http://"),
        "{alert}"
    );
    let listed = server.api.data("/api/v1/alertmanagers", &[]).unwrap();
    let expected = json!([
        {"url": format!("http://{address}/api/v2/alerts")},
        {"url": "http://127.0.0.1:1/api/v2/alerts"},
    ]);
    assert_eq!(listed["activeAlertmanagers"], expected);
    home.write("rules.yml", rules(2).as_bytes()).unwrap();
    let reloaded = server.api.post("/-/reload", &[], b"").unwrap();
    assert_eq!(reloaded.status, 200, "{}", reloaded.text());
    wait_until(TOLD_MAX, "the end of the alert", || {
        let known = known()?;
        ensure!(known.is_empty(), "{known:?}");
        Ok(())
    })
    .unwrap();
    let metrics = server.api.get("/metrics", &[]).unwrap().text();
    let value = |name: &str, address: &str| -> f64 {
        let series = format!(
            "prometheus_notifications_{name}{{alertmanager=\"http://{address}/api/v2/alerts\"}} "
        );
        let line = metrics.lines().find_map(|line| line.strip_prefix(&series));
        line.unwrap_or_else(|| panic!("{series}: {metrics}"))
            .parse()
            .unwrap()
    };
    assert!(value("sent_total", &address.to_string()) >= 2.0);
    assert!(value("errors_total", &address.to_string()) == 0.0);
    // The other one is not there, which delays nobody and loses nothing yet.
    assert!(value("errors_total", "127.0.0.1:1") >= 1.0);
    assert!(value("dropped_total", "127.0.0.1:1") == 0.0);
}

/// What an Alertmanager would answer, by what we make of a body.
fn our_status(body: &str) -> u16 {
    let posted = match decode(body.as_bytes(), &Limits::default()) {
        Ok(posted) => posted,
        Err(Error::Malformed { .. }) => return 400,
        Err(_) => return 422,
    };
    let now = Timestamp::from_millis(now_millis());
    let all_count = posted
        .into_iter()
        .all(|alert| alert.accept(now, RESOLVE_TIMEOUT).is_ok());
    if all_count { 200 } else { 400 }
}

/// What differs by version is left out: 0.25 takes neither a zone without a colon nor a date without a time, which later
/// ones take, and takes a zone of 25 hours, which later ones do not.
#[test]
fn posted_alerts_get_the_verdict_of_alertmanager() {
    if find("prometheus-alertmanager").unwrap().is_none() {
        return;
    }
    let home = Home::new().unwrap();
    let alertmanager = Alertmanager::start(&home).unwrap();
    let field = |name: &str, value: &str| format!(r#"[{{"labels":{{"a":"b"}},"{name}":{value}}}]"#);
    let mut bodies: Vec<String> = [
        "", " ", "null", "[]", "{}", "1", "[1]", "[\"a\"]", "[", "[{}]", "[{\"labels\":null}]",
        "[{\"labels\":{}}]", "[{\"labels\":[]}]", "[{\"labels\":{\"a\":1}}]", "[{\"labels\":{\"a\":null}}]",
        "[{\"labels\":{\"a\":\"\"}}]", "[{\"labels\":{\"a\":\"b\",\"a\":\"\"}}]", "[{\"labels\":{\"\":\"a\"}}]", "[{\"labels\":{\"a\":\"b\"}}]",
        "[{\"labels\":{\"\":\"\",\"a\":\"b\"}}]", "[{\"Labels\":{\"a\":\"b\"}}]",
        "[{\"labels\":{\"a\":\"b\"}}] more", "[{\"labels\":{\"a\":\"b\"}},{\"labels\":{}}]",
        "[{\"labels\":{\"a\":\"b\"},\"new\":{\"x\":[1]}}]",
        "[{\"labels\":{\"a\":\"b\"},\"startsAt\":\"2030-01-01T00:00:00Z\",\"endsAt\":\"2029-01-01T00:00:00Z\"}]",
        "[{\"labels\":{\"a\":\"b\"},\"startsAt\":\"2029-01-01T00:00:00Z\",\"endsAt\":\"2029-01-01T00:00:00Z\"}]",
        "[{\"labels\":{\"a\":\"b\"},\"startsAt\":\"0001-01-01T00:00:00Z\",\"endsAt\":\"0001-01-01T00:00:00.000Z\"}]",
    ]
    .map(str::to_owned)
    .into();
    for url in [
        "null",
        "\"\"",
        "\"http://h/x?a=%zz\"",
        "\"http://h/%zz\"",
        "\"nowhere\"",
        "\"/path\"",
        "\"//h/p\"",
        "\"mailto:x\"",
        "\":x\"",
        "\"http://h:port/\"",
        "\"http://[::1]:1/\"",
        "\"http://[::1/\"",
        "\"*\"",
        "\"http://a b/\"",
        "\"http://h/a b\"",
        "\"http://u:p@h/\"",
        "\"http://u p@h/\"",
        "\"1x:/\"",
        "1",
        "{}",
        "\"http://h\\n/\"",
        "\"x:\"",
        "\"http://\"",
        "\"http:///p\"",
        "\"///p\"",
    ] {
        bodies.push(field("generatorURL", url));
    }
    for time in [
        "null",
        "\"\"",
        "1",
        "\"soon\"",
        "\"2029-01-01T00:00:00Z\"",
        "\"2029-01-01T00:00:00.123456789Z\"",
        "\"2029-01-01T00:00:00+01:00\"",
        "\"2029-01-01T00:00:00\"",
        "\"2029-01-01T00:00\"",
        "\"2029-01-01 00:00:00\"",
        "\"2029-02-30T00:00:00Z\"",
        "\"2029-01-01T25:00:00Z\"",
        "\"2029-01-01T00:00:60Z\"",
        "\"2029-01-01T00:00:00.Z\"",
        "\"2029-01-01T00:00:00Zx\"",
        "\"9999-12-31T23:59:59Z\"",
        "\"29-01-01T00:00:00Z\"",
        "\"2029-01-01T00:00:00,5Z\"",
        "\"2029-01-01t00:00:00z\"",
    ] {
        bodies.push(field("endsAt", time));
        bodies.push(field("startsAt", time));
    }
    for annotations in [
        "null",
        "{}",
        "[]",
        "{\"a\":\"\"}",
        "{\"\":\"a\"}",
        "{\"\":\"\"}",
        "{\"a\":1}",
        "{\"a\":null}",
    ] {
        bodies.push(field("annotations", annotations));
    }
    let json = [("Content-Type", "application/json")];
    let different: Vec<String> = bodies
        .iter()
        .filter_map(|body| {
            let reply = alertmanager
                .api
                .post("/api/v2/alerts", &json, body.as_bytes())
                .unwrap();
            let ours = our_status(body);
            (reply.status != ours).then(|| {
                format!(
                    "{body}: {} there ({}), {ours} here",
                    reply.status,
                    reply.text()
                )
            })
        })
        .collect();
    assert!(different.is_empty(), "\n{}", different.join("\n"));
}
