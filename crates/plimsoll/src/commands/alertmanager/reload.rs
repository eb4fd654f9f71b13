//! Reading alertmanager.yml again: on SIGHUP and on `POST /-/reload`. Validated first; a bad one changes nothing.

use plimsoll_api::{ReloadError, ReloadRequest};
use plimsoll_runtime::shutdown::{Reloads, Shutdown};
use tokio::sync::mpsc;

use super::{Arguments, tell_warnings};
use crate::commands::alerting::Routing;

/// Serves requests to reload until `stop`.
pub(super) async fn run(
    arguments: Arguments,
    routing: Routing,
    mut requests: mpsc::Receiver<ReloadRequest>,
    mut signals: Reloads,
    stop: Shutdown,
) {
    loop {
        tokio::select! {
            request = requests.recv() => {
                let Some(answer) = request else { return };
                let outcome = reload(&arguments, &routing).await;
                // The one who asked may have gone away; the log has it too.
                let _ = answer.send(outcome);
            }
            () = signals.next() => drop(reload(&arguments, &routing).await),
            () = stop.wait() => return,
        }
    }
}

async fn reload(arguments: &Arguments, routing: &Routing) -> Result<String, ReloadError> {
    match routing.prepare().await {
        Ok((prepared, warnings)) => {
            tell_warnings(arguments, &warnings);
            routing.apply(prepared).await;
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
