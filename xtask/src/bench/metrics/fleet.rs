//! The series that are written: like those of a Kubernetes cluster, made from their number alone.
//!
//! A target is a pod with 500 series of three exporters: containers, machines, and histograms of a service. Nothing is
//! kept per series, so that a million of them cost the bench no memory: labels and values follow from the number of the
//! series, the generation of its pod and the number of the round.

/// Series of one pod.
pub(super) const TARGET_SERIES: u64 = 500;

/// A label: name and value.
pub(super) type Pair<'a> = (&'a str, &'a str);

const NAMESPACES: [&str; 8] = [
    "checkout",
    "payments",
    "catalogue",
    "search",
    "identity",
    "shipping",
    "monitoring",
    "ledger",
];
const CONTAINERS: [&str; 5] = [
    "app",
    "istio-proxy",
    "config-reloader",
    "log-forwarder",
    "POD",
];
const CONTAINER_METRICS: [&str; 40] = [
    "container_blkio_device_usage_total",
    "container_cpu_cfs_periods_total",
    "container_cpu_cfs_throttled_periods_total",
    "container_cpu_cfs_throttled_seconds_total",
    "container_cpu_load_average_10s",
    "container_cpu_system_seconds_total",
    "container_cpu_usage_seconds_total",
    "container_cpu_user_seconds_total",
    "container_file_descriptors",
    "container_fs_inodes_free",
    "container_fs_inodes_total",
    "container_fs_io_current",
    "container_fs_io_time_seconds_total",
    "container_fs_limit_bytes",
    "container_fs_read_seconds_total",
    "container_fs_reads_bytes_total",
    "container_fs_reads_total",
    "container_fs_usage_bytes",
    "container_fs_write_seconds_total",
    "container_fs_writes_bytes_total",
    "container_fs_writes_total",
    "container_last_seen",
    "container_memory_cache",
    "container_memory_failcnt",
    "container_memory_failures_total",
    "container_memory_mapped_file",
    "container_memory_max_usage_bytes",
    "container_memory_rss",
    "container_memory_swap",
    "container_memory_usage_bytes",
    "container_memory_working_set_bytes",
    "container_processes",
    "container_sockets",
    "container_spec_cpu_period",
    "container_spec_cpu_quota",
    "container_spec_cpu_shares",
    "container_spec_memory_limit_bytes",
    "container_start_time_seconds",
    "container_threads",
    "container_threads_max",
];
const CONTAINER_SERIES: u64 = (CONTAINERS.len() * CONTAINER_METRICS.len()) as u64;
const MODES: [&str; 8] = [
    "idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user",
];
const PROCESSORS: [&str; 16] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15",
];
const NODE_SERIES: u64 = (MODES.len() * PROCESSORS.len()) as u64;
const BOUNDS: [&str; 11] = [
    "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "+Inf",
];
const HANDLERS: [&str; 6] = [
    "/api/v1/orders/:id",
    "/api/v1/orders",
    "/api/v1/customers/:id",
    "/api/v1/baskets/:id/items",
    "/healthz",
    "/api/v1/payments/:id/refund",
];
const STATUSES: [(&str, &str); 3] = [("200", "GET"), ("201", "POST"), ("500", "GET")];

/// A pod with its labels.
#[derive(Clone, Debug)]
pub(super) struct Target {
    number: u64,
    namespace: &'static str,
    pod: String,
    instance: String,
    node: String,
}

impl Target {
    /// Makes pod `number`; each generation of it is another pod at the same place.
    pub(super) fn new(number: u64, generation: u64) -> Self {
        let namespace = NAMESPACES[(number % NAMESPACES.len() as u64) as usize];
        let set = scrambled(number / 4, 1) & 0xff_ffff_ffff;
        let own = scrambled(number, 2 + generation) & 0xf_ffff;
        let machine = number / 20;
        let (high, low) = (machine / 250, machine % 250);
        Self {
            number,
            namespace,
            pod: format!("{namespace}-service-{set:010x}-{own:05x}"),
            instance: format!("10.{}.{high}.{low}:10250", 20 + number % 20),
            node: format!("ip-10-20-{high}-{low}.eu-central-1.compute.internal"),
        }
    }

    /// Calls `with` with the labels of the pod's series `within`, sorted by name.
    pub(super) fn labels<T>(&self, within: u64, with: impl FnOnce(&[Pair]) -> T) -> T {
        if within < CONTAINER_SERIES {
            with(&self.container(within as usize))
        } else if within < CONTAINER_SERIES + NODE_SERIES {
            with(&self.processor((within - CONTAINER_SERIES) as usize))
        } else {
            with(&self.bucket((within - CONTAINER_SERIES - NODE_SERIES) as usize))
        }
    }

    /// Returns the value of series `within` in a round: a third stays as it is, a half counts, the rest goes up and down.
    pub(super) fn value(&self, within: u64, round: u64) -> f64 {
        let number = self.number * TARGET_SERIES + within;
        let own = scrambled(number, 0);
        let noise = scrambled(number, 3 + round);
        match own % 20 {
            0..=5 => (own >> 40) as f64,
            6..=13 => {
                // Counts by up to a hundred per second, differently from round to round and never down.
                let rate = (own >> 8) % 1_500 + 2;
                ((own >> 36) + round * rate + noise % rate) as f64
            }
            14..=15 => {
                // Seconds with the digits that a division leaves.
                let rate = (own >> 8) % 15_000 + 2;
                ((own >> 44) + round * rate + noise % rate) as f64 / 1_000.0
            }
            16..=18 => (((own >> 44) + noise % 4_096) * 4_096) as f64,
            _ => (noise % 10_000) as f64 / 10_000.0,
        }
    }

    fn container(&self, within: usize) -> [Pair<'_>; 10] {
        [
            (
                "__name__",
                CONTAINER_METRICS[within % CONTAINER_METRICS.len()],
            ),
            ("container", CONTAINERS[within / CONTAINER_METRICS.len()]),
            ("endpoint", "https-metrics"),
            ("instance", &self.instance),
            ("job", "kubelet"),
            ("metrics_path", "/metrics/cadvisor"),
            ("namespace", self.namespace),
            ("node", &self.node),
            ("pod", &self.pod),
            ("service", "prometheus-kubelet"),
        ]
    }

    fn processor(&self, within: usize) -> [Pair<'_>; 8] {
        [
            ("__name__", "node_cpu_seconds_total"),
            ("cpu", PROCESSORS[within / MODES.len()]),
            ("instance", &self.instance),
            ("job", "node-exporter"),
            ("mode", MODES[within % MODES.len()]),
            ("namespace", "monitoring"),
            ("node", &self.node),
            ("pod", &self.pod),
        ]
    }

    fn bucket(&self, within: usize) -> [Pair<'_>; 10] {
        let (handler, rest) = (
            within / BOUNDS.len() % HANDLERS.len(),
            within / BOUNDS.len(),
        );
        let (code, method) = STATUSES[rest / HANDLERS.len() % STATUSES.len()];
        [
            ("__name__", "http_request_duration_seconds_bucket"),
            ("code", code),
            ("handler", HANDLERS[handler]),
            ("instance", &self.instance),
            ("job", "service"),
            ("le", BOUNDS[within % BOUNDS.len()]),
            ("method", method),
            ("namespace", self.namespace),
            ("node", &self.node),
            ("pod", &self.pod),
        ]
    }
}

/// Mixes a number with a salt (splitmix64), so that every series and round has bits of its own.
fn scrambled(number: u64, salt: u64) -> u64 {
    let key = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt.wrapping_mul(0xd1b5_4a32_d192_ed03);
    plimsoll_testkit::Seed::new(key).bits()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all_labels(target: &Target) -> Vec<Vec<(String, String)>> {
        let owned = |pairs: &[Pair]| -> Vec<(String, String)> {
            let pairs = pairs.iter();
            pairs.map(|&(n, v)| (n.into(), v.into())).collect()
        };
        let series = 0..TARGET_SERIES;
        series.map(|within| target.labels(within, owned)).collect()
    }

    #[test]
    fn every_series_of_every_pod_and_generation_is_another_one() {
        let targets = [(0, 0), (1, 0), (2_000, 0), (0, 1), (0, 2)];
        let mut found = BTreeSet::new();
        for (number, generation) in targets {
            found.extend(all_labels(&Target::new(number, generation)));
        }
        assert_eq!(found.len() as u64, targets.len() as u64 * TARGET_SERIES);
    }

    #[test]
    fn labels_are_sorted_and_as_long_as_real_ones() {
        let (mut bytes, mut count) = (0, 0);
        for pairs in all_labels(&Target::new(1_234, 0)) {
            assert!(pairs.is_sorted(), "{pairs:?}");
            bytes += pairs.iter().map(|(n, v)| n.len() + v.len()).sum::<usize>();
            count += pairs.len();
        }
        let series = TARGET_SERIES as usize;
        assert!(
            (150..=250).contains(&(bytes / series)),
            "{}",
            bytes / series
        );
        assert!((8..=10).contains(&(count / series)), "{}", count / series);
    }

    #[test]
    fn values_repeat_from_run_to_run_and_counters_never_fall() {
        let target = Target::new(7, 0);
        let rounds = |within| (0..50).map(move |round| Target::new(7, 0).value(within, round));
        let mut kinds = [0; 3];
        for within in 0..TARGET_SERIES {
            let values: Vec<f64> = rounds(within).collect();
            assert_eq!(values[9], target.value(within, 9));
            let is_still = values.iter().all(|value| *value == values[0]);
            let is_counter = values.is_sorted() && !is_still;
            kinds[usize::from(is_counter) + 2 * usize::from(is_still)] += 1;
        }
        let [gauges, counters, still] = kinds;
        assert!(gauges > 50 && counters > 180 && still > 100, "{kinds:?}");
    }
}
