//! What the store says about itself.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Unit;

use plimsoll_runtime::metrics::Registry;
use plimsoll_types::{RejectedReason, Tier, Timestamp};

use crate::bounded::CacheMetrics;
use crate::part::OpenFilesMetrics;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ReasonLabels {
    pub(crate) reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct TierLabels {
    pub(crate) tier: &'static str,
}

/// The store's own metrics, `plimsoll_tsdb_*`. Clones share the same numbers.
#[derive(Clone, Debug)]
pub struct Metrics {
    pub(crate) head_series: Gauge,
    pub(crate) head_windows: Gauge,
    pub(crate) head_samples: Gauge,
    pub(crate) series_created: Counter,
    pub(crate) series_removed: Counter,
    pub(crate) samples_appended: Counter,
    pub(crate) samples_rejected: Family<ReasonLabels, Counter>,
    pub(crate) samples_duplicate: Counter,
    pub(crate) samples_conflicting: Counter,
    pub(crate) samples_deleted: Counter,
    pub(crate) deletions: Counter,
    pub(crate) exemplars_appended: Counter,
    pub(crate) exemplars_dropped: Counter,
    pub(crate) appends_refused: Counter,
    pub(crate) wal_bytes: Counter,
    pub(crate) wal_records: Counter,
    pub(crate) wal_syncs: Counter,
    pub(crate) wal_sync_failures: Counter,
    pub(crate) wal_sync_seconds: Histogram,
    pub(crate) replay_samples: Gauge,
    pub(crate) replay_records: Gauge,
    pub(crate) replay_skipped: Gauge,
    pub(crate) replay_undecodable: Gauge,
    pub(crate) replay_cut: Gauge,
    pub(crate) replay_seconds: Gauge<f64, AtomicU64>,
    pub(crate) parts: Gauge,
    pub(crate) part_bytes: Gauge,
    pub(crate) parts_sealed: Counter,
    pub(crate) parts_removed: Counter,
    pub(crate) parts_merged: Counter,
    pub(crate) parts_expired: Counter,
    pub(crate) tier_parts_made: Counter,
    pub(crate) merge_debt: Gauge,
    pub(crate) tier_bytes: Family<TierLabels, Gauge>,
    pub(crate) size_limit: Gauge,
    pub(crate) size_retentions: Counter,
    pub(crate) scrub_bytes: Counter,
    pub(crate) scrub_damaged: Counter,
    pub(crate) scrub_last_pass: Gauge<f64, AtomicU64>,
    pub(crate) parts_quarantined: Gauge,
    pub(crate) page_cache: CacheMetrics,
    pub(crate) selector_cache: CacheMetrics,
    pub(crate) part_files: OpenFilesMetrics,
    pub(crate) seal_failures: Counter,
    pub(crate) seal_seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            head_series: Gauge::default(),
            head_windows: Gauge::default(),
            head_samples: Gauge::default(),
            series_created: Counter::default(),
            series_removed: Counter::default(),
            samples_appended: Counter::default(),
            samples_rejected: Family::default(),
            samples_duplicate: Counter::default(),
            samples_conflicting: Counter::default(),
            samples_deleted: Counter::default(),
            deletions: Counter::default(),
            exemplars_appended: Counter::default(),
            exemplars_dropped: Counter::default(),
            appends_refused: Counter::default(),
            wal_bytes: Counter::default(),
            wal_records: Counter::default(),
            wal_syncs: Counter::default(),
            wal_sync_failures: Counter::default(),
            // 100 us to 3.3 s: a good SSD to a disk in trouble.
            wal_sync_seconds: Histogram::new(exponential_buckets(0.0001, 2.0, 16)),
            replay_samples: Gauge::default(),
            replay_records: Gauge::default(),
            replay_skipped: Gauge::default(),
            replay_undecodable: Gauge::default(),
            replay_cut: Gauge::default(),
            replay_seconds: Gauge::default(),
            parts: Gauge::default(),
            part_bytes: Gauge::default(),
            parts_sealed: Counter::default(),
            parts_removed: Counter::default(),
            parts_merged: Counter::default(),
            parts_expired: Counter::default(),
            tier_parts_made: Counter::default(),
            merge_debt: Gauge::default(),
            tier_bytes: Family::default(),
            size_limit: Gauge::default(),
            size_retentions: Counter::default(),
            scrub_bytes: Counter::default(),
            scrub_damaged: Counter::default(),
            scrub_last_pass: Gauge::default(),
            parts_quarantined: Gauge::default(),
            page_cache: CacheMetrics::default(),
            selector_cache: CacheMetrics::default(),
            part_files: OpenFilesMetrics::default(),
            seal_failures: Counter::default(),
            // 10 ms to 5 min: an empty window to ten million series.
            seal_seconds: Histogram::new(exponential_buckets(0.01, 2.0, 16)),
        }
    }
}

impl Metrics {
    /// Adds the metrics to a registry, under their full names.
    pub fn register(&self, registry: &Registry) {
        self.register_head(registry);
        self.register_wal(registry);
        self.register_parts(registry);
        self.register_caches(registry);
        self.register_upkeep(registry);
    }

    /// Notes that every part was checked.
    pub(crate) fn scrub_passed(&self, now: Timestamp) {
        self.scrub_last_pass.set(now.millis() as f64 / 1000.0);
    }

    pub(crate) fn set_tier_bytes(&self, tier: Tier, bytes: u64) {
        let tier = tier.as_str();
        let gauge = self.tier_bytes.get_or_create(&TierLabels { tier });
        gauge.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(crate) fn count_rejected(&self, reason: &RejectedReason) {
        let reason = match reason {
            RejectedReason::TooOld { .. } => "too_old",
            RejectedReason::TooFarInFuture { .. } => "too_far_in_future",
            RejectedReason::UnknownSeries => "unknown_series",
            RejectedReason::InvalidHistogram(_) => "invalid_histogram",
            RejectedReason::SeriesLimit { .. } => "series_limit",
        };
        self.samples_rejected
            .get_or_create(&ReasonLabels { reason })
            .inc();
    }

    fn register_head(&self, registry: &Registry) {
        registry.register(
            "tsdb_head_series",
            "Series in memory",
            None,
            self.head_series.clone(),
        );
        registry.register(
            "tsdb_head_windows",
            "Windows in memory",
            None,
            self.head_windows.clone(),
        );
        registry.register(
            "tsdb_head_samples",
            "Samples in memory",
            None,
            self.head_samples.clone(),
        );
        registry.register(
            "tsdb_head_series_created",
            "Series that became active",
            None,
            self.series_created.clone(),
        );
        registry.register(
            "tsdb_head_series_removed",
            "Series that ceased to be active",
            None,
            self.series_removed.clone(),
        );
        registry.register(
            "tsdb_samples_appended",
            "Samples taken, repeats included",
            None,
            self.samples_appended.clone(),
        );
        registry.register(
            "tsdb_samples_rejected",
            "Samples refused, by reason",
            None,
            self.samples_rejected.clone(),
        );
        registry.register(
            "tsdb_samples_duplicate",
            "Samples that were stored already",
            None,
            self.samples_duplicate.clone(),
        );
        registry.register(
            "tsdb_samples_conflicting",
            "Samples that replaced another value of the same series and time",
            None,
            self.samples_conflicting.clone(),
        );
        registry.register(
            "tsdb_deletions",
            "Deletions of series taken",
            None,
            self.deletions.clone(),
        );
        registry.register(
            "tsdb_head_samples_deleted",
            "Samples that deletions took out of memory; those in parts are not counted",
            None,
            self.samples_deleted.clone(),
        );
        registry.register(
            "tsdb_exemplars_appended",
            "Exemplars taken",
            None,
            self.exemplars_appended.clone(),
        );
        registry.register(
            "tsdb_exemplars_dropped",
            "Exemplars not kept: of no known series, outside the time that is kept, or above 512 of a series in a window",
            None,
            self.exemplars_dropped.clone(),
        );
        registry.register(
            "tsdb_appends_refused",
            "Batches refused whole",
            None,
            self.appends_refused.clone(),
        );
    }

    fn register_wal(&self, registry: &Registry) {
        registry.register(
            "tsdb_wal_written",
            "Bytes written",
            Some(Unit::Bytes),
            self.wal_bytes.clone(),
        );
        registry.register(
            "tsdb_wal_records",
            "Batches written",
            None,
            self.wal_records.clone(),
        );
        registry.register(
            "tsdb_wal_syncs",
            "Syncs, failed ones included",
            None,
            self.wal_syncs.clone(),
        );
        registry.register(
            "tsdb_wal_sync_failures",
            "Failed syncs",
            None,
            self.wal_sync_failures.clone(),
        );
        registry.register(
            "tsdb_wal_sync_duration",
            "Time of one sync",
            Some(Unit::Seconds),
            self.wal_sync_seconds.clone(),
        );
        registry.register(
            "tsdb_wal_replay_samples",
            "Samples replayed at the last start",
            None,
            self.replay_samples.clone(),
        );
        registry.register(
            "tsdb_wal_replay_records",
            "Batches replayed at the last start",
            None,
            self.replay_records.clone(),
        );
        registry.register(
            "tsdb_wal_replay_skipped",
            "Damaged places passed over at the last start",
            None,
            self.replay_skipped.clone(),
        );
        registry.register(
            "tsdb_wal_replay_undecodable",
            "Whole records of the last start that say nothing",
            None,
            self.replay_undecodable.clone(),
        );
        registry.register(
            "tsdb_wal_replay_cut",
            "Torn ends cut off at the last start",
            None,
            self.replay_cut.clone(),
        );
        registry.register(
            "tsdb_wal_replay_duration",
            "Time of the last replay",
            Some(Unit::Seconds),
            self.replay_seconds.clone(),
        );
    }

    fn register_caches(&self, registry: &Registry) {
        let caches = [
            ("page", "decoded index pages", &self.page_cache),
            ("selector", "what selectors found", &self.selector_cache),
        ];
        for (name, what, cache) in caches {
            registry.register(
                &format!("tsdb_{name}_cache_hits"),
                &format!("Lookups in the cache of {what} that found something"),
                None,
                cache.hits.clone(),
            );
            registry.register(
                &format!("tsdb_{name}_cache_misses"),
                &format!("Lookups in the cache of {what} that found nothing"),
                None,
                cache.misses.clone(),
            );
            registry.register(
                &format!("tsdb_{name}_cache_size"),
                &format!("Memory that the cache of {what} takes"),
                Some(Unit::Bytes),
                cache.bytes.clone(),
            );
        }
    }

    fn register_parts(&self, registry: &Registry) {
        registry.register("tsdb_parts", "Sealed parts", None, self.parts.clone());
        registry.register(
            "tsdb_part_size",
            "Size of all sealed parts",
            Some(Unit::Bytes),
            self.part_bytes.clone(),
        );
        registry.register(
            "tsdb_parts_sealed",
            "Parts made",
            None,
            self.parts_sealed.clone(),
        );
        registry.register(
            "tsdb_parts_removed",
            "Parts removed because they were older than the retention",
            None,
            self.parts_removed.clone(),
        );
        registry.register(
            "tsdb_parts_merged",
            "Parts that were merged into others",
            None,
            self.parts_merged.clone(),
        );
        registry.register(
            "tsdb_part_files_open",
            "Files of parts that are open",
            None,
            self.part_files.open.clone(),
        );
        registry.register(
            "tsdb_part_files_opened",
            "How often a file of a part was opened",
            None,
            self.part_files.opened.clone(),
        );
        registry.register(
            "tsdb_parts_quarantined",
            "Damaged parts that are kept aside",
            None,
            self.parts_quarantined.clone(),
        );
        registry.register(
            "tsdb_seal_failures",
            "Attempts to seal a window that failed",
            None,
            self.seal_failures.clone(),
        );
        registry.register(
            "tsdb_seal_duration",
            "Time to seal a window",
            Some(Unit::Seconds),
            self.seal_seconds.clone(),
        );
    }
}

impl Metrics {
    fn register_upkeep(&self, registry: &Registry) {
        registry.register(
            "tsdb_parts_expired",
            "Parts written again because much in them was older than its retention",
            None,
            self.parts_expired.clone(),
        );
        registry.register(
            "tsdb_tier_parts_made",
            "Parts of windows of 5 minutes and of an hour that were made, or made again",
            None,
            self.tier_parts_made.clone(),
        );
        registry.register(
            "tsdb_merge_debt",
            "Size of the parts that are due to be merged and are not yet",
            Some(Unit::Bytes),
            self.merge_debt.clone(),
        );
        registry.register(
            "tsdb_tier_size",
            "Size of the sealed parts, by resolution",
            Some(Unit::Bytes),
            self.tier_bytes.clone(),
        );
        registry.register(
            "tsdb_retention_limit",
            "Size above which the oldest parts go, 0 when there is no limit",
            Some(Unit::Bytes),
            self.size_limit.clone(),
        );
        registry.register(
            "tsdb_size_retentions",
            "Parts removed because the store was larger than its limit",
            None,
            self.size_retentions.clone(),
        );
        registry.register(
            "tsdb_scrub_read",
            "Bytes of parts read to check them",
            Some(Unit::Bytes),
            self.scrub_bytes.clone(),
        );
        registry.register(
            "tsdb_scrub_damaged",
            "Parts that were found damaged by checking them",
            None,
            self.scrub_damaged.clone(),
        );
        registry.register(
            "tsdb_scrub_last_pass_timestamp",
            "When every part had been checked the last time, 0 when that was not since the start",
            Some(Unit::Seconds),
            self.scrub_last_pass.clone(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_convention() {
        let (metrics, registry) = (Metrics::default(), Registry::new());
        metrics.register(&registry);
        metrics.count_rejected(&RejectedReason::UnknownSeries);
        let text = registry.render();
        for line in [
            "plimsoll_tsdb_head_series 0",
            "plimsoll_tsdb_samples_rejected_total{reason=\"unknown_series\"} 1",
            "plimsoll_tsdb_wal_written_bytes_total 0",
            "plimsoll_tsdb_wal_sync_duration_seconds_count 0",
            "plimsoll_tsdb_part_size_bytes 0",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
