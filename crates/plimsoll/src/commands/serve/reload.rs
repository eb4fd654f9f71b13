//! Reading the configuration again: on SIGHUP and on `POST /-/reload`. Validated first; a bad one changes nothing.

use std::time::Duration;

use plimsoll_api::ReloadRequest;
use plimsoll_ingest::config::{Config, WalSync};
use plimsoll_ingest::scrape::{ApplyError, Scrapes};
use plimsoll_runtime::shutdown::{Reloads, Shutdown};
use tokio::sync::mpsc;

use super::sources::Sources;
use super::{Arguments, load};

/// Puts configurations into force.
pub(super) struct Reloader {
    arguments: Arguments,
    at_start: StoreSettings,
    scrapes: Scrapes,
    sources: Sources,
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
    ) -> Self {
        let at_start = StoreSettings::of(config);
        Self {
            arguments,
            at_start,
            scrapes,
            sources,
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

    async fn reload(&mut self) -> Result<(), String> {
        let loaded = load(&self.arguments);
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
            Err(diagnostics) => Err(diagnostics.to_string()),
        };
        match &outcome {
            Ok(()) => tracing::info!("the configuration was read again and is in force"),
            Err(reason) => tracing::error!("the configuration was not changed:\n{reason}"),
        }
        outcome
    }
}
