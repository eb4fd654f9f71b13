//! What `serve` and `alertmanager` share: alertmanager.yml, and alerting as it runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_alerting::config::{self, Loaded, Options};
use plimsoll_alerting::surface;
use plimsoll_api::ReloadError;
use plimsoll_control::AlertSink;
use plimsoll_control::alerting::{self, Alerting, Parts, Prepared};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::config::{Diagnostic, Diagnostics};
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_state::{Location, Patience, Retention, Store};

use super::Failure;
use super::in_force::Role;

/// How long expired silences are kept when nothing is said: as long as in Alertmanager.
pub(crate) const RETENTION: &str = "120h";
/// Where a replica keeps what it accepts while the shared database is away.
const LOCAL_FILE: &str = "alerting-local.db";
/// How long alerting may take to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(6);

/// An alertmanager.yml, and how it is read.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) options: Options,
}

impl File {
    /// Reads and checks it. Blocks on the disk.
    pub(crate) fn load(&self) -> Result<Loaded, Diagnostics> {
        config::load(&self.path, &self.options)
    }
}

/// What alerting stands on.
pub(crate) struct Base {
    pub(crate) store: Arc<dyn Store>,
    /// Whether replicas share the store; then the directory takes what is accepted while it is away.
    pub(crate) is_shared: bool,
    pub(crate) directory: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Tasks,
    pub(crate) metrics: alerting::Metrics,
    pub(crate) notify: plimsoll_notify::Metrics,
}

/// Alerting as it runs, and where its configuration comes from.
#[derive(Clone)]
pub(crate) struct Routing {
    alerting: Alerting,
    file: File,
    tasks: Tasks,
    clock: Arc<dyn Clock>,
    metrics: alerting::Metrics,
    local: Option<Arc<dyn Store>>,
}

impl Routing {
    /// Starts with a configuration that was read from `file`.
    pub(crate) async fn start(
        file: File,
        loaded: Loaded,
        base: Base,
        options: alerting::Options,
    ) -> Result<Self, Failure> {
        let local = match base.is_shared {
            true => Some(open_local(&base).await?),
            false => None,
        };
        let parts = Parts {
            store: base.store,
            local: local.clone(),
            clock: base.clock.clone(),
            tasks: base.tasks.clone(),
            metrics: base.metrics.clone(),
            notify: base.notify,
        };
        let preparer = parts.preparer();
        let prepare = move || preparer.prepare(loaded.config);
        let prepared = base.tasks.run_blocking("load templates", prepare).await;
        let prepared = prepared.map_err(Failure::failed)?;
        let prepared = prepared.map_err(Failure::failed)?;
        Ok(Self {
            alerting: Alerting::start(parts, options, prepared),
            file,
            tasks: base.tasks,
            clock: base.clock,
            metrics: base.metrics,
            local,
        })
    }

    /// Reads the file again and makes it ready; nothing is changed yet. Returns what there is to say about it, too.
    pub(crate) async fn prepare(&self) -> Result<(Prepared, Vec<Diagnostic>), ReloadError> {
        let (file, alerting) = (self.file.clone(), self.alerting.clone());
        let work = move || {
            let refused = |diagnostics: Diagnostics| ReloadError::Refused(diagnostics.to_string());
            let Loaded { config, warnings } = file.load().map_err(refused)?;
            let prepared = alerting.prepare(config);
            let prepared = prepared.map_err(|error| ReloadError::Refused(error.to_string()))?;
            Ok((prepared, warnings))
        };
        let prepared = self.tasks.run_blocking("load alertmanager.yml", work).await;
        let prepared = prepared.unwrap_or_else(|error| Err(ReloadError::Failed(error.to_string())));
        prepared.inspect_err(|_| self.metrics.reloaded(None))
    }

    /// Puts a configuration into force.
    pub(crate) async fn apply(&self, prepared: Prepared) {
        self.alerting.apply(prepared).await;
    }

    /// Returns what requests are answered from.
    pub(crate) fn surface(&self) -> Arc<dyn surface::Alerting> {
        Arc::new(self.alerting.clone())
    }

    /// Returns the files that are in force: alertmanager.yml and the templates that it names. Blocks on the disk.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Role)> {
        let config = surface::Alerting::status(&self.alerting).config;
        let templates = config
            .templates
            .iter()
            .flat_map(|pattern| matching(pattern));
        let templates = templates.map(|path| (path, Role::Templates));
        std::iter::once((self.file.path.clone(), Role::Alertmanager))
            .chain(templates)
            .collect()
    }

    /// Returns where the rule engine's notices go.
    pub(crate) fn sink(&self) -> Arc<dyn AlertSink> {
        self.alerting.sink()
    }

    /// Ends it after everybody who posts, and waits for the last verdicts; then the store may be closed.
    pub(crate) async fn stop(&self) {
        tokio::select! {
            () = self.alerting.stop() => {}
            () = self.clock.sleep(STOP_TIMEOUT) => {
                tracing::warn!("notices are still on their way; they are sent again under the same key after the next start");
            }
        }
        if let Some(local) = &self.local {
            close(local.as_ref()).await;
        }
    }
}

/// Returns the files that a pattern names now.
fn matching(pattern: &Path) -> Vec<PathBuf> {
    let found = glob::glob(&pattern.to_string_lossy());
    found.into_iter().flatten().flatten().collect()
}

/// Opens the file for what is accepted while the shared database is away.
async fn open_local(base: &Base) -> Result<Arc<dyn Store>, Failure> {
    let parts = plimsoll_state::Parts {
        clock: base.clock.clone(),
        tasks: base.tasks.clone(),
        // Its counters would be taken for those of the database; what matters of it alerting counts itself.
        metrics: Registry::new(),
        retention: Retention::default(),
        patience: Patience::default(),
    };
    let location = Location::Sqlite(local_path(&base.directory));
    let opened = plimsoll_state::open(&location, parts).await;
    opened.map_err(|error| Failure::failed(error.chain()))
}

fn local_path(directory: &Path) -> PathBuf {
    directory.join(LOCAL_FILE)
}

/// Closes a store of state at the end of the program.
pub(crate) async fn close(store: &dyn Store) {
    if let Err(error) = store.close().await {
        let error = error.chain();
        tracing::error!(
            error,
            place = store.place(),
            "the state was not closed well"
        );
    }
}
