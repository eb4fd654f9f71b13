//! The folder of one installation.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};

use crate::program::binary;

/// A configuration that scrapes nothing as long as a test runs; a server always scrapes itself.
const QUIET: &str =
    "global:\n  scrape_interval: 10y\nplimsoll:\n  host_metrics:\n    enabled: false\n";

/// A temporary folder with a configuration, a data directory and logs.
#[derive(Debug)]
pub struct Home {
    folder: tempfile::TempDir,
    logs: AtomicUsize,
}

impl Home {
    /// Makes a folder whose configuration scrapes nothing.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn new() -> Result<Self> {
        let home = Self {
            folder: tempfile::Builder::new().prefix("plimsoll-e2e-").tempdir()?,
            logs: AtomicUsize::new(0),
        };
        home.configure(QUIET)?;
        Ok(home)
    }

    /// Returns a path inside the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the path of the data directory.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Returns the path of the configuration.
    pub fn config(&self) -> PathBuf {
        self.path("plimsoll.yml")
    }

    /// Replaces the configuration.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn configure(&self, text: &str) -> Result<()> {
        self.write("plimsoll.yml", text.as_bytes()).map(drop)
    }

    /// Writes a file into the folder and returns its path.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<PathBuf> {
        let path = self.path(name);
        std::fs::write(&path, contents).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    /// Returns a path for the log of one more process.
    pub fn next_log(&self) -> PathBuf {
        let number = self.logs.fetch_add(1, Ordering::Relaxed);
        self.path(&format!("{number}.log"))
    }

    /// Returns `plimsoll serve` for this folder, listening on a port that the system chooses.
    ///
    /// # Errors
    /// When plimsoll was not built.
    pub fn serve_command(&self) -> Result<Command> {
        let mut command = Command::new(binary()?);
        command.arg("serve").arg("--config").arg(self.config());
        command.arg("--data-dir").arg(self.data());
        command.args(["--listen", "127.0.0.1:0"]);
        Ok(command)
    }

    /// Leaves the folder where it is, for a person to look at, and returns its path.
    pub fn keep(self) -> PathBuf {
        self.folder.keep()
    }
}
