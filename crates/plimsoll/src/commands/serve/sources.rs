//! What is scraped without any configuration: the program itself and this host.

use std::net::SocketAddr;
use std::sync::Arc;

use plimsoll_ingest::config::Config;
use plimsoll_ingest::host::{HostCollector, HostPaths};
use plimsoll_ingest::scrape::{Fetch, Internal, InternalFetch};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_types::Labels;
use plimsoll_wire::exposition::Format;

use super::Arguments;

/// The job of the program itself.
const SELF_JOB: &str = "plimsoll";
/// The job of this host: what dashboards for node_exporter expect.
const HOST_JOB: &str = "node";

/// The sources inside the program.
pub(super) struct Sources {
    itself: (Labels, Arc<dyn Fetch>),
    host: Option<(Labels, Arc<dyn Fetch>)>,
}

impl Sources {
    /// Makes them; with `--no-host-metrics` the host is left out whatever the configuration says.
    pub(super) fn new(
        arguments: &Arguments,
        address: SocketAddr,
        registry: Registry,
        tasks: Tasks,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let labels =
            |job: &str, instance: &str| Labels::from_pairs([("job", job), ("instance", instance)]);
        let render = move || registry.render_own();
        let itself = InternalFetch::new(Format::OpenMetricsText100, tasks.clone(), render);
        let host = (!arguments.no_host_metrics).then(|| {
            let collector = HostCollector::new(HostPaths::default(), clock);
            let fetch =
                InternalFetch::new(Format::PrometheusText004, tasks, move || collector.expose());
            let fetch: Arc<dyn Fetch> = Arc::new(fetch);
            (labels(HOST_JOB, &host_name()), fetch)
        });
        Self {
            itself: (labels(SELF_JOB, &address.to_string()), Arc::new(itself)),
            host,
        }
    }

    /// Returns the sources that a configuration wants; a configured job of the same name takes the place of one.
    pub(super) fn wanted(&self, config: &Config) -> Vec<Internal> {
        let is_replaced = |job: &str| {
            config
                .scrape_configs
                .iter()
                .any(|configured| configured.job_name == job)
        };
        let mut wanted = Vec::new();
        if !is_replaced(SELF_JOB) {
            let (labels, fetch) = self.itself.clone();
            wanted.push(Internal {
                labels,
                interval: config.global.scrape_interval,
                fetch,
            });
        }
        let host = &config.plimsoll.host_metrics;
        let collected = self
            .host
            .clone()
            .filter(|_| host.is_enabled && !is_replaced(HOST_JOB));
        if let Some((labels, fetch)) = collected {
            wanted.push(Internal {
                labels,
                interval: host.interval,
                fetch,
            });
        }
        wanted
    }
}

/// Returns the name of this machine.
pub(crate) fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}
