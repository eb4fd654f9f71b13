//! Series that a target did not expose before: their labels are read, relabelled, checked and resolved, once.

use std::collections::{HashMap, HashSet};

use plimsoll_types::{
    Labels, SeriesRef, Timestamp, WriteBatch, is_legacy_label_name, is_legacy_metric_name,
};
use plimsoll_wire::exposition::SampleEntry;

use super::cache::{Cache, Fate, LineKey};
use super::harvest::{Harvest, HarvestError, Progress, shortened};
use super::rules::attach;
use crate::relabel::{self, Verdict};

/// Stands in the batch for the ref of a series that is not resolved yet; its low bits are an index. Stores count
/// their refs up from 0 and never get here.
const UNRESOLVED: u64 = 1 << 63;
/// The most labels a target may put onto a series, whatever the configuration: relabelling a hostile million of them
/// would take hours.
const LABELS_MAX: usize = 1024;
/// What a label may have where the configuration sets no limit: the same as in a push.
const LABEL_NAME_BYTES_DEFAULT: u64 = 1 << 10;
const LABEL_VALUE_BYTES_DEFAULT: u64 = 64 << 10;

/// A series that was not known.
pub(super) struct Newcomer {
    key: LineKey,
    labels: Labels,
    metadata: Option<(plimsoll_types::Metadata, u64)>,
}

impl Harvest<'_> {
    /// Reads, relabels and checks the labels of a line that is not known. Returns what stands for its series.
    pub(super) fn meet(
        &self,
        cache: &mut Cache,
        key: LineKey,
        entry: &SampleEntry<'_>,
        tracks: bool,
        progress: &mut Progress,
    ) -> Result<Option<SeriesRef>, HarvestError> {
        let raw = entry.series.raw();
        let name = entry.series.metric_name();
        let metric = Cache::metric(&name);
        let Some(labels) = self.relabelled(entry)? else {
            if progress.excess.is_none() {
                cache.insert(key, Fate::Dropped, metric, tracks);
                progress.noted.push(key);
            }
            return Ok(None);
        };
        if progress.excess.is_some() {
            // Nothing of this body will be stored: it is counted to its end, and not remembered.
            progress.counted.kept += 1;
            return Ok(None);
        }
        self.check_names(&labels, raw)?;
        self.check_limits(&labels)?;
        self.count_series(metric, &name, progress)?;
        // Known from here on, so that a second line of the same text is a repetition; resolved at the end.
        let series = SeriesRef(UNRESOLVED | progress.newcomers.len() as u64);
        cache.insert(key, Fate::Stored(series), metric, tracks);
        progress.noted.push(key);
        progress.noted_series += 1;
        progress.newcomers.push(Newcomer {
            key,
            labels,
            metadata: progress
                .family
                .newer(0, || name)
                .map(|(metadata, hash)| (metadata.clone(), hash)),
        });
        Ok(Some(series))
    }

    /// Returns the labels as they are stored; `None` when metric relabelling drops the series, or all its labels.
    fn relabelled(&self, entry: &SampleEntry<'_>) -> Result<Option<Labels>, HarvestError> {
        let exposed = entry.series.labels()?;
        let count = exposed.len();
        if count > LABELS_MAX {
            let series = shortened(entry.series.raw());
            return Err(HarvestError::Limit(format!(
                "{count} labels are more than a series may have, which is {LABELS_MAX} (series {series})"
            )));
        }
        let mut builder = attach(&exposed, self.target, self.rules.honors_labels);
        if relabel::apply(&self.rules.metric_relabel, &mut builder) == Verdict::Drop {
            return Ok(None);
        }
        Ok(Some(builder.build()).filter(|labels| !labels.is_empty()))
    }

    fn check_names(&self, labels: &Labels, raw: &str) -> Result<(), HarvestError> {
        let Some(name) = labels.metric_name() else {
            return Err(HarvestError::Nameless(shortened(raw)));
        };
        if self.rules.has_legacy_names {
            let mut names = labels.iter().map(|(name, _)| name);
            if !is_legacy_metric_name(name) {
                return Err(HarvestError::ForeignName(shortened(name)));
            }
            if let Some(foreign) = names.find(|name| !is_legacy_label_name(name)) {
                return Err(HarvestError::ForeignName(shortened(foreign)));
            }
        }
        if labels.get("").is_some() {
            return Err(HarvestError::ForeignName(String::new()));
        }
        Ok(())
    }

    fn check_limits(&self, labels: &Labels) -> Result<(), HarvestError> {
        let limits = &self.rules.limits;
        let over = |limit: Option<u64>, found: usize| limit.filter(|limit| found as u64 > *limit);
        let name_limit = limits.label_name_length.or(Some(LABEL_NAME_BYTES_DEFAULT));
        let value_limit = limits
            .label_value_length
            .or(Some(LABEL_VALUE_BYTES_DEFAULT));
        let fail = |what: String| {
            let series = shortened(&labels.to_string());
            Err(HarvestError::Limit(format!("{what} (series {series})")))
        };
        let count = labels.len();
        if let Some(limit) = over(limits.label, count) {
            return fail(format!("{count} labels are more than label_limit {limit}"));
        }
        for (name, value) in labels.iter() {
            if let Some(limit) = over(name_limit, name.len()) {
                let found = name.len();
                return fail(format!(
                    "a label name of {found} bytes exceeds label_name_length_limit {limit}"
                ));
            }
            if let Some(limit) = over(value_limit, value.len()) {
                let (name, found) = (shortened(name), value.len());
                return fail(format!(
                    "the value of {name} has {found} bytes, more than label_value_length_limit {limit}"
                ));
            }
        }
        Ok(())
    }

    /// Gives refs to the newcomers, in the cache and in the batch.
    pub(super) fn resolve(
        &self,
        cache: &mut Cache,
        progress: &mut Progress,
        batch: &mut WriteBatch,
    ) -> Result<(), HarvestError> {
        let newcomers = std::mem::take(&mut progress.newcomers);
        if newcomers.is_empty() {
            return Ok(());
        }
        let mut owners: HashMap<SeriesRef, LineKey> = cache.came().collect();
        let mut shared = HashSet::new();
        let mut refs = Vec::with_capacity(newcomers.len());
        for (index, newcomer) in newcomers.into_iter().enumerate() {
            let series = self.appender.resolve(&newcomer.labels)?;
            refs.push(series);
            let placeholder = Fate::Stored(SeriesRef(UNRESOLVED | index as u64));
            let Some(known) = cache.with_fate(newcomer.key, placeholder) else {
                continue;
            };
            known.fate = Fate::Stored(series);
            if let Some((metadata, hash)) = newcomer.metadata {
                known.described = hash;
                batch.metadata.push((series, metadata));
            }
            if let Some(other) = owners.insert(series, newcomer.key) {
                shared.insert(series);
                for key in [other, newcomer.key] {
                    if let Some(known) = cache.with_fate(key, Fate::Stored(series)) {
                        known.is_shared = true;
                    }
                }
            }
        }
        put_in_place(batch, &refs);
        drop_repeated(batch, &shared, progress);
        Ok(())
    }
}

fn put_in_place(batch: &mut WriteBatch, refs: &[SeriesRef]) {
    let samples = batch.samples.iter_mut().map(|(series, _)| series);
    let exemplars = batch.exemplars.iter_mut().map(|(series, _)| series);
    for series in samples.chain(exemplars) {
        if series.0 & UNRESOLVED != 0 {
            *series = refs[(series.0 & !UNRESOLVED) as usize];
        }
    }
}

/// Of two lines that turned out to be one series, the first one counts.
fn drop_repeated(batch: &mut WriteBatch, shared: &HashSet<SeriesRef>, progress: &mut Progress) {
    if shared.is_empty() {
        return;
    }
    let before = batch.samples.len();
    let mut seen: HashSet<(SeriesRef, Timestamp)> = HashSet::new();
    batch.samples.retain(|(series, sample)| {
        !shared.contains(series) || seen.insert((*series, sample.timestamp))
    });
    let repeated = (before - batch.samples.len()) as u64;
    progress.counted.repeated += repeated;
    progress.counted.kept -= repeated;
}
