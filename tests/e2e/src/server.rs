//! `plimsoll serve` as a process.

use std::net::SocketAddr;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::http::Reply;
use crate::{Api, Home, Program, wait_until};

/// Opening a store that was killed replays its WAL, in a debug build on a machine with two busy cores.
const START_MAX: Duration = Duration::from_secs(60);
/// The server lets running requests finish for 10 s.
const STOP_MAX: Duration = Duration::from_secs(30);

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// The process.
    pub program: Program,
    /// Its HTTP API.
    pub api: Api,
}

impl Server {
    /// Starts a server in `home` and waits until it is ready.
    ///
    /// # Errors
    /// When it ends instead, or is not ready in time.
    pub fn start(home: &Home) -> Result<Self> {
        Self::start_with(home, &mut home.serve_command()?)
    }

    /// Starts a server with a command of one's own.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_with(home: &Home, command: &mut Command) -> Result<Self> {
        let mut program = Program::start(command, home.next_log())?;
        let api = wait_until(START_MAX, "plimsoll ready", || {
            program.check_alive()?;
            let address = listening_address(&program.log()).context("no address in its log")?;
            let api = Api { address };
            let reply = api.get("/-/ready", &[])?;
            ensure!(reply.status == 200, "/-/ready: {}", reply.text());
            Ok(api)
        });
        let api = api.with_context(|| program.log())?;
        Ok(Self { program, api })
    }

    /// Ends it as an operator does and waits for it.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(mut self) -> Result<ExitStatus> {
        self.program.terminate(STOP_MAX)
    }

    /// Ends it as a power loss of the process does.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(mut self) -> Result<()> {
        self.program.kill()
    }

    /// Imports Prometheus text or OpenMetrics.
    ///
    /// # Errors
    /// When there is no reply.
    pub fn import_text(&self, text: &str) -> Result<Reply> {
        let path = "/api/v1/import/prometheus";
        self.api
            .post(path, &[("Content-Type", "text/plain")], text.as_bytes())
    }

    /// Returns all float samples of the series that a selector finds, as JSON lines.
    ///
    /// # Errors
    /// When there is no reply or it is no success.
    pub fn export(&self, selector: &str) -> Result<String> {
        let reply = self.api.get("/api/v1/export", &[("match[]", selector)])?;
        ensure!(reply.status == 200, "export: {}", reply.text());
        Ok(reply.text())
    }
}

/// Finds the address in the line that says where the server listens.
fn listening_address(log: &str) -> Option<SocketAddr> {
    let line = log.lines().find(|line| line.contains("listening"))?;
    let begin = line.find("127.0.0.1:")?;
    let is_address = |character: char| character.is_ascii_digit() || ".:".contains(character);
    let end = line[begin..].find(|character| !is_address(character));
    line[begin..][..end.unwrap_or(line.len() - begin)]
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_address() {
        let expected: SocketAddr = "127.0.0.1:4711".parse().unwrap();
        for log in [
            "starting\nINFO plimsoll: listening address=127.0.0.1:4711 x=1\n",
            "listening on http://127.0.0.1:4711/\n",
            "listening on 127.0.0.1:4711",
        ] {
            assert_eq!(listening_address(log), Some(expected), "{log}");
        }
        assert_eq!(listening_address("listening\n"), None);
    }
}
