//! What is counted about attempts.

use std::time::Duration;

use plimsoll_runtime::metrics::Registry;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Unit;

use crate::Verdict;

/// The labels: the kind of integration and the receiver. Both come from the configuration, which bounds their number.
type Of = [(&'static str, String); 2];
type Outcome = [(&'static str, String); 3];

/// Bounds of the time of an attempt in seconds.
const BUCKETS: [f64; 9] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 15.0, 20.0];

/// Makes histograms of the time of an attempt.
#[derive(Clone, Debug)]
struct Bounds;

impl MetricConstructor<Histogram> for Bounds {
    fn new_metric(&self) -> Histogram {
        Histogram::new(BUCKETS)
    }
}

/// The counters of all attempts; clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    attempts: Family<Outcome, Counter>,
    template_failures: Family<Of, Counter>,
    duration: Family<[(&'static str, &'static str); 1], Histogram, Bounds>,
}

impl Metrics {
    /// Registers them.
    pub fn new(registry: &Registry) -> Self {
        let metrics = Self {
            attempts: Family::default(),
            template_failures: Family::default(),
            duration: Family::new_with_constructor(Bounds),
        };
        registry.register(
            "notify_attempts",
            "Attempts to bring a notice to a receiver, by how they went: sent, retry, refused",
            None,
            metrics.attempts.clone(),
        );
        registry.register(
            "notify_template_failures",
            "Attempts in which a text of our own took the place of a template that failed",
            None,
            metrics.template_failures.clone(),
        );
        registry.register(
            "notify_attempt_duration",
            "Time of an attempt to bring a notice to a receiver",
            Some(Unit::Seconds),
            metrics.duration.clone(),
        );
        metrics
    }

    pub(super) fn attempted(
        &self,
        kind: &'static str,
        receiver: &str,
        verdict: &Verdict,
        elapsed: Duration,
    ) {
        let verdict = match verdict {
            Verdict::Sent { .. } => "sent",
            Verdict::Retry { .. } | Verdict::Unknown { .. } => "retry",
            Verdict::Refused { .. } => "refused",
        };
        let labels = [
            ("integration", kind.to_owned()),
            ("receiver", receiver.to_owned()),
            ("verdict", verdict.to_owned()),
        ];
        self.attempts.get_or_create(&labels).inc();
        self.duration
            .get_or_create(&[("integration", kind)])
            .observe(elapsed.as_secs_f64());
    }

    pub(super) fn template_failed(&self, kind: &'static str, receiver: &str) {
        let labels = [
            ("integration", kind.to_owned()),
            ("receiver", receiver.to_owned()),
        ];
        self.template_failures.get_or_create(&labels).inc();
    }
}
