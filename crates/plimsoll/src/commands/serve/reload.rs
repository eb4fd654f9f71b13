//! Reading the configuration again: on SIGHUP and on `POST /-/reload`. Validated first; a bad one changes nothing.

use std::time::Duration;

use plimsoll_api::ReloadRequest;
use plimsoll_ingest::config::{Config, WalSync};
use plimsoll_ingest::scrape::{ApplyError, Scrapes};
use plimsoll_runtime::shutdown::{Reloads, Shutdown};
use plimsoll_runtime::tasks::Tasks;
use tokio::sync::mpsc;

use super::sources::Sources;
use super::{Arguments, load};

/// Puts configurations into force.
pub(super) struct Reloader {
    arguments: Arguments,
    at_start: StoreSettings,
    scrapes: Scrapes,
    sources: Sources,
    tasks: Tasks,
}

/// What the store was opened with and cannot change while it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct StoreSettings {
    retention: Duration,
    wal_sync: WalSync,
    active_series_max: u64,
}

impl StoreSettings {
    fn of(config: &Config) -> Self {
        Self {
            retention: config.retention.time_or_default(),
            wal_sync: config.plimsoll.wal_sync,
            active_series_max: config.plimsoll.limits.active_series_max,
        }
    }
}

impl Reloader {
    /// Makes it; `config` is what the store was opened with.
    pub(super) fn new(
        arguments: Arguments,
        config: &Config,
        scrapes: Scrapes,
        sources: Sources,
        tasks: Tasks,
    ) -> Self {
        let at_start = StoreSettings::of(config);
        Self {
            arguments,
            at_start,
            scrapes,
            sources,
            tasks,
        }
    }

    /// Makes what runs agree with `config`.
    pub(super) async fn put_into_force(&mut self, config: &Config) -> Result<(), ApplyError> {
        self.scrapes.apply(config).await?;
        self.scrapes
            .set_internals(self.sources.wanted(config))
            .await;
        Ok(())
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
                    let outcome = self.reload().await;
                    // The one who asked may have gone away; the log has it too.
                    let _ = answer.send(outcome);
                }
                () = signals.next() => drop(self.reload().await),
                () = stop.wait() => return,
            }
        }
    }

    /// Reads files, which may lie on a disk that hangs.
    async fn load(&self) -> Result<Config, String> {
        let arguments = self.arguments.clone();
        let work = move || load(&arguments);
        let loaded = self.tasks.run_blocking("load configuration", work).await;
        let (config, warnings) = loaded
            .map_err(|panicked| panicked.to_string())?
            .map_err(|diagnostics| diagnostics.to_string())?;
        self.arguments.tell_warnings(&warnings);
        Ok(config)
    }

    async fn reload(&mut self) -> Result<(), String> {
        let loaded = self.load().await;
        if let Ok(config) = &loaded
            && StoreSettings::of(config) != self.at_start
        {
            let (at_start, wanted) = (self.at_start, StoreSettings::of(config));
            tracing::warn!(
                ?at_start,
                ?wanted,
                "these settings take effect at the next start"
            );
        }
        let outcome = match loaded {
            Ok(config) => self
                .put_into_force(&config)
                .await
                .map_err(|error| error.to_string()),
            Err(reason) => Err(reason),
        };
        match &outcome {
            Ok(()) => tracing::info!("the configuration was read again and is in force"),
            Err(reason) => tracing::error!("the configuration was not changed:\n{reason}"),
        }
        outcome
    }
}
