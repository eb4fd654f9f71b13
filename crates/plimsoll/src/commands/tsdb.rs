//! `plimsoll tsdb`: looks into a data directory, which may be in use; nothing in it is changed.

mod analyze;
mod dump;
mod list;
mod print;

use std::path::PathBuf;

use clap::Subcommand;
use plimsoll_tsdb::{Config, ReadOnlyDb, Recovery, Settings};

use super::Failure;

/// The file that makes a directory a store.
const FORMAT: &str = "FORMAT";

/// Look into a data directory; a server may be running on it
#[derive(Subcommand)]
pub(crate) enum Command {
    Analyze(analyze::Arguments),
    Dump(dump::Arguments),
    List(list::Arguments),
}

pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Analyze(arguments) => analyze::run(&arguments),
        Command::Dump(arguments) => dump::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
    }
}

/// Which data directory.
#[derive(clap::Args)]
struct Directory {
    /// The data directory, what --data-dir of serve says
    #[arg(value_name = "DIR", default_value = "data")]
    directory: PathBuf,
}

impl Directory {
    /// Reads the indexes and the WAL; tells on stderr what could not be read.
    fn open(&self) -> Result<ReadOnlyDb, Failure> {
        let config = Config::new(Settings::new(&self.directory)).map_err(Failure::failed)?;
        let store = ReadOnlyDb::open(&config).map_err(|error| self.not_opened(error.into()))?;
        tell_damage(store.recovery());
        Ok(store)
    }

    /// Says what the directory may be when it is no store of ours.
    fn not_opened(&self, error: anyhow::Error) -> Failure {
        let directory = &self.directory;
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
