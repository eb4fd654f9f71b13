//! What leaves the store: parts that are too old, and parts that are damaged.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::open::part_path;
use super::seal::Maintenance;
use super::view::LivePart;
use super::{Db, Keeping};
use crate::manifest::{Manifest, QuarantinedPart, part_name};
use crate::{Error, ErrorKind, Result};

impl Db {
    /// Removes the parts whose last sample lies before the horizon. They count no more as soon as the manifest says
    /// so; their directories go when nobody reads them.
    pub(super) fn remove_old_parts(
        &self,
        keeping: &mut Keeping,
        done: &mut Maintenance,
    ) -> Result<()> {
        let horizon = self.horizon();
        let is_old = |live: &Arc<LivePart>| live.range().end < horizon;
        let old: Vec<_> = self
            .view_mut()
            .parts
            .iter()
            .filter(|live| is_old(live))
            .cloned()
            .collect();
        let mut manifest = keeping.manifest.clone();
        manifest
            .quarantined
            .retain(|part| part.range.end >= horizon);
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

    /// Reads the parts in which a query met damage and puts those that are damaged aside. Their directories stay for a
    /// person to look at, or for a disk to be repaired.
    pub(super) fn check_suspects(
        &self,
        keeping: &mut Keeping,
        done: &mut Maintenance,
    ) -> Result<()> {
        let is_suspect = |live: &&Arc<LivePart>| live.is_suspect.swap(false, Ordering::Relaxed);
        let suspects: Vec<_> = self
            .view_mut()
            .parts
            .iter()
            .filter(is_suspect)
            .cloned()
            .collect();
        for live in suspects {
            let Err(error) = live.part.verify().map_err(Error::from) else {
                continue;
            };
            if error.kind() != ErrorKind::Corrupt {
                live.is_suspect.store(true, Ordering::Relaxed);
                return Err(error);
            }
            tracing::error!(part = part_name(live.id()), error = %error.chain(), "part put into quarantine");
            let mut manifest = keeping.manifest.clone();
            manifest.parts.retain(|entry| entry.id != live.id());
            manifest.quarantined.push(QuarantinedPart {
                id: live.id(),
                range: live.range(),
                sequence: live.entry.sequence,
                cleaned: live.entry.cleaned,
                reason: error.chain(),
            });
            if let Err(error) = self.publish(keeping, manifest, std::slice::from_ref(&live)) {
                live.is_suspect.store(true, Ordering::Relaxed);
                return Err(error);
            }
            done.parts_quarantined += 1;
        }
        Ok(())
    }

    /// Removes the directories of retired parts that nobody reads any more.
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
        view.parts
            .retain(|live| !gone.iter().any(|gone| gone.id() == live.id()));
        view.quarantined.clone_from(&manifest.quarantined);
        keeping.manifest = manifest;
        Ok(())
    }
}
