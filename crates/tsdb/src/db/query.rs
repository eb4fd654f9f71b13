//! Questions: one snapshot of parts and windows, the series merged by their labels.

use std::collections::BTreeSet;
use std::sync::RwLock;

use plimsoll_types::{
    Exemplar, Labels, Matcher, Meter, Selection, StorageError, TimeRange, Timestamp,
};

use super::cutoffs::Cutoffs;
use super::find::{Unmetered, Wants, find, shown, snapshot, suspect};
use super::hidden::VisiblePart;
use super::pace::Ticket;
use super::source::MergedSource;
use super::tiers::names;
use super::upkeep::Upkeep;
use super::view::View;
use crate::head::SeriesTable;

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
    /// The rules by which more is hidden of some series, and the trusted time; `None`: nothing is.
    pub(super) upkeep: Option<(&'a Upkeep, Timestamp)>,
}

impl Contents<'_> {
    /// Returns how long which series are kept, if that makes a difference inside `range`.
    pub(super) fn cutoffs(&self, range: TimeRange) -> Option<Cutoffs> {
        let cutoffs = self
            .upkeep
            .map(|(upkeep, now)| Cutoffs::new(upkeep.retention(), now));
        cutoffs.filter(|cutoffs| !cutoffs.is_uniform(range))
    }
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
    let (labels, mut source) = MergedSource::new(snapshot, found, range);
    if let Some(cutoffs) = db.cutoffs(range) {
        source.keep(&labels, &cutoffs);
    }
    if let Some((upkeep, _)) = db.upkeep {
        source.hold(Ticket::of(&upkeep.selections));
    }
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
    let (asked, range) = (range, visible(db, range));
    let mut all = Vec::new();
    for live in names::older(db, asked) {
        for matchers in selectors_or_all(selectors) {
            all.extend(names::series(&live, matchers, asked, limit)?);
        }
    }
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
    let older = names::older(db, range);
    let range = visible(db, range);
    let snapshot = snapshot(db, range)?;
    let mut found = match snapshot.windows.is_empty() {
        true => Vec::new(),
        false => in_head(),
    };
    for live in older {
        let part = VisiblePart::new(live, &[]).map_err(crate::Error::from)?;
        let names = in_parts(&part, None);
        found.extend(names.map_err(|error| suspect(Some(&part.live), error.into()))?);
    }
    for part in &snapshot.parts {
        let ask = || match part.hides_any() {
            false => in_parts(part, None),
            true => in_parts(part, Some(&shown(part, &[], range)?)),
        };
        found.extend(ask().map_err(|error| suspect(Some(&part.live), error.into()))?);
    }
    Ok(found)
}

pub(super) fn exemplars(
    db: Contents<'_>,
    selectors: &[Vec<Matcher>],
    range: TimeRange,
) -> Result<Vec<(Labels, Vec<Exemplar>)>> {
    let range = visible(db, range);
    let cutoffs = db.cutoffs(range);
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
            let kept = cutoffs.as_ref().map(|cutoffs| cutoffs.kept(&labels, range));
            let exemplars = snapshot
                .exemplars(place, kept.unwrap_or(range))
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
