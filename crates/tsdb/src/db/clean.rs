//! Cleaning: writes parts again without their deleted samples.

use super::hidden::VisiblePart;
use super::seal::Maintenance;
use super::{Db, lock};
use crate::Result;

impl Db {
    /// Writes every part again that holds deleted samples. A part keeps its place in the order of age: the new one
    /// takes over the old one's sequence, and notes up to which deletion it is clean.
    pub(super) fn clean(&self) -> Result<()> {
        let mut keeping = lock(&self.keeping);
        let mut done = Maintenance::default();
        self.settle_tombstones(&mut keeping, &mut done)?;
        let (parts, tombstones) = self.deleted_from();
        for live in parts {
            let visible = VisiblePart::new(live.clone(), &tombstones)?;
            if visible.hides_any() {
                let newest = tombstones.last().map_or(0, |t| t.tombstone.sequence);
                self.rewrite(&mut keeping, &[visible], newest)?;
            }
        }
        // What is left of the WAL decides whether a tombstone may go.
        self.cut_wal(&mut keeping)?;
        self.settle_tombstones(&mut keeping, &mut done)?;
        self.store_tombstones(&mut keeping)?;
        self.remove_retired(&mut keeping);
        self.update_gauges();
        Ok(())
    }
}
