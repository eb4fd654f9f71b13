//! What a store counts.

use std::time::Duration;

use plimsoll_runtime::metrics::Registry;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Unit;

use crate::error::{Error, ErrorKind};

/// What a store counts; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    commits: Counter,
    changes: Counter,
    transactions: Counter,
    seconds: Histogram,
    errors: Family<[(&'static str, &'static str); 1], Counter>,
}

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> Self {
        let metrics = Self {
            commits: Counter::default(),
            changes: Counter::default(),
            transactions: Counter::default(),
            // 0.5 ms, a fast disk's sync, to 16 s, beyond every timeout.
            seconds: Histogram::new(exponential_buckets(0.0005, 2.0, 16)),
            errors: Family::default(),
        };
        metrics.register(registry);
        metrics
    }

    fn register(&self, registry: &Registry) {
        let help = "Commits of durable state that succeeded";
        registry.register("state_commits", help, None, self.commits.clone());
        let help = "Changes of rows in commits that succeeded";
        registry.register("state_changes", help, None, self.changes.clone());
        let help = "Transactions of the database; one may hold several commits";
        registry.register("state_transactions", help, None, self.transactions.clone());
        let help = "How long commits of durable state took, waiting included";
        let unit = Some(Unit::Seconds);
        registry.register("state_commit", help, unit, self.seconds.clone());
        let help = "Calls into durable state that failed, by the kind of error";
        registry.register("state_errors", help, None, self.errors.clone());
    }

    /// Counts a commit that succeeded.
    pub(crate) fn committed(&self, changes: usize, took: Duration) {
        self.commits.inc();
        self.changes.inc_by(changes as u64);
        self.seconds.observe(took.as_secs_f64());
    }

    /// Counts a transaction that was carried out.
    pub(crate) fn transaction(&self) {
        self.transactions.inc();
    }

    /// Counts an error. That somebody else has a lease, or that the store is closed, is none.
    pub(crate) fn failed(&self, error: &Error) {
        if !matches!(error.kind(), ErrorKind::Fenced | ErrorKind::Closed) {
            let labels = [("kind", error.kind().name())];
            self.errors.get_or_create(&labels).inc();
        }
    }
}
