//! `plimsoll tsdb`: looks into a data directory, which may be in use; copies it, and puts a copy back.

mod analyze;
mod backup;
mod dump;
mod list;
mod print;
mod restore;
mod snapshot;
mod verify;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use plimsoll_tsdb::{Config, ReadOnlyDb, Recovery, Settings};

use super::Failure;

/// The file that makes a directory a store.
const FORMAT: &str = "FORMAT";

/// Look into a data directory, copy it, put a copy back
#[derive(Subcommand)]
pub(crate) enum Command {
    Analyze(analyze::Arguments),
    #[command(subcommand)]
    Backup(backup::Command),
    Dump(dump::Arguments),
    List(list::Arguments),
    Restore(restore::Arguments),
    Snapshot(snapshot::Arguments),
    Verify(verify::Arguments),
}

pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Analyze(arguments) => analyze::run(&arguments),
        Command::Dump(arguments) => dump::run(&arguments),
        Command::Backup(command) => backup::run(command),
        Command::List(arguments) => list::run(&arguments),
        Command::Restore(arguments) => restore::run(&arguments),
        Command::Snapshot(arguments) => snapshot::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
    }
}

/// Which data directory.
#[derive(clap::Args)]
struct Directory {
    /// The data directory, what --data-dir of serve says
    #[arg(value_name = "DIR", default_value = "data")]
    directory: PathBuf,
    /// The same with a name
    #[arg(long, value_name = "DIR", conflicts_with = "directory")]
    dir: Option<PathBuf>,
}

impl Directory {
    fn path(&self) -> &Path {
        self.dir.as_deref().unwrap_or(&self.directory)
    }

    /// Reads the indexes and the WAL; tells on stderr what could not be read.
    fn open(&self) -> Result<ReadOnlyDb, Failure> {
        let config = Config::new(Settings::new(self.path())).map_err(Failure::failed)?;
        let store = ReadOnlyDb::open(&config).map_err(|error| self.not_opened(error.into()))?;
        tell_damage(store.recovery());
        Ok(store)
    }

    /// Says what the directory may be when it is no store of ours.
    fn not_opened(&self, error: anyhow::Error) -> Failure {
        let directory = self.path();
        let hint = if !directory.is_dir() {
            "there is no such directory; name what --data-dir of serve says"
        } else if directory.join("chunks_head").is_dir() {
            "this looks like a data directory of Prometheus, whose blocks this version does not read"
        } else {
            "name what --data-dir of serve says"
        };
        match directory.join(FORMAT).exists() {
            true => error.into(),
            false => Failure::failed(format!("{error:#}\n{hint}")),
        }
    }
}

/// Tells what could not be read and is therefore not shown.
fn tell_damage(recovery: &Recovery) {
    let wal = &recovery.wal;
    for (count, what) in [
        (
            wal.cut.len() as u64,
            "torn ends of the WAL, as a crash leaves them",
        ),
        (wal.skipped.len() as u64, "damaged places in the WAL"),
        (wal.undecodable, "records of the WAL that make no sense"),
        (
            wal.without_series,
            "samples of the WAL whose series is damaged",
        ),
        (
            recovery.quarantined.len() as u64,
            "parts that cannot be opened",
        ),
    ] {
        if count > 0 {
            eprintln!("warning: left out: {count} {what}");
        }
    }
}
