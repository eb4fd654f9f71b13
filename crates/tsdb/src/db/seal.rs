//! Maintenance: seals windows into parts, and calls the other steps of housekeeping. Merging, which takes long, holds
//! none of the locks that sealing needs.
//!
//! A window is taken out of the head under the order lock, so that everything of it up to one WAL sequence is in it.
//! It stays queryable while its part is written; then the manifest is replaced, and in one step the part takes the
//! window's place. Any failure leaves the window where it is, and the next maintenance tries again.
//!
//! Late data makes windows that are over at once. Those of a day are sealed [together], one part for all of them. The
//! first ones of a stretch of time are sealed at once, too; when data for it keeps coming, a window waits until it is
//! worth a part, or goes with another one of its day; else parts would pile up.
//!
//! When is a window over? When its end and the grace have passed on the wall clock, and either the clock is steady or
//! stored data says the same. A clock that jumps ahead therefore seals nothing by itself; a clock that goes back only
//! delays. A window that lies further ahead than samples are taken was made by a clock that has been set right since; it
//! would hold the WAL until its time comes, so it is sealed as well. Sealing removes nothing, so a wrong decision costs
//! a small part.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLockWriteGuard};
use std::time::Duration;

use plimsoll_runtime::clock::Monotonic;
use plimsoll_types::{SampleColumns, Tier, TimeRange, Timestamp};
use roaring::RoaringBitmap;

use super::known::KnownSamples;
use super::open::part_path;
use super::pace::Pace;
use super::tiers::overtake;
use super::together;
use super::view::{LivePart, Sealing, View};
use super::{Db, Keeping, lock};
use crate::head::Window;
use crate::manifest::PartEntry;
use crate::part::{Part, PartWriter, WriteOptions};
use crate::{Error, Result};

/// So many parts of one stretch of time are made without waiting.
const PARTS_AT_ONCE: usize = 2;
/// After that, a window of late data waits for this part of a window's length: 3:45 min of 30 min.
const LATE_WAITS_ONE_IN: i64 = 8;
/// So many series are freed while appends and selections wait: less than a millisecond.
const SERIES_PER_SWEEP_STEP: usize = 512;

/// What one maintenance did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Maintenance {
    /// Windows sealed.
    pub windows_sealed: usize,
    /// Parts removed because all their samples were older than the retention.
    pub parts_removed: usize,
    /// Parts put into quarantine.
    pub parts_quarantined: usize,
    /// Parts that were merged into others.
    pub parts_merged: usize,
    /// Parts that were written again because much in them was older than its retention.
    pub parts_expired: usize,
    /// Parts of windows that were made, or made again.
    pub tier_parts_made: usize,
    /// Series that ceased to be active.
    pub series_removed: usize,
    /// Deletions that no part holds samples of any more.
    pub tombstones_removed: usize,
}

impl Db {
    /// Does all housekeeping that is due: seals windows, removes old parts, checks suspect ones, merges small ones, lets
    /// go of what is deleted, forgets idle series, cuts the WAL. Blocks on the disk; never call it from an async task.
    /// The threads of [`Background`](super::Background) do the same, merging in a thread of its own.
    ///
    /// # Errors
    /// The first failure; every step was tried, and the next call tries what failed again.
    pub fn maintain(&self) -> Result<Maintenance> {
        self.keep_house(|done| self.merge_due(&mut Pace::full(self), done))
    }

    /// Does what [`maintain`](Self::maintain) does, but for merging.
    pub(super) fn tend(&self) -> Result<Maintenance> {
        self.keep_house(|_| Ok(()))
    }

    fn keep_house(
        &self,
        merge: impl FnOnce(&mut Maintenance) -> Result<()>,
    ) -> Result<Maintenance> {
        let mut done = Maintenance::default();
        let (sealed, retained) = {
            let mut keeping = lock(&self.keeping);
            let sealed = self.seal_due(&mut keeping, &mut done);
            let too_old = self.remove_old_parts(&mut keeping, &mut done);
            let too_large = self.remove_above_size(&mut keeping, &mut done);
            (sealed, too_old.and(too_large))
        };
        let checked = self.check_suspects(&mut done);
        let merged = merge(&mut done);
        let mut keeping = lock(&self.keeping);
        let settled = self.settle_tombstones(&mut keeping, &mut done);
        self.remove_retired(&mut keeping);
        let cut = self.cut_wal(&mut keeping);
        drop(keeping);
        // A sweep looks at every series. They become idle by sealing, so it is due then, or when room is needed.
        let is_half_full = self.series.count() as u64 > self.config.settings().series_limit / 2;
        if done.windows_sealed > 0
            || is_half_full
            || self.has_deleted.swap(false, Ordering::Relaxed)
        {
            done.series_removed = self.sweep_series();
        }
        self.update_gauges();
        self.store_queried();
        self.store_trusted_time();
        let outcome = sealed
            .and(retained)
            .and(checked)
            .and(merged)
            .and(settled)
            .and(cut);
        outcome.map(|()| done)
    }

    /// Seals every window that holds anything, due or not: before a backup, and in tests. Where that makes more parts of a
    /// day than there should be, some small ones are merged at once: however often it is called, parts stay few.
    ///
    /// # Errors
    /// As [`maintain`](Self::maintain).
    pub fn seal_all(&self) -> Result<Maintenance> {
        let mut keeping = lock(&self.keeping);
        let mut done = Maintenance::default();
        self.seal_detached(&mut keeping, &mut done)?;
        let before = keeping.manifest.parts.len();
        for starts in self.sealed_together(|_, _| true) {
            self.detach(&starts);
            self.seal_detached(&mut keeping, &mut done)?;
        }
        self.cut_wal(&mut keeping)?;
        let made = keeping.manifest.parts.len().saturating_sub(before);
        drop(keeping);
        self.thin_out(made, &mut done);
        self.update_gauges();
        Ok(done)
    }

    fn seal_due(&self, keeping: &mut Keeping, done: &mut Maintenance) -> Result<()> {
        // What failed before comes first: two windows of one start must be sealed in their order.
        self.seal_detached(keeping, done)?;
        for starts in self.due() {
            self.detach(&starts);
            self.seal_detached(keeping, done)?;
        }
        Ok(())
    }

    fn due(&self) -> Vec<Vec<i64>> {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let mut timekeeper = lock(&self.timekeeper);
        timekeeper.trusted(now, monotonic);
        let is_steady = timekeeper.is_steady();
        drop(timekeeper);
        let (length, grace) = (self.config.window_millis(), self.config.seal_grace_millis());
        let last = now.saturating_add_millis(self.config.future_limit_millis());
        let mut newest = None;
        self.sealed_together(|view, window| {
            let ends = || view.windows().map(|window| window.facts().range.end);
            let newest = *newest.get_or_insert_with(|| ends().max());
            let start = Timestamp::from_millis(window.start());
            let over = start
                .saturating_add_millis(length)
                .saturating_add_millis(grace);
            let is_over = over <= now && (is_steady || newest.is_some_and(|newest| over <= newest));
            (is_over && self.is_worth_a_part(view, window, monotonic))
                || (is_steady && last < start)
        })
    }

    /// Returns the starts of the windows to seal, those of one part together, when these are due.
    fn sealed_together(&self, mut is_due: impl FnMut(&View, &Window) -> bool) -> Vec<Vec<i64>> {
        let length = self.config.window_millis();
        // Where the running time may still write is not late.
        let late = length + self.config.seal_grace_millis();
        let terms = together::Terms {
            length,
            late_before: self.clock.now().saturating_add_millis(-late),
        };
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        let windows = view.open.values().map(|window| together::Candidate {
            start: window.start(),
            samples: window.facts().samples,
            is_due: is_due(&view, window),
        });
        together::together(&windows.collect::<Vec<_>>(), &terms)
    }

    fn is_worth_a_part(&self, view: &View, window: &Window, now: Monotonic) -> bool {
        let length = self.config.window_millis();
        // A part of a day that was merged lies beside each of its windows.
        let start = Timestamp::from_millis(window.start());
        let stretch = TimeRange::new(start, start.saturating_add_millis(length - 1));
        let is_beside = |part: &&Arc<LivePart>| part.range().overlaps(stretch);
        let waits = Duration::from_millis((length / LATE_WAITS_ONE_IN).unsigned_abs());
        view.parts.iter().filter(is_beside).count() < PARTS_AT_ONCE
            || window.made().is_none_or(|made| now.since(made) >= waits)
    }

    /// Takes windows out of the head. From here on, late samples for them go into new ones.
    fn detach(&self, starts: &[i64]) {
        let _order = lock(&self.order);
        let sequence = self.wal.next_sequence().saturating_sub(1);
        let mut view = self.view_mut();
        let windows = starts.iter().filter_map(|start| view.open.remove(start));
        let windows: Arc<[_]> = windows.collect();
        // A deletion may have taken all that was in them.
        if !windows.is_empty() {
            view.sealing.push(Sealing { windows, sequence });
        }
    }

    fn seal_detached(&self, keeping: &mut Keeping, done: &mut Maintenance) -> Result<()> {
        loop {
            let next = self.view_mut().sealing.first().cloned();
            let Some(sealing) = next else {
                return Ok(());
            };
            let begin = self.clock.monotonic();
            if let Err(error) = self.seal(keeping, &sealing) {
                self.metrics.seal_failures.inc();
                let window = sealing.windows.first().map(|window| window.start());
                tracing::error!(error = %error.chain(), window, "sealing failed");
                return Err(error);
            }
            let duration = self.clock.monotonic().since(begin);
            self.metrics.seal_seconds.observe(duration.as_secs_f64());
            self.metrics.parts_sealed.inc();
            done.windows_sealed += sealing.windows.len();
        }
    }

    fn seal(&self, keeping: &mut Keeping, sealing: &Sealing) -> Result<()> {
        self.remove_undecided(keeping)?;
        let id = keeping.manifest.next_part;
        keeping.manifest.next_part += 1;
        let path = part_path(&self.parts_directory(), id);
        let live = match self.write_part(id, sealing) {
            Ok(live) => live,
            Err(error) => {
                // Best effort: what is left is removed at the next start.
                let _ = self.disk.remove_directory(&path);
                return Err(error);
            }
        };
        let mut manifest = self.with_tombstones(keeping.manifest.clone());
        manifest.sequence = manifest.sequence.max(sealing.sequence);
        manifest
            .parts
            .extend(live.iter().map(|live| live.entry.clone()));
        let starts = sealing.windows.iter().map(|window| window.start());
        manifest
            .sealed
            .extend(starts.map(|start| (start, sealing.sequence)));
        let begins = keeping.wal_begins;
        manifest.sealed.retain(|_, sequence| *sequence >= begins);
        let overtaken = live
            .as_ref()
            .map_or(Vec::new(), |live| overtake(&mut manifest, live));
        // After an error either manifest may be on disk, so the part's directory must stay.
        keeping.undecided = Some(id);
        manifest.store(&*self.disk, self.config.directory())?;
        keeping.undecided = None;
        keeping.manifest = manifest;
        let mut view = self.view_mut();
        view.overtake(&overtaken);
        view.parts.extend(live);
        view.sealing
            .retain(|other| !Arc::ptr_eq(&other.windows, &sealing.windows));
        Ok(())
    }

    /// Removes the part of a failed attempt, once the manifest on disk surely does not name it; else every attempt would
    /// leave a part behind, on a disk that may be full.
    pub(super) fn remove_undecided(&self, keeping: &mut Keeping) -> Result<()> {
        let Some(id) = keeping.undecided else {
            return Ok(());
        };
        let stored = &keeping.manifest;
        stored.store(&*self.disk, self.config.directory())?;
        keeping.undecided = None;
        let path = part_path(&self.parts_directory(), id);
        if let Err(error) = self.disk.remove_directory(&path) {
            tracing::warn!(%error, path = %path.display(), "an unfinished part stays until the next start");
        }
        Ok(())
    }

    /// Writes windows as one part; `None` when older parts already hold all of it.
    fn write_part(&self, id: u64, sealing: &Sealing) -> Result<Option<Arc<LivePart>>> {
        let windows = &sealing.windows;
        let directory = self.parts_directory();
        let path = part_path(&directory, id);
        let mut known = self.known_samples(range_of(windows));
        let slots = windows.iter().map(|window| window.slots());
        let slots = slots.fold(RoaringBitmap::new(), |all, slots| all | slots);
        let mut writer = PartWriter::create(self.disk.clone(), &path, WriteOptions::default())?;
        let mut columns = SampleColumns::default();
        let mut is_empty = true;
        for (slot, labels) in self.series.in_order(&slots).flatten() {
            columns.clear();
            let mut exemplars = Vec::new();
            for window in windows.iter() {
                window.read(slot, TimeRange::ALL, &mut columns);
                exemplars.extend(window.exemplars(slot, TimeRange::ALL));
            }
            let conflicts = known.drop_from(&labels, &mut columns);
            self.metrics.samples_conflicting.inc_by(conflicts);
            if columns.is_empty() && exemplars.is_empty() {
                continue;
            }
            is_empty = false;
            let metadata = self.series.metadata_of(slot);
            writer.add_series(&labels, &columns, metadata.as_deref(), &exemplars)?;
        }
        if is_empty {
            drop(writer);
            let _ = self.disk.remove_directory(&path);
            return Ok(None);
        }
        let range = writer.finish()?.range;
        self.disk
            .sync_directory(&directory)
            .map_err(|error| Error::io("sync", &directory, error))?;
        let part = Part::open_with(self.disk.clone(), &path, &self.caches)?;
        let entry = PartEntry::of_samples(id, range, sealing.sequence, 0);
        Ok(Some(LivePart::new(entry, part)))
    }

    /// Returns the parts that late data may repeat: usually none.
    fn known_samples(&self, range: TimeRange) -> KnownSamples {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        let sources = view.sources(range);
        drop(view);
        // Without a part between, a repeat could be told from news no more. Nothing known is no harm: a sample that is
        // stored twice is read once.
        let parts = sources
            .look_up()
            .map_or_else(|_| Vec::new(), |found| found.parts);
        KnownSamples::new(parts.into_iter())
    }

    pub(super) fn cut_wal(&self, keeping: &mut Keeping) -> Result<()> {
        let low_water = {
            // No append or deletion may be between its place in the WAL and the view.
            let _order = lock(&self.order);
            let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
            let first = view
                .windows()
                .map(|window| window.facts().first_sequence)
                .min();
            let next = self.wal.next_sequence();
            first.unwrap_or(next).min(next)
        };
        // Those of cut records are known from now on by the manifest only.
        self.store_tombstones(keeping)?;
        match self.wal.cut(low_water) {
            Ok(begins) => {
                keeping.wal_begins = begins;
                Ok(())
            }
            Err(error) => Err(Error::new(crate::ErrorKind::Io, error.to_string())),
        }
    }

    /// Forgets series that are in no window. It looks while appends go on, and keeps them out only while it frees a
    /// few series that are still unused.
    fn sweep_series(&self) -> usize {
        let mut used = RoaringBitmap::new();
        for window in self.windows() {
            used |= window.slots();
        }
        let mut freed = 0;
        for idle in self.series.idle(&used).chunks(SERIES_PER_SWEEP_STEP) {
            let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
            let windows = self.windows();
            freed += self
                .series
                .free(idle, |slot| windows.iter().any(|w| w.contains(slot)));
        }
        self.series.forget_meanings();
        self.metrics.series_removed.inc_by(freed as u64);
        freed
    }

    fn windows(&self) -> Vec<Arc<Window>> {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        view.windows().cloned().collect()
    }

    pub(super) fn update_gauges(&self) {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        let metrics = &self.metrics;
        let bytes: u64 = view.all_parts().map(|live| live.part.meta().bytes).sum();
        let samples: u64 = view.windows().map(|window| window.facts().samples).sum();
        metrics.parts.set(view.all_parts().count() as i64);
        metrics.part_bytes.set(bytes as i64);
        for tier in Tier::ALL {
            let parts = view.all_parts().filter(|live| live.entry.tier == tier);
            let bytes: u64 = parts.map(|live| live.part.meta().bytes).sum();
            metrics.set_tier_bytes(tier, bytes);
        }
        metrics.parts_quarantined.set(view.quarantined.len() as i64);
        metrics.head_windows.set(view.windows().count() as i64);
        metrics.head_samples.set(samples as i64);
        metrics.head_series.set(self.series.count() as i64);
        drop(view);
        let debt = i64::try_from(self.merge_debt()).unwrap_or(i64::MAX);
        metrics.merge_debt.set(debt);
    }

    pub(super) fn view_mut(&self) -> RwLockWriteGuard<'_, View> {
        self.view.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the time from the first to the last content of windows.
fn range_of(windows: &[Arc<Window>]) -> TimeRange {
    let nothing = TimeRange::new(Timestamp::MAX, Timestamp::MIN);
    let ranges = windows.iter().map(|window| window.facts().range);
    ranges.fold(nothing, |all, range| {
        TimeRange::new(all.start.min(range.start), all.end.max(range.end))
    })
}
