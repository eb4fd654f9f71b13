//! Finding series: the places of each in parts and windows, by its labels.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use plimsoll_types::{Exemplar, Labels, Matcher, Meter, SampleColumns, StorageError, TimeRange};

use super::hidden::VisiblePart;
use super::query::Contents;
use super::view::{LivePart, Snapshot, Sources};
use crate::head::{SeriesTable, Window};
use crate::{Error, ErrorKind};

type Result<T> = std::result::Result<T, StorageError>;

/// Where samples of a series are: a source of the snapshot (parts first, then windows) and the series' number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) source: u32,
    pub(super) id: u32,
}

/// Returns every place of every series, sorted by labels, then from old to new.
pub(super) fn find_all(db: Contents<'_>) -> Result<(Snapshot, Vec<(Labels, Place)>)> {
    find(
        db,
        &[],
        TimeRange::ALL,
        usize::MAX,
        Wants::SamplesLeft,
        &Unmetered,
    )
}

/// Which series a query wants of a part.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    /// Those that may have samples.
    Samples,
    /// Those that may have samples, and not only deleted ones.
    SamplesLeft,
    /// Those that may have exemplars.
    Exemplars,
}

/// What finding a series in one place takes beside its labels: twice the entry of a list, since sorting copies it.
const FOUND_BYTES: usize = 2 * size_of::<(Labels, Place)>();

/// Lets everything pass.
pub(super) struct Unmetered;

impl Meter for Unmetered {
    fn take(&self, _: usize) -> Result<()> {
        Ok(())
    }
}

/// So many label sets are made between two questions to the meter.
const LABELS_AT_ONCE: usize = 256;

/// Returns every place of every fitting series, sorted by labels, then from old to new; of each part the first `limit`
/// series only.
pub(super) fn find(
    db: Contents<'_>,
    matchers: &[Matcher],
    range: TimeRange,
    limit: usize,
    wants: Wants,
    meter: &dyn Meter,
) -> Result<(Snapshot, Vec<(Labels, Place)>)> {
    let cutoffs = db.cutoffs(range).filter(|_| wants == Wants::SamplesLeft);
    // Some of the first may turn out to be expired.
    let limit = if cutoffs.is_some() { usize::MAX } else { limit };
    let (sources, active) = {
        // Until it is known which windows hold a slot, it must not change its series: the next one's samples would be
        // found under the labels of the one before.
        let _gate = db.gate.read().unwrap_or_else(PoisonError::into_inner);
        let view = db.view.read().unwrap_or_else(PoisonError::into_inner);
        let sources = view.sources(range);
        drop(view);
        let active = match sources.windows.is_empty() {
            true => Vec::new(),
            false => sources.in_windows(db.series, matchers, range, wants, meter)?,
        };
        (sources, active)
    };
    let snapshot = sources
        .look_up()
        .map_err(|(live, error)| suspect(Some(&live), error.into()))?;
    let mut found = Vec::new();
    for (source, part) in (0..).zip(&snapshot.parts) {
        let mut refusal = None;
        let mut collect = || {
            let ids = match wants {
                Wants::Samples | Wants::Exemplars => part.live.part.select(matchers, range)?,
                Wants::SamplesLeft => shown(part, matchers, range)?,
            };
            for ids in ids[..limit.min(ids.len())].chunks(LABELS_AT_ONCE) {
                let labels = part.live.part.labels_of(ids)?;
                let bytes = labels.iter().map(|l| l.byte_count() + FOUND_BYTES);
                if let Err(refused) = meter.take(bytes.sum()) {
                    refusal = Some(refused);
                    break;
                }
                let places = ids.iter().map(|id| Place { source, id: *id });
                found.extend(labels.into_iter().zip(places));
            }
            Ok(())
        };
        collect().map_err(|error: crate::part::Error| suspect(Some(&part.live), error.into()))?;
        refusal.map_or(Ok(()), Err)?;
    }
    found.extend(active);
    // Stable and made of sorted runs: cheap, and places stay from old to new.
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    if let Some(cutoffs) = cutoffs {
        let mut failed = None;
        found.retain(|(labels, place)| {
            let kept = cutoffs.kept(labels, range);
            let shows = snapshot.may_show(*place, kept);
            shows.unwrap_or_else(|error| {
                failed = Some(suspect(snapshot.part(*place), error));
                false
            })
        });
        failed.map_or(Ok(()), Err)?;
    }
    Ok((snapshot, found))
}

/// A reader has no way back to the store, so it leaves its finding with the part; maintenance looks there.
pub(super) fn suspect(live: Option<&Arc<LivePart>>, error: Error) -> StorageError {
    if let (ErrorKind::Corrupt, Some(live)) = (error.kind(), live) {
        live.is_suspect.store(true, Ordering::Relaxed);
    }
    error.into()
}

impl Sources {
    /// Looks up what is deleted.
    pub(super) fn look_up(
        self,
    ) -> std::result::Result<Snapshot, (Arc<LivePart>, crate::part::Error)> {
        let tombstones = &self.tombstones;
        let part = |live: Arc<LivePart>| {
            VisiblePart::new(live.clone(), tombstones).map_err(|error| (live, error))
        };
        Ok(Snapshot {
            parts: self
                .parts
                .into_iter()
                .map(part)
                .collect::<std::result::Result<_, _>>()?,
            windows: self.windows,
            warnings: self.warnings,
        })
    }

    /// Returns the places of active series in the windows, sorted by labels, then from old to new.
    fn in_windows(
        &self,
        series: &SeriesTable,
        matchers: &[Matcher],
        range: TimeRange,
        wants: Wants,
        meter: &dyn Meter,
    ) -> Result<Vec<(Labels, Place)>> {
        let is_here = |window: &Window, slot| match wants {
            Wants::Exemplars => window.contains(slot),
            Wants::Samples | Wants::SamplesLeft => window.has_samples(slot, range),
        };
        let windows = || (self.parts.len() as u32..).zip(&self.windows);
        let mut here = Vec::new();
        for slot in series.select(matchers) {
            let fitting = windows().filter(|(_, window)| is_here(window, slot));
            here.extend(fitting.map(|(source, _)| Place { source, id: slot }));
        }
        let places: Vec<&[Place]> = here.chunk_by(|a, b| a.id == b.id).collect();
        let mut active = Vec::with_capacity(places.len());
        for some in places.chunks(LABELS_AT_ONCE) {
            let labelled = series.labelled(some.iter().map(|places| places[0].id));
            let bytes = labelled.iter().map(|(_, l)| l.byte_count() + FOUND_BYTES);
            meter.take(bytes.sum())?;
            // The gate keeps all of them, so each has its labels.
            active.extend(labelled.into_iter().map(|(_, labels)| labels).zip(some));
        }
        // Sorted once here instead of once per window below.
        active.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let mut found = Vec::with_capacity(here.len());
        for (labels, places) in active {
            found.extend(places.iter().map(|place| (labels.clone(), *place)));
        }
        Ok(found)
    }
}

impl Snapshot {
    pub(super) fn part(&self, place: Place) -> Option<&Arc<LivePart>> {
        let part = self.parts.get(place.source as usize);
        part.map(|part| &part.live)
    }

    pub(super) fn read(
        &self,
        place: Place,
        range: TimeRange,
        into: &mut SampleColumns,
    ) -> crate::Result<()> {
        let source = place.source as usize;
        match self.parts.get(source) {
            Some(part) => part.read(place.id, range, into)?,
            None => self.windows[source - self.parts.len()].read(place.id, range, into),
        }
        Ok(())
    }

    /// Says whether all samples of a source come after those that were read.
    pub(super) fn begins_after(&self, place: Place, read: &SampleColumns) -> bool {
        let Some(last) = read.timestamps.last() else {
            return true;
        };
        let source = place.source as usize;
        let range = match self.parts.get(source) {
            Some(part) => part.live.range(),
            None => self.windows[source - self.parts.len()].facts().range,
        };
        *last < range.start.millis()
    }

    /// Says whether a series has a sample inside a range that begins where its retention does.
    fn may_show(&self, place: Place, kept: TimeRange) -> crate::Result<bool> {
        let source = place.source as usize;
        let Some(part) = self.parts.get(source) else {
            return Ok(self.windows[source - self.parts.len()].has_samples(place.id, kept));
        };
        if kept.start <= part.live.range().start {
            return Ok(true);
        }
        if part.hides(place.id) {
            return Ok(part.shows(place.id, kept)?);
        }
        let blocks = part.live.part.block_aggregates(place.id)?;
        Ok(blocks.iter().any(|block| block.range.overlaps(kept)))
    }

    pub(super) fn exemplars(&self, place: Place, range: TimeRange) -> crate::Result<Vec<Exemplar>> {
        let source = place.source as usize;
        match self.parts.get(source) {
            Some(part) => Ok(part.exemplars(place.id, range)?),
            None => Ok(self.windows[source - self.parts.len()].exemplars(place.id, range)),
        }
    }
}

/// Returns the series of a part that fulfil all matchers and have a sample that is not deleted.
pub(super) fn shown(
    part: &VisiblePart,
    matchers: &[Matcher],
    range: TimeRange,
) -> std::result::Result<Vec<u32>, crate::part::Error> {
    let mut found = part.live.part.select(matchers, range)?;
    if part.hides_any() {
        let mut failed = None;
        found.retain(|id| match part.shows(*id, range) {
            Ok(shows) => shows,
            Err(error) => {
                failed = Some(error);
                false
            }
        });
        failed.map_or(Ok(()), Err)?;
    }
    Ok(found)
}

/// Takes a snapshot of what may have something inside `range`.
pub(super) fn snapshot(db: Contents<'_>, range: TimeRange) -> Result<Snapshot> {
    let view = db.view.read().unwrap_or_else(PoisonError::into_inner);
    let sources = view.sources(range);
    drop(view);
    sources
        .look_up()
        .map_err(|(live, error)| suspect(Some(&live), error.into()))
}
