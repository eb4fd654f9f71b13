//! The evaluation of rules: where its state is kept, what it asks with, and how it ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_control::{AlertSink, Asker, Options, Parts, RuleSet, Rules};
use plimsoll_ingest::config::Config;
use plimsoll_promql::{Engine, MemoryBudget};
use plimsoll_rules::Globals;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::config::Diagnostics;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_runtime::tasks::Tasks;
use plimsoll_state::{Location, Patience, Retention, Store};
use plimsoll_tsdb::Db;
use plimsoll_types::Appender;

use super::{Arguments, sources};
use crate::commands::Failure;

/// How long evaluation may take to end; what is left of the time that stopping may take is for the queues of alerts.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// What rules stand on.
pub(super) struct Base {
    pub(super) db: Arc<Db>,
    /// Where samples are written.
    pub(super) appender: Arc<dyn Appender>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tasks: Tasks,
    pub(super) registry: Registry,
}

/// Where the state of alerts is kept.
pub(super) struct State {
    pub(super) store: Arc<dyn Store>,
    /// How long a replica may be silent; `None` where there can be none.
    pub(super) silence_max: Option<Duration>,
}

/// Reads the rule files only to say early what is wrong with them: before the store is opened, which may take a while.
pub(super) fn check(arguments: &Arguments, config: &Config) -> Result<RuleSet, Diagnostics> {
    RuleSet::load(&config.rule_files, &arguments.query.features())
}

/// Opens the store of state.
pub(super) async fn open_state(
    arguments: &Arguments,
    config: &Config,
    base: &Base,
) -> Result<State, Failure> {
    let location = location(arguments, config, &base.tasks).await?;
    let parts = plimsoll_state::Parts {
        clock: base.clock.clone(),
        tasks: base.tasks.clone(),
        metrics: base.registry.clone(),
        retention: Retention::default(),
        patience: Patience::default(),
    };
    let store = plimsoll_state::open(&location, parts).await;
    let store = store.map_err(|error| Failure::failed(error.chain()))?;
    let lease = config.plimsoll.state.lease;
    Ok(State {
        silence_max: matches!(location, Location::Postgres(_)).then_some(lease),
        store,
    })
}

async fn location(
    arguments: &Arguments,
    config: &Config,
    tasks: &Tasks,
) -> Result<Location, Failure> {
    let directory = arguments.data_dir.clone();
    let Some(url) = config.plimsoll.state.url.clone() else {
        return Ok(Location::in_directory(&directory));
    };
    let read = move || {
        let url = url.read().map_err(|error| error.to_string())?;
        Location::parse(url.expose(), &directory).map_err(|error| error.chain())
    };
    let read = tasks.run_blocking("read state url", read).await;
    let location = read.map_err(Failure::failed)?;
    location.map_err(|error| Failure::failed(format!("plimsoll.state: {error}")))
}

/// Starts the evaluation of rules, without any group yet.
pub(super) async fn start(
    arguments: &Arguments,
    state: &State,
    base: Base,
    sink: Arc<dyn AlertSink>,
    metrics: plimsoll_control::Metrics,
) -> Rules {
    // An engine of their own: helping threads and memory of dashboards are not theirs.
    let options = arguments.query.options();
    let memory = MemoryBudget::new(options.memory_max.times(2));
    let asker = Asker {
        engine: Engine::new(options),
        storage: base.db.clone(),
        clock: base.clock.clone(),
        memory,
        features: arguments.query.features(),
    };
    let options = Options {
        concurrency: arguments.rules.concurrency(),
        outage_tolerance: arguments.rules.outage_tolerance(),
        owner: owner(),
        silence_max: state.silence_max,
    };
    let parts = Parts {
        asker,
        appender: base.appender,
        store: state.store.clone(),
        sink,
        clock: base.clock,
        tasks: base.tasks,
        metrics,
        options,
    };
    Rules::start(parts).await
}

/// Returns what holds for all rule groups of a configuration.
pub(super) fn globals(arguments: &Arguments, config: &Config, address: SocketAddr) -> Globals {
    let global = &config.global;
    Globals {
        interval: global.evaluation_interval,
        query_offset: global.rule_query_offset,
        external_labels: global.external_labels.clone(),
        external_url: arguments.rules.external_url(address).into(),
        resend_delay: arguments.rules.resend_delay(),
    }
}

/// Names this process among replicas: a name of the machine alone would be the same after a restart.
pub(crate) fn owner() -> String {
    let number = SeededRandom::from_system().next_u64();
    format!("{}-{number:016x}", sources::host_name())
}

/// Waits for the last evaluation; then the store of its state may be closed.
pub(super) async fn stop(rules: &Rules, clock: &dyn Clock) {
    tokio::select! {
        () = rules.stopped() => {}
        () = clock.sleep(STOP_TIMEOUT) => {
            tracing::warn!("rules are still evaluated; what they decide now is decided anew after the next start");
        }
    }
}
