//! `plimsoll gateway` as a process.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{Api, Home, Server, binary};

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    /// The process and its API.
    pub server: Server,
}

impl Gateway {
    /// Starts a gateway with this configuration, which listens on ports of the system's choice, and waits until it is
    /// ready.
    ///
    /// # Errors
    /// When it ends instead, or is not ready in time.
    pub fn start(home: &Home, config: &str) -> Result<Self> {
        Self::start_with(home, config, &[])
    }

    /// As [`start`](Self::start), with more arguments.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_with(home: &Home, config: &str, arguments: &[&str]) -> Result<Self> {
        home.write("gateway.yml", config.as_bytes())?;
        let mut command = Command::new(binary()?);
        command.arg("gateway").arg("--config");
        command.arg(home.path("gateway.yml"));
        command.args(["--api", "127.0.0.1:0", "--data-dir"]);
        command.arg(home.data()).args(arguments);
        let server = Server::start_with(home, &mut command)?;
        Ok(Self { server })
    }

    /// Returns where a listener listens.
    ///
    /// # Errors
    /// When the log does not say so.
    pub fn address(&self, listener: &str) -> Result<SocketAddr> {
        let log = self.server.program.log();
        address(&log, listener).with_context(|| format!("no listener {listener} in\n{log}"))
    }

    /// Asks a listener as if it were an API.
    ///
    /// # Errors
    /// As for [`address`](Self::address).
    pub fn listener(&self, name: &str) -> Result<Api> {
        let address = self.address(name)?;
        Ok(Api { address })
    }

    /// Returns the sum of a metric's series that match, as `/metrics` shows them at this moment: labels are pairs such as
    /// `class="2xx"`.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn metric(&self, name: &str, pairs: &[&str]) -> Result<f64> {
        let text = self.server.api.get("/metrics", &[])?.text();
        let lines = text.lines().filter(|line| {
            let is_named = line
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['{', ' ']));
            is_named && pairs.iter().all(|pair| line.contains(pair))
        });
        let values = lines.map(|line| {
            let value = line.rsplit(' ').next().unwrap_or_default();
            value.parse::<f64>().with_context(|| line.to_owned())
        });
        values.sum()
    }
}

/// Finds the line `the gateway takes requests in on http://127.0.0.1:8080 (web)`.
fn address(log: &str, listener: &str) -> Option<SocketAddr> {
    let end = format!(" ({listener})");
    let line = log.lines().find(|line| line.ends_with(&end))?;
    let (_, rest) = line.split_once("://")?;
    rest.strip_suffix(&end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_address_of_a_listener() {
        let log = "the gateway takes requests in on http://127.0.0.1:1 (web)\n\
                   the gateway takes requests in on https://127.0.0.1:2 (safe)\nother\n";
        let expected: SocketAddr = "127.0.0.1:2".parse().unwrap();
        assert_eq!(address(log, "safe"), Some(expected));
        assert_eq!(address(log, "other"), None);
    }
}
