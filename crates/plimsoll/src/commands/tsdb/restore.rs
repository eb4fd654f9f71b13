//! `plimsoll tsdb restore`: a data directory from a backup.

use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_backup::{find, restore};
use plimsoll_runtime::disk::{Disk, SystemDisk};
use plimsoll_types::ByteCount;

use super::backup::{From, Shown, failure};
use crate::commands::{Failure, print};

/// Make a data directory from a backup, comparing every byte's checksum
///
/// A directory whose restore was broken off is no store, and serve refuses it: remove it and restore again.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    from: From,
    /// The directory to make; it must be empty or not there
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Which backup, by the beginning of its name; the newest when absent
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let repository = arguments.from.open()?;
    let backup = find(&repository, arguments.id.as_deref()).map_err(|error| failure(&error))?;
    let disk: Arc<dyn Disk> = Arc::new(SystemDisk);
    let watch = Shown::new("restoring");
    let restored = restore(&repository, &backup, &disk, &arguments.to, &watch);
    let restored = restored.map_err(|error| failure(&error))?;
    print(&format!(
        "{}: {} files, {} restored into {}\n",
        backup.id,
        restored.files,
        ByteCount(restored.bytes),
        arguments.to.display()
    ))
}
