//! `plimsoll alertmanager` for the tests of alerting: started, and settled.

use std::time::Duration;

use anyhow::{Result, ensure};
use plimsoll_e2e::{Make, Manager, wait_until};

/// Reading a few rows, in a debug build on two busy cores.
const SETTLED_MAX: Duration = Duration::from_secs(60);

/// Starts ours and waits until it has read what it knows.
pub(crate) fn start(config: &str) -> Result<Manager> {
    let manager = Manager::start(Make::Plimsoll, config)?;
    settle(&manager)?;
    Ok(manager)
}

/// Ends ours as a power loss does, starts it over what it left, and waits until it has read that.
pub(crate) fn kill_and_restart(manager: &mut Manager) -> Result<()> {
    manager.kill_and_restart()?;
    settle(manager)
}

/// Waits until it shows what it knows. It takes alerts earlier: an answer with 200 is as durable then, and the alerts are
/// shown once the rows were read.
fn settle(manager: &Manager) -> Result<()> {
    wait_until(SETTLED_MAX, "settled", || {
        let status = manager.api.get("/api/v2/status", &[])?.json()?;
        let status = &status["cluster"]["status"];
        ensure!(status == "ready", "{status}");
        Ok(())
    })
}
