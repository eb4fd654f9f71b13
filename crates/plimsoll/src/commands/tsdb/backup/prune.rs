//! `plimsoll tsdb backup prune`.

use std::time::Duration;

use plimsoll_backup::{PruneOptions, prune};
use plimsoll_runtime::clock::SystemClock;
use plimsoll_types::ByteCount;

use super::{From, failure};
use crate::commands::{Failure, print};

/// Remove old backups, and what only they needed
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    from: From,
    /// How many of the newest backups stay; at least 1
    #[arg(long, value_name = "COUNT")]
    keep: usize,
    /// What no backup needs stays until it is as old: a backup that was broken off finds there what it had sent
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = duration)]
    min_age: Duration,
}

fn duration(text: &str) -> Result<Duration, String> {
    plimsoll_types::parse_duration(text).map_err(|error| error.to_string())
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let repository = arguments.from.open()?;
    let options = PruneOptions {
        keep: arguments.keep,
        age_min: arguments.min_age,
    };
    let pruned = prune(&repository, &options, &SystemClock::new());
    let pruned = pruned.map_err(|error| failure(&error))?;
    for id in &pruned.backups {
        print(&format!("removed {id}\n"))?;
    }
    if pruned.young > 0 {
        eprintln!(
            "{} objects that no backup needs stay until they are older",
            pruned.young
        );
    }
    print(&format!(
        "removed {} backups, {} objects, {}\n",
        pruned.backups.len(),
        pruned.objects,
        ByteCount(pruned.bytes)
    ))
}
