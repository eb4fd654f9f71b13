//! What limits count and log.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use plimsoll_runtime::clock::Monotonic;
use plimsoll_runtime::metrics::Registry;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::decide::Cause;
use super::lock;

/// Pairs of a metric and a label that are counted by name; further ones are counted as `(other)`.
const PAIRS_MAX: usize = 200;
const OTHER: &str = "(other)";
/// One line of the log in so long.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// Counters about folding; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    folded: Family<[(&'static str, String); 2], Counter>,
    pub(super) members: Gauge,
    pub(super) lost: Counter,
}

impl Metrics {
    /// Adds the metrics to a registry as `plimsoll_ingest_*`.
    ///
    /// # Panics
    /// When they are there already.
    pub fn register(&self, registry: &Registry) {
        registry.register(
            "ingest_series_folded",
            "Series that were folded into an overflow series because a limit was reached, by metric and by the label \
             that was folded; (other) stands for all beyond the first 200 pairs",
            None,
            self.folded.clone(),
        );
        registry.register(
            "ingest_folded_members",
            "Series that are folded into overflow series at the moment",
            None,
            self.members.clone(),
        );
        registry.register(
            "ingest_folded_samples_lost",
            "Samples of folded series that could not be added to their overflow series: nothing had room for it, or they \
             were too late or no number",
            None,
            self.lost.clone(),
        );
    }

    /// Returns how many series of a metric were folded on a label.
    pub fn folded(&self, metric: &str, label: &str) -> u64 {
        self.of(metric, label).get()
    }

    fn of(&self, metric: &str, label: &str) -> Counter {
        let labels = [("metric", metric.to_owned()), ("label", label.to_owned())];
        self.folded.get_or_create(&labels).clone()
    }
}

/// Tells of folding in metrics and in the log.
#[derive(Debug, Default)]
pub(super) struct Teller {
    pub(super) metrics: Metrics,
    state: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    pairs: HashSet<(String, String)>,
    last: Option<Monotonic>,
    /// Since the last line.
    unsaid: u64,
}

impl Teller {
    pub(super) fn new(metrics: Metrics) -> Self {
        Self {
            metrics,
            state: Mutex::default(),
        }
    }

    /// Counts a series that was folded on a label; an empty one stands for a series that nothing had room for.
    pub(super) fn tell(&self, metric: &str, label: &str, cause: Cause, now: Monotonic) {
        let mut told = lock(&self.state);
        let pair = (metric.to_owned(), label.to_owned());
        let is_named =
            told.pairs.contains(&pair) || (told.pairs.len() < PAIRS_MAX && told.pairs.insert(pair));
        let (shown, of) = match is_named {
            true => (metric, label),
            false => (OTHER, OTHER),
        };
        self.metrics.of(shown, of).inc();
        told.unsaid += 1;
        if told.last.is_some_and(|last| now.since(last) < LOG_INTERVAL) {
            return;
        }
        told.last = Some(now);
        let series = std::mem::take(&mut told.unsaid);
        drop(told);
        tracing::warn!(
            series,
            metric,
            label,
            limit = cause.limit(),
            "series above a limit are folded into overflow series; the last one is named here, \
             /api/v1/status/cardinality lists all"
        );
    }
}
