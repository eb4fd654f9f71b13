//! Debian's Prometheus serves the same rule file: groups, rules and alerts look the same.
//!
//! What differs by version: Prometheus 2.42 knows neither `match[]`, `exclude_alerts` nor pages, says `inactive` of a rule
//! that was not evaluated yet where 3 says `unknown`, shows groups of which no rule is asked for where 3 leaves them out, and
//! prints large numbers of expressions with an exponent.

use std::time::Duration;

use anyhow::{Result, ensure};
use plimsoll_e2e::{Api, Home, Prometheus, Server, find, wait_until};
use serde_json::Value;

/// A few evaluations a second apart, on two busy cores.
const EVALUATED_MAX: Duration = Duration::from_secs(60);

const RULES: &str = r#"groups:
- name: records
  interval: 1s
  limit: 5
  rules:
  - record: one:sum
    expr: sum by (x)(vector(1))
    labels: {team: db}
  - record: two
    expr: one:sum{team="db"} * 2 > bool 1
- name: alerts
  interval: 1s
  rules:
  - alert: Fires
    expr: one:sum > 0
    keep_firing_for: 5m
    labels: {severity: page, value: '{{ $value }}'}
    annotations: {summary: '{{ $labels.team }} has {{ $value | humanize }}', empty: ''}
  - alert: Waits
    expr: label_replace(vector(1234), "a", "b", "", "")
    for: 1h30m
    annotations: {summary: pending}
  - alert: Sleeps
    expr: vector(1) > 2
  - alert: Broken
    expr: count_over_time(one:sum[1m]) * on() group_left() (vector(1) or label_replace(vector(1), "a", "b", "", ""))
"#;

/// Removes what is another number at each look, and what stands in no order.
fn steady(value: &mut Value) {
    match value {
        Value::Array(list) => {
            list.iter_mut().for_each(steady);
            if list.iter().all(|entry| entry.get("activeAt").is_some()) {
                list.sort_by_key(ToString::to_string);
            }
        }
        Value::Object(fields) => {
            for name in ["evaluationTime", "lastEvaluation"] {
                fields.remove(name);
            }
            if let Some(at) = fields.get_mut("activeAt") {
                *at = "some time".into();
            }
            if let Some(Value::String(file)) = fields.get_mut("file") {
                let name = file.rsplit('/').next().map(str::to_owned);
                *file = name.unwrap_or_default();
            }
            if let Some(Value::Array(groups)) = fields.get_mut("groups") {
                groups.retain(|group| group["rules"] != Value::Array(Vec::new()));
            }
            fields.values_mut().for_each(steady);
        }
        _ => {}
    }
}

/// Returns what a server says once every rule was evaluated and the alert fires.
fn asked(api: Api, path: &str) -> Result<Value> {
    wait_until(EVALUATED_MAX, "all rules", || {
        let groups = api.data("/api/v1/rules", &[])?["groups"].clone();
        let groups = groups.as_array().cloned().unwrap_or_default();
        let rules = groups
            .iter()
            .flat_map(|group| group["rules"].as_array().into_iter().flatten());
        let health: Vec<_> = rules.map(|rule| rule["health"].clone()).collect();
        ensure!(
            health.len() == 6 && !health.contains(&"unknown".into()),
            "{health:?}"
        );
        let alerts = api.data("/api/v1/alerts", &[])?["alerts"].to_string();
        ensure!(
            alerts.contains("firing") && alerts.contains("pending"),
            "{alerts}"
        );
        // Prometheus waits 5 s before it believes a discovery.
        let known = api.data("/api/v1/alertmanagers", &[])?;
        ensure!(
            known["activeAlertmanagers"] != Value::Array(Vec::new()),
            "{known}"
        );
        Ok(())
    })?;
    let mut data = api.data(path, &[])?;
    steady(&mut data);
    Ok(data)
}

#[test]
fn rules_and_alerts_look_as_prometheus_shows_them() {
    if find("prometheus").unwrap().is_none() {
        return;
    }
    let home = Home::new().unwrap();
    home.write("rules.yml", RULES.as_bytes()).unwrap();
    let config = "global: {scrape_interval: 10y, external_labels: {cluster: eu}}\nrule_files: [rules.yml]\n\
        alerting:\n  alertmanagers:\n  - scheme: https\n    path_prefix: /am/\n    static_configs:\n    \
        - targets: ['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:1']\n    relabel_configs:\n    \
        - {source_labels: [__address__], regex: '.*:2', action: drop}\n";
    home.configure(&format!(
        "{config}plimsoll:\n  host_metrics:\n    enabled: false\n"
    ))
    .unwrap();
    let prometheus = Prometheus::start(&home, |_| config.to_owned()).unwrap();
    let server = Server::start(&home).unwrap();
    for path in [
        "/api/v1/rules",
        "/api/v1/rules?type=alert",
        "/api/v1/rules?type=record",
        "/api/v1/alerts",
        "/api/v1/alertmanagers",
    ] {
        let theirs = asked(prometheus.api, path).unwrap();
        let ours = asked(server.api, path).unwrap();
        assert_eq!(
            serde_json::to_string_pretty(&ours).unwrap(),
            serde_json::to_string_pretty(&theirs).unwrap(),
            "{path}"
        );
    }
}
