//! What is counted about sending, under Prometheus' names.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_runtime::metrics::Registry;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Unit;

/// The one label: the URL of an Alertmanager.
type Of = [(&'static str, String); 1];

/// Bounds of the latency in seconds: Prometheus' four and two between each.
const BUCKETS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 5.0, 10.0];

/// Makes histograms of latency.
#[derive(Clone, Debug)]
struct Latency;

impl MetricConstructor<Histogram> for Latency {
    fn new_metric(&self) -> Histogram {
        Histogram::new(BUCKETS)
    }
}

/// The counters of all Alertmanagers; clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    sent: Family<Of, Counter>,
    errors: Family<Of, Counter>,
    dropped: Family<Of, Counter>,
    queued: Family<Of, Gauge>,
    latency: Family<Of, Histogram, Latency>,
    capacity: Gauge,
    discovered: Gauge,
    retried: Counter,
    unplaced: Counter,
    /// How many sets an Alertmanager is in: its metrics go with the last one.
    users: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Metrics {
    /// Registers them.
    pub fn new(registry: &Registry) -> Self {
        let metrics = Self {
            sent: Family::default(),
            errors: Family::default(),
            dropped: Family::default(),
            queued: Family::default(),
            latency: Family::new_with_constructor(Latency),
            capacity: Gauge::default(),
            discovered: Gauge::default(),
            retried: Counter::default(),
            unplaced: Counter::default(),
            users: Arc::default(),
        };
        metrics.register_those_of_prometheus(registry);
        let help = "Alerts whose request failed and that wait to be sent again";
        registry.register("notifications_retried", help, None, metrics.retried.clone());
        let help = "Alerts dropped while no Alertmanager was known that they could go to";
        registry.register(
            "notifications_unplaced",
            help,
            None,
            metrics.unplaced.clone(),
        );
        metrics
    }

    fn register_those_of_prometheus(&self, registry: &Registry) {
        let counters = [
            (
                "notifications_sent",
                "Alerts that an Alertmanager took",
                &self.sent,
            ),
            (
                "notifications_errors",
                "Alerts in requests to an Alertmanager that failed",
                &self.errors,
            ),
            (
                "notifications_dropped",
                "Alerts that an Alertmanager was not told of: its queue was full, or it refused them",
                &self.dropped,
            ),
        ];
        for (name, help, metric) in counters {
            registry.register_as_prometheus(name, help, None, metric.clone());
        }
        let help = "Alerts that wait for an Alertmanager";
        registry.register_as_prometheus(
            "notifications_queue_length",
            help,
            None,
            self.queued.clone(),
        );
        let help = "Alerts that may wait for one Alertmanager";
        let capacity = self.capacity.clone();
        registry.register_as_prometheus("notifications_queue_capacity", help, None, capacity);
        let help = "Alertmanagers that alerts go to";
        let discovered = self.discovered.clone();
        registry.register_as_prometheus(
            "notifications_alertmanagers_discovered",
            help,
            None,
            discovered,
        );
        // Prometheus has both: a summary, whose sum and count these are, and a histogram.
        for name in ["notifications_latency", "notifications_latency_histogram"] {
            let help = "How long an Alertmanager takes to take alerts";
            let seconds = Some(Unit::Seconds);
            registry.register_as_prometheus(name, help, seconds, self.latency.clone());
        }
    }

    pub(super) fn set_capacity(&self, capacity: usize) {
        self.capacity.set(capacity as i64);
    }

    /// Counts alerts that no Alertmanager was there for.
    pub(super) fn unplaced(&self, count: usize) {
        self.unplaced.inc_by(count as u64);
    }

    /// Returns the metrics of one Alertmanager; they are exposed until the last one with this name is dropped.
    pub(super) fn of(&self, name: &str) -> PeerMetrics {
        let labels = [("alertmanager", name.to_owned())];
        *self.users().entry(name.to_owned()).or_default() += 1;
        self.discovered.inc();
        // They begin at zero, so that `increase` sees the first one.
        PeerMetrics {
            sent: self.sent.get_or_create_owned(&labels),
            errors: self.errors.get_or_create_owned(&labels),
            dropped: self.dropped.get_or_create_owned(&labels),
            queued: self.queued.get_or_create_owned(&labels),
            all: self.clone(),
            labels,
        }
    }

    fn users(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The metrics of one Alertmanager.
#[derive(Debug)]
pub(super) struct PeerMetrics {
    sent: Counter,
    errors: Counter,
    dropped: Counter,
    queued: Gauge,
    all: Metrics,
    labels: Of,
}

impl PeerMetrics {
    /// Counts a request that was taken.
    pub(super) fn sent(&self, count: usize, latency: Duration) {
        self.sent.inc_by(count as u64);
        let histogram = self.all.latency.get_or_create(&self.labels);
        histogram.observe(latency.as_secs_f64());
    }

    /// Counts a request that failed.
    pub(super) fn failed(&self, count: usize) {
        self.errors.inc_by(count as u64);
    }

    /// Counts alerts that wait once more.
    pub(super) fn retried(&self, count: usize) {
        self.all.retried.inc_by(count as u64);
    }

    /// Counts alerts that will not be sent.
    pub(super) fn dropped(&self, count: usize) {
        self.dropped.inc_by(count as u64);
    }

    /// Tells by how much the queue grew; the same Alertmanager may have several.
    pub(super) fn queued(&self, more: i64) {
        self.queued.inc_by(more);
    }
}

impl Drop for PeerMetrics {
    fn drop(&mut self) {
        let all = &self.all;
        all.discovered.dec();
        let name = &self.labels[0].1;
        let mut users = all.users();
        let left = users.get_mut(name).map_or(0, |count| {
            *count -= 1;
            *count
        });
        if left == 0 {
            users.remove(name);
            for family in [&all.sent, &all.errors, &all.dropped] {
                family.remove(&self.labels);
            }
            all.queued.remove(&self.labels);
            all.latency.remove(&self.labels);
        }
    }
}
