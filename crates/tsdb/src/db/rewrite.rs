//! Writes parts again as one, without what was deleted in them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use plimsoll_types::{Exemplar, Labels, Metadata, SampleColumns, TimeRange};

use super::hidden::VisiblePart;
use super::open::part_path;
use super::view::LivePart;
use super::{Db, Keeping};
use crate::manifest::PartEntry;
use crate::merge::merge;
use crate::part::{Part, PartWriter, WriteOptions};
use crate::{Error, ErrorKind, Result};

impl Db {
    /// Puts one new part, or nothing when no sample is left, in the place of `old`: at least one part, in the order of
    /// their age, and no part between them in age overlaps the time from the first to the last of them. Deletions up to the sequence
    /// `cleaned` are carried out in what is read.
    pub(super) fn rewrite(
        &self,
        keeping: &mut Keeping,
        old: &[VisiblePart],
        cleaned: u64,
    ) -> Result<()> {
        self.remove_undecided(keeping)?;
        self.check_room_for(old)?;
        let id = keeping.manifest.next_part;
        keeping.manifest.next_part += 1;
        let new = match self.write_again(id, old, cleaned) {
            Ok(new) => new,
            Err(error) => {
                let path = part_path(&self.parts_directory(), id);
                // Best effort: what is left is removed at the next start.
                let _ = self.disk.remove_directory(&path);
                if error.kind() == ErrorKind::Corrupt {
                    // Which one it was does not matter: maintenance reads all of them.
                    let suspects = old.iter().map(|part| &part.live.is_suspect);
                    suspects.for_each(|suspect| suspect.store(true, Ordering::Relaxed));
                }
                return Err(error);
            }
        };
        self.exchange(keeping, old, id, new)
    }

    fn exchange(
        &self,
        keeping: &mut Keeping,
        old: &[VisiblePart],
        id: u64,
        new: Option<Arc<LivePart>>,
    ) -> Result<()> {
        let is_old = |id: u64| old.iter().any(|part| part.live.id() == id);
        let mut manifest = self.with_tombstones(keeping.manifest.clone());
        let Some(at) = manifest.parts.iter().rposition(|entry| is_old(entry.id)) else {
            return Ok(());
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
        keeping
            .retired
            .extend(old.iter().map(|part| part.live.clone()));
        Ok(())
    }

    fn write_again(
        &self,
        id: u64,
        old: &[VisiblePart],
        cleaned: u64,
    ) -> Result<Option<Arc<LivePart>>> {
        let path = part_path(&self.parts_directory(), id);
        let mut writer = PartWriter::create(self.disk.clone(), &path, WriteOptions::default())?;
        let mut merged = Merged::new(old)?;
        let mut is_empty = true;
        while let Some(series) = merged.next()? {
            if series.columns.is_empty() && series.exemplars.is_empty() {
                continue;
            }
            is_empty = false;
            let (columns, exemplars) = (series.columns, &series.exemplars);
            writer.add_series(&series.labels, columns, series.metadata.as_ref(), exemplars)?;
        }
        if is_empty {
            drop(writer);
            let _ = self.disk.remove_directory(&path);
            return Ok(None);
        }
        let sequence = old.iter().map(|part| part.live.entry.sequence).max();
        let entry = PartEntry {
            id,
            range: writer.finish()?.range,
            sequence: sequence.unwrap_or(0),
            cleaned,
        };
        let part = Part::open(self.disk.clone(), &path)?;
        Ok(Some(LivePart::new(entry, part)))
    }

    /// The old parts go only when the new one is there, so there must be room for all.
    fn check_room_for(&self, old: &[VisiblePart]) -> Result<()> {
        let directory = self.config.directory();
        let reserve = self.config.settings().free_bytes_reserve.0;
        let bytes: u64 = old.iter().map(|part| part.live.part.meta().bytes).sum();
        let wanted = bytes.saturating_add(reserve);
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

/// One series of several parts.
struct Series<'a> {
    labels: Labels,
    columns: &'a SampleColumns,
    /// From the newest part that knows any.
    metadata: Option<Metadata>,
    exemplars: Vec<Exemplar>,
}

/// Walks the series of parts in the order of their labels.
struct Merged<'a> {
    parts: &'a [VisiblePart],
    /// The next series of each part: labels, the part's position, the series' number. Smallest labels first, of equal
    /// ones the oldest part.
    heads: BinaryHeap<Reverse<(Labels, usize, u32)>>,
    columns: SampleColumns,
    buffer: SampleColumns,
}

impl<'a> Merged<'a> {
    fn new(parts: &'a [VisiblePart]) -> Result<Self> {
        let mut merged = Self {
            parts,
            heads: BinaryHeap::new(),
            columns: SampleColumns::default(),
            buffer: SampleColumns::default(),
        };
        (0..parts.len()).try_for_each(|part| merged.push(part, 0))?;
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
        let (mut metadata, mut exemplars) = (None, Vec::new());
        self.columns.clear();
        while let Some(Reverse((found, part, id))) = self.heads.peek()
            && *found == labels
        {
            let (part, id) = (*part, *id);
            self.heads.pop();
            let source = &self.parts[part];
            self.buffer.clear();
            source.read(id, TimeRange::ALL, &mut self.buffer)?;
            merge(&mut self.columns, &self.buffer);
            exemplars.extend(source.exemplars(id, TimeRange::ALL)?);
            metadata = source.live.part.metadata(id)?.cloned().or(metadata);
            self.push(part, id + 1)?;
        }
        exemplars.sort_by_key(|exemplar: &Exemplar| exemplar.timestamp);
        Ok(Some(Series {
            labels,
            columns: &self.columns,
            metadata,
            exemplars,
        }))
    }
}
