//! What leaves the store: parts that are too old, and parts that are damaged.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use plimsoll_types::{Tier, TimeRange};

use super::open::part_path;
use super::seal::Maintenance;
use super::view::LivePart;
use super::{Db, Keeping, lock};
use crate::manifest::{Manifest, QuarantinedPart, part_name};
use crate::{Error, ErrorKind, Result};

impl Db {
    /// Removes the parts whose last sample lies before the horizon of their tier. They count no more as soon as the
    /// manifest says so; their directories go when nobody reads them.
    pub(super) fn remove_old_parts(
        &self,
        keeping: &mut Keeping,
        done: &mut Maintenance,
    ) -> Result<()> {
        let cutoffs = self.cutoffs();
        let hold = self.held_for_windows();
        let is_old = |tier: Tier, range: TimeRange| {
            let is_held = tier == Tier::Raw && hold.holds(range);
            range.end < cutoffs.first(tier) && !is_held
        };
        let old: Vec<_> = self
            .view_mut()
            .all_parts()
            .filter(|live| is_old(live.entry.tier, live.range()))
            .cloned()
            .collect();
        let mut manifest = keeping.manifest.clone();
        manifest
            .quarantined
            .retain(|part| !is_old(part.tier, part.range));
        if old.is_empty() && manifest.quarantined.len() == keeping.manifest.quarantined.len() {
            return Ok(());
        }
        manifest
            .parts
            .retain(|entry| !old.iter().any(|live| live.id() == entry.id));
        self.publish(keeping, manifest, &old)?;
        self.metrics.parts_removed.inc_by(old.len() as u64);
        done.parts_removed += old.len();
        keeping.retired.extend(old);
        Ok(())
    }

    /// Reads the parts in which a query met damage and puts those that are damaged aside. Sealing and queries go on
    /// meanwhile.
    pub(super) fn check_suspects(&self, done: &mut Maintenance) -> Result<()> {
        let is_suspect = |live: &&Arc<LivePart>| live.is_suspect.swap(false, Ordering::Relaxed);
        let suspects: Vec<_> = self
            .view_mut()
            .all_parts()
            .filter(is_suspect)
            .cloned()
            .collect();
        let mut outcome = Ok(());
        for live in suspects {
            let Err(error) = live.part.verify().map_err(Error::from) else {
                continue;
            };
            let set_aside = match error.kind() {
                ErrorKind::Corrupt => {
                    self.quarantine(&mut lock(&self.keeping), &live, &error, done)
                }
                _ => Err(error),
            };
            if set_aside.is_err() {
                live.is_suspect.store(true, Ordering::Relaxed);
            }
            outcome = outcome.and(set_aside);
        }
        outcome
    }

    /// Puts a damaged part aside, unless it has left the store meanwhile. Its directory stays for a person to look at, or
    /// for a disk to be repaired.
    pub(super) fn quarantine(
        &self,
        keeping: &mut Keeping,
        live: &Arc<LivePart>,
        damage: &Error,
        done: &mut Maintenance,
    ) -> Result<()> {
        let mut manifest = keeping.manifest.clone();
        manifest.parts.retain(|entry| entry.id != live.id());
        if manifest.parts.len() == keeping.manifest.parts.len() {
            return Ok(());
        }
        tracing::error!(part = part_name(live.id()), error = %damage.chain(), "part put into quarantine");
        manifest.quarantined.push(QuarantinedPart {
            id: live.id(),
            tier: live.entry.tier,
            range: live.range(),
            sequence: live.entry.sequence,
            cleaned: live.entry.cleaned,
            reason: damage.chain(),
        });
        self.publish(keeping, manifest, std::slice::from_ref(live))?;
        done.parts_quarantined += 1;
        Ok(())
    }

    /// Removes the directories of retired parts that nobody holds any more. Not before: few files are open, and who reads a
    /// part opens the others again.
    pub(super) fn remove_retired(&self, keeping: &mut Keeping) {
        let directory = self.parts_directory();
        keeping.retired.retain(|live| {
            if Arc::strong_count(live) > 1 {
                return true;
            }
            let path = part_path(&directory, live.id());
            match self.disk.remove_directory(&path) {
                Ok(()) => false,
                Err(error) => {
                    tracing::warn!(%error, path = %path.display(), "an old part stays for now");
                    error.kind() != std::io::ErrorKind::NotFound
                }
            }
        });
    }

    /// Stores a manifest without some parts and takes them from queries.
    pub(super) fn publish(
        &self,
        keeping: &mut Keeping,
        manifest: Manifest,
        gone: &[Arc<LivePart>],
    ) -> Result<()> {
        let manifest = self.with_tombstones(manifest);
        manifest.store(&*self.disk, self.config.directory())?;
        let mut view = self.view_mut();
        let stays = |live: &Arc<LivePart>| !gone.iter().any(|gone| gone.id() == live.id());
        view.parts.retain(stays);
        view.tiers.retain(stays);
        view.quarantined.clone_from(&manifest.quarantined);
        keeping.manifest = manifest;
        Ok(())
    }
}
