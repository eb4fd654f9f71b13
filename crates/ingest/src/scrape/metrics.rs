//! What scraping costs and how it goes, over all targets.

use plimsoll_runtime::metrics::Registry;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Unit;

use super::harvest::Counted;

/// The counters of all scrapes; clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    pub(super) duration: Histogram,
    pub(super) targets: Gauge,
    failures: Family<[(&'static str, &'static str); 1], Counter>,
    samples: Counter,
    repeated: Counter,
    rejected: Counter,
    exemplars_skipped: Counter,
}

impl Metrics {
    /// Registers them.
    pub fn new(registry: &Registry) -> Self {
        let metrics = Self {
            duration: Histogram::new(exponential_buckets(0.001, 4.0, 8)),
            targets: Gauge::default(),
            failures: Family::default(),
            samples: Counter::default(),
            repeated: Counter::default(),
            rejected: Counter::default(),
            exemplars_skipped: Counter::default(),
        };
        let help = "From the request of a scrape to the last byte of its answer";
        registry.register(
            "scrape_duration",
            help,
            Some(Unit::Seconds),
            metrics.duration.clone(),
        );
        registry.register(
            "scrape_targets",
            "Targets that are scraped",
            None,
            metrics.targets.clone(),
        );
        let help = "Scrapes that brought nothing, by reason";
        registry.register("scrape_failures", help, None, metrics.failures.clone());
        registry.register(
            "scrape_samples",
            "Samples that scrapes stored",
            None,
            metrics.samples.clone(),
        );
        let help =
            "Samples of a series that was there already in the same body, which were left out";
        registry.register(
            "scrape_repeated_samples",
            help,
            None,
            metrics.repeated.clone(),
        );
        let help = "Scraped samples that the store refused, such as those with a timestamp outside retention";
        registry.register(
            "scrape_rejected_samples",
            help,
            None,
            metrics.rejected.clone(),
        );
        let help = "Scraped exemplars that were left out because they are too many or too long";
        registry.register(
            "scrape_skipped_exemplars",
            help,
            None,
            metrics.exemplars_skipped.clone(),
        );
        metrics
    }

    pub(super) fn failed(&self, reason: &'static str) {
        self.failures.get_or_create(&[("reason", reason)]).inc();
    }

    pub(super) fn stored(&self, counted: &Counted, rejected: usize) {
        let rejected = rejected as u64;
        self.samples.inc_by(counted.kept.saturating_sub(rejected));
        self.repeated.inc_by(counted.repeated);
        self.rejected.inc_by(rejected);
        self.exemplars_skipped.inc_by(counted.exemplars_skipped);
    }
}
