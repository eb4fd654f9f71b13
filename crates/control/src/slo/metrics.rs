//! What counting objectives costs and how it goes.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use plimsoll_runtime::metrics::Registry;
use plimsoll_slo::engine::Tallies;
use plimsoll_types::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Unit;

use crate::lease::LeaseMetrics;

type ByLabel = Family<[(&'static str, &'static str); 1], Counter>;

/// The counters of objectives; clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Series whose samples are counted.
    pub(super) watched: Gauge,
    /// Budgets that are kept: of each objective one per group.
    pub(super) streams: Gauge,
    samples: ByLabel,
    not_counted: ByLabel,
    pub(super) lost: Counter,
    pub(super) recounted: ByLabel,
    pub(super) tick_duration: Histogram,
    pub(super) ticks_missed: Counter,
    pub(super) queries: Counter,
    pub(super) query_failures: Counter,
    pub(super) commit_failures: Counter,
    pub(super) uncommitted: Gauge,
    pub(super) samples_refused: Counter,
    pub(super) notices: Counter,
    pub(super) notices_not_durable: Counter,
    pub(super) snapshot_failures: Counter,
    snapshot_bytes: Gauge,
    snapshot_horizon: Gauge<f64, AtomicU64>,
    pub(super) is_catching_up: Gauge,
    pub(super) is_leading: Gauge,
    pub(super) leases: LeaseMetrics,
}

impl Metrics {
    /// Registers them.
    pub fn new(registry: &Registry) -> Self {
        let metrics = Self {
            watched: Gauge::default(),
            streams: Gauge::default(),
            samples: Family::default(),
            not_counted: Family::default(),
            lost: Counter::default(),
            recounted: Family::default(),
            // From 0.1 ms to 100 s.
            tick_duration: Histogram::new(exponential_buckets(0.0001, 4.0, 11)),
            ticks_missed: Counter::default(),
            queries: Counter::default(),
            query_failures: Counter::default(),
            commit_failures: Counter::default(),
            uncommitted: Gauge::default(),
            samples_refused: Counter::default(),
            notices: Counter::default(),
            notices_not_durable: Counter::default(),
            snapshot_failures: Counter::default(),
            snapshot_bytes: Gauge::default(),
            snapshot_horizon: Gauge::default(),
            is_catching_up: Gauge::default(),
            is_leading: Gauge::default(),
            leases: LeaseMetrics::default(),
        };
        metrics.register_gauges(registry);
        metrics.register_counters(registry);
        metrics
    }

    fn register_gauges(&self, registry: &Registry) {
        let gauge = |name: &str, help: &str, gauge: &Gauge| {
            registry.register(name, help, None, gauge.clone());
        };
        let help = "Series whose samples are counted for objectives";
        gauge("slo_series_watched", help, &self.watched);
        let help = "Budgets that are kept, one for each group of each objective";
        gauge("slo_streams", help, &self.streams);
        let help = "Rows of objectives that the store of state has not taken yet";
        gauge("slo_uncommitted_changes", help, &self.uncommitted);
        let help = "Whether samples are counted from the store that were not seen; nothing is judged meanwhile";
        gauge("slo_catching_up", help, &self.is_catching_up);
        let help = "Whether this process tells the alerts of objectives";
        gauge("slo_leading", help, &self.is_leading);
        let help = "Size of the last snapshot of the counts";
        let bytes = self.snapshot_bytes.clone();
        registry.register("slo_snapshot", help, Some(Unit::Bytes), bytes);
        let help = "Up to when the last snapshot holds the counts, since the epoch";
        let horizon = self.snapshot_horizon.clone();
        let name = "slo_snapshot_horizon_timestamp";
        registry.register(name, help, Some(Unit::Seconds), horizon);
        let help = "How long it took to judge all objectives once";
        let (unit, duration) = (Some(Unit::Seconds), self.tick_duration.clone());
        registry.register("slo_tick_duration", help, unit, duration);
    }

    fn register_counters(&self, registry: &Registry) {
        let counter = |name: &str, help: &str, counter: &Counter| {
            registry.register(name, help, None, counter.clone());
        };
        let help =
            "Samples that came faster than they were counted, and were read from the store instead";
        counter("slo_samples_overflowed", help, &self.lost);
        let help = "Times that samples were read from the store and counted again, by reason";
        registry.register("slo_recounts", help, None, self.recounted.clone());
        let help = "Ticks that were left out because the one before took too long";
        counter("slo_ticks_missed", help, &self.ticks_missed);
        let help = "Queries of objectives that are written in PromQL";
        counter("slo_queries", help, &self.queries);
        let help = "Those of them that failed; their slices stay unmeasured";
        counter("slo_query_failures", help, &self.query_failures);
        let help = "Commits of rows of objectives that the store of state did not take";
        counter("slo_commit_failures", help, &self.commit_failures);
        let help = "Samples of objectives that the store did not take";
        counter("slo_samples_refused", help, &self.samples_refused);
        let help = "Alerts of objectives that were handed on to be sent";
        counter("slo_notices", help, &self.notices);
        let help = "Those of them that were handed on although their state was not durable";
        counter("slo_notices_not_durable", help, &self.notices_not_durable);
        let help =
            "Snapshots of the counts that could not be written; a start counts more samples again";
        counter("slo_snapshot_failures", help, &self.snapshot_failures);
        let help = "How often another replica took over to tell the alerts of objectives";
        counter("slo_leases_lost", help, &self.leases.lost);
        let help = "What became of samples of watched series, by outcome";
        registry.register("slo_samples", help, None, self.samples.clone());
        let help = "What is not counted: series and groups above a limit, slices whose queries were not answered in time";
        registry.register("slo_not_counted", help, None, self.not_counted.clone());
    }

    /// Notes that samples were read from the store and counted again.
    pub(super) fn recounted(&self, reason: &'static str) {
        self.recounted.get_or_create(&[("reason", reason)]).inc();
    }

    /// Notes a snapshot that was written.
    pub(super) fn snapshot(&self, bytes: usize, horizon: Timestamp) {
        self.snapshot_bytes.set(bytes as i64);
        self.snapshot_horizon.set(horizon.seconds());
    }

    /// Adds what became of samples since `before`, which is of the same engine or of the one before it.
    pub(super) fn tallies(&self, before: &Tallies, now: &Tallies) {
        self.streams.set(now.streams as i64);
        // A new engine begins at zero.
        let grown = |of: fn(&Tallies) -> u64| of(now).checked_sub(of(before)).unwrap_or(of(now));
        let outcomes = [
            ("counted", grown(|tallies| tallies.samples)),
            ("revised", grown(|tallies| tallies.revisions)),
            ("too_late", grown(|tallies| tallies.too_late)),
            ("too_early", grown(|tallies| tallies.too_early)),
        ];
        for (outcome, count) in outcomes {
            let label = [("outcome", outcome)];
            self.samples.get_or_create(&label).inc_by(count);
        }
        let refused = [
            ("series", grown(|tallies| tallies.series_refused)),
            ("groups", grown(|tallies| tallies.groups_refused)),
            ("slices", grown(|tallies| tallies.unanswered)),
        ];
        for (what, count) in refused {
            self.not_counted
                .get_or_create(&[("what", what)])
                .inc_by(count);
        }
    }

    /// Notes a tick.
    pub(super) fn ticked(&self, duration: Duration) {
        self.tick_duration.observe(duration.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_new_engine_counts_is_added_to_what_the_old_one_had() {
        let registry = Registry::new();
        let metrics = Metrics::new(&registry);
        let tallies = |samples, unanswered| Tallies {
            samples,
            unanswered,
            ..Tallies::default()
        };
        metrics.tallies(&Tallies::default(), &tallies(7, 1));
        metrics.tallies(&tallies(7, 1), &tallies(9, 1));
        metrics.tallies(&tallies(9, 1), &tallies(5, 0));
        let text = registry.render();
        for line in [
            "plimsoll_slo_samples_total{outcome=\"counted\"} 14",
            "plimsoll_slo_not_counted_total{what=\"slices\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}
