//! Reading the configuration again: on SIGHUP and on `POST /-/reload`. Validated first; a bad one changes nothing.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_api::{App, ReloadError, ReloadRequest, ServerStatus, UiParts};
use plimsoll_control::sender::Sender;
use plimsoll_control::{Prepared, Rules, alerting, slo};
use plimsoll_ingest::config::{Config, Loaded, State, WalSync};
use plimsoll_ingest::limits::Limiter;
use plimsoll_ingest::scrape::Scrapes;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::shutdown::{Reloads, Shutdown};
use plimsoll_runtime::tasks::Tasks;
use plimsoll_tsdb::Db;
use plimsoll_types::ByteCount;
use tokio::sync::mpsc;

use super::metrics::ReloadMetrics;
use super::sources::Sources;
use super::{Arguments, composition, facts, gateway, history, load, rules, slos};
use crate::commands::alerting::Routing;
use crate::commands::in_force::{self, Role};

/// Puts configurations into force.
pub(super) struct Reloader {
    arguments: Arguments,
    at_start: StoreSettings,
    /// What is in force, once something is.
    config: Option<Config>,
    parts: Parts,
}

/// What a reload reaches.
pub(super) struct Parts {
    pub(super) limiter: Arc<Limiter>,
    pub(super) scrapes: Scrapes,
    pub(super) sources: Sources,
    pub(super) sender: Arc<Sender>,
    pub(super) rules: Rules,
    pub(super) slos: slo::Slos,
    /// Routing of alerts, where it is done here.
    pub(super) routing: Option<Routing>,
    /// What takes requests in for services, where there is a gateway.
    pub(super) gateway: Option<gateway::Running>,
    /// Where the server listens.
    pub(super) listen: SocketAddr,
    pub(super) store: Arc<Db>,
    pub(super) app: Arc<App>,
    pub(super) status: Arc<ServerStatus>,
    /// Where screens read what is in force.
    pub(super) ui: UiParts,
    pub(super) metrics: ReloadMetrics,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tasks: Tasks,
}

/// What the files say that a configuration names, read and found good.
pub(super) struct Ready {
    rules: Prepared,
    slos: slo::Prepared,
}

/// What the store was opened with and cannot change while it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
struct StoreSettings {
    state: State,
    slo_lateness: Duration,
    merge_bytes_per_second: ByteCount,
    wal_sync: WalSync,
    active_series_max: u64,
}

impl StoreSettings {
    /// Names what differs, as the file spells it.
    fn differences(&self, other: &Self) -> Vec<&'static str> {
        let compared = [
            ("plimsoll.state", self.state != other.state),
            (
                "plimsoll.slo.lateness",
                self.slo_lateness != other.slo_lateness,
            ),
            (
                "plimsoll.merge_bytes_per_second",
                self.merge_bytes_per_second != other.merge_bytes_per_second,
            ),
            ("plimsoll.wal.sync", self.wal_sync != other.wal_sync),
            (
                "plimsoll.limits.active_series_max",
                self.active_series_max != other.active_series_max,
            ),
        ];
        let differing = compared.into_iter().filter(|(_, differs)| *differs);
        differing.map(|(name, _)| name).collect()
    }

    fn of(config: &Config) -> Self {
        Self {
            state: config.plimsoll.state.clone(),
            slo_lateness: config.plimsoll.slo.lateness,
            merge_bytes_per_second: config.plimsoll.merge_bytes_per_second,
            wal_sync: config.plimsoll.wal_sync,
            active_series_max: config.plimsoll.limits.active_series_max,
        }
    }
}

impl Reloader {
    /// Makes it; `loaded` is what the store was opened with.
    pub(super) fn new(arguments: Arguments, loaded: &Loaded, parts: Parts) -> Self {
        Self {
            arguments,
            at_start: StoreSettings::of(&loaded.config),
            config: None,
            parts,
        }
    }

    /// Makes what runs agree with a configuration.
    pub(super) async fn put_into_force(
        &mut self,
        loaded: &Loaded,
        ready: Ready,
    ) -> Result<(), String> {
        self.open_query_log(&loaded.config).await?;
        let settings = composition::settings(&self.arguments, &loaded.config);
        let store = plimsoll_tsdb::Config::new(settings).map_err(|error| error.to_string())?;
        let parts = &mut self.parts;
        // What can fail comes before what changes something.
        let alerting = parts.sender.prepare(&loaded.config);
        let alerting = alerting.map_err(|error| error.to_string())?;
        let applied = parts.scrapes.apply(&loaded.config).await;
        applied.map_err(|error| error.to_string())?;
        parts.sender.commit(alerting);
        parts.rules.apply(ready.rules);
        parts.slos.apply(ready.slos).await;
        let limits = &loaded.config.plimsoll.limits.series;
        parts.limiter.set_limits(limits);
        let internals = parts.sources.wanted(&loaded.config);
        parts.scrapes.set_internals(internals).await;
        parts.store.set_retention(&store);
        let now = parts.clock.now();
        parts.status.replace(facts::in_force(loaded, now));
        parts.metrics.succeeded(now);
        Ok(())
    }

    /// Reads the files of rules and of objectives, which refuse a configuration when one of them is bad.
    pub(super) async fn prepare(&self, loaded: &Loaded) -> Result<Ready, ReloadError> {
        let rules = self.prepare_rules(loaded).await?;
        let (arguments, config) = (self.arguments.clone(), loaded.config.clone());
        let prepare = move || slos::prepare(&arguments, &config);
        let prepared = self
            .parts
            .tasks
            .run_blocking("load objectives", prepare)
            .await;
        let prepared = prepared.map_err(|panicked| ReloadError::Failed(panicked.to_string()))?;
        let slos =
            prepared.map_err(|diagnostics| ReloadError::Refused(format!("{diagnostics}\n")))?;
        Ok(Ready { rules, slos })
    }

    async fn prepare_rules(&self, loaded: &Loaded) -> Result<Prepared, ReloadError> {
        let files = loaded.config.rule_files.clone();
        let globals = rules::globals(&self.arguments, &loaded.config, self.parts.listen);
        let rules = self.parts.rules.clone();
        let prepare = move || rules.prepare(&files, globals);
        let prepared = self.parts.tasks.run_blocking("load rules", prepare).await;
        let prepared = prepared.map_err(|panicked| ReloadError::Failed(panicked.to_string()))?;
        prepared.map_err(|diagnostics| ReloadError::Refused(format!("{diagnostics}\n")))
    }

    /// Reads alertmanager.yml again, which refuses everything when it is bad.
    async fn prepare_routing(&self) -> Result<Option<alerting::Prepared>, ReloadError> {
        let Some(routing) = &self.parts.routing else {
            return Ok(None);
        };
        let (prepared, warnings) = routing.prepare().await?;
        self.arguments.tell_warnings(&warnings);
        Ok(Some(prepared))
    }

    /// Reads the gateway's file again, which refuses everything when it is bad, and binds what is new in it.
    async fn prepare_gateway(&self) -> Result<Option<gateway::Prepared>, ReloadError> {
        let Some(running) = self.parts.gateway.clone() else {
            return Ok(None);
        };
        let arguments = self.arguments.clone();
        let prepare = move || {
            let loaded = arguments.gateway.load(arguments.insecure);
            let loaded = loaded.map_err(|found| ReloadError::Refused(format!("{found}\n")))?;
            let Some(loaded) = loaded else {
                return Ok(None);
            };
            arguments.tell_warnings(&loaded.warnings);
            running
                .prepare(loaded)
                .map(Some)
                .map_err(ReloadError::Failed)
        };
        let prepared = self.parts.tasks.run_blocking("load gateway", prepare).await;
        prepared.map_err(|panicked| ReloadError::Failed(panicked.to_string()))?
    }

    async fn apply_gateway(&self, prepared: Option<gateway::Prepared>) -> Result<(), ReloadError> {
        let Some((running, prepared)) = self.parts.gateway.clone().zip(prepared) else {
            return Ok(());
        };
        let apply = move || running.apply(prepared).map_err(ReloadError::Failed);
        let applied = self.parts.tasks.run_blocking("apply gateway", apply).await;
        applied.map_err(|panicked| ReloadError::Failed(panicked.to_string()))?
    }

    /// Opens the query log anew, so that one that was moved away begins again.
    async fn open_query_log(&self, config: &Config) -> Result<(), String> {
        let app = self.parts.app.clone();
        let path = config.global.query_log_file.clone();
        let open = move || {
            let opened = app.set_query_log(path.as_deref());
            let shown = path.unwrap_or_default();
            opened.map_err(|error| format!("query_log_file {}: {error}", shown.display()))
        };
        let opened = self.parts.tasks.run_blocking("open query log", open).await;
        opened.map_err(|panicked| panicked.to_string())?
    }

    /// Serves requests to reload until `stop`.
    pub(super) async fn run(
        mut self,
        mut requests: mpsc::Receiver<ReloadRequest>,
        mut signals: Reloads,
        stop: Shutdown,
    ) {
        loop {
            tokio::select! {
                request = requests.recv() => {
                    let Some(answer) = request else { return };
                    let outcome = self.reload("POST /-/reload").await;
                    // The one who asked may have gone away; the log has it too.
                    let _ = answer.send(outcome);
                }
                () = signals.next() => drop(self.reload("SIGHUP").await),
                () = stop.wait() => return,
            }
        }
    }

    /// Reads files, which may lie on a disk that hangs.
    async fn load(&self) -> Result<Loaded, ReloadError> {
        let arguments = self.arguments.clone();
        let work = move || load(&arguments);
        let tasks = &self.parts.tasks;
        let loaded = tasks.run_blocking("load configuration", work).await;
        let loaded = loaded
            .map_err(|panicked| ReloadError::Failed(panicked.to_string()))?
            .map_err(|diagnostics| ReloadError::Refused(diagnostics.to_string()))?;
        self.arguments.tell_warnings(&loaded.warnings);
        Ok(loaded)
    }

    /// Returns what the one who asked should know of a reload that went well; empty when there is nothing.
    async fn reload(&mut self, origin: &str) -> Result<String, ReloadError> {
        let outcome = self.attempt().await;
        self.tell_screens(&outcome, origin).await;
        match &outcome {
            Ok(_) => tracing::info!("the configuration was read again and is in force"),
            Err(ReloadError::Refused(reason) | ReloadError::Failed(reason)) => {
                tracing::error!("the configuration was not changed:\n{reason}");
                self.parts.status.note_failed_reload();
                self.parts.metrics.failed();
            }
        }
        outcome
    }

    async fn tell_screens(&self, outcome: &Result<String, ReloadError>, origin: &str) {
        let now = self.parts.clock.now();
        let differences = match (outcome, &self.config) {
            (Ok(_), Some(config)) => self.show_files(config).await,
            _ => Vec::new(),
        };
        history::note_reload(&self.parts.ui, outcome, &differences, (now, origin));
    }

    /// Reads the files that are in force for people to see; returns which of them are other ones than before.
    async fn show_files(&self, config: &Config) -> Vec<String> {
        let mut files = files(&self.arguments, config);
        let (routing, now) = (self.parts.routing.clone(), self.parts.clock.now());
        let read = move || {
            files.extend(routing.iter().flat_map(Routing::files));
            in_force::read(&files, now)
        };
        // A panic was logged; what was shown before stays.
        let Ok(read) = self.parts.tasks.run_blocking("read files", read).await else {
            return Vec::new();
        };
        let shown = &self.parts.ui.files;
        let differences = in_force::differences(&shown.files(), &read);
        shown.replace(read);
        differences
    }

    /// Tells screens that the server began with a configuration.
    pub(super) async fn tell_start(&mut self, config: &Config) {
        self.config = Some(config.clone());
        self.show_files(config).await;
        history::note_start(&self.parts.ui, self.parts.clock.now());
    }

    async fn attempt(&mut self) -> Result<String, ReloadError> {
        let loaded = self.load().await?;
        let ready = self.prepare(&loaded).await?;
        self.arguments.tell_warnings(&ready.rules.warnings);
        self.arguments.tell_warnings(ready.slos.warnings());
        let routing = self.prepare_routing().await?;
        let gateway = self.prepare_gateway().await?;
        let in_force = self.put_into_force(&loaded, ready).await;
        in_force.map_err(ReloadError::Failed)?;
        self.apply_gateway(gateway).await?;
        if let (Some(running), Some(prepared)) = (&self.parts.routing, routing) {
            running.apply(prepared).await;
        }
        self.config = Some(loaded.config.clone());
        Ok(self.waits_for_restart(&loaded.config))
    }

    /// Says which settings take effect at the next start only.
    fn waits_for_restart(&self, config: &Config) -> String {
        let names = self
            .at_start
            .differences(&StoreSettings::of(config))
            .join(", ");
        if names.is_empty() {
            return String::new();
        }
        let (at_start, wanted) = (&self.at_start, StoreSettings::of(config));
        tracing::warn!(
            ?at_start,
            ?wanted,
            "these settings take effect at the next start"
        );
        format!("the configuration is in force, but for {names}: restart Plimsoll to apply it\n")
    }
}

/// Returns the files that a configuration is read from, but for those of routing.
fn files(arguments: &Arguments, config: &Config) -> Vec<(PathBuf, Role)> {
    let of = |paths: &[PathBuf], role: Role| {
        let paths = paths.iter().cloned();
        paths.map(|path| (path, role)).collect::<Vec<_>>()
    };
    let gateway = arguments.gateway.file().map(Path::to_owned);
    [
        of(arguments.config.as_slice(), Role::Prometheus),
        of(&config.rule_files, Role::Rules),
        of(&config.plimsoll.slo.files, Role::Slo),
        of(gateway.as_slice(), Role::Gateway),
    ]
    .concat()
}
