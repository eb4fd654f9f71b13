//! The metrics of all crates, registered in one place so that the reference lists what is exposed.

use plimsoll_ingest::{discovery, push, scrape};
use plimsoll_runtime::metrics::Registry;

/// One `Metrics` per crate or area.
pub(crate) struct AllMetrics {
    pub(crate) store: plimsoll_tsdb::Metrics,
    pub(crate) push: push::Metrics,
    pub(crate) scrape: scrape::Metrics,
    pub(crate) discovery: discovery::Metrics,
}

impl AllMetrics {
    /// Makes and registers them.
    pub(crate) fn register(registry: &Registry) -> Self {
        registry.register_process();
        registry.register_build(env!("CARGO_PKG_VERSION"), None);
        let (store, push) = (plimsoll_tsdb::Metrics::default(), push::Metrics::default());
        store.register(registry);
        push.register(registry);
        Self {
            store,
            push,
            scrape: scrape::Metrics::new(registry),
            discovery: discovery::Metrics::new(registry),
        }
    }
}
