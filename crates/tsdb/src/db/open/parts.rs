//! The parts that a manifest names, and the directories that none does.

use std::path::Path;
use std::sync::Arc;

use plimsoll_runtime::disk::Disk;

use super::PARTS;
use crate::db::view::LivePart;
use crate::head::SeriesTable;
use crate::manifest::{Manifest, PartEntry, QuarantinedPart, is_part_name, part_name};
use crate::part::Part;
use crate::{Error, ErrorKind, Result};

/// Metadata is read back from this many of the newest parts: every series of the last windows is in them.
const METADATA_PARTS: usize = 2;

/// Opens all parts; those that do not open go into quarantine, those of a newer version stop everything. A part in
/// quarantine gets another chance, because a disk may have been repaired.
pub(super) fn open_parts(
    disk: &Arc<dyn Disk>,
    directory: &Path,
    manifest: &mut Manifest,
) -> Result<Vec<Arc<LivePart>>> {
    let directory = directory.join(PARTS);
    let mut parts = Vec::new();
    let (mut entries, mut quarantined) = (Vec::new(), Vec::new());
    for entry in std::mem::take(&mut manifest.parts) {
        match Part::open(disk.clone(), &directory.join(part_name(entry.id))).map_err(Error::from) {
            Ok(part) => {
                parts.push(LivePart::new(entry.clone(), part));
                entries.push(entry);
            }
            Err(error) if error.kind() == ErrorKind::NewerVersion => return Err(error),
            Err(error) => quarantined.push(QuarantinedPart {
                id: entry.id,
                range: entry.range,
                sequence: entry.sequence,
                cleaned: entry.cleaned,
                reason: error.chain(),
            }),
        }
    }
    for aside in std::mem::take(&mut manifest.quarantined) {
        let opened = Part::open(disk.clone(), &directory.join(part_name(aside.id)));
        match opened
            .and_then(|part| part.verify().map(|()| part))
            .map_err(Error::from)
        {
            Ok(part) => {
                tracing::info!(part = part_name(aside.id), "the part is whole again");
                let entry = PartEntry {
                    id: aside.id,
                    range: part.meta().range,
                    sequence: aside.sequence,
                    cleaned: aside.cleaned,
                };
                parts.push(LivePart::new(entry.clone(), part));
                entries.push(entry);
            }
            Err(error) if error.kind() == ErrorKind::NewerVersion => return Err(error),
            Err(_) => quarantined.push(aside),
        }
    }
    // The order of age decides which of two values counts. Parts of one sequence are of different stretches of time.
    let age = |entry: &PartEntry| (entry.sequence, entry.id);
    parts.sort_by_key(|part| age(&part.entry));
    entries.sort_by_key(age);
    manifest.parts = entries;
    manifest.quarantined = quarantined;
    Ok(parts)
}

/// Removes parts that no manifest names; what does not look like a part is none of ours. One that cannot be removed is passed over, and so is its number.
pub(super) fn remove_stale_parts(
    disk: &dyn Disk,
    directory: &Path,
    manifest: &mut Manifest,
) -> Result<Vec<String>> {
    let counted = manifest.parts.iter().map(|part| part.id);
    let known: Vec<String> = counted
        .chain(manifest.quarantined.iter().map(|part| part.id))
        .map(part_name)
        .collect();
    let mut names = disk
        .list(directory)
        .map_err(|error| Error::io("list", directory, error))?;
    names.retain(|name| is_part_name(name) && !known.contains(name));
    for name in &names {
        let path = directory.join(name);
        if let Err(error) = disk.remove_directory(&path) {
            tracing::warn!(%error, path = %path.display(), "an unfinished part stays");
            let id = u64::from_str_radix(name, 16)
                .ok()
                .and_then(|id| id.checked_add(1));
            manifest.next_part = manifest.next_part.max(id.unwrap_or(0));
        }
    }
    Ok(names)
}

/// Reads back what metrics mean. Only a help: damage here is met again, and reported, by whoever reads the samples.
pub(super) fn seed_metadata(series: &SeriesTable, parts: &[Arc<LivePart>]) {
    for live in parts.iter().rev().take(METADATA_PARTS).rev() {
        for id in 0..live.part.meta().series {
            let Ok(Some(metadata)) = live.part.metadata(id) else {
                continue;
            };
            let Ok(labels) = live.part.labels(id) else {
                continue;
            };
            if let Some(metric) = labels.metric_name() {
                series.seed_metadata(metric, metadata);
            }
        }
    }
}
