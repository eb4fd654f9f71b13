//! Reading the configuration again: on SIGHUP and on `POST /-/reload`. Validated first; a bad one changes nothing.

use plimsoll_api::ReloadRequest;
use plimsoll_ingest::config::Config;
use plimsoll_ingest::scrape::{ApplyError, Scrapes};
use plimsoll_runtime::shutdown::{Reloads, Shutdown};
use tokio::sync::mpsc;

use super::sources::Sources;
use super::{Arguments, load};

/// Puts configurations into force.
pub(super) struct Reloader {
    arguments: Arguments,
    scrapes: Scrapes,
    sources: Sources,
}

impl Reloader {
    pub(super) fn new(arguments: Arguments, scrapes: Scrapes, sources: Sources) -> Self {
        Self {
            arguments,
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
        let outcome = match load(&self.arguments) {
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
