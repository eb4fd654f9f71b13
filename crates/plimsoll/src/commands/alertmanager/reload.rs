//! Reading alertmanager.yml again: on SIGHUP and on `POST /-/reload`. Validated first; a bad one changes nothing.

use std::sync::Arc;

use plimsoll_api::{ReloadError, ReloadRequest, UiParts};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::shutdown::{Reloads, Shutdown};
use plimsoll_runtime::tasks::Tasks;
use tokio::sync::mpsc;

use super::{Arguments, tell_warnings};
use crate::commands::alerting::Routing;
use crate::commands::in_force;
use crate::commands::serve::{note_reload, note_start};

/// Puts configurations into force.
pub(super) struct Reloader {
    pub(super) arguments: Arguments,
    pub(super) routing: Routing,
    pub(super) ui: UiParts,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tasks: Tasks,
}

impl Reloader {
    /// Serves requests to reload until `stop`.
    pub(super) async fn run(
        self,
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

    /// Tells screens what the server began with.
    pub(super) async fn tell_start(&self) {
        self.show_files().await;
        note_start(&self.ui, self.clock.now());
    }

    async fn reload(&self, origin: &str) -> Result<String, ReloadError> {
        let outcome = self.attempt().await;
        let differences = match outcome.is_ok() {
            true => self.show_files().await,
            false => Vec::new(),
        };
        let when = (self.clock.now(), origin);
        note_reload(&self.ui, &outcome, &differences, when);
        outcome
    }

    async fn attempt(&self) -> Result<String, ReloadError> {
        match self.routing.prepare().await {
            Ok((prepared, warnings)) => {
                tell_warnings(&self.arguments, &warnings);
                self.routing.apply(prepared).await;
                tracing::info!("alertmanager.yml was read again and is in force");
                Ok(String::new())
            }
            Err(error) => {
                let (ReloadError::Refused(reason) | ReloadError::Failed(reason)) = &error;
                tracing::error!("the configuration was not changed:\n{reason}");
                Err(error)
            }
        }
    }

    /// Reads the files that are in force for people to see; returns which of them are other ones than before.
    async fn show_files(&self) -> Vec<String> {
        let (routing, now) = (self.routing.clone(), self.clock.now());
        let read = move || in_force::read(&routing.files(), now);
        // A panic was logged; what was shown before stays.
        let Ok(read) = self.tasks.run_blocking("read files", read).await else {
            return Vec::new();
        };
        let differences = in_force::differences(&self.ui.files.files(), &read);
        self.ui.files.replace(read);
        differences
    }
}
