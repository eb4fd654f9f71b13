//! The rules: a group of 20 for each service, eight that record and twelve that alert, as such groups are written.

use anyhow::ensure;
use plimsoll_e2e::Home;

/// Rules of a group.
pub(super) const GROUP_RULES: u64 = 20;

/// Name and expression of what is recorded; `$S` is the service.
const RECORDED: [(&str, &str); 8] = [
    (
        "service:http_requests:rate5m",
        r#"sum by (service, code) (rate(http_requests_total{service="$S"}[5m]))"#,
    ),
    (
        "service:http_requests:rate1h",
        r#"sum by (service, code) (rate(http_requests_total{service="$S"}[1h]))"#,
    ),
    (
        "service:http_errors:ratio_rate5m",
        r#"sum by (service) (service:http_requests:rate5m{service="$S", code="500"}) / sum by (service) (service:http_requests:rate5m{service="$S"})"#,
    ),
    (
        "service:http_errors:ratio_rate1h",
        r#"sum by (service) (service:http_requests:rate1h{service="$S", code="500"}) / sum by (service) (service:http_requests:rate1h{service="$S"})"#,
    ),
    (
        "service:http_request_duration_seconds:p99_rate5m",
        r#"histogram_quantile(0.99, sum by (service, le) (rate(http_request_duration_seconds_bucket{service="$S"}[5m])))"#,
    ),
    (
        "service:http_request_duration_seconds:p50_rate5m",
        r#"histogram_quantile(0.5, sum by (service, le) (rate(http_request_duration_seconds_bucket{service="$S"}[5m])))"#,
    ),
    (
        "service:memory_used:ratio",
        r#"max by (service) (memory_used_bytes{service="$S"} / memory_limit_bytes{service="$S"})"#,
    ),
    (
        "service:service_up:avg",
        r#"avg by (service) (service_up{service="$S"})"#,
    ),
];

/// Name, expression and `for` of alerts.
const ALERTS: [(&str, &str, &str); 12] = [
    (
        "BudgetBurnsFast",
        r#"service:http_errors:ratio_rate5m{service="$S"} > 0.0144 and service:http_errors:ratio_rate1h{service="$S"} > 0.0144"#,
        "20s",
    ),
    (
        "BudgetBurnsSlowly",
        r#"service:http_errors:ratio_rate5m{service="$S"} > 0.006 and service:http_errors:ratio_rate1h{service="$S"} > 0.006"#,
        "1m",
    ),
    (
        "HighLatency",
        r#"service:http_request_duration_seconds:p99_rate5m{service="$S"} > 1"#,
        "5m",
    ),
    (
        "MeanLatency",
        r#"sum by (service) (rate(http_request_duration_seconds_sum{service="$S"}[5m])) / sum by (service) (rate(http_request_duration_seconds_count{service="$S"}[5m])) > 2"#,
        "5m",
    ),
    (
        "MemoryNearLimit",
        r#"memory_used_bytes{service="$S"} / memory_limit_bytes{service="$S"} > 0.9"#,
        "20s",
    ),
    (
        "MemoryRunsOut",
        r#"predict_linear(memory_used_bytes{service="$S"}[30m], 3600) > memory_limit_bytes{service="$S"}"#,
        "10m",
    ),
    ("InstanceDown", r#"service_up{service="$S"} == 0"#, "20s"),
    (
        "NoTraffic",
        r#"sum by (service) (rate(http_requests_total{service="$S"}[5m])) < 0.1"#,
        "5m",
    ),
    (
        "Restarts",
        r#"changes(process_start_time_seconds{service="$S"}[15m]) > 2"#,
        "0s",
    ),
    (
        "QueueGrows",
        r#"deriv(queue_length{service="$S"}[10m]) > 5"#,
        "5m",
    ),
    ("ServiceGone", r#"absent(service_up{service="$S"})"#, "5m"),
    (
        "QueueFull",
        r#"max_over_time(queue_length{service="$S"}[5m]) > 1000"#,
        "20s",
    ),
];

/// Writes the rule file of `groups` services.
pub(super) fn write(home: &Home, groups: u64, interval: u64) -> anyhow::Result<()> {
    ensure!(
        RECORDED.len() + ALERTS.len() == GROUP_RULES as usize,
        "a group has {GROUP_RULES} rules"
    );
    let mut text = String::from("groups:\n");
    for group in 0..groups {
        let service = super::exporter::service(group);
        text.push_str(&format!(
            "- name: {service}\n  interval: {interval}s\n  rules:\n"
        ));
        for (name, expr) in RECORDED {
            let expr = expr.replace("$S", &service);
            text.push_str(&format!("  - record: {name}\n    expr: '{expr}'\n"));
        }
        for (name, expr, hold) in ALERTS {
            let expr = expr.replace("$S", &service);
            text.push_str(&format!(
                "  - alert: {name}\n    expr: '{expr}'\n    for: {hold}\n    labels: {{severity: page}}\n    \
                 annotations: {{summary: '{name} of {{{{ $labels.service }}}}: {{{{ $value | humanize }}}}'}}\n"
            ));
        }
    }
    home.write("rules.yml", text.as_bytes())?;
    Ok(())
}
