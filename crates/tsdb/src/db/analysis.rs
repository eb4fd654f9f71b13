//! Which labels make how many series, and which of them come and go: what `promtool tsdb analyze` tells of a block.
//!
//! Churn of a label is the time that its series do *not* cover, counted in whole lengths of the analysed range: ten
//! series that live a tenth of the range each count nine.

use std::collections::HashMap;
use std::sync::Arc;

use plimsoll_types::{
    Labels, METRIC_NAME, MetricSeries, NamedCount, StorageError, StorageErrorKind, TimeRange,
    Timestamp, TopCounts, Unused,
};

use super::find::{self, Place};
use super::query::Contents;
use super::view::Snapshot;
use crate::manifest::part_name;
use crate::queried::Queried;

/// What an analysis counted. Lists are sorted, highest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Analysis {
    /// From the first to the last sample; `None` when there is none.
    pub range: Option<TimeRange>,
    /// Series.
    pub series: u64,
    /// Samples, staleness markers included.
    pub samples: u64,
    /// Distinct label names.
    pub label_names: u64,
    /// Distinct label pairs.
    pub label_pairs: u64,
    /// Label pairs of all series together.
    pub label_entries: u64,
    /// Label pairs, named `label=value`, by churn.
    pub churning_pairs: Vec<NamedCount>,
    /// Label names by churn.
    pub churning_names: Vec<NamedCount>,
    /// Label pairs by number of series.
    pub common_pairs: Vec<NamedCount>,
    /// Label names by bytes of their distinct values.
    pub longest_names: Vec<NamedCount>,
    /// Label names by number of distinct values.
    pub names_by_values: Vec<NamedCount>,
    /// Metric names by number of series.
    pub metrics_by_series: Vec<NamedCount>,
    /// Metric names by churn.
    pub churning_metrics: Vec<NamedCount>,
    /// Distinct metric names.
    pub metrics: u64,
    /// Metrics that nobody asked for; `None` when queries are not noted in this directory.
    pub unused: Option<Unused>,
}

/// What is known of the samples of a series without reading them.
#[derive(Clone, Copy)]
struct Extent {
    range: TimeRange,
    samples: u64,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    series: u64,
    /// Milliseconds between the first and the last sample, of all series together.
    covered: u128,
}

#[derive(Default)]
struct NameTally {
    all: Tally,
    values: HashMap<Arc<str>, Tally>,
}

#[derive(Default)]
struct Tallies {
    names: HashMap<Arc<str>, NameTally>,
    series: u64,
    samples: u64,
    entries: u64,
    range: Option<TimeRange>,
}

/// What to list, and how much of it.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) part: Option<&'a str>,
    pub(super) limit: usize,
    /// When metrics were queried, and since when one must have been to count as used.
    pub(super) queried: Option<(&'a Queried, Timestamp)>,
}

pub(super) fn analyze(
    contents: Contents<'_>,
    question: Question<'_>,
) -> Result<Analysis, StorageError> {
    let (snapshot, found) = find::find_all(contents)?;
    let wanted = match question.part {
        None => None,
        Some(name) => Some(source_of(&snapshot, name)?),
    };
    let mut tallies = Tallies::default();
    for places in found.chunk_by(|(a, _), (b, _)| a == b) {
        let labels = &places[0].0;
        let mut extent: Option<Extent> = None;
        let here = places.iter().map(|(_, place)| *place);
        for place in here.filter(|place| wanted.is_none_or(|wanted| place.source == wanted)) {
            extent = joined(extent, extent_of(&snapshot, place)?);
        }
        if let Some(extent) = extent {
            tallies.add(labels, extent);
        }
    }
    Ok(tallies.finish(question))
}

fn source_of(snapshot: &Snapshot, name: &str) -> Result<u32, StorageError> {
    let found = snapshot
        .parts
        .iter()
        .position(|part| part_name(part.live.id()) == name);
    found.map(|index| index as u32).ok_or_else(|| {
        let message = format!("there is no part {name:?}");
        StorageError::new(StorageErrorKind::Closed, message)
    })
}

fn extent_of(snapshot: &Snapshot, place: Place) -> Result<Option<Extent>, StorageError> {
    let source = place.source as usize;
    let Some(part) = snapshot.parts.get(source) else {
        let window = &snapshot.windows[source - snapshot.parts.len()];
        let extent = |(range, samples)| Extent { range, samples };
        return Ok(window.extent(place.id).map(extent));
    };
    let blocks = part.live.part.block_aggregates(place.id);
    let blocks = blocks.map_err(|error| StorageError::from(crate::Error::from(error)))?;
    let block = |block: &crate::part::BlockSummary| Extent {
        range: block.range,
        samples: block.samples.into(),
    };
    let all = blocks.iter().map(block).map(Some);
    Ok(all.fold(None, joined))
}

fn joined(one: Option<Extent>, other: Option<Extent>) -> Option<Extent> {
    match (one, other) {
        (Some(a), Some(b)) => Some(Extent {
            range: united(a.range, b.range),
            samples: a.samples + b.samples,
        }),
        (one, other) => one.or(other),
    }
}

fn united(a: TimeRange, b: TimeRange) -> TimeRange {
    TimeRange::new(a.start.min(b.start), a.end.max(b.end))
}

fn length(range: TimeRange) -> u128 {
    let millis = |time: Timestamp| i128::from(time.millis());
    u128::try_from(millis(range.end) - millis(range.start)).unwrap_or(0)
}

impl Tallies {
    fn add(&mut self, labels: &Labels, extent: Extent) {
        self.series += 1;
        self.samples += extent.samples;
        self.range = Some(
            self.range
                .map_or(extent.range, |range| united(range, extent.range)),
        );
        let covered = length(extent.range);
        for (name, value) in labels.iter() {
            self.entries += 1;
            if !self.names.contains_key(name) {
                self.names.insert(name.into(), Default::default());
            }
            let known = self.names.get_mut(name).expect("it was added above");
            known.all.add(covered);
            match known.values.get_mut(value) {
                Some(tally) => tally.add(covered),
                None => {
                    let tally = Tally { series: 1, covered };
                    known.values.insert(value.into(), tally);
                }
            }
        }
    }

    fn finish(self, question: Question<'_>) -> Analysis {
        let limit = question.limit;
        let whole = self.range.map_or(0, length);
        let top = || TopCounts::new(limit);
        let (mut churning_pairs, mut churning_names, mut common_pairs) = (top(), top(), top());
        let (mut longest_names, mut names_by_values) = (top(), top());
        let (mut metrics, mut churning_metrics) = (top(), top());
        let mut label_pairs = 0;
        for (name, NameTally { all, values }) in &self.names {
            label_pairs += values.len() as u64;
            churning_names.push(all.churn(whole), || name.to_string());
            names_by_values.push(values.len() as u64, || name.to_string());
            let bytes = values.keys().map(|value| value.len() as u64).sum();
            longest_names.push(bytes, || name.to_string());
            for (value, tally) in values {
                let pair = || format!("{name}={value}");
                churning_pairs.push(tally.churn(whole), pair);
                common_pairs.push(tally.series, pair);
                if &**name == METRIC_NAME {
                    metrics.push(tally.series, || value.to_string());
                    churning_metrics.push(tally.churn(whole), || value.to_string());
                }
            }
        }
        Analysis {
            range: self.range,
            series: self.series,
            samples: self.samples,
            label_names: self.names.len() as u64,
            label_pairs,
            label_entries: self.entries,
            churning_pairs: churning_pairs.into_sorted(),
            churning_names: churning_names.into_sorted(),
            common_pairs: common_pairs.into_sorted(),
            longest_names: longest_names.into_sorted(),
            names_by_values: names_by_values.into_sorted(),
            metrics_by_series: metrics.into_sorted(),
            churning_metrics: churning_metrics.into_sorted(),
            metrics: self.metrics().count() as u64,
            unused: question.queried.map(|(queried, before)| {
                let metrics = self.metrics().map(|(name, tally)| (&**name, tally.series));
                unused(metrics, queried, before, limit)
            }),
        }
    }
}

impl Tallies {
    fn metrics(&self) -> impl Iterator<Item = (&Arc<str>, &Tally)> {
        let names = self.names.get(METRIC_NAME);
        names.into_iter().flat_map(|names| &names.values)
    }
}

/// Counts the metrics that nobody asked for since `before`.
pub(super) fn unused<'a>(
    metrics: impl Iterator<Item = (&'a str, u64)>,
    queried: &Queried,
    before: Timestamp,
    limit: usize,
) -> Unused {
    let mut unused = Unused {
        recorded_since: queried.since(),
        before,
        ..Unused::default()
    };
    let mut top = TopCounts::new(limit);
    for (name, series) in metrics {
        if queried.last(name).is_none_or(|last| last < before) {
            unused.metrics += 1;
            unused.series += series;
            top.push(series, || name.to_owned());
        }
    }
    unused.by_metric = with_times(top.into_sorted(), queried);
    unused
}

/// Adds to metrics when they were last queried.
pub(super) fn with_times(metrics: Vec<NamedCount>, queried: &Queried) -> Vec<MetricSeries> {
    let metrics = metrics.into_iter().map(|entry| MetricSeries {
        last_queried: queried.last(&entry.name),
        name: entry.name,
        series: entry.count,
    });
    metrics.collect()
}

impl Tally {
    fn add(&mut self, covered: u128) {
        self.series += 1;
        self.covered += covered;
    }

    fn churn(&self, whole: u128) -> u64 {
        let uncovered = (u128::from(self.series) * whole).saturating_sub(self.covered);
        let lengths = uncovered.checked_div(whole).unwrap_or(0);
        u64::try_from(lengths).unwrap_or(u64::MAX)
    }
}
