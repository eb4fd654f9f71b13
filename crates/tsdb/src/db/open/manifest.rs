//! Finds the manifest: the file, else its copy, else what the parts say of themselves.
//!
//! | file | copy | parts | what counts |
//! |---|---|---|---|
//! | intact | any | any | the file; the copy is made again |
//! | newer version | any | any | nothing is opened |
//! | damaged or missing | intact | any | the copy, which is as new: it is stored first |
//! | damaged or missing | damaged or missing | some | every part there is, in the order of their numbers |
//! | missing | missing | none | an empty one: the directory is new |
//!
//! The last resort loses what only the manifest knew. Deletions that were not carried out yet are in effect as far as the WAL
//! still has them, and only for samples in the WAL; parts that were merged and not removed yet count again. No sample
//! is lost, and no window: a part of windows counts for the days that it has windows of, and may be behind.

use std::path::Path;
use std::sync::Arc;

use plimsoll_runtime::disk::Disk;
use plimsoll_types::{Tier, TimeRange};

use super::PARTS;
use crate::db::tiers::span_of;
use crate::manifest::{
    COPY_NAME, Manifest, NAME, PartEntry, QuarantinedPart, is_part_name, part_name,
};
use crate::part::Part;
use crate::wal::last_sequence;
use crate::{Error, ErrorKind, Result};

/// The manifest of a directory.
pub(super) struct Found {
    pub(super) manifest: Manifest,
    /// The file and its copy hold it.
    pub(super) is_stored: bool,
    /// What was wrong, and what was done about it.
    pub(super) repaired: Option<String>,
}

/// Finds the manifest of a directory; changes nothing.
///
/// # Errors
/// `NewerVersion`, `Io`.
pub(super) fn find(disk: &Arc<dyn Disk>, directory: &Path, wal: &Path) -> Result<Found> {
    let copy = Manifest::load_as(&**disk, directory, COPY_NAME);
    let damage = match Manifest::load(&**disk, directory) {
        Ok(Some(manifest)) => {
            let is_stored = matches!(&copy, Ok(Some(copy)) if *copy == manifest);
            return Ok(Found {
                manifest,
                is_stored,
                repaired: None,
            });
        }
        Err(error) if error.kind() == ErrorKind::NewerVersion => return Err(error),
        Ok(None) => None,
        Err(error) => Some(error),
    };
    let copy = match copy {
        Err(error) if error.kind() == ErrorKind::NewerVersion => return Err(error),
        copy => copy.ok().flatten(),
    };
    if let Some(manifest) = copy {
        let is_new = damage.is_none() && manifest == Manifest::default();
        return Ok(Found {
            repaired: (!is_new).then(|| format!("{}; its copy counts", cause(damage.as_ref()))),
            is_stored: false,
            manifest,
        });
    }
    let ids = parts(&**disk, directory)?;
    match damage {
        Some(error) if error.kind() == ErrorKind::Io => Err(error),
        None if ids.is_empty() => Ok(Found {
            manifest: Manifest::default(),
            is_stored: false,
            repaired: None,
        }),
        damage => {
            let manifest = rebuild(disk, directory, &ids, last_sequence(&**disk, wal)?)?;
            let what = format!(
                "{} and so is its copy; all {} parts count, those that were merged and deletions that were not \
                 carried out yet may have come back",
                cause(damage.as_ref()),
                ids.len()
            );
            Ok(Found {
                manifest,
                is_stored: false,
                repaired: Some(what),
            })
        }
    }
}

fn cause(damage: Option<&Error>) -> String {
    damage.map_or_else(|| format!("{NAME} is missing"), Error::chain)
}

/// Returns the numbers of all parts, ascending.
fn parts(disk: &dyn Disk, directory: &Path) -> Result<Vec<u64>> {
    let directory = directory.join(PARTS);
    let names = match disk.list(&directory) {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Error::io("list", &directory, error)),
    };
    let names = names.iter().filter(|name| is_part_name(name));
    let mut ids: Vec<u64> = names
        .filter_map(|name| u64::from_str_radix(name, 16).ok())
        .collect();
    ids.sort_unstable();
    Ok(ids)
}

/// Numbers of parts grow with their age, but for those that were merged. No deletion of the WAL may hide anything in a
/// part, because the part may be newer: so all have the last sequence that was given.
fn rebuild(disk: &Arc<dyn Disk>, directory: &Path, ids: &[u64], sequence: u64) -> Result<Manifest> {
    let mut manifest = Manifest {
        sequence,
        next_part: ids.last().map_or(0, |last| last.saturating_add(1)),
        ..Manifest::default()
    };
    let mut windows: Vec<PartEntry> = Vec::new();
    for id in ids {
        let path = directory.join(PARTS).join(part_name(*id));
        match Part::open(disk.clone(), &path) {
            Ok(part) if part.meta().tier != Tier::Raw => {
                let (tier, range) = (part.meta().tier, span_of(part.meta().range));
                // The later one was made of what the earlier ones hold.
                windows.retain(|old| old.tier != tier || !old.range.overlaps(range));
                windows.push(PartEntry {
                    tier,
                    is_behind: true,
                    ..PartEntry::of_samples(*id, range, sequence, 0)
                });
            }
            Ok(part) => {
                let range = part.meta().range;
                let entry = PartEntry::of_samples(*id, range, sequence, 0);
                manifest.parts.push(entry);
            }
            // Nothing is wrong with the part.
            Err(error) if error.is_out_of_files() => return Err(error.into()),
            Err(error) => manifest.quarantined.push(QuarantinedPart {
                id: *id,
                tier: Tier::Raw,
                range: TimeRange::ALL,
                sequence,
                cleaned: 0,
                reason: Error::from(error).chain(),
            }),
        }
    }
    manifest.parts.extend(windows);
    Ok(manifest)
}
