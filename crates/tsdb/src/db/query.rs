//! Reading: one snapshot of parts and windows, the series merged by their labels, the samples by their time.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};

use plimsoll_types::{
    Exemplar, Labels, Matcher, Meter, SampleColumns, SampleSource, Selection, StorageError,
    Summary, TimeRange, Timestamp,
};

use super::hidden::VisiblePart;
use super::view::{LivePart, Snapshot, Sources, View};
use crate::head::{SeriesTable, Window};
use crate::merge::merge;
use crate::{Error, ErrorKind};

type Result<T> = std::result::Result<T, StorageError>;

/// Where a query looks: an open store, or one that is only read.
#[derive(Clone, Copy)]
pub(super) struct Contents<'a> {
    pub(super) series: &'a SeriesTable,
    /// Keeps slots from changing their series.
    pub(super) gate: &'a RwLock<()>,
    pub(super) view: &'a RwLock<View>,
    /// What is older is hidden.
    pub(super) horizon: Timestamp,
}

pub(super) fn select(
    db: Contents<'_>,
    matchers: &[Matcher],
    range: TimeRange,
    meter: &dyn Meter,
) -> Result<Selection> {
    let range = visible(db, range);
    let (snapshot, found) = find(db, matchers, range, usize::MAX, Wants::Samples, meter)?;
    let warnings = snapshot.warnings.clone();
    let mut labels = Vec::new();
    let mut series = Vec::new();
    let mut places = Vec::with_capacity(found.len());
    for (found, place) in found {
        if labels.last() != Some(&found) {
            labels.push(found);
            series.push(places.len());
        }
        places.push(place);
    }
    series.push(places.len());
    let source = MergedSource {
        snapshot,
        series,
        places,
        range,
        buffer: SampleColumns::default(),
    };
    Ok(Selection {
        labels,
        source: Box::new(source),
        warnings,
    })
}

pub(super) fn series(
    db: Contents<'_>,
    selectors: &[Vec<Matcher>],
    range: TimeRange,
    limit: usize,
) -> Result<Vec<Labels>> {
    let range = visible(db, range);
    let mut all = Vec::new();
    for matchers in selectors_or_all(selectors) {
        // The first of all are among the first of each source.
        let (_, found) = find(db, matchers, range, limit, Wants::SamplesLeft, &Unmetered)?;
        all.extend(found.into_iter().map(|(labels, _)| labels));
    }
    all.sort();
    all.dedup();
    all.truncate(limit);
    Ok(all)
}

pub(super) fn label_names(
    db: Contents<'_>,
    selectors: &[Vec<Matcher>],
    range: TimeRange,
    limit: usize,
) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    if asks_for_all(selectors) {
        let (in_parts, in_head) = (
            |part: &VisiblePart, among: Option<&[u32]>| part.live.part.label_names(among),
            || db.series.label_names(),
        );
        names.extend(indexed(db, range, in_parts, in_head)?);
        return Ok(names.into_iter().take(limit).collect());
    }
    for labels in series(db, selectors, range, usize::MAX)? {
        for (name, _) in labels.iter() {
            if !names.contains(name) {
                names.insert(name.to_owned());
            }
        }
    }
    Ok(names.into_iter().take(limit).collect())
}

pub(super) fn label_values(
    db: Contents<'_>,
    name: &str,
    selectors: &[Vec<Matcher>],
    range: TimeRange,
    limit: usize,
) -> Result<Vec<String>> {
    let mut values = BTreeSet::new();
    if asks_for_all(selectors) {
        let in_parts =
            |part: &VisiblePart, among: Option<&[u32]>| part.live.part.label_values(name, among);
        let in_head = || db.series.label_values(name);
        values.extend(indexed(db, range, in_parts, in_head)?);
        return Ok(values.into_iter().take(limit).collect());
    }
    for labels in series(db, selectors, range, usize::MAX)? {
        if let Some(value) = labels.get(name)
            && !values.contains(value)
        {
            values.insert(value.to_owned());
        }
    }
    Ok(values.into_iter().take(limit).collect())
}

/// User interfaces ask for all labels all the time, so that is answered from the indexes, by whole parts and windows:
/// a series "may" have a sample in the range when its part or window has one.
fn asks_for_all(selectors: &[Vec<Matcher>]) -> bool {
    selectors_or_all(selectors).any(<[Matcher]>::is_empty)
}

fn indexed(
    db: Contents<'_>,
    range: TimeRange,
    in_parts: impl Fn(
        &VisiblePart,
        Option<&[u32]>,
    ) -> std::result::Result<Vec<String>, crate::part::Error>,
    in_head: impl Fn() -> Vec<String>,
) -> Result<Vec<String>> {
    let range = visible(db, range);
    let snapshot = snapshot(db, range)?;
    let mut found = match snapshot.windows.is_empty() {
        true => Vec::new(),
        false => in_head(),
    };
    for part in &snapshot.parts {
        let ask = || match part.hides_any() {
            false => in_parts(part, None),
            true => in_parts(part, Some(&shown(part, &[], range)?)),
        };
        found.extend(ask().map_err(|error| suspect(Some(&part.live), error.into()))?);
    }
    Ok(found)
}

/// Returns the series of a part that fulfil all matchers and have a sample that is not deleted.
fn shown(
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
fn snapshot(db: Contents<'_>, range: TimeRange) -> Result<Snapshot> {
    let view = db.view.read().unwrap_or_else(PoisonError::into_inner);
    let sources = view.sources(range);
    drop(view);
    sources
        .look_up()
        .map_err(|(live, error)| suspect(Some(&live), error.into()))
}

pub(super) fn exemplars(
    db: Contents<'_>,
    selectors: &[Vec<Matcher>],
    range: TimeRange,
) -> Result<Vec<(Labels, Vec<Exemplar>)>> {
    let range = visible(db, range);
    let mut all: Vec<(Labels, Vec<Exemplar>)> = Vec::new();
    for matchers in selectors_or_all(selectors) {
        let (snapshot, found) = find(
            db,
            matchers,
            range,
            usize::MAX,
            Wants::Exemplars,
            &Unmetered,
        )?;
        for (labels, place) in found {
            let exemplars = snapshot
                .exemplars(place, range)
                .map_err(|error| suspect(snapshot.part(place), error))?;
            if !exemplars.is_empty() {
                all.push((labels, exemplars));
            }
        }
    }
    // Several selectors, parts and windows may have found the same series.
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut merged: Vec<(Labels, Vec<Exemplar>)> = Vec::new();
    for (labels, exemplars) in all {
        match merged.last_mut() {
            Some((last, known)) if *last == labels => known.extend(exemplars),
            _ => merged.push((labels, exemplars)),
        }
    }
    for (_, exemplars) in &mut merged {
        exemplars.sort_by(|a, b| {
            (a.timestamp, &a.labels, a.value.to_bits()).cmp(&(
                b.timestamp,
                &b.labels,
                b.value.to_bits(),
            ))
        });
        exemplars.dedup_by(|a, b| {
            (a.timestamp, &a.labels, a.value.to_bits())
                == (b.timestamp, &b.labels, b.value.to_bits())
        });
    }
    Ok(merged)
}

/// Hides what is older than the retention, to the millisecond.
fn visible(db: Contents<'_>, range: TimeRange) -> TimeRange {
    TimeRange::new(range.start.max(db.horizon), range.end)
}

fn selectors_or_all(selectors: &[Vec<Matcher>]) -> impl Iterator<Item = &[Matcher]> {
    let all: Option<&[Matcher]> = selectors.is_empty().then_some(&[]);
    all.into_iter().chain(selectors.iter().map(Vec::as_slice))
}

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
enum Wants {
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
fn find(
    db: Contents<'_>,
    matchers: &[Matcher],
    range: TimeRange,
    limit: usize,
    wants: Wants,
    meter: &dyn Meter,
) -> Result<(Snapshot, Vec<(Labels, Place)>)> {
    let (sources, active) = {
        // Until it is known which windows hold a slot, it must not change its series: the next one's samples would be
        // found under the labels of the one before.
        let _gate = db.gate.read().unwrap_or_else(PoisonError::into_inner);
        let view = db.view.read().unwrap_or_else(PoisonError::into_inner);
        let sources = view.sources(range);
        drop(view);
        let active = match sources.windows.is_empty() {
            true => Vec::new(),
            false => sources.in_windows(db.series.select(matchers), range, wants),
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
    meter.take(active.len() * FOUND_BYTES)?;
    found.extend(active);
    // Stable and made of sorted runs: cheap, and places stay from old to new.
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok((snapshot, found))
}

/// A reader has no way back to the store, so it leaves its finding with the part; maintenance looks there.
fn suspect(live: Option<&Arc<LivePart>>, error: Error) -> StorageError {
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

    /// Returns the places of active series in the windows, from old to new.
    fn in_windows(
        &self,
        mut active: Vec<(u32, Labels)>,
        range: TimeRange,
        wants: Wants,
    ) -> Vec<(Labels, Place)> {
        let is_here = |window: &Window, slot| match wants {
            Wants::Exemplars => window.contains(slot),
            Wants::Samples | Wants::SamplesLeft => window.has_samples(slot, range),
        };
        // Sorted once here instead of once per window below.
        active.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
        let first = self.parts.len() as u32;
        let mut found = Vec::with_capacity(active.len());
        for (slot, labels) in active {
            let windows = (first..).zip(&self.windows);
            let here = windows.filter(|(_, window)| is_here(window, slot));
            found.extend(here.map(|(source, _)| (labels.clone(), Place { source, id: slot })));
        }
        found
    }
}

impl Snapshot {
    fn part(&self, place: Place) -> Option<&Arc<LivePart>> {
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
    fn begins_after(&self, place: Place, read: &SampleColumns) -> bool {
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

    fn exemplars(&self, place: Place, range: TimeRange) -> crate::Result<Vec<Exemplar>> {
        let source = place.source as usize;
        match self.parts.get(source) {
            Some(part) => Ok(part.exemplars(place.id, range)?),
            None => Ok(self.windows[source - self.parts.len()].exemplars(place.id, range)),
        }
    }
}

/// Reads the series of a selection.
pub(super) struct MergedSource {
    pub(super) snapshot: Snapshot,
    /// Per series the first of its places, and the end of the last one's.
    series: Vec<usize>,
    places: Vec<Place>,
    range: TimeRange,
    buffer: SampleColumns,
}

impl MergedSource {
    pub(super) fn places_of(&self, index: usize) -> &[Place] {
        &self.places[self.series[index]..self.series[index + 1]]
    }

    fn read_all(&mut self, index: usize, into: &mut SampleColumns) -> Result<()> {
        into.clear();
        for at in self.series[index]..self.series[index + 1] {
            let place = self.places[at];
            let failed = |error| suspect(self.snapshot.part(place), error);
            // Sources that follow each other in time, as they nearly always do, are read to where they belong.
            if self.snapshot.begins_after(place, into) {
                self.snapshot
                    .read(place, self.range, into)
                    .map_err(failed)?;
                continue;
            }
            self.buffer.clear();
            self.snapshot
                .read(place, self.range, &mut self.buffer)
                .map_err(failed)?;
            merge(into, &self.buffer);
        }
        Ok(())
    }
}

impl SampleSource for MergedSource {
    fn read(&mut self, index: usize, into: &mut SampleColumns) -> Result<()> {
        self.read_all(index, into)
    }

    fn summary(&mut self, index: usize, range: TimeRange) -> Result<Option<Summary>> {
        let range = TimeRange::new(
            range.start.max(self.range.start),
            range.end.min(self.range.end),
        );
        // What is damaged is met again, and reported, by the reading that follows.
        Ok(self.summarize(index, range).unwrap_or(None))
    }
}
