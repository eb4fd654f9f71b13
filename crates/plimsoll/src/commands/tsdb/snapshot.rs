//! `plimsoll tsdb snapshot`: a copy that shares the files of the store.

use std::path::{Path, PathBuf};

use plimsoll_runtime::clock::SystemClock;
use plimsoll_tsdb::{ClosedStore, Error, ErrorKind};

use crate::commands::server::{Server, read_answer};
use crate::commands::{Failure, print};

/// Make a snapshot: a copy of the store as it is now, which takes no time and no space
///
/// It is made by the running server, which must have been started with --web.enable-admin-api; or, with --dir, in a
/// data directory that no server has open.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A data directory that no server has open, instead of a running server
    #[arg(long, value_name = "DIR", conflicts_with_all = ["server", "skip_head"])]
    dir: Option<PathBuf>,
    #[command(flatten)]
    server: Server,
    /// Leave out what is not in a part yet: the last hours
    #[arg(long)]
    skip_head: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = match &arguments.dir {
        Some(directory) => {
            let store = ClosedStore::lock(directory).map_err(|error| not_locked(&error))?;
            let name = store.snapshot(&SystemClock::new());
            let name = name.map_err(|error| Failure::failed(error.chain()))?;
            below(directory, &name)
        }
        None => take(&arguments.server, arguments.skip_head)?.path,
    };
    print(&format!("{}\n", path.display()))
}

/// Says what to do about a directory that cannot be locked.
pub(super) fn not_locked(error: &Error) -> Failure {
    let hint = match error.kind() {
        ErrorKind::InUse => "\na server runs on it: leave --dir out, and name it with --server",
        ErrorKind::Config => "\nname what --data-dir of serve says",
        _ => "",
    };
    Failure::failed(format!("{}{hint}", error.chain()))
}

/// A snapshot that a server made, by the path that it has there.
pub(super) struct Taken {
    path: PathBuf,
}

/// Lets a server make a snapshot.
pub(super) fn take(server: &Server, skip_head: bool) -> Result<Taken, Failure> {
    let data = |path: &str| {
        let body = server.get(path, &[])?;
        Ok::<_, Failure>(read_answer(server, &body)?["data"].take())
    };
    let skip_head = if skip_head { "true" } else { "false" };
    let body = server.ask("api/v1/admin/tsdb/snapshot", &[("skip_head", skip_head)]);
    let body = body.map_err(|failure| {
        failure.with_hint(
            "admin APIs disabled",
            "start the server with --web.enable-admin-api",
        )
    })?;
    let name = read_answer(server, &body)?["data"]["name"].take();
    let (flags, runtime) = (
        data("api/v1/status/flags")?,
        data("api/v1/status/runtimeinfo")?,
    );
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let directory = text(&flags["storage.tsdb.path"]).zip(text(&runtime["CWD"]));
    match (directory, text(&name)) {
        (Some((directory, base)), Some(name)) => Ok(Taken {
            path: below(&Path::new(&base).join(directory), &name),
        }),
        _ => Err(Failure::failed(format!(
            "{} made a snapshot and does not say where",
            server.shown()
        ))),
    }
}

impl Taken {
    /// Returns its directory, when it is on this machine.
    pub(super) fn directory(&self) -> Result<&Path, Failure> {
        match self.path.is_dir() {
            true => Ok(&self.path),
            false => Err(Failure::failed(format!(
                "the server made the snapshot {}, which is not on this machine\n\
                 run this on the server's machine, or with --dir where the snapshot can be read",
                self.path.display()
            ))),
        }
    }

    /// Removes it. One that stays costs the space of what the store lets go of, and is told.
    pub(super) fn remove(self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            eprintln!(
                "warning: the snapshot {} stays: {error}",
                self.path.display()
            );
        }
    }
}

fn below(directory: &Path, name: &str) -> PathBuf {
    directory.join("snapshots").join(name)
}
