//! `plimsoll tsdb`: looks into a data directory, which may be in use; nothing in it is changed.

mod analyze;
mod dump;
mod list;
mod print;

use std::path::PathBuf;

use clap::Subcommand;
use plimsoll_tsdb::{Config, ReadOnlyDb, Settings};

use super::Failure;

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
        let store = ReadOnlyDb::open(&config).map_err(anyhow::Error::from)?;
        if !store.recovery().is_clean() {
            eprintln!(
                "warning: not every byte is as it was written: {:?}",
                store.recovery()
            );
        }
        Ok(store)
    }
}
