//! Making parts of windows, one after the other, while nothing that writes samples waits for it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::sync::{Arc, MutexGuard};

use plimsoll_types::{Labels, Metadata, SampleColumns, Tier, TierWindow, TimeRange};

use super::layout::{Layout, Origin, Piece, first_whole};
use super::plan::{DAY_MILLIS, Terms, Wanted};
use super::select::read_part;
use super::state::Tiers;
use crate::db::hidden::{LiveTombstone, VisiblePart};
use crate::db::open::part_path;
use crate::db::pace::Pace;
use crate::db::rewrite::Rewritten;
use crate::db::seal::Maintenance;
use crate::db::view::LivePart;
use crate::db::{Db, Keeping, delete, lock};
use crate::manifest::PartEntry;
use crate::merge::merge;
use crate::part::{Part, PartWriter, WriteOptions};
use crate::{Error, ErrorKind, Result};

/// What reading a sample and writing what it becomes costs, for the pace: in bytes.
const BYTES_PER_SAMPLE: u64 = 2;

type Met<T> = std::result::Result<T, (Arc<LivePart>, crate::part::Error)>;

impl Db {
    /// Makes the parts of windows that are due, and makes those again that are stale. What fails keeps nothing else from
    /// being made.
    pub(in crate::db) fn make_tiers(
        &self,
        pace: &mut Pace<'_>,
        done: &mut Maintenance,
    ) -> Result<()> {
        let (mut outcome, mut failed) = (Ok(()), HashSet::new());
        while !pace.is_over() {
            // A day with many parts takes long, and there may be many days.
            outcome = outcome.and(self.merge_crowded(pace, done));
            let merging = self.begin_merging();
            let (sequence, tiers) = self.tiers_at_rest()?;
            let wanted = self.wanted_tiers(&tiers);
            let is_new = |wanted: &Wanted| !failed.contains(&(wanted.tier, wanted.span.start));
            let Some(wanted) = wanted.into_iter().find(is_new) else {
                break;
            };
            match self.make_tier(&merging, &tiers, &wanted, sequence, pace) {
                Ok(Rewritten::Done) => {
                    self.metrics.tier_parts_made.inc();
                    done.tier_parts_made += 1;
                }
                Ok(Rewritten::GivenUp) => _ = failed.insert((wanted.tier, wanted.span.start)),
                Err(error) => {
                    tracing::error!(error = %error.chain(), tier = %wanted.tier, "making windows failed");
                    failed.insert((wanted.tier, wanted.span.start));
                    outcome = outcome.and(Err(error));
                }
            }
            drop((tiers, merging));
            self.remove_retired(&mut lock(&self.keeping));
        }
        outcome
    }

    /// Returns all parts with a sequence up to which every write is in them, or in windows in memory.
    fn tiers_at_rest(&self) -> Result<(u64, Tiers)> {
        let sequence = {
            let _order = lock(&self.order);
            self.wal.next_sequence().saturating_sub(1)
        };
        Ok((sequence, Tiers::of(&self.view).map_err(met)?))
    }

    fn wanted_tiers(&self, tiers: &Tiers) -> Vec<Wanted> {
        let (cutoffs, retention) = (self.cutoffs(), self.upkeep.retention());
        let terms = Terms {
            parts: &tiers.known,
            is_hit: &tiers.is_hit,
            samples: &tiers.samples,
            busy: &tiers.busy,
            aside: &tiers.aside_samples(),
            over: self.over_until(),
            samples_from: cutoffs.all_from(Tier::Raw),
        };
        let mut wanted = Vec::new();
        for tier in Tier::WINDOWS {
            let kept = retention.rules.longest(tier);
            if !kept.is_zero() && wanted.is_empty() {
                // The coarser tier is made from the finer one.
                let days = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX) / DAY_MILLIS;
                wanted = terms.due(tier, cutoffs.first(tier), days);
            }
        }
        wanted
    }

    fn make_tier(
        &self,
        _merging: &MutexGuard<'_, ()>,
        tiers: &Tiers,
        wanted: &Wanted,
        sequence: u64,
        pace: &mut Pace<'_>,
    ) -> Result<Rewritten> {
        let id = {
            let mut keeping = lock(&self.keeping);
            self.remove_undecided(&mut keeping)?;
            let id = keeping.manifest.next_part;
            keeping.manifest.next_part += 1;
            id
        };
        let old: Vec<_> = wanted
            .old
            .iter()
            .map(|at| tiers.parts[*at].clone())
            .collect();
        let entry = PartEntry {
            id,
            tier: wanted.tier,
            range: wanted.span,
            sequence,
            cleaned: tiers.tombstones.last().map_or(0, |t| t.tombstone.sequence),
            is_behind: false,
        };
        let new = match self.write_windows(tiers, wanted, entry, pace) {
            Ok(Some(new)) => new,
            Ok(None) => {
                self.discard(id);
                return Ok(Rewritten::GivenUp);
            }
            Err(error) => {
                self.discard(id);
                return Err(error);
            }
        };
        let mut keeping = lock(&self.keeping);
        let outcome = self.exchange_tier(&mut keeping, &old, new, sequence);
        // A part that the manifest on disk may name must stay.
        let is_settled = keeping.undecided != Some(id);
        if is_settled && !matches!(outcome, Ok(Rewritten::Done)) {
            self.discard(id);
        }
        outcome
    }

    /// Writes the part; `None` when there is no time left. A span without a window gets a part, too, so that nobody looks
    /// there again.
    fn write_windows(
        &self,
        tiers: &Tiers,
        wanted: &Wanted,
        entry: PartEntry,
        pace: &mut Pace<'_>,
    ) -> Result<Option<Arc<LivePart>>> {
        let layout = Layout {
            parts: &tiers.known,
            samples_from: first_whole(self.cutoffs().all_from(Tier::Raw), wanted.tier),
        };
        let pieces = layout.pieces(wanted.tier, wanted.span);
        let (samples, _) = self.deleted_from();
        let mut walk = Walk::new(wanted.tier, &pieces, tiers, &samples).map_err(met)?;
        let path = part_path(&self.parts_directory(), entry.id);
        let options = WriteOptions {
            tier: wanted.tier,
            ..WriteOptions::default()
        };
        let mut writer = PartWriter::create(self.disk.clone(), &path, options)?;
        let cutoffs = self.cutoffs();
        while let Some(series) = walk.next().map_err(met)? {
            // Of other series the windows are too old already.
            let first = first_whole(cutoffs.of(&series.labels, wanted.tier), wanted.tier);
            let expired = series.windows.partition_point(|window| window.end < first);
            writer.add_windows(
                &series.labels,
                &series.windows[expired..],
                series.metadata.as_ref(),
            )?;
            if pace.spend(series.read * BYTES_PER_SAMPLE).is_break() {
                return Ok(None);
            }
        }
        writer.finish()?;
        let directory = self.parts_directory();
        let synced = self.disk.sync_directory(&directory);
        synced.map_err(|error| Error::io("sync", &directory, error))?;
        let part = Part::open_with(self.disk.clone(), &path, &self.caches)?;
        Ok(Some(LivePart::new(entry, part)))
    }

    fn exchange_tier(
        &self,
        keeping: &mut Keeping,
        old: &[Arc<LivePart>],
        new: Arc<LivePart>,
        sequence: u64,
    ) -> Result<Rewritten> {
        self.remove_undecided(keeping)?;
        let (span, tier) = (new.entry.range, new.entry.tier);
        let has_changed = {
            let view = self.view_mut();
            let is_there =
                |live: &Arc<LivePart>| view.tiers.iter().any(|other| Arc::ptr_eq(other, live));
            let is_late = |live: &Arc<LivePart>| {
                live.entry.sequence > sequence && live.range().overlaps(span)
            };
            !old.iter().all(is_there) || view.parts.iter().any(is_late)
        };
        if has_changed {
            return Ok(Rewritten::GivenUp);
        }
        let is_old = |id: u64| old.iter().any(|live| live.id() == id);
        let mut manifest = self.with_tombstones(keeping.manifest.clone());
        manifest.sequence = manifest.sequence.max(sequence);
        manifest.parts.retain(|entry| !is_old(entry.id));
        manifest
            .quarantined
            .retain(|aside| aside.tier != tier || !contains(span, aside.range));
        manifest.parts.push(new.entry.clone());
        keeping.undecided = Some(new.id());
        manifest.store(&*self.disk, self.config.directory())?;
        keeping.undecided = None;
        keeping.manifest = manifest;
        let mut view = self.view_mut();
        view.tiers.retain(|live| !is_old(live.id()));
        view.tiers.push(new);
        view.quarantined.clone_from(&keeping.manifest.quarantined);
        drop(view);
        keeping.retired.extend(old.iter().cloned());
        Ok(Rewritten::Done)
    }
}

/// Maintenance reads a damaged part as a whole.
fn met((live, error): (Arc<LivePart>, crate::part::Error)) -> Error {
    let error = Error::from(error);
    if error.kind() == ErrorKind::Corrupt {
        delete::suspect(&live);
    }
    error
}

/// One series of a new part.
struct Series<'a> {
    labels: Labels,
    windows: &'a [TierWindow],
    /// From the newest part that knows any.
    metadata: Option<Metadata>,
    /// How many samples and windows were read for it.
    read: u64,
}

/// A part that a piece is made from.
struct Source {
    part: VisiblePart,
    range: TimeRange,
    /// Its piece; sources are in the order of their pieces, and those of one piece of samples in the order of age.
    piece: usize,
}

/// Walks the series of all pieces in the order of their labels.
struct Walk {
    tier: Tier,
    sources: Vec<Source>,
    /// The next series of each source.
    heads: BinaryHeap<Reverse<(Labels, usize, u32)>>,
    windows: Vec<TierWindow>,
    fine: Vec<TierWindow>,
    columns: SampleColumns,
    buffer: SampleColumns,
}

impl Walk {
    fn new(tier: Tier, pieces: &[Piece], tiers: &Tiers, samples: &[Arc<LivePart>]) -> Met<Self> {
        let mut sources = Vec::new();
        for (number, piece) in pieces.iter().enumerate() {
            let source = |part| Source {
                part,
                range: piece.range,
                piece: number,
            };
            match piece.origin {
                Origin::Part(at) => sources.push(source(tiers.visible(at)?)),
                Origin::Samples => {
                    let inside = samples
                        .iter()
                        .filter(|live| live.range().overlaps(piece.range));
                    for live in inside {
                        sources.push(source(visible(live, &tiers.tombstones)?));
                    }
                }
            }
        }
        let mut walk = Self {
            tier,
            sources,
            heads: BinaryHeap::new(),
            windows: Vec::new(),
            fine: Vec::new(),
            columns: SampleColumns::default(),
            buffer: SampleColumns::default(),
        };
        for at in 0..walk.sources.len() {
            walk.push(at, 0).map_err(|error| walk.failed(at, error))?;
        }
        Ok(walk)
    }

    fn failed(&self, at: usize, error: crate::part::Error) -> (Arc<LivePart>, crate::part::Error) {
        (self.sources[at].part.live.clone(), error)
    }

    fn push(&mut self, at: usize, id: u32) -> std::result::Result<(), crate::part::Error> {
        let part = &self.sources[at].part.live.part;
        if id < part.meta().series {
            self.heads.push(Reverse((part.labels(id)?, at, id)));
        }
        Ok(())
    }

    fn next(&mut self) -> Met<Option<Series<'_>>> {
        let Some(Reverse((labels, _, _))) = self.heads.peek() else {
            return Ok(None);
        };
        let labels = labels.clone();
        let mut places = Vec::new();
        while let Some(Reverse((found, at, id))) = self.heads.peek()
            && *found == labels
        {
            let (at, id) = (*at, *id);
            self.heads.pop();
            places.push((self.sources[at].piece, at, id));
            self.push(at, id + 1)
                .map_err(|error| self.failed(at, error))?;
        }
        let (mut metadata, mut read) = (None, 0);
        self.windows.clear();
        for places in places.chunk_by(|(a, ..), (b, ..)| a == b) {
            read += self.read_piece(places)?;
            for (_, at, id) in places {
                let known = self.sources[*at].part.live.part.metadata(*id);
                let known = known.map_err(|error| self.failed(*at, error))?;
                metadata = known.cloned().or(metadata);
            }
        }
        Ok(Some(Series {
            labels,
            windows: &self.windows,
            metadata,
            read,
        }))
    }

    /// Reads the places of a series in one piece.
    fn read_piece(&mut self, places: &[(usize, usize, u32)]) -> Met<u64> {
        let before = self.windows.len();
        self.columns.clear();
        for (_, at, id) in places {
            let source = &self.sources[*at];
            let failed = |error| (source.part.live.clone(), error);
            if source.part.live.entry.tier == Tier::Raw {
                self.buffer.clear();
                source
                    .part
                    .read(*id, source.range, &mut self.buffer)
                    .map_err(failed)?;
                merge(&mut self.columns, &self.buffer);
            } else {
                let (fine, windows) = (&mut self.fine, &mut self.windows);
                read_part(&source.part, (*id, source.range), self.tier, fine, windows)
                    .map_err(failed)?;
            }
        }
        let length = self.tier.window_millis().unwrap_or(1);
        TierWindow::roll(&self.columns, length, &mut self.windows);
        Ok((self.columns.len() + self.windows.len() - before) as u64)
    }
}

/// What lies in quarantine goes when there is another part for all of it: it may be the only one for the rest.
fn contains(span: TimeRange, aside: TimeRange) -> bool {
    span.start <= aside.start && aside.end <= span.end
}

fn visible(live: &Arc<LivePart>, tombstones: &[Arc<LiveTombstone>]) -> Met<VisiblePart> {
    VisiblePart::new(live.clone(), tombstones).map_err(|error| (live.clone(), error))
}
