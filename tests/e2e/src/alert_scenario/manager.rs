//! An Alertmanager as a process: Debian's, or ours with the same flags.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::http::request;
use crate::program::binary;
use crate::{Api, Home, Program, Reply, debian, find};

/// Ours lets running requests finish for 10 s.
const STOP_MAX: Duration = Duration::from_secs(30);

/// Whose Alertmanager it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// Debian's 0.25.
    Debian,
    /// `plimsoll alertmanager`.
    Plimsoll,
}

impl Make {
    /// Returns a word for paths and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debian => "debian",
            Self::Plimsoll => "plimsoll",
        }
    }

    fn command(self) -> Result<Command> {
        match self {
            Self::Debian => {
                let path = find("prometheus-alertmanager")?;
                Ok(Command::new(path.context("no prometheus-alertmanager")?))
            }
            Self::Plimsoll => {
                let mut command = Command::new(binary()?);
                command.arg("alertmanager");
                Ok(command)
            }
        }
    }
}

/// A running Alertmanager of either make, in a folder of its own.
#[derive(Debug)]
pub struct Manager {
    /// Whose it is.
    pub make: Make,
    /// The process.
    pub program: Program,
    /// Its HTTP API.
    pub api: Api,
    home: Home,
    arguments: Vec<String>,
}

impl Manager {
    /// Starts one that is alone, and waits until it is ready.
    ///
    /// # Errors
    /// When it is not installed or built, or does not start.
    pub fn start(make: Make, config: &str) -> Result<Self> {
        let alone: &[&str] = match make {
            Make::Debian => &["--cluster.listen-address="],
            Make::Plimsoll => &[],
        };
        Self::start_with(make, config, alone)
    }

    /// Starts one with more arguments, and waits until it is ready.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_with(make: Make, config: &str, arguments: &[&str]) -> Result<Self> {
        let home = Home::new()?;
        home.write("alertmanager.yml", config.as_bytes())?;
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let (program, address) = launch(make, &home, &arguments)?;
        let api = Api { address };
        Ok(Self {
            make,
            program,
            api,
            home,
            arguments,
        })
    }

    /// Replaces the configuration and lets it be read.
    ///
    /// # Errors
    /// When it is refused.
    pub fn reload(&self, config: &str) -> Result<()> {
        self.home.write("alertmanager.yml", config.as_bytes())?;
        taken(&self.api.post("/-/reload", &[], b"")?).context("reload")
    }

    /// Ends it as an operator does, and starts it over what it left.
    ///
    /// # Errors
    /// When it does not end or does not start.
    pub fn restart(&mut self) -> Result<()> {
        self.program.terminate(STOP_MAX)?;
        self.resume()
    }

    /// Ends it as a power loss does, and starts it over what it left.
    ///
    /// # Errors
    /// When it does not start.
    pub fn kill_and_restart(&mut self) -> Result<()> {
        self.program.kill()?;
        self.resume()
    }

    fn resume(&mut self) -> Result<()> {
        let (program, address) = launch(self.make, &self.home, &self.arguments)?;
        (self.program, self.api) = (program, Api { address });
        Ok(())
    }

    /// Posts a body to the API v2, whose path is given without `/api/v2`.
    ///
    /// # Errors
    /// When it is refused.
    pub fn post(&self, path: &str, body: &serde_json::Value) -> Result<Reply> {
        let json = ("Content-Type", "application/json");
        let body = body.to_string();
        let reply = self
            .api
            .post(&format!("/api/v2{path}"), &[json], body.as_bytes())?;
        taken(&reply).with_context(|| format!("{path}: {body}"))?;
        Ok(reply)
    }

    /// Expires a silence.
    ///
    /// # Errors
    /// When it is refused.
    pub fn expire(&self, id: &str) -> Result<()> {
        let path = format!("/api/v2/silence/{id}");
        taken(&request(self.api.address, "DELETE", &path, &[], b"")?).context(path)
    }
}

fn taken(reply: &Reply) -> Result<()> {
    ensure!(
        reply.status == 200,
        "status {}: {}",
        reply.status,
        reply.text()
    );
    Ok(())
}

fn launch(make: Make, home: &Home, arguments: &[String]) -> Result<(Program, SocketAddr)> {
    // Both fail here, before the wait, when the program is missing.
    make.command()?;
    let command = |address: SocketAddr| {
        let mut command = make.command().expect("it was there a moment ago");
        command
            .arg("--config.file")
            .arg(home.path("alertmanager.yml"));
        command.arg("--storage.path").arg(home.path("alertmanager"));
        command.arg(format!("--web.listen-address={address}"));
        // Their own idea of it has the port in it, and notices would differ by that.
        command.arg("--web.external-url=http://alerts.example");
        command.args(arguments);
        command
    };
    debian::start(home, command, "/-/ready").with_context(|| make.name())
}
