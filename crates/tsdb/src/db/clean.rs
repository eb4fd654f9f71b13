//! Cleaning: writes parts again without their deleted samples.

use std::sync::Arc;

use super::pace::Pace;
use super::seal::Maintenance;
use super::view::LivePart;
use super::{Db, lock};
use crate::Result;

impl Db {
    /// Writes every part again that holds deleted samples. A part keeps its place in the order of age: the new one
    /// takes over the old one's sequence, and notes up to which deletion it is clean.
    pub(super) fn clean(&self) -> Result<()> {
        let mut done = Maintenance::default();
        self.settle_tombstones(&mut lock(&self.keeping), &mut done)?;
        let (parts, _) = self.deleted_from();
        for live in parts {
            self.clean_part(&live)?;
        }
        let mut keeping = lock(&self.keeping);
        // What is left of the WAL decides whether a tombstone may go.
        self.cut_wal(&mut keeping)?;
        self.settle_tombstones(&mut keeping, &mut done)?;
        self.store_tombstones(&mut keeping)?;
        self.remove_retired(&mut keeping);
        drop(keeping);
        self.update_gauges();
        Ok(())
    }

    fn clean_part(&self, live: &Arc<LivePart>) -> Result<()> {
        let merging = self.begin_merging();
        let (parts, tombstones) = self.deleted_from();
        // A merge that ran before us cleaned what it merged.
        let is_there = parts.iter().any(|other| Arc::ptr_eq(other, live));
        let mut concerned = tombstones.iter().filter(|t| t.concerns(live));
        let hides = |t: &Arc<super::hidden::LiveTombstone>| Ok(!t.series(live)?.is_empty());
        let is_hit = concerned.try_fold(false, |hit, t| Ok(hit || hides(t)?));
        let is_hit = is_hit.map_err(|error: crate::part::Error| {
            super::delete::suspect(live);
            crate::Error::from(error)
        })?;
        if is_there && is_hit {
            let group = std::slice::from_ref(live);
            self.rewrite(&merging, group, &tombstones, &mut Pace::full(self))?;
        }
        Ok(())
    }
}
