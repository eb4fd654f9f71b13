//! Rules as public collections have them, by their shape: what each lint says about them is argued here, one by one.
//!
//! Lints about customs (runbook, owner, summary) are left out: rules without texts are shown here.

use super::{NoFacts, Options, file_of, lint_text};

/// A rule, which lints find it, and why that is right.
struct Known {
    expr: &'static str,
    fields: &'static str,
    found: &'static [&'static str],
}

const fn known(expr: &'static str, fields: &'static str, found: &'static [&'static str]) -> Known {
    Known {
        expr,
        fields,
        found,
    }
}

const CRITICAL: &str = "  labels: {severity: critical}\n  for: 15m\n";
const WARNING: &str = "  labels: {severity: warning}\n  for: 15m\n";
const AT_ONCE: &str = "  labels: {severity: critical}\n";

const ALERTS: &[Known] = &[
    // A target that is gone from discovery, for a quarter of an hour.
    known("absent(up{job=\"kubelet\"} == 1)", CRITICAL, &[]),
    // Targets that are down, as a share; the count is of those that are there.
    known(
        "100 * (count(up == 0) by (cluster, job, namespace) / count(up) by (cluster, job, namespace)) > 10",
        WARNING,
        &[],
    ),
    // The heartbeat.
    known("vector(1)", "  labels: {severity: none}\n", &[]),
    // Alerts about alerts.
    known(
        "ALERTS{severity=\"info\"} == 1 unless on (namespace) ALERTS{alertname!=\"InfoInhibitor\", severity=~\"warning|critical\", alertstate=\"firing\"} == 1",
        "  labels: {severity: none}\n",
        &[],
    ),
    // Pods that wait in a crash loop, as a warning.
    known(
        "max_over_time(kube_pod_container_status_waiting_reason{reason=\"CrashLoopBackOff\"}[5m]) >= 1",
        WARNING,
        &[],
    ),
    known(
        "sum by (namespace, pod) (max by (namespace, pod) (kube_pod_status_phase{phase=~\"Pending|Unknown\"}) * on (namespace, pod) group_left (owner_kind) topk by (namespace, pod) (1, max by (namespace, pod, owner_kind) (kube_pod_owner{owner_kind!=\"Job\"}))) > 0",
        WARNING,
        &[],
    ),
    known(
        "sum(increase(container_cpu_cfs_throttled_periods_total{container!=\"\"}[5m])) by (container, pod, namespace) / sum(increase(container_cpu_cfs_periods_total[5m])) by (container, pod, namespace) > (25 / 100)",
        "  labels: {severity: info}\n  for: 15m\n",
        // Both counters end differently, so nothing says that they are 0 together. They are; the hint costs nothing.
        &["unguarded-division"],
    ),
    // The burn of a budget over two windows, recorded.
    known(
        "sum(apiserver_request:burnrate1h) > (14.40 * 0.01000) and sum(apiserver_request:burnrate5m) > (14.40 * 0.01000)",
        "  labels: {severity: critical}\n  for: 2m\n",
        &[],
    ),
    known(
        "max(slo:sli_error:ratio_rate5m{sloth_id=\"a-b\"} > (14.4 * 0.001)) without (sloth_window)",
        "  labels: {severity: page}\n",
        &[],
    ),
    // A disk that is full in four hours.
    known(
        "node_filesystem_avail_bytes{fstype!=\"\"} / node_filesystem_size_bytes{fstype!=\"\"} * 100 < 15 and predict_linear(node_filesystem_avail_bytes{fstype!=\"\"}[6h], 4*60*60) < 0 and node_filesystem_readonly{fstype!=\"\"} == 0",
        CRITICAL,
        &[],
    ),
    // A share of a disk: 3 % of 20 TB are 600 GB, and nothing says when they are gone.
    known(
        "node_filesystem_avail_bytes{fstype!=\"\"} / node_filesystem_size_bytes{fstype!=\"\"} * 100 < 3",
        CRITICAL,
        &["paging-cause"],
    ),
    known(
        "increase(node_network_receive_errs_total[2m]) / increase(node_network_receive_packets_total[2m]) > 0.01",
        WARNING,
        &["unguarded-division"],
    ),
    known(
        "node_md_disks_required - ignoring (state) (node_md_disks{state=\"active\"}) > 0",
        CRITICAL,
        &[],
    ),
    known(
        "min_over_time(node_timex_sync_status[5m]) == 0 and node_timex_maxerror_seconds >= 16",
        WARNING,
        &[],
    ),
    // A page about a CPU: the service may be doing what it is there for.
    known(
        "100 - (avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[2m])) * 100) > 80",
        CRITICAL,
        &["paging-cause"],
    ),
    known(
        "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes * 100 < 10",
        "  labels: {severity: warning}\n  for: 2m\n",
        &[],
    ),
    known(
        "rate(node_vmstat_pgmajfault[1m]) > 1000",
        "  labels: {severity: warning}\n  for: 2m\n",
        &[],
    ),
    // One lost scrape pages.
    known("up == 0", AT_ONCE, &["missing-for"]),
    known("probe_success == 0", AT_ONCE, &["missing-for"]),
    known("mysql_up == 0", AT_ONCE, &[]),
    known(
        "absent(up{job=\"prometheus\"})",
        "  labels: {severity: warning}\n",
        &["missing-for"],
    ),
    // What looks back is calm without `for`.
    known(
        "increase(node_vmstat_oom_kill[1m]) > 0",
        "  labels: {severity: warning}\n",
        &[],
    ),
    known(
        "changes(process_start_time_seconds{job=~\"prometheus|pushgateway\"}[15m]) > 2",
        "  labels: {severity: warning}\n",
        &[],
    ),
    known(
        "increase(prometheus_tsdb_wal_corruptions_total[1m]) > 0",
        AT_ONCE,
        &[],
    ),
    known(
        "prometheus_config_last_reload_successful != 1",
        "  labels: {severity: warning}\n",
        &[],
    ),
    known(
        "max_over_time(prometheus_config_last_reload_successful[5m]) == 0",
        CRITICAL,
        &[],
    ),
    known(
        "3 <= round((last_over_time(probe_ssl_earliest_cert_expiry[10m]) - time()) / 86400, 0.1) < 20",
        "  labels: {severity: warning}\n",
        &[],
    ),
    known(
        "probe_http_status_code <= 199 OR probe_http_status_code >= 400",
        AT_ONCE,
        &["missing-for"],
    ),
    known(
        "avg_over_time(probe_duration_seconds[1m]) > 1",
        "  labels: {severity: warning}\n",
        &[],
    ),
    known(
        "histogram_quantile(0.99, sum(rate(etcd_disk_wal_fsync_duration_seconds_bucket[5m])) without (instance, pod)) > 0.5",
        CRITICAL,
        &[],
    ),
    known(
        "sum(rate(http_requests_total{status=~\"^5..\"}[1m])) / sum(rate(http_requests_total[1m])) * 100 > 5",
        "  labels: {severity: critical}\n  for: 1m\n",
        &[],
    ),
    // A percentage that nobody multiplied by 100.
    known(
        "sum(rate(http_requests_total{status=~\"^5..\"}[1m])) / sum(rate(http_requests_total[1m])) > 5",
        "  labels: {severity: critical}\n  for: 1m\n",
        &["unreachable-condition"],
    ),
    known(
        "(sum(rate(prometheus_notifications_errors_total[5m])) without (alertmanager) / sum(rate(prometheus_notifications_sent_total[5m])) without (alertmanager)) * 100 > 1",
        WARNING,
        &["unguarded-division"],
    ),
    known(
        "kube_statefulset_status_replicas_ready != kube_statefulset_status_replicas",
        WARNING,
        &[],
    ),
    known(
        "(kube_deployment_spec_replicas > kube_deployment_status_replicas_available) and (changes(kube_deployment_status_replicas_updated[10m]) == 0)",
        WARNING,
        &[],
    ),
    known(
        "time() - max by (namespace, job_name) (kube_job_status_start_time * on (namespace, job_name) kube_job_status_active > 0) > 43200",
        "  labels: {severity: warning}\n",
        &[],
    ),
    known(
        "kube_job_failed{job=\"kube-state-metrics\"} > 0",
        WARNING,
        &[],
    ),
    known("redis_connected_slaves == 0", CRITICAL, &[]),
    known(
        "count(redis_instance_info{role=\"master\"}) < 1",
        AT_ONCE,
        &["unreachable-condition"],
    ),
    known(
        "count(redis_instance_info{role=\"master\"}) > 1",
        AT_ONCE,
        &[],
    ),
    known("sum(kafka_controller_active) != 1", CRITICAL, &[]),
    known(
        "elasticsearch_cluster_health_status{color=\"red\"} == 1",
        CRITICAL,
        &[],
    ),
    known(
        "delta(pg_replication_lag_seconds[5m]) > 30 and ON (instance) pg_is_replica == 1",
        CRITICAL,
        &[],
    ),
    known(
        "rabbitmq_queue_messages > 1000",
        "  labels: {severity: warning}\n",
        &["missing-for"],
    ),
];

const RECORDED: &[Known] = &[
    known(
        "instance:node_num_cpu:sum",
        "count without (cpu, mode) (node_cpu_seconds_total{mode=\"idle\"})",
        &[],
    ),
    known(
        "instance:node_cpu_utilisation:rate5m",
        "1 - avg without (cpu) (sum without (mode) (rate(node_cpu_seconds_total{mode=~\"idle|iowait|steal\"}[5m])))",
        &[],
    ),
    known(
        "cluster:namespace:pod_memory:active:kube_pod_container_resource_requests",
        "kube_pod_container_resource_requests{resource=\"memory\"} * on (namespace, pod) group_left () max by (namespace, pod) (kube_pod_status_phase{phase=~\"Pending|Running\"} == 1)",
        &[],
    ),
    known(
        "apiserver_request:availability30d",
        "1 - (sum(code_verb:apiserver_request_total:increase30d{code=~\"5..\"}) / sum(code_verb:apiserver_request_total:increase30d))",
        &[],
    ),
    known(
        "code_verb:apiserver_request_total:increase30d",
        "avg_over_time(code_verb:apiserver_request_total:increase1h[30d]) * 24 * 30",
        &[],
    ),
    known(
        "cluster_quantile:apiserver_request_sli_duration_seconds:histogram_quantile",
        "histogram_quantile(0.99, sum by (cluster, le, resource) (rate(apiserver_request_sli_duration_seconds_bucket{job=\"apiserver\"}[5m]))) > 0",
        &[],
    ),
    known(
        "slo:sli_error:ratio_rate30d",
        "sum_over_time(slo:sli_error:ratio_rate5m{a=\"b\"}[30d]) / ignoring (sloth_window) count_over_time(slo:sli_error:ratio_rate5m{a=\"b\"}[30d])",
        &[],
    ),
    known(
        "slo:sli_error:ratio_rate5m",
        "(sum(rate(http_requests_total{code=~\"5..\"}[5m]))) / (sum(rate(http_requests_total[5m])))",
        &["unguarded-division"],
    ),
    known(
        "slo:sli_error:ratio_rate1h",
        "(sum(rate(http_requests_total{code=~\"5..\"}[5m]))) / (sum(rate(http_requests_total[5m])) > 0)",
        &["recorded-range"],
    ),
    known("sloth_slo_info", "vector(1)", &[]),
    known(
        "request_rate",
        "rate(http_requests_total[5m])",
        &["recording-name"],
    ),
];

fn check(rule: &str, expected: &[&str]) {
    let options = Options {
        disabled: ["missing-runbook", "missing-owner", "missing-summary"]
            .map(str::to_owned)
            .into(),
        ..Options::default()
    };
    let found = lint_text(&file_of(rule), &options, &NoFacts);
    let names: Vec<_> = found
        .iter()
        .filter_map(|found| found.message.rsplit_once(": ")?.1.strip_suffix(']'))
        .collect();
    assert_eq!(names, expected, "{rule}");
}

#[test]
fn alerts_that_are_widely_used_have_the_findings_that_are_argued() {
    for Known {
        expr,
        fields,
        found,
    } in ALERTS
    {
        check(
            &format!("- alert: A\n  expr: |\n    {expr}\n{fields}"),
            found,
        );
    }
}

#[test]
fn recorded_metrics_that_are_widely_used_have_the_findings_that_are_argued() {
    for Known {
        expr: name,
        fields: expr,
        found,
    } in RECORDED
    {
        check(&format!("- record: {name}\n  expr: |\n    {expr}\n"), found);
    }
}
