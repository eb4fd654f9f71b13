//! `plimsoll tsdb verify`: reads everything.

use std::path::Path;
use std::sync::Arc;

use plimsoll_runtime::disk::{Disk, SystemDisk};
use plimsoll_tsdb::verify;
use plimsoll_types::ByteCount;

use super::Directory;
use crate::commands::{Failure, print};

/// Read every part and the write-ahead log, and name what is damaged; exits with 1 when anything is
///
/// Nothing is changed, and a server may be running on it.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    directory: Directory,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let disk: Arc<dyn Disk> = Arc::new(SystemDisk);
    let mut tell = |path: &Path| eprintln!("reading {}", path.display());
    let directory = arguments.directory.path();
    let found = verify(&disk, directory, &mut tell)
        .map_err(|error| arguments.directory.not_opened(error.into()))?;
    for note in &found.notes {
        eprintln!("note: {note}");
    }
    let damaged: String = found
        .damaged
        .iter()
        .map(|finding| format!("{finding}\n"))
        .collect();
    print(&format!(
        "{damaged}{} parts, {} segments with {} records, {} were read\n",
        found.parts,
        found.segments,
        found.records,
        ByteCount(found.bytes)
    ))?;
    match found.damaged.len() {
        0 => Ok(()),
        count => Err(Failure::failed(format!(
            "{count} damaged place{}; a server goes on without them and says so in its answers\n\
             what is lost comes back with: plimsoll tsdb restore",
            if count == 1 { "" } else { "s" }
        ))),
    }
}
