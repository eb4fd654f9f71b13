//! What the receivers count about themselves.

use plimsoll_runtime::metrics::Registry;
use plimsoll_wire::push::Decoded;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::Outcome;

type By<const LABELS: usize> = Family<[(&'static str, &'static str); LABELS], Counter>;

/// The receivers' counters; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    samples: By<1>,
    requests: By<2>,
    rejected: By<1>,
    dropped_metadata: Counter,
}

impl Metrics {
    /// Adds the counters to a registry as `plimsoll_push_*`.
    ///
    /// # Panics
    /// When they are there already.
    pub fn register(&self, registry: &Registry) {
        registry.register(
            "push_samples",
            "Samples, histograms and exemplars that were pushed and stored, by protocol",
            None,
            self.samples.clone(),
        );
        registry.register(
            "push_requests",
            "Pushes by protocol and outcome",
            None,
            self.requests.clone(),
        );
        registry.register(
            "push_rejected_samples",
            "Samples, exemplars, metadata and lines that were pushed and not stored, by reason",
            None,
            self.rejected.clone(),
        );
        registry.register(
            "push_dropped_metadata",
            "Metric families whose pushed metadata was dropped because too many are remembered",
            None,
            self.dropped_metadata.clone(),
        );
    }

    pub(super) fn count(&self, protocol: &'static str, outcome: &Outcome) {
        let written = outcome.written();
        let labels = [("protocol", protocol), ("outcome", outcome.kind().as_str())];
        self.requests.get_or_create(&labels).inc();
        self.samples
            .get_or_create(&[("protocol", protocol)])
            .inc_by(written.floats + written.histograms + written.exemplars);
    }

    pub(super) fn count_refusals(&self, decoded: &Decoded) {
        for (reason, samples) in decoded.refusals.samples_by_reason() {
            self.count_rejected(reason.as_str(), samples);
        }
        if decoded.text_fields > 0 {
            self.count_rejected("text_field", decoded.text_fields);
        }
    }

    pub(super) fn count_rejected(&self, reason: &'static str, samples: u64) {
        self.rejected
            .get_or_create(&[("reason", reason)])
            .inc_by(samples);
    }

    pub(super) fn count_dropped_metadata(&self, families: u64) {
        self.dropped_metadata.inc_by(families);
    }

    #[cfg(test)]
    pub(super) fn rejected(&self, reason: &'static str) -> u64 {
        self.rejected.get_or_create(&[("reason", reason)]).get()
    }
}
