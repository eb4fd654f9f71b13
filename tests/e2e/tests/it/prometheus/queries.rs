//! The questions, and the point in time for which they are asked.

/// A point in time between samples. Prometheus 2 takes a sample exactly at the left end of a range, 3 and we do not, so
/// that no window may begin where a sample lies; with whole seconds as windows, the phase of the time decides.
pub(super) struct Time {
    pub(super) millis: i64,
}

impl Time {
    /// Returns the time after the whole `second` whose phase is the furthest from those of all samples and of the steps
    /// of subqueries.
    pub(super) fn between(samples: &[i64], second: i64) -> Self {
        let distance = |phase: &i64| {
            let distances = samples
                .iter()
                .chain(&[0])
                .map(|other| (phase - other).rem_euclid(1000));
            distances.map(|ahead| ahead.min(1000 - ahead)).min()
        };
        let phase = (0..1000).max_by_key(distance);
        Self {
            millis: second + phase.expect("a second has a thousand milliseconds"),
        }
    }

    /// Returns the time `offset` seconds later, in seconds since the epoch.
    pub(super) fn seconds(&self, offset: i64) -> String {
        let millis = self.millis + offset * 1000;
        format!("{}.{:03}", millis / 1000, millis % 1000)
    }
}

/// Returns all questions.
pub(super) fn all(time: &Time) -> Vec<String> {
    let at = time.seconds(-5);
    // A subquery evaluates at whole seconds, so its inner windows need another length to begin between samples.
    let phase = 1000 - time.millis % 1000;
    RANGE_VECTORS
        .iter()
        .chain(&QUERIES)
        .map(|query| {
            query
                .replace("<5 s ago>", &at)
                .replace("<4 s and more>", &format!("4s{phase}ms"))
        })
        .collect()
}

pub(super) const RANGE_VECTORS: [&str; 2] = [
    "prometheus_http_requests_total[4s]",
    "go_goroutines{job=~\"node|prometheus\"}[10s] offset 2s",
];

const QUERIES: [&str; 84] = [
    // Selectors
    "up",
    "up{job=\"node\"}",
    "{job=\"node\",__name__=~\"node_cpu.*|node_load1\"}",
    "node_cpu_seconds_total{mode!=\"idle\",cpu=~\"0|1\"}",
    "{__name__=\"node_memory_MemTotal_bytes\"}",
    "node_network_mtu_bytes{device!~\"veth.*\"}",
    "up{job=\"nobody\"}",
    "node_load1 offset 3s",
    "node_load1 @ <5 s ago>",
    // Rates and other questions about change
    "rate(node_cpu_seconds_total[5s])",
    "increase(prometheus_http_requests_total[8s])",
    "irate(node_cpu_seconds_total{mode=\"idle\"}[5s])",
    "delta(node_memory_MemFree_bytes[6s])",
    "idelta(process_resident_memory_bytes[5s])",
    "deriv(node_memory_MemFree_bytes[8s])",
    "predict_linear(node_filesystem_avail_bytes[8s], 3600)",
    "changes(process_start_time_seconds[9s])",
    "changes(node_load1[9s])",
    "resets(node_memory_MemFree_bytes[9s])",
    "rate(node_context_switches_total[5s] offset 2s)",
    // Aggregations
    "sum by (mode) (rate(node_cpu_seconds_total[5s]))",
    "sum without (cpu, mode) (rate(node_cpu_seconds_total[5s]))",
    "avg(node_cpu_seconds_total)",
    "avg by (job) (go_goroutines)",
    "min by (job) (up)",
    "max(scrape_duration_seconds)",
    "count by (__name__) ({job=\"node\"})",
    "count(count by (cpu) (node_cpu_seconds_total))",
    "count_values(\"state\", up)",
    "group by (job) (go_info)",
    "stddev(node_cpu_seconds_total)",
    "stdvar by (mode) (node_cpu_seconds_total)",
    "quantile(0.9, rate(node_cpu_seconds_total[5s]))",
    "topk(3, node_filesystem_size_bytes{fstype=~\"tmpfs|ext4\",mountpoint=~\"/run|/|/dev/shm\"})",
    "bottomk(1, node_memory_MemTotal_bytes or node_memory_MemFree_bytes)",
    // Arithmetic and comparison
    "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
    "100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[5s])))",
    "node_memory_MemTotal_bytes - node_memory_MemFree_bytes - node_memory_Cached_bytes",
    "-node_load1 ^ 2 % 3",
    "up == 1",
    "up == bool 0",
    "go_goroutines > 20",
    "node_cpu_seconds_total > bool 1",
    "2 * 3 + 4 / 5",
    "1 > bool 2",
    "node_filesystem_avail_bytes / on (device, mountpoint) node_filesystem_size_bytes",
    "up * on (job) group_left (version) count by (job, version) (go_info)",
    "scrape_samples_scraped / ignoring (job) group_right up",
    "up and on (job) go_goroutines{job=\"node\"}",
    "up or vector(1)",
    "up unless up{job=\"node\"}",
    "sum(node_load1) atan2 sum(node_load5)",
    // Histograms
    "histogram_quantile(0.9, rate(prometheus_http_request_duration_seconds_bucket[8s]))",
    "histogram_quantile(0.5, sum by (le) (prometheus_http_request_duration_seconds_bucket))",
    "histogram_quantile(0.99, sum by (le, handler) (increase(prometheus_http_response_size_bytes_bucket[8s])))",
    "rate(prometheus_http_request_duration_seconds_sum[8s]) / rate(prometheus_http_request_duration_seconds_count[8s])",
    // Over time
    "avg_over_time(go_goroutines[6s])",
    "min_over_time(node_memory_MemFree_bytes[6s])",
    "max_over_time(node_memory_MemFree_bytes[6s])",
    "sum_over_time(up[6s])",
    "count_over_time(up[6s])",
    "last_over_time(node_load1[6s])",
    "present_over_time(up[6s])",
    "stddev_over_time(node_memory_MemFree_bytes[6s])",
    "stdvar_over_time(go_goroutines[6s])",
    "quantile_over_time(0.8, process_resident_memory_bytes[6s])",
    "absent_over_time(nobody{job=\"x\"}[6s])",
    // Subqueries
    "max_over_time(node_load1[8s:2s])",
    "avg_over_time(rate(node_context_switches_total[<4 s and more>])[6s:1s])",
    "sum_over_time(up[7s:1s] offset 1s)",
    // Absence, time, labels, numbers
    "absent(nobody{job=\"x\",instance=~\"a.*\"})",
    "absent(up)",
    "time()",
    "timestamp(up)",
    "vector(time())",
    "scalar(node_load1) + 1",
    "time() - process_start_time_seconds",
    "hour(node_boot_time_seconds) + minute() + day_of_week(vector(0)) + days_in_month(node_boot_time_seconds)",
    "label_replace(up, \"port\", \"$1\", \"instance\", \".*:(.*)\")",
    "label_join(up, \"both\", \"/\", \"job\", \"instance\")",
    "clamp(node_load1, 0.1, 0.2)",
    "round(node_memory_MemFree_bytes / 1e6, 0.5)",
    "ln(node_memory_MemTotal_bytes) + sqrt(node_load1) + abs(-node_load5) + sgn(node_load15)",
    "sort_desc(ceil(node_load1) or floor(node_load5) or exp(up))",
];
