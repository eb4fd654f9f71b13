//! `plimsoll tsdb backup create`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_backup::{Backup, CreateOptions, Location, Source, create};
use plimsoll_runtime::clock::SystemClock;
use plimsoll_runtime::disk::{Disk, SystemDisk};
use plimsoll_tsdb::ClosedStore;
use plimsoll_types::ByteCount;

use super::{Output, Shown, failure, json};
use crate::commands::server::Server;
use crate::commands::tsdb::snapshot;
use crate::commands::{Failure, print};

/// Back up a running server, or a data directory that no server has open
///
/// Of a running server a snapshot is made first, and removed at the end. The server must have been started with
/// --web.enable-admin-api, and its data directory must be on this machine.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
        plimsoll tsdb backup create --to /mnt/backups\n  \
        plimsoll tsdb backup create --to s3://bucket/plimsoll --server http://127.0.0.1:9880\n  \
        plimsoll tsdb backup create --to /mnt/backups --dir data")]
pub(crate) struct Arguments {
    /// Where backups are kept: a folder, file:///path or, in builds with S3, s3://bucket/prefix
    #[arg(long, value_name = "URL")]
    to: String,
    /// A data directory or snapshot that no server has open, instead of a running server
    #[arg(long, value_name = "DIR", conflicts_with = "server")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    server: Server,
    /// Read back what earlier backups sent, and send it again where it is damaged
    #[arg(long)]
    read_back: bool,
    /// How the result is printed
    #[arg(
        long,
        short,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    output: Output,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let location = Location::parse(&arguments.to).map_err(|error| failure(&error))?;
    let options = CreateOptions {
        reads_back: arguments.read_back,
    };
    let backup = match &arguments.dir {
        Some(directory) => {
            let store =
                ClosedStore::lock(directory).map_err(|error| snapshot::not_locked(&error))?;
            let made = send(directory, &location, options);
            drop(store);
            made?
        }
        None => {
            let taken = snapshot::take(&arguments.server, false)?;
            let directory = taken.directory()?;
            let made = send(directory, &location, options);
            taken.remove();
            made?
        }
    };
    match arguments.output {
        Output::Json => print(&format!("{}\n", json(&backup))),
        Output::Table => print(&format!(
            "{}: {} files, {}; {} files, {} of them new\n",
            backup.id,
            backup.files.len(),
            ByteCount(backup.bytes()),
            backup.uploaded_files,
            ByteCount(backup.uploaded_bytes),
        )),
    }
}

fn send(directory: &Path, location: &Location, options: CreateOptions) -> Result<Backup, Failure> {
    let disk: Arc<dyn Disk> = Arc::new(SystemDisk);
    let made = location
        .open_or_make(&super::options())
        .and_then(|repository| {
            let source = Source::read(disk, directory)?;
            let clock = SystemClock::new();
            create(
                &repository,
                &source,
                options,
                &clock,
                &Shown::new("sending"),
            )
        });
    made.map_err(|error| failure(&error))
}
