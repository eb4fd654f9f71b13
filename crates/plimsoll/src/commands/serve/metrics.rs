//! The metrics of all crates, registered in one place so that the reference lists what is exposed.

use std::sync::atomic::AtomicU64;

use plimsoll_api::QueryMetrics;
use plimsoll_control::{alerting, sender, slo};
use plimsoll_ingest::{discovery, limits, push, scrape};
use plimsoll_runtime::metrics::Registry;
use plimsoll_types::Timestamp;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Unit;

/// One `Metrics` per crate or area.
pub(crate) struct AllMetrics {
    pub(crate) store: plimsoll_tsdb::Metrics,
    pub(crate) push: push::Metrics,
    pub(crate) limits: limits::Metrics,
    pub(crate) scrape: scrape::Metrics,
    pub(crate) discovery: discovery::Metrics,
    pub(crate) rules: plimsoll_control::Metrics,
    pub(crate) slo: slo::Metrics,
    pub(crate) sender: sender::Metrics,
    pub(crate) alerting: alerting::Metrics,
    pub(crate) notify: plimsoll_notify::Metrics,
    pub(crate) query: QueryMetrics,
    pub(crate) reload: ReloadMetrics,
}

/// How the last attempt to read the configuration went.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReloadMetrics {
    is_successful: Gauge,
    succeeded_at: Gauge<f64, AtomicU64>,
}

impl ReloadMetrics {
    fn register(&self, registry: &Registry) {
        registry.register(
            "config_last_reload_successful",
            "Whether the last attempt to read the configuration was successful",
            None,
            self.is_successful.clone(),
        );
        registry.register(
            "config_last_reload_success_timestamp",
            "When the configuration came into force, since the epoch",
            Some(Unit::Seconds),
            self.succeeded_at.clone(),
        );
    }

    /// Notes that a configuration came into force.
    pub(super) fn succeeded(&self, now: Timestamp) {
        self.is_successful.set(1);
        self.succeeded_at.set(now.seconds());
    }

    /// Notes that a configuration was refused.
    pub(super) fn failed(&self) {
        self.is_successful.set(0);
    }
}

impl AllMetrics {
    /// Makes and registers them.
    pub(crate) fn register(registry: &Registry) -> Self {
        registry.register_process();
        registry.register_build(env!("CARGO_PKG_VERSION"), None);
        let (store, push) = (plimsoll_tsdb::Metrics::default(), push::Metrics::default());
        store.register(registry);
        push.register(registry);
        let limits = limits::Metrics::default();
        limits.register(registry);
        let (query, reload) = (QueryMetrics::default(), ReloadMetrics::default());
        query.register(registry);
        reload.register(registry);
        Self {
            store,
            push,
            limits,
            scrape: scrape::Metrics::new(registry),
            discovery: discovery::Metrics::new(registry),
            rules: plimsoll_control::Metrics::new(registry),
            slo: slo::Metrics::new(registry),
            sender: sender::Metrics::new(registry),
            alerting: alerting::Metrics::new(registry),
            notify: plimsoll_notify::Metrics::new(registry),
            query,
            reload,
        }
    }
}
