//! From the body of a scrape to a batch of samples: parse, look up, relabel, check the limits, resolve.
//!
//! All or nothing, as in Prometheus: a body that is wrong in its last line, or over a limit, brings no sample. New series
//! are resolved after the limits were checked, so that a target that suddenly exposes a million series leaves no trace.

use std::sync::Arc;

use plimsoll_types::{
    Appender, Counts, Histogram, Labels, Metadata, MetricType, SCHEMA_MIN, Sample, SeriesRef,
    StorageError, Timestamp, Value, WriteBatch, is_legacy_metric_name,
};
use plimsoll_wire::exposition::{self, Entry, Format, Parser, SampleEntry};

use super::cache::{Cache, Fate};
use super::rules::{Rules, attach};
use crate::relabel::{self, Verdict};

/// Stands in the batch for the ref of a series that is not resolved yet; its low bits are an index. Stores count
/// their refs up from 0 and never get here.
const UNRESOLVED: u64 = 1 << 63;

/// Why a scrape brings nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HarvestError {
    /// The body is not what its content type says.
    #[error("{0}")]
    Malformed(#[from] exposition::Error),
    /// A limit of the configuration is exceeded.
    #[error("{0}")]
    Limit(String),
    /// A series without a name, or whose name was relabelled away.
    #[error("the series {0} has no metric name after metric_relabel_configs")]
    Nameless(String),
    /// A name outside the classic alphabet, under `metric_name_validation_scheme: legacy`.
    #[error(
        "the metric name {0:?} is not [a-zA-Z_:][a-zA-Z0-9_:]*, which metric_name_validation_scheme legacy wants"
    )]
    ForeignName(String),
    /// The store does not take one more series.
    #[error("{0}")]
    Storage(#[from] StorageError),
}

/// What a body brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Samples in the body.
    pub(super) scraped: u64,
    /// Samples after metric relabelling.
    pub(super) kept: u64,
    /// Series that this target did not expose the time before.
    pub(super) added: u64,
    /// Samples of a series that was there already in the same body.
    pub(super) repeated: u64,
}

impl Progress {
    /// Returns the family of the last metadata lines when a metric of this name belongs to it: text formats put a
    /// family's metadata before its samples, but samples without any may follow those of another.
    fn family_of(&self, metric: &str) -> Option<u32> {
        let (family, id) = self.family.as_ref()?;
        let suffix = metric.strip_prefix(family.as_str())?;
        let belongs = matches!(
            suffix,
            "" | "_total"
                | "_created"
                | "_bucket"
                | "_sum"
                | "_count"
                | "_gsum"
                | "_gcount"
                | "_info"
        );
        belongs.then_some(*id)
    }
}

/// One body on its way into a batch.
pub(super) struct Harvest<'a> {
    pub(super) rules: &'a Rules,
    /// The labels that go onto every series.
    pub(super) target: &'a Labels,
    pub(super) appender: &'a dyn Appender,
    /// The time of the scrape.
    pub(super) now: Timestamp,
}

/// A series that was not known.
struct Fresh {
    key: u64,
    raw: Box<str>,
    labels: Labels,
    metric: u32,
    family: Option<u32>,
    tracks: bool,
}

struct Progress {
    counted: Counted,
    fresh: Vec<Fresh>,
    /// Series by number of their metric name.
    series_of: Vec<u64>,
    /// The family of the metadata lines that came last.
    family: Option<(String, u32)>,
}

impl Harvest<'_> {
    /// Reads the body into `batch`, with staleness markers for series that no longer come.
    ///
    /// # Errors
    /// Every kind; the batch then holds nothing but staleness markers for all series that were live.
    pub(super) fn reap(
        &self,
        cache: &mut Cache,
        format: Format,
        body: &[u8],
        batch: &mut WriteBatch,
    ) -> Result<Counted, HarvestError> {
        let reaped = self.read(cache, format, body, batch);
        if reaped.is_err() {
            batch.clear();
            let is_resolved =
                |fate| !matches!(fate, Fate::Stored(series) if series.0 & UNRESOLVED != 0);
            cache.undo(is_resolved);
            self.end_all(cache, batch);
        }
        reaped
    }

    /// Ends every live series, because the target did not answer or is gone.
    pub(super) fn end_all(&self, cache: &mut Cache, batch: &mut WriteBatch) {
        let ended = cache.end_all().into_iter();
        batch
            .samples
            .extend(ended.map(|series| (series, self.stale())));
    }

    fn read(
        &self,
        cache: &mut Cache,
        format: Format,
        body: &[u8],
        batch: &mut WriteBatch,
    ) -> Result<Counted, HarvestError> {
        let round = cache.begin_round();
        let mut progress = Progress {
            counted: Counted::default(),
            fresh: Vec::new(),
            series_of: vec![0; cache.metric_count()],
            family: None,
        };
        let mut parser = Parser::new(format, body, self.rules.options)?;
        while let Some(entry) = parser.next_entry()? {
            match entry {
                Entry::Sample(sample) => {
                    self.sample(cache, round, &sample, &mut progress, batch)?
                }
                metadata => describe(cache, metadata, &mut progress),
            }
        }
        self.resolve(cache, progress.fresh, batch)?;
        for series in cache.end_good_round() {
            batch.samples.push((series, self.stale()));
        }
        Ok(progress.counted)
    }

    /// Returns the staleness marker at the time of the scrape.
    fn stale(&self) -> Sample {
        Sample::float(self.now, plimsoll_types::stale_nan())
    }

    fn sample(
        &self,
        cache: &mut Cache,
        round: u64,
        entry: &SampleEntry<'_>,
        progress: &mut Progress,
        batch: &mut WriteBatch,
    ) -> Result<(), HarvestError> {
        progress.counted.scraped += 1;
        let explicit = entry.timestamp.filter(|_| self.rules.honors_timestamps);
        let tracks = explicit.is_none() || self.rules.tracks_timestamps_staleness;
        let raw = entry.series.raw();
        let key = Cache::key(raw);
        let series = match cache.get(key, raw) {
            Some(known) if known.round == round && explicit.is_none() => {
                progress.counted.repeated += u64::from(known.fate != Fate::Dropped);
                return Ok(());
            }
            Some(known) => {
                let is_first = std::mem::replace(&mut known.round, round) != round;
                let Fate::Stored(series) = known.fate else {
                    return Ok(());
                };
                known.tracks = tracks;
                let (metric, described) = (known.metric, known.described);
                if is_first {
                    self.count_series(cache, metric, progress)?;
                    if let Some(changed) = described.and_then(|described| cache.newer(described)) {
                        batch
                            .metadata
                            .push((series, cache.metadata(changed).clone()));
                        cache.get(key, raw).expect("found above").described = Some(changed);
                    }
                }
                series
            }
            None => match self.meet(cache, key, entry, tracks, progress)? {
                Some(index) => SeriesRef(UNRESOLVED | index as u64),
                None => return Ok(()),
            },
        };
        self.count_sample(progress)?;
        let value = self.fit(&entry.value, raw)?;
        let timestamp = explicit.unwrap_or(self.now);
        for exemplar in entry.exemplars.iter() {
            batch
                .exemplars
                .push((series, exemplar.to_exemplar(timestamp)?));
        }
        let sample = Sample {
            timestamp,
            start: entry.start,
            value,
        };
        batch.samples.push((series, sample));
        Ok(())
    }

    /// Reads, relabels and checks the labels of a line that is not known. Returns its index among the fresh ones.
    fn meet(
        &self,
        cache: &mut Cache,
        key: u64,
        entry: &SampleEntry<'_>,
        tracks: bool,
        progress: &mut Progress,
    ) -> Result<Option<usize>, HarvestError> {
        let raw = entry.series.raw();
        let exposed = entry.series.labels()?;
        let mut builder = attach(&exposed, self.target, self.rules.honors_labels);
        let metric = cache.metric(&entry.series.metric_name());
        if relabel::apply(&self.rules.metric_relabel, &mut builder) == Verdict::Drop {
            cache.insert(key, raw.into(), Fate::Dropped, metric);
            return Ok(None);
        }
        let labels = builder.build();
        match labels.metric_name() {
            None => return Err(HarvestError::Nameless(shortened(raw))),
            Some(name) if self.rules.has_legacy_names && !is_legacy_metric_name(name) => {
                return Err(HarvestError::ForeignName(shortened(name)));
            }
            Some(_) => {}
        }
        self.check_labels(&labels)?;
        self.count_series(cache, metric, progress)?;
        // Known from here on, so that a second line of the same text is a repetition; resolved at the end.
        let index = progress.fresh.len();
        cache.insert(
            key,
            raw.into(),
            Fate::Stored(SeriesRef(UNRESOLVED | index as u64)),
            metric,
        );
        progress.fresh.push(Fresh {
            key,
            raw: raw.into(),
            labels,
            metric,
            family: progress.family_of(&entry.series.metric_name()),
            tracks,
        });
        progress.counted.added += 1;
        Ok(Some(index))
    }

    /// Gives refs to the fresh series, in the cache and in the batch.
    fn resolve(
        &self,
        cache: &mut Cache,
        fresh: Vec<Fresh>,
        batch: &mut WriteBatch,
    ) -> Result<(), HarvestError> {
        let mut refs = Vec::with_capacity(fresh.len());
        for fresh in fresh {
            let series = self.appender.resolve(&fresh.labels)?;
            let described = fresh.family.map(|family| cache.described(family));
            if let Some(described) = described {
                batch
                    .metadata
                    .push((series, cache.metadata(described).clone()));
            }
            let known = cache.insert(fresh.key, fresh.raw, Fate::Stored(series), fresh.metric);
            known.tracks = fresh.tracks;
            known.described = described;
            refs.push(series);
        }
        let resolved = |series: &mut SeriesRef| {
            if series.0 & UNRESOLVED != 0 {
                *series = refs[(series.0 & !UNRESOLVED) as usize];
            }
        };
        batch
            .samples
            .iter_mut()
            .for_each(|(series, _)| resolved(series));
        batch
            .exemplars
            .iter_mut()
            .for_each(|(series, _)| resolved(series));
        Ok(())
    }

    fn count_sample(&self, progress: &mut Progress) -> Result<(), HarvestError> {
        progress.counted.kept += 1;
        let limit = self.rules.limits.samples;
        if limit > 0 && progress.counted.kept > limit {
            return Err(HarvestError::Limit(format!(
                "the target exposes more samples than sample_limit {limit}"
            )));
        }
        Ok(())
    }

    fn count_series(
        &self,
        cache: &Cache,
        metric: u32,
        progress: &mut Progress,
    ) -> Result<(), HarvestError> {
        let index = metric as usize;
        if progress.series_of.len() <= index {
            progress.series_of.resize(index + 1, 0);
        }
        progress.series_of[index] += 1;
        let limit = self.rules.limits.metric_series;
        if limit > 0 && progress.series_of[index] > limit {
            let name = shortened(cache.metric_name(metric));
            return Err(HarvestError::Limit(format!(
                "the target exposes more series of the metric {name} than the limit of {limit}; drop labels or the \
                 metric with metric_relabel_configs, or raise plimsoll.limits.metric_series_max"
            )));
        }
        Ok(())
    }

    fn check_labels(&self, labels: &Labels) -> Result<(), HarvestError> {
        let limits = &self.rules.limits;
        let exceeds = |limit: u64, found: usize| limit > 0 && found as u64 > limit;
        let fail = |what: String| {
            Err(HarvestError::Limit(format!(
                "{what} (series {})",
                shortened(&labels.to_string())
            )))
        };
        if exceeds(limits.labels, labels.len()) {
            return fail(format!(
                "{} labels are more than label_limit {}",
                labels.len(),
                limits.labels
            ));
        }
        for (name, value) in labels.iter() {
            if exceeds(limits.label_name_bytes, name.len()) {
                let limit = limits.label_name_bytes;
                return fail(format!(
                    "a label name of {} bytes exceeds label_name_length_limit {limit}",
                    name.len()
                ));
            }
            if exceeds(limits.label_value_bytes, value.len()) {
                let limit = limits.label_value_bytes;
                let (name, found) = (shortened(name), value.len());
                return fail(format!(
                    "the value of {name} has {found} bytes, more than label_value_length_limit {limit}"
                ));
            }
        }
        Ok(())
    }

    /// Makes a native histogram coarser until it keeps the bounds.
    fn fit(&self, value: &Value, raw: &str) -> Result<Value, HarvestError> {
        let Value::Histogram(histogram) = value else {
            return Ok(value.clone());
        };
        let (limit, factor) = (self.rules.limits.buckets, self.rules.limits.bucket_factor);
        let mut schema = histogram.schema;
        while schema > SCHEMA_MIN && growth_factor(schema) < factor {
            schema -= 1;
        }
        let is_fine = |histogram: &Histogram| limit == 0 || bucket_count(histogram) <= limit;
        if schema == histogram.schema && is_fine(histogram) {
            return Ok(value.clone());
        }
        let mut coarse = histogram.at_schema(schema);
        while !is_fine(&coarse) {
            if coarse.has_custom_bounds() || coarse.schema <= SCHEMA_MIN {
                let (found, series) = (bucket_count(&coarse), shortened(raw));
                return Err(HarvestError::Limit(format!(
                    "{found} buckets of {series} are more than native_histogram_bucket_limit {limit}"
                )));
            }
            coarse = coarse.at_schema(coarse.schema - 1);
        }
        Ok(Value::Histogram(Arc::new(coarse)))
    }
}

/// Returns how many times as wide a bucket is as the one before it.
fn growth_factor(schema: i8) -> f64 {
    match schema {
        plimsoll_types::CUSTOM_BUCKETS_SCHEMA => f64::INFINITY,
        schema => 2f64.powf(2f64.powi(-i32::from(schema))),
    }
}

fn bucket_count(histogram: &Histogram) -> u64 {
    let (positive, negative) = match &histogram.counts {
        Counts::Integer(counts) => (counts.positive.len(), counts.negative.len()),
        Counts::Float(counts) => (counts.positive.len(), counts.negative.len()),
    };
    (positive + negative) as u64
}

fn describe(cache: &mut Cache, entry: Entry<'_>, progress: &mut Progress) {
    fn set<T: PartialEq>(place: &mut T, value: T) -> bool {
        let differs = *place != value;
        *place = value;
        differs
    }
    let (family, id) = match entry {
        Entry::Type {
            family,
            metric_type,
        } => {
            let change =
                |metadata: &mut Metadata| set::<MetricType>(&mut metadata.metric_type, metric_type);
            let id = cache.describe(&family, change);
            (family, id)
        }
        Entry::Help { family, help } => {
            let change = |metadata: &mut Metadata| {
                metadata.help != help && set(&mut metadata.help, help.into_owned())
            };
            let id = cache.describe(&family, change);
            (family, id)
        }
        Entry::Unit { family, unit } => {
            let change = |metadata: &mut Metadata| {
                metadata.unit != unit && set(&mut metadata.unit, unit.into_owned())
            };
            let id = cache.describe(&family, change);
            (family, id)
        }
        Entry::Sample(_) => return,
    };
    progress.family = Some((family.into_owned(), id));
}

/// Hostile names must not fill the log.
fn shortened(text: &str) -> String {
    const BYTES_MAX: usize = 160;
    if text.len() <= BYTES_MAX {
        return text.into();
    }
    format!("{}...", &text[..text.floor_char_boundary(BYTES_MAX)])
}
