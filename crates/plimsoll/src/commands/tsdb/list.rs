//! `plimsoll tsdb list`: the sealed parts.

use plimsoll_types::ByteCount;

use super::Directory;
use super::print::{length, time};
use crate::commands::{Failure, print};

/// List the sealed parts, oldest first
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    directory: Directory,
    /// Print sizes and times for people, not in bytes and milliseconds
    #[arg(long, short = 'r')]
    human_readable: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let store = arguments.directory.open()?;
    let is_for_people = arguments.human_readable;
    let mut text = format!(
        "{:16} {:>20} {:>20} {:>9} {:>12} {:>9} {:>12}\n",
        "part", "first", "last", "length", "samples", "series", "bytes"
    );
    for part in store.parts() {
        let (first, last) = (part.range.start, part.range.end);
        let (first, last, bytes) = match is_for_people {
            true => (time(first), time(last), ByteCount(part.bytes).to_string()),
            false => (
                first.millis().to_string(),
                last.millis().to_string(),
                part.bytes.to_string(),
            ),
        };
        text.push_str(&format!(
            "{:16} {first:>20} {last:>20} {:>9} {:>12} {:>9} {bytes:>12}\n",
            part.name,
            length(part.range),
            part.samples,
            part.series
        ));
    }
    print(&text)
}
