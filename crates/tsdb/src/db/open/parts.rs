//! The parts that a manifest names, and the directories that none does.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use plimsoll_runtime::disk::Disk;
use plimsoll_types::{METRIC_NAME, Tier, TimeRange};

use super::PARTS;
use crate::db::tiers::span_of;
use crate::db::view::LivePart;
use crate::head::SeriesTable;
use crate::manifest::{Manifest, PartEntry, QuarantinedPart, is_part_name, part_name};
use crate::part::{Caches, Part};
use crate::{Error, Result};

/// Metadata is read back from parts of this many series together: about a second's work.
const METADATA_SERIES: u64 = 4_000_000;

/// Opens all parts; those that do not open, damaged or of a newer version, go into quarantine. A part in quarantine gets
/// another chance, because a disk may have been repaired, or this program replaced by a newer one.
///
/// # Errors
/// `Io` when so many files are open that nothing can be said of a part.
pub(super) fn open_parts(
    disk: &Arc<dyn Disk>,
    directory: &Path,
    manifest: &mut Manifest,
    caches: &Caches,
) -> Result<Vec<Arc<LivePart>>> {
    let directory = directory.join(PARTS);
    let mut parts = Vec::new();
    let (mut entries, mut quarantined) = (Vec::new(), Vec::new());
    // Windows that were made meanwhile are without these samples.
    let mut overtaken: Vec<TimeRange> = Vec::new();
    for entry in std::mem::take(&mut manifest.parts) {
        let path = directory.join(part_name(entry.id));
        match Part::open_with(disk.clone(), &path, caches) {
            Ok(part) => {
                parts.push(LivePart::new(entry.clone(), part));
                entries.push(entry);
            }
            // Nothing is wrong with the part.
            Err(error) if error.is_out_of_files() => return Err(error.into()),
            Err(error) => quarantined.push(QuarantinedPart {
                id: entry.id,
                tier: entry.tier,
                range: entry.range,
                sequence: entry.sequence,
                cleaned: entry.cleaned,
                reason: Error::from(error).chain(),
            }),
        }
    }
    for mut aside in std::mem::take(&mut manifest.quarantined) {
        let path = directory.join(part_name(aside.id));
        let opened = Part::open_with(disk.clone(), &path, caches);
        let opened = opened.and_then(|part| part.verify().map(|()| part));
        if let Ok(part) = &opened
            && part.meta().tier != aside.tier
        {
            // The manifest was made anew while it could not be read.
            (aside.tier, aside.range) = (part.meta().tier, span_of(part.meta().range));
        }
        match opened {
            Err(error) if error.is_out_of_files() => return Err(error.into()),
            // Another part was made for some of its time, and those of one tier never overlap.
            Ok(_) if aside.tier != Tier::Raw && is_taken(&entries, &aside) => {
                quarantined.push(aside)
            }
            Ok(part) => {
                tracing::info!(part = part_name(aside.id), "the part is whole again");
                if aside.tier == Tier::Raw {
                    overtaken.push(part.meta().range);
                }
                let entry = PartEntry {
                    id: aside.id,
                    tier: aside.tier,
                    range: match aside.tier {
                        Tier::Raw => part.meta().range,
                        Tier::FiveMinutes | Tier::Hour => aside.range,
                    },
                    sequence: aside.sequence,
                    cleaned: aside.cleaned,
                    // Nobody noted what came while it could not be read.
                    is_behind: aside.tier != Tier::Raw,
                };
                let at = place_of(&entry, &entries);
                parts.insert(at, LivePart::new(entry.clone(), part));
                entries.insert(at, entry);
            }
            Err(_) => quarantined.push(aside),
        }
    }
    let is_behind = |tier: Tier, span: TimeRange| {
        tier != Tier::Raw && overtaken.iter().any(|range| range.overlaps(span))
    };
    for (entry, part) in entries.iter_mut().zip(&parts) {
        if is_behind(entry.tier, entry.range) {
            entry.is_behind = true;
            part.is_behind.store(true, Ordering::Relaxed);
        }
    }
    manifest.parts = entries;
    manifest.quarantined = quarantined;
    Ok(parts)
}

/// Returns the place in the order of age, which decides which of two values counts. The manifest keeps that order: the
/// number alone does not tell it, for a part that was written again has a higher one.
fn place_of(entry: &PartEntry, entries: &[PartEntry]) -> usize {
    let age = |entry: &PartEntry| (entry.sequence, entry.id);
    let before = entries.iter().rposition(|other| age(other) < age(entry));
    before.map_or(0, |before| before + 1)
}

fn is_taken(entries: &[PartEntry], aside: &QuarantinedPart) -> bool {
    let mut same = entries.iter().filter(|entry| entry.tier == aside.tier);
    same.any(|entry| entry.range.overlaps(aside.range))
}

/// Removes parts that no manifest names; what does not look like a part is none of ours. One that cannot be removed is
/// passed over, and so is its number.
pub(super) fn remove_stale_parts(
    disk: &dyn Disk,
    directory: &Path,
    manifest: &mut Manifest,
) -> Result<Vec<String>> {
    let names = stale_parts(disk, directory, manifest)?;
    for name in &names {
        let path = directory.join(name);
        if let Err(error) = disk.remove_directory(&path) {
            tracing::warn!(%error, path = %path.display(), "an unfinished part stays");
            pass_over(name, manifest);
        }
    }
    Ok(names)
}

/// Leaves such parts where they are, because the manifest on disk may name them.
pub(super) fn pass_over_stale_parts(
    disk: &dyn Disk,
    directory: &Path,
    manifest: &mut Manifest,
) -> Result<()> {
    let names = stale_parts(disk, directory, manifest)?;
    names.iter().for_each(|name| pass_over(name, manifest));
    Ok(())
}

fn stale_parts(disk: &dyn Disk, directory: &Path, manifest: &Manifest) -> Result<Vec<String>> {
    let counted = manifest.parts.iter().map(|part| part.id);
    let known: Vec<String> = counted
        .chain(manifest.quarantined.iter().map(|part| part.id))
        .map(part_name)
        .collect();
    let mut names = disk
        .list(directory)
        .map_err(|error| Error::io("list", directory, error))?;
    names.retain(|name| is_part_name(name) && !known.contains(name));
    Ok(names)
}

/// No new part gets the number of one that stays.
fn pass_over(name: &str, manifest: &mut Manifest) {
    let id = u64::from_str_radix(name, 16).ok();
    let next = id.and_then(|id| id.checked_add(1));
    manifest.next_part = manifest.next_part.max(next.unwrap_or(0));
}

/// Reads back what metrics mean: from the newest parts to the oldest, as long as one of them has a metric whose meaning
/// is not known yet. Only a help: damage here is met again, and reported, by whoever reads the samples.
pub(super) fn seed_metadata(series: &SeriesTable, parts: &[Arc<LivePart>]) {
    let mut known = HashSet::new();
    let mut found = Vec::new();
    let mut series_left = METADATA_SERIES;
    for live in parts.iter().rev() {
        let part = &live.part;
        let count = u64::from(part.meta().series);
        if part.metadata_count() == 0 || !has_news(part, &known) {
            continue;
        }
        // The newest one is read whatever its size.
        if !found.is_empty() && count > series_left {
            break;
        }
        series_left = series_left.saturating_sub(count);
        let Ok(meanings) = part.meanings() else {
            continue;
        };
        known.extend(meanings.iter().map(|(metric, _)| metric.clone()));
        found.push(meanings);
    }
    // Of many meanings the newest are kept, so they come last.
    for (metric, metadata) in found.into_iter().rev().flatten() {
        series.seed_metadata(&metric, &metadata);
    }
}

fn has_news(part: &Part, known: &HashSet<String>) -> bool {
    let metrics = part.label_values(METRIC_NAME, None);
    metrics.is_ok_and(|metrics| !metrics.iter().all(|metric| known.contains(metric)))
}
