//! Deleting: at once and for good, exactly what was written before.
//!
//! A deletion takes a place in the order of all writes, as a record of the WAL, and from there works in two ways. From
//! the head's windows it takes the samples out; parts are not changed, a tombstone hides the samples in every part that
//! was sealed up to an earlier sequence, whether it is there already or its window is being sealed just now.
//!
//! | where | what a reader sees | what a restart finds |
//! |---|---|---|
//! | open window | the samples are gone | the WAL's records in their order, or a part sealed later, without them |
//! | window that is being sealed | the samples are gone | as above, or a part of an earlier sequence: the tombstone hides them |
//! | part | the tombstone hides them | the tombstone, in the manifest or, until the WAL is cut, from the record |
//!
//! Every manifest that is stored names all tombstones, and replay carries out those of the manifest as well as the
//! records of the WAL. So a deletion whose record was lost with the power, which nobody was told had worked, is in
//! effect everywhere or nowhere. A tombstone may go when no part needs it and its record is durable, or nothing that
//! came before it is left in the WAL.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use plimsoll_types::{Matcher, StorageError, StorageErrorKind, TimeRange};

use super::hidden::LiveTombstone;
use super::seal::Maintenance;
use super::view::{LivePart, View};
use super::{Db, Keeping, lock};
use crate::Result;
use crate::deletion::{Deletion, Tombstone};
use crate::head::Window;
use crate::manifest::Manifest;
use crate::wal::{RecordKind, WalRecord};

/// So many deletions may hide samples in parts at once; every query looks at each.
const TOMBSTONES_MAX: usize = 4096;
/// So many bytes they may have together as text: every manifest names them all.
const TOMBSTONE_BYTES_MAX: usize = 16 << 20;
/// Selectors of one deletion, as text.
const DELETION_BYTES_MAX: usize = 1 << 20;

pub(super) fn delete_series(
    db: &Db,
    selectors: &[Vec<Matcher>],
    range: TimeRange,
) -> std::result::Result<(), StorageError> {
    if selectors.is_empty() || range.is_empty() {
        return Ok(());
    }
    let deletion = Deletion {
        selectors: selectors.to_vec(),
        range,
    };
    let payload = encode(&deletion)?;
    let bytes = payload.len();
    let record = WalRecord {
        kind: RecordKind::Deletion,
        payload,
        refs: Vec::new(),
        done: None,
    };
    db.wal.admit()?;
    let tombstone = {
        // A slot must not change its series between the look-up and the removal.
        let _gate = db.gate.read().unwrap_or_else(PoisonError::into_inner);
        let _order = lock(&db.order);
        check_room(db, &deletion, bytes)?;
        let sequence = db.wal.enqueue(vec![record])?;
        let tombstone = LiveTombstone::new(Tombstone { sequence, deletion });
        carry_out(db, &tombstone);
        tombstone
    };
    db.has_deleted.store(true, Ordering::Relaxed);
    db.metrics.deletions.inc();
    db.wal.sync()?;
    tombstone.is_durable.store(true, Ordering::Relaxed);
    Ok(())
}

fn encode(deletion: &Deletion) -> std::result::Result<Vec<u8>, StorageError> {
    let text = deletion.to_string();
    match text.len() <= DELETION_BYTES_MAX {
        true => Ok(text.into_bytes()),
        false => Err(StorageError::new(
            StorageErrorKind::Overloaded,
            format!(
                "the selectors of a deletion have {} bytes, at most {DELETION_BYTES_MAX} are taken",
                text.len()
            ),
        )),
    }
}

fn check_room(db: &Db, deletion: &Deletion, bytes: usize) -> std::result::Result<(), StorageError> {
    let view = db.view.read().unwrap_or_else(PoisonError::into_inner);
    let (mut count, mut all) = (0, bytes);
    for known in &view.tombstones {
        if !deletion.covers(&known.tombstone.deletion) {
            count += 1;
            all += known.text_bytes;
        }
    }
    match count < TOMBSTONES_MAX && all <= TOMBSTONE_BYTES_MAX {
        true => Ok(()),
        false => Err(StorageError::new(
            StorageErrorKind::Overloaded,
            format!(
                "{count} deletions wait to be cleaned, with this one {all} bytes of selectors, at most \
                 {TOMBSTONES_MAX} and {TOMBSTONE_BYTES_MAX} may; clean the tombstones first"
            ),
        )),
    }
}

/// Hides in parts and takes out of windows. The caller holds the gate and the order lock.
fn carry_out(db: &Db, tombstone: &Arc<LiveTombstone>) {
    let (deletion, range) = (&tombstone.tombstone.deletion, tombstone.range());
    // Before anything is taken out: a part whose contents the deletion changed is never stored without the tombstone.
    let windows: Vec<_> = {
        let mut view = db.view_mut();
        view.add_tombstone(tombstone.clone());
        let overlaps = |window: &&Arc<Window>| window.facts().range.overlaps(range);
        view.windows().filter(overlaps).cloned().collect()
    };
    let slots = db.series.slots_of_any(&deletion.selectors);
    let removed: u64 = windows
        .iter()
        .map(|window| window.delete(&slots, range))
        .sum();
    db.metrics.samples_deleted.inc_by(removed);
    db.view_mut().open.retain(|_, window| !window.is_empty());
}

impl View {
    /// Adds a tombstone, the newest; those that it makes needless go.
    pub(super) fn add_tombstone(&mut self, tombstone: Arc<LiveTombstone>) {
        let deletion = &tombstone.tombstone.deletion;
        self.tombstones
            .retain(|older| !deletion.covers(&older.tombstone.deletion));
        self.tombstones.push(tombstone);
    }
}

impl Db {
    /// Returns `manifest` with the tombstones as they are now. No manifest is stored without.
    pub(super) fn with_tombstones(&self, mut manifest: Manifest) -> Manifest {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        let plain = |live: &Arc<LiveTombstone>| live.tombstone.clone();
        manifest.tombstones = view.tombstones.iter().map(plain).collect();
        let newest = manifest.tombstones.last().map_or(0, |t| t.sequence);
        // A later write with the sequence of an earlier deletion would be hidden by it.
        manifest.sequence = manifest.sequence.max(newest);
        manifest
    }

    /// Stores the manifest if its tombstones are not those on disk.
    pub(super) fn store_tombstones(&self, keeping: &mut Keeping) -> Result<()> {
        let manifest = self.with_tombstones(keeping.manifest.clone());
        if manifest.tombstones != keeping.manifest.tombstones {
            manifest.store(&*self.disk, self.config.directory())?;
            keeping.manifest = manifest;
        }
        Ok(())
    }

    /// Removes parts in which everything is deleted, and forgets tombstones that nothing needs.
    pub(super) fn settle_tombstones(
        &self,
        keeping: &mut Keeping,
        done: &mut Maintenance,
    ) -> Result<()> {
        let (_, tombstones) = self.deleted_from();
        if tombstones.is_empty() {
            return Ok(());
        }
        let parts = self.all_parts();
        self.store_tombstones(keeping)?;
        let is_dead = |live: &&Arc<LivePart>| {
            let mut concerned = tombstones.iter().filter(|t| t.concerns(live));
            concerned.any(|t| t.hides_all(live).unwrap_or_else(|_| suspect(live)))
        };
        let dead: Vec<_> = parts.iter().filter(is_dead).cloned().collect();
        if !dead.is_empty() {
            let mut manifest = keeping.manifest.clone();
            let is_gone = |id: u64| dead.iter().any(|live| live.id() == id);
            manifest.parts.retain(|entry| !is_gone(entry.id));
            self.publish(keeping, manifest, &dead)?;
            self.metrics.parts_removed.inc_by(dead.len() as u64);
            done.parts_removed += dead.len();
            keeping.retired.extend(dead);
        }
        done.tombstones_removed += self.forget_tombstones(keeping, &tombstones);
        Ok(())
    }

    /// Forgets those of `tombstones` that nothing needs, and returns how many.
    fn forget_tombstones(&self, keeping: &Keeping, tombstones: &[Arc<LiveTombstone>]) -> usize {
        let parts = self.all_parts();
        let quarantined = &keeping.manifest.quarantined;
        let is_needed = |tombstone: &Arc<LiveTombstone>| {
            let sequence = tombstone.tombstone.sequence;
            let is_recorded = tombstone.is_durable.load(Ordering::Relaxed);
            let has_effect = |live: &&Arc<LivePart>| {
                tombstone.concerns(live) && !tombstone.series(live).is_ok_and(|s| s.is_empty())
            };
            !(is_recorded || sequence < keeping.wal_begins)
                || parts.iter().any(|live| has_effect(&live))
                || quarantined.iter().any(|part| {
                    part.sequence.max(part.cleaned) < sequence
                        && part.range.overlaps(tombstone.range())
                })
        };
        // The look-ups read the disk, so they are done before the lock is taken.
        let needless: Vec<_> = tombstones.iter().filter(|t| !is_needed(t)).collect();
        for tombstone in tombstones {
            tombstone.retain(&parts);
        }
        let is_needless = |live: &Arc<LiveTombstone>| needless.iter().any(|t| Arc::ptr_eq(t, live));
        self.view_mut().tombstones.retain(|live| !is_needless(live));
        needless.len()
    }

    pub(super) fn all_parts(&self) -> Vec<Arc<LivePart>> {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        view.all_parts().cloned().collect()
    }

    /// Returns the parts of samples, and the tombstones that may hide some of them.
    pub(super) fn deleted_from(&self) -> (Vec<Arc<LivePart>>, Vec<Arc<LiveTombstone>>) {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        (view.parts.clone(), view.tombstones.clone())
    }
}

/// A part whose index cannot be read is looked at by the next maintenance; so far nothing is known to be dead.
pub(super) fn suspect(live: &LivePart) -> bool {
    live.is_suspect.store(true, Ordering::Relaxed);
    false
}
