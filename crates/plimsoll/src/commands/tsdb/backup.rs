//! `plimsoll tsdb backup`: backups in a folder or an object store.

mod create;
mod list;
mod progress;
mod prune;
mod verify;

use clap::{Subcommand, ValueEnum};
use plimsoll_backup::{Backup, Error, ErrorKind, Location, Repository};

use crate::commands::{Failure, environment};

pub(super) use progress::Shown;

/// What an object store is told by the environment, by the names that its own tools have.
const S3_VARIABLES: [&str; 13] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ALLOW_HTTP",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
];

/// Make, list, check and remove backups in a folder or an object store
///
/// A backup costs what is new: files that an earlier one sent are not sent again.
#[derive(Subcommand)]
pub(crate) enum Command {
    Create(create::Arguments),
    List(list::Arguments),
    Verify(verify::Arguments),
    Prune(prune::Arguments),
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(arguments) => create::run(arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Prune(arguments) => prune::run(&arguments),
    }
}

/// How a result is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// For people
    Table,
    /// One JSON value
    Json,
}

/// Where the backups are that are read.
#[derive(clap::Args)]
pub(super) struct From {
    /// Where the backups are: a folder, file:///path or, in builds with S3, s3://bucket/prefix
    #[arg(long, value_name = "URL")]
    from: String,
}

impl From {
    pub(super) fn open(&self) -> Result<Repository, Failure> {
        let location = Location::parse(&self.from).map_err(|error| failure(&error))?;
        location.open(&options()).map_err(|error| failure(&error))
    }
}

/// Returns what the environment says to object stores.
fn options() -> Vec<(String, String)> {
    let known = |name: &str| Some((name.to_lowercase(), environment(name)?));
    S3_VARIABLES.into_iter().filter_map(known).collect()
}

/// Returns the failure of the command: wrong usage, or what could not be done.
pub(super) fn failure(error: &Error) -> Failure {
    match error.kind() {
        ErrorKind::Usage => Failure::usage(error.chain()),
        _ => Failure::failed(error.chain()),
    }
}

fn json(backup: &Backup) -> serde_json::Value {
    serde_json::json!({
        "id": backup.id.as_str(),
        "time": backup.created.millis(),
        "files": backup.files.len(),
        "parts": backup.parts(),
        "bytes": backup.bytes(),
        "uploadedFiles": backup.uploaded_files,
        "uploadedBytes": backup.uploaded_bytes,
    })
}
