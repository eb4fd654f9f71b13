//! Writes parts again as one, without what was deleted in them and what is older than its retention.
//!
//! It takes minutes for large parts, so sealing does not wait for it: what is written is chosen and numbered under the
//! keeping lock, written without, and counts from a short moment under the lock on, if the parts are all still there.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, MutexGuard};

use plimsoll_types::{Exemplar, Labels, Metadata, SampleColumns, TimeRange};

use super::cutoffs::Cutoffs;
use super::delete::suspect;
use super::hidden::{LiveTombstone, VisiblePart};
use super::open::part_path;
use super::pace::Pace;
use super::view::LivePart;
use super::{Db, Keeping, lock};
use crate::manifest::PartEntry;
use crate::merge::merge;
use crate::part::{Part, PartWriter, WriteOptions};
use crate::{Error, ErrorKind, Result};

/// While a part is written, the free space is looked at again after this much.
const BYTES_PER_CHECK: u64 = 256 << 20;

/// What became of an attempt that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rewritten {
    /// The new part, or nothing when no sample was left, stands in the place of the old ones.
    Done,
    /// Some of the old parts left the store meanwhile, or the store is being closed; nothing changed.
    GivenUp,
}

impl Db {
    /// Puts one new part, or nothing when no sample is left, in the place of `old`: at least one part, in the order of
    /// their age, and no part between them in age overlaps the time of an older one of them. Deletions up to the last of
    /// `tombstones` are carried out in what is read.
    pub(super) fn rewrite(
        &self,
        _merging: &MutexGuard<'_, ()>,
        old: &[Arc<LivePart>],
        tombstones: &[Arc<LiveTombstone>],
        pace: &mut Pace<'_>,
    ) -> Result<Rewritten> {
        let visible = old.iter().map(|live| looked_up(live, tombstones));
        let visible = visible.collect::<Result<Vec<_>>>()?;
        let bytes = old.iter().map(|live| live.part.meta().bytes).sum();
        self.check_room_for(bytes)?;
        let id = {
            let mut keeping = lock(&self.keeping);
            self.remove_undecided(&mut keeping)?;
            let id = keeping.manifest.next_part;
            keeping.manifest.next_part += 1;
            id
        };
        let cleaned = tombstones.last().map_or(0, |t| t.tombstone.sequence);
        let job = Job {
            id,
            old: &visible,
            cleaned,
            cutoffs: self.cutoffs_for(old),
        };
        let new = match self.write_again(&job, pace) {
            Ok(Written::Part(new)) => Some(new),
            Ok(Written::Nothing) => None,
            Ok(Written::Stopped) => {
                self.discard(id);
                return Ok(Rewritten::GivenUp);
            }
            Err(error) => {
                self.discard(id);
                if error.kind() == ErrorKind::Corrupt {
                    // Which one it was does not matter: maintenance reads all of them.
                    old.iter().for_each(|live| _ = suspect(live));
                }
                return Err(error);
            }
        };
        let mut keeping = lock(&self.keeping);
        let has_new = new.is_some();
        let outcome = self.exchange(&mut keeping, old, id, new);
        // A part that the manifest on disk may name must stay.
        let is_settled = keeping.undecided != Some(id);
        if has_new && is_settled && !matches!(outcome, Ok(Rewritten::Done)) {
            self.discard(id);
        }
        outcome
    }

    /// Returns what is too old to be written again: nothing as long as windows are to be made of it.
    fn cutoffs_for(&self, parts: &[Arc<LivePart>]) -> Cutoffs {
        let hold = self.held_for_windows();
        match parts.iter().any(|live| hold.holds(live.range())) {
            true => self.cutoffs().of_nothing(),
            false => self.cutoffs(),
        }
    }

    /// Removes the directory of a part that does not count. Best effort: what is left is removed at the next start.
    pub(super) fn discard(&self, id: u64) {
        let _ = self
            .disk
            .remove_directory(&part_path(&self.parts_directory(), id));
    }

    fn exchange(
        &self,
        keeping: &mut Keeping,
        old: &[Arc<LivePart>],
        id: u64,
        new: Option<Arc<LivePart>>,
    ) -> Result<Rewritten> {
        // An attempt to seal may have failed meanwhile.
        self.remove_undecided(keeping)?;
        let is_old = |id: u64| old.iter().any(|live| live.id() == id);
        let (there, _) = self.deleted_from();
        let is_there = |live: &Arc<LivePart>| there.iter().any(|other| Arc::ptr_eq(other, live));
        let mut manifest = self.with_tombstones(keeping.manifest.clone());
        let at = manifest.parts.iter().rposition(|entry| is_old(entry.id));
        let (Some(at), true) = (at, old.iter().all(is_there)) else {
            return Ok(Rewritten::GivenUp);
        };
        let entry = new.iter().map(|new| new.entry.clone());
        manifest.parts.splice(at + 1..at + 1, entry);
        manifest.parts.retain(|entry| !is_old(entry.id));
        // After an error either manifest may be on disk, so all directories must stay.
        keeping.undecided = Some(id);
        manifest.store(&*self.disk, self.config.directory())?;
        keeping.undecided = None;
        keeping.manifest = manifest;
        let mut view = self.view_mut();
        if let Some(at) = view.parts.iter().rposition(|live| is_old(live.id())) {
            view.parts.splice(at + 1..at + 1, new);
            view.parts.retain(|live| !is_old(live.id()));
        }
        drop(view);
        keeping.retired.extend(old.iter().cloned());
        Ok(Rewritten::Done)
    }

    fn write_again(&self, job: &Job<'_>, pace: &mut Pace<'_>) -> Result<Written> {
        let path = part_path(&self.parts_directory(), job.id);
        let mut writer = PartWriter::create(self.disk.clone(), &path, WriteOptions::default())?;
        let mut merged = Merged::new(job)?;
        let mut cost = Cost::of(job.old);
        let mut is_empty = true;
        while let Some(series) = merged.next()? {
            let bytes = cost.of_series(series.read);
            if !(series.columns.is_empty() && series.exemplars.is_empty()) {
                is_empty = false;
                let (columns, exemplars) = (series.columns, &series.exemplars);
                writer.add_series(&series.labels, columns, series.metadata.as_ref(), exemplars)?;
            }
            if cost.is_check_due() {
                self.check_room_for(cost.left())?;
            }
            if pace.spend(bytes).is_break() {
                return Ok(Written::Stopped);
            }
        }
        if is_empty {
            drop(writer);
            let _ = self.disk.remove_directory(&path);
            return Ok(Written::Nothing);
        }
        let sequence = job.old.iter().map(|part| part.live.entry.sequence).max();
        let range = writer.finish()?.range;
        let entry = PartEntry::of_samples(job.id, range, sequence.unwrap_or(0), job.cleaned);
        let part = Part::open_with(self.disk.clone(), &path, &self.caches)?;
        Ok(Written::Part(LivePart::new(entry, part)))
    }

    /// The old parts go only when the new one is there, so there must be room for both, and then for what is sealed next
    /// and for what is written until then.
    fn check_room_for(&self, bytes: u64) -> Result<()> {
        let directory = self.config.directory();
        let reserve = self.config.settings().free_bytes_reserve.0;
        let sealing = self.wal_bytes().unwrap_or(0);
        let wanted = bytes.saturating_add(reserve).saturating_add(sealing);
        match self.disk.available_bytes(directory) {
            Ok(available) if available < wanted => Err(Error::new(
                ErrorKind::NoSpace,
                format!(
                    "{available} bytes are free for {}, writing parts again needs {wanted}",
                    directory.display()
                ),
            )),
            // A file system that cannot tell is no reason to stop.
            _ => Ok(()),
        }
    }
}

/// Looks up what is deleted; maintenance reads a part whose index is damaged.
fn looked_up(live: &Arc<LivePart>, tombstones: &[Arc<LiveTombstone>]) -> Result<VisiblePart> {
    VisiblePart::new(live.clone(), tombstones).map_err(|error| {
        let error = Error::from(error);
        if error.kind() == ErrorKind::Corrupt {
            suspect(live);
        }
        error
    })
}

/// What is written.
struct Job<'a> {
    id: u64,
    old: &'a [VisiblePart],
    /// The sequence up to which deletions are carried out.
    cleaned: u64,
    /// What is older is left out.
    cutoffs: Cutoffs,
}

enum Written {
    Part(Arc<LivePart>),
    Nothing,
    Stopped,
}

/// Estimates from samples how many bytes are read and written.
struct Cost {
    bytes_per_sample: f64,
    /// Of the old parts, not yet read.
    left: f64,
    since_check: f64,
}

impl Cost {
    fn of(old: &[VisiblePart]) -> Self {
        let meta = || old.iter().map(|part| part.live.part.meta());
        let bytes = meta().map(|meta| meta.bytes).sum::<u64>() as f64;
        let samples = meta().map(|meta| meta.samples).sum::<u64>() as f64;
        Self {
            bytes_per_sample: bytes / samples.max(1.0),
            left: bytes,
            since_check: 0.0,
        }
    }

    /// Takes a series into account, and returns the bytes read and written for it.
    fn of_series(&mut self, samples: usize) -> u64 {
        let read = samples as f64 * self.bytes_per_sample;
        self.left -= read;
        self.since_check += read;
        (2.0 * read) as u64
    }

    fn left(&self) -> u64 {
        self.left.max(0.0) as u64
    }

    fn is_check_due(&mut self) -> bool {
        let is_due = self.since_check >= BYTES_PER_CHECK as f64;
        if is_due {
            self.since_check = 0.0;
        }
        is_due
    }
}

/// One series of several parts.
struct Series<'a> {
    labels: Labels,
    columns: &'a SampleColumns,
    /// From the newest part that knows any.
    metadata: Option<Metadata>,
    exemplars: Vec<Exemplar>,
    /// How many samples were read for it.
    read: usize,
}

/// Walks the series of parts in the order of their labels.
struct Merged<'a> {
    parts: &'a [VisiblePart],
    cutoffs: &'a Cutoffs,
    /// The next series of each part: labels, the part's position, the series' number. Smallest labels first, of equal
    /// ones the oldest part.
    heads: BinaryHeap<Reverse<(Labels, usize, u32)>>,
    columns: SampleColumns,
    buffer: SampleColumns,
}

impl<'a> Merged<'a> {
    fn new(job: &'a Job<'_>) -> Result<Self> {
        let mut merged = Self {
            parts: job.old,
            cutoffs: &job.cutoffs,
            heads: BinaryHeap::new(),
            columns: SampleColumns::default(),
            buffer: SampleColumns::default(),
        };
        (0..job.old.len()).try_for_each(|part| merged.push(part, 0))?;
        Ok(merged)
    }

    fn push(&mut self, part: usize, id: u32) -> Result<()> {
        let source = &self.parts[part].live.part;
        if id < source.meta().series {
            self.heads.push(Reverse((source.labels(id)?, part, id)));
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Series<'_>>> {
        let Some(Reverse((labels, _, _))) = self.heads.peek() else {
            return Ok(None);
        };
        let labels = labels.clone();
        let (mut metadata, mut exemplars, mut read) = (None, Vec::new(), 0);
        let kept = self.cutoffs.kept(&labels, TimeRange::ALL);
        self.columns.clear();
        while let Some(Reverse((found, part, id))) = self.heads.peek()
            && *found == labels
        {
            let (part, id) = (*part, *id);
            self.heads.pop();
            let source = &self.parts[part];
            self.buffer.clear();
            source.read(id, kept, &mut self.buffer)?;
            read += self.buffer.len();
            merge(&mut self.columns, &self.buffer);
            exemplars.extend(source.exemplars(id, kept)?);
            metadata = source.live.part.metadata(id)?.cloned().or(metadata);
            self.push(part, id + 1)?;
        }
        exemplars.sort_by_key(|exemplar: &Exemplar| exemplar.timestamp);
        Ok(Some(Series {
            labels,
            columns: &self.columns,
            metadata,
            exemplars,
            read,
        }))
    }
}
