//! Reading: one snapshot of parts and windows, the series merged by their labels, the samples by their time.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use plimsoll_types::{
    Exemplar, Labels, Matcher, SampleColumns, SampleSource, Selection, StorageError, TimeRange,
};

use super::Db;
use super::view::{LivePart, Snapshot};
use crate::merge::merge;
use crate::part::Part;
use crate::{Error, ErrorKind};

type Result<T> = std::result::Result<T, StorageError>;

pub(super) fn select(db: &Db, matchers: &[Matcher], range: TimeRange) -> Result<Selection> {
    let range = visible(db, range);
    let (snapshot, found) = find(db, matchers, range, usize::MAX)?;
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
    db: &Db,
    selectors: &[Vec<Matcher>],
    range: TimeRange,
    limit: usize,
) -> Result<Vec<Labels>> {
    let range = visible(db, range);
    let mut all = Vec::new();
    for matchers in selectors_or_all(selectors) {
        // The first of all are among the first of each source.
        let (_, found) = find(db, matchers, range, limit)?;
        all.extend(found.into_iter().map(|(labels, _)| labels));
    }
    all.sort();
    all.dedup();
    all.truncate(limit);
    Ok(all)
}

pub(super) fn label_names(
    db: &Db,
    selectors: &[Vec<Matcher>],
    range: TimeRange,
    limit: usize,
) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    if asks_for_all(selectors) {
        let (in_parts, in_head) = (
            |part: &Part| part.label_names(None),
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
    db: &Db,
    name: &str,
    selectors: &[Vec<Matcher>],
    range: TimeRange,
    limit: usize,
) -> Result<Vec<String>> {
    let mut values = BTreeSet::new();
    if asks_for_all(selectors) {
        let in_parts = |part: &Part| part.label_values(name, None);
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
    db: &Db,
    range: TimeRange,
    in_parts: impl Fn(&Part) -> std::result::Result<Vec<String>, crate::part::Error>,
    in_head: impl Fn() -> Vec<String>,
) -> Result<Vec<String>> {
    let view = db.view.read().unwrap_or_else(PoisonError::into_inner);
    let snapshot = view.snapshot(visible(db, range));
    drop(view);
    let mut found = match snapshot.windows.is_empty() {
        true => Vec::new(),
        false => in_head(),
    };
    for live in &snapshot.parts {
        found.extend(in_parts(&live.part).map_err(|error| suspect(Some(live), error.into()))?);
    }
    Ok(found)
}

pub(super) fn exemplars(
    db: &Db,
    selectors: &[Vec<Matcher>],
    range: TimeRange,
) -> Result<Vec<(Labels, Vec<Exemplar>)>> {
    let range = visible(db, range);
    let mut all: Vec<(Labels, Vec<Exemplar>)> = Vec::new();
    for matchers in selectors_or_all(selectors) {
        let (snapshot, found) = find(db, matchers, range, usize::MAX)?;
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
fn visible(db: &Db, range: TimeRange) -> TimeRange {
    TimeRange::new(range.start.max(db.horizon()), range.end)
}

fn selectors_or_all(selectors: &[Vec<Matcher>]) -> impl Iterator<Item = &[Matcher]> {
    let all: Option<&[Matcher]> = selectors.is_empty().then_some(&[]);
    all.into_iter().chain(selectors.iter().map(Vec::as_slice))
}

/// Where samples of a series are: a source of the snapshot (parts first, then windows) and the series' number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    source: u32,
    id: u32,
}

/// Returns every place of every fitting series, sorted by labels, then from old to new; of each part the first `limit`
/// series only.
fn find(
    db: &Db,
    matchers: &[Matcher],
    range: TimeRange,
    limit: usize,
) -> Result<(Snapshot, Vec<(Labels, Place)>)> {
    let (snapshot, active) = {
        // Until it is known which windows hold a slot, it must not change its series: the next one's samples would be
        // found under the labels of the one before.
        let _gate = db.gate.read().unwrap_or_else(PoisonError::into_inner);
        let view = db.view.read().unwrap_or_else(PoisonError::into_inner);
        let snapshot = view.snapshot(range);
        drop(view);
        let active = match snapshot.windows.is_empty() {
            true => Vec::new(),
            false => snapshot.in_windows(db.series.select(matchers)),
        };
        (snapshot, active)
    };
    let mut found = Vec::new();
    for (source, live) in (0..).zip(&snapshot.parts) {
        let mut collect = || {
            for id in live.part.select(matchers, range)?.into_iter().take(limit) {
                found.push((live.part.labels(id)?, Place { source, id }));
            }
            Ok(())
        };
        collect().map_err(|error: crate::part::Error| suspect(Some(live), error.into()))?;
    }
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

impl Snapshot {
    /// Returns the places of active series in the windows, from old to new.
    fn in_windows(&self, active: Vec<(u32, Labels)>) -> Vec<(Labels, Place)> {
        let mut found = Vec::new();
        for (source, window) in (self.parts.len() as u32..).zip(&self.windows) {
            let here = active.iter().filter(|(slot, _)| window.contains(*slot));
            found.extend(here.map(|(slot, labels)| (labels.clone(), Place { source, id: *slot })));
        }
        found
    }

    fn part(&self, place: Place) -> Option<&Arc<LivePart>> {
        self.parts.get(place.source as usize)
    }

    fn read(&self, place: Place, range: TimeRange, into: &mut SampleColumns) -> crate::Result<()> {
        let source = place.source as usize;
        match self.parts.get(source) {
            Some(live) => live.part.read(place.id, range, into)?,
            None => self.windows[source - self.parts.len()].read(place.id, range, into),
        }
        Ok(())
    }

    fn exemplars(&self, place: Place, range: TimeRange) -> crate::Result<Vec<Exemplar>> {
        let source = place.source as usize;
        match self.parts.get(source) {
            Some(live) => Ok(live.part.exemplars(place.id, range)?),
            None => Ok(self.windows[source - self.parts.len()].exemplars(place.id, range)),
        }
    }
}

/// Reads the series of a selection.
struct MergedSource {
    snapshot: Snapshot,
    /// Per series the first of its places, and the end of the last one's.
    series: Vec<usize>,
    places: Vec<Place>,
    range: TimeRange,
    buffer: SampleColumns,
}

impl SampleSource for MergedSource {
    fn read(&mut self, index: usize, into: &mut SampleColumns) -> Result<()> {
        into.clear();
        for place in &self.places[self.series[index]..self.series[index + 1]] {
            self.buffer.clear();
            self.snapshot
                .read(*place, self.range, &mut self.buffer)
                .map_err(|error| suspect(self.snapshot.part(*place), error))?;
            merge(into, &self.buffer);
        }
        Ok(())
    }
}
