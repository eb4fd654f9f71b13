//! From the body of a scrape to a batch of samples: parse, look up, relabel, check the limits, resolve.
//!
//! All or nothing, as in Prometheus: a body that is wrong in its last line, or over a limit, brings no sample. New series
//! are resolved after the limits were checked, so that a target that suddenly exposes a million series leaves no trace.

use std::collections::HashSet;

use plimsoll_types::{
    Appender, Exemplar, Labels, Sample, SeriesRef, StorageError, Timestamp, WriteBatch,
};
use plimsoll_wire::exposition::{self, Entry, Format, Parser, SampleEntry};

use super::buckets;
use super::cache::{Cache, Fate, Known, LineKey};
use super::family::Family;
use super::newcomer::Newcomer;
use super::rules::Rules;
use crate::by_hash::ByHash;

/// The most exemplars of one scrape; a native histogram may carry any number of them in a few bytes each.
const EXEMPLARS_MAX: usize = 100_000;
/// The most characters in the labels of an exemplar, as OpenMetrics says and Prometheus stores.
const EXEMPLAR_CHARACTERS_MAX: usize = 128;

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
    /// A name that is empty, or outside the classic alphabet under `metric_name_validation_scheme: legacy`.
    #[error("the name {0:?} is none that metric_name_validation_scheme allows")]
    ForeignName(String),
    /// The store does not take one more series.
    #[error("{0}")]
    Storage(#[from] StorageError),
}

/// What a body brought; for one that is refused, what was read of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Samples in the body.
    pub(super) scraped: u64,
    /// Samples after metric relabelling, without those repeated.
    pub(super) kept: u64,
    /// Series that this target did not expose the time before.
    pub(super) added: u64,
    /// Samples of a series that was there already in the same body.
    pub(super) repeated: u64,
    /// Exemplars that were left out, because they are too many or too long.
    pub(super) exemplars_skipped: u64,
}

/// One body on its way into a batch.
pub(super) struct Harvest<'a> {
    pub(super) rules: &'a Rules,
    /// The labels that go onto every series.
    pub(super) target: &'a Labels,
    pub(super) appender: &'a dyn Appender,
    /// The time of the scrape.
    pub(super) now: Timestamp,
    /// The time at which series end: `now`, unless the clock was set back behind their last sample.
    pub(super) end: Timestamp,
}

/// How far the reading of a body has come.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) counted: Counted,
    pub(super) newcomers: Vec<Newcomer>,
    /// How many there were.
    pub(super) noted_series: u64,
    /// The keys of the lines that were not known before.
    pub(super) noted: Vec<LineKey>,
    pub(super) family: Family,
    /// The first limit that was exceeded: the rest of the body is only counted, as in Prometheus.
    pub(super) excess: Option<HarvestError>,
    /// Series by hash of their metric name; the one at hand apart, since lines of a metric stand together.
    series_of: ByHash<u64>,
    present: (u64, u64),
    /// What was stored of series that several lines share.
    shared: HashSet<(SeriesRef, Timestamp)>,
    /// Samples that were left out for it.
    shared_repeated: u64,
}

impl Harvest<'_> {
    /// Reads the body into `batch`, with staleness markers for series that no longer come.
    ///
    /// After an error the batch holds nothing but staleness markers for all series that were live.
    pub(super) fn reap(
        &self,
        cache: &mut Cache,
        format: Format,
        body: &[u8],
        batch: &mut WriteBatch,
    ) -> (Counted, Result<(), HarvestError>) {
        let mut progress = Progress::default();
        cache.begin_round(format);
        let read = self.read(cache, format, body, &mut progress, batch);
        match &read {
            Ok(()) => {
                progress.counted.added = progress.noted_series;
                let gone = cache.end_good_round();
                self.end(gone, batch);
            }
            Err(_) => {
                batch.clear();
                cache.undo(&progress.noted);
                self.end_all(cache, batch);
            }
        }
        (progress.counted, read)
    }

    /// Ends every live series, because the target did not answer or is gone.
    pub(super) fn end_all(&self, cache: &mut Cache, batch: &mut WriteBatch) {
        self.end(cache.end_all(), batch);
    }

    fn end(&self, gone: Vec<SeriesRef>, batch: &mut WriteBatch) {
        let marker = Sample::float(self.end, plimsoll_types::stale_nan());
        let markers = gone.into_iter().map(|series| (series, marker.clone()));
        batch.samples.extend(markers);
    }

    fn read(
        &self,
        cache: &mut Cache,
        format: Format,
        body: &[u8],
        progress: &mut Progress,
        batch: &mut WriteBatch,
    ) -> Result<(), HarvestError> {
        // Prometheus takes an empty answer for a target without metrics, whatever its format.
        if body.is_empty() {
            return Ok(());
        }
        let mut parser = Parser::new(format, body, self.rules.options)?;
        while let Some(entry) = parser.next_entry()? {
            match entry {
                Entry::Sample(sample) => self.sample(cache, &sample, progress, batch)?,
                metadata => progress.family.read(&metadata),
            }
        }
        match progress.excess.take() {
            Some(excess) => Err(excess),
            None => self.resolve(cache, progress, batch),
        }
    }

    fn sample(
        &self,
        cache: &mut Cache,
        entry: &SampleEntry<'_>,
        progress: &mut Progress,
        batch: &mut WriteBatch,
    ) -> Result<(), HarvestError> {
        progress.counted.scraped += 1;
        let explicit = entry.timestamp.filter(|_| self.rules.honors_timestamps);
        let tracks = explicit.is_none() || self.rules.tracks_timestamps_staleness;
        let raw = entry.series.raw();
        let key = cache.key(raw, progress.family.kind());
        let round = cache.round();
        let series = match cache.get(key) {
            Some(known) => {
                let is_first = std::mem::replace(&mut known.round, round) != round;
                known.tracks = tracks || (known.tracks && !is_first);
                self.recognise(known, is_first, entry, explicit, progress, batch)?
            }
            None => self.meet(cache, key, entry, tracks, progress)?,
        };
        match series {
            Some(series) => self.store(series, entry, explicit, progress, batch),
            None => Ok(()),
        }
    }

    /// Returns the series of a line that is known, unless its sample is dropped or a repetition.
    fn recognise(
        &self,
        known: &mut Known,
        is_first: bool,
        entry: &SampleEntry<'_>,
        explicit: Option<Timestamp>,
        progress: &mut Progress,
        batch: &mut WriteBatch,
    ) -> Result<Option<SeriesRef>, HarvestError> {
        let Fate::Stored(series) = known.fate else {
            return Ok(None);
        };
        let at = explicit.unwrap_or(self.now);
        if !is_first && explicit.is_none() {
            progress.counted.repeated += 1;
            return Ok(None);
        }
        if known.is_shared && !progress.shared.insert((series, at)) {
            progress.counted.repeated += 1;
            progress.shared_repeated += 1;
            self.check_samples(progress);
            return Ok(None);
        }
        if is_first {
            self.count_series(known.metric, entry.series.raw(), progress)?;
            let newer = progress
                .family
                .newer(known.described, || entry.series.metric_name());
            if let Some((metadata, hash)) = newer {
                batch.metadata.push((series, metadata.clone()));
                known.described = hash;
            }
        }
        Ok(Some(series))
    }

    fn store(
        &self,
        series: SeriesRef,
        entry: &SampleEntry<'_>,
        explicit: Option<Timestamp>,
        progress: &mut Progress,
        batch: &mut WriteBatch,
    ) -> Result<(), HarvestError> {
        progress.counted.kept += 1;
        self.check_samples(progress);
        if progress.excess.is_some() {
            return Ok(());
        }
        let limits = &self.rules.limits;
        let (limit, factor) = (
            limits.native_histogram_bucket,
            limits.native_histogram_min_bucket_factor,
        );
        let value = match buckets::fit(&entry.value, limit, factor) {
            Ok(value) => value,
            Err(buckets::TooMany { found }) => {
                let (series, limit) = (shortened(entry.series.raw()), limit.unwrap_or(0));
                progress.excess = Some(HarvestError::Limit(format!(
                    "{found} buckets of {series} are more than native_histogram_bucket_limit {limit}"
                )));
                return Ok(());
            }
        };
        let timestamp = explicit.unwrap_or(self.now);
        store_exemplars(series, entry, timestamp, &mut progress.counted, batch);
        let start = entry.start;
        let sample = Sample {
            timestamp,
            start,
            value,
        };
        batch.samples.push((series, sample));
        Ok(())
    }

    /// Keeps to the limit of samples. A series that another line is too counts for it, as in Prometheus: whether it
    /// was known to be the same must not make a difference.
    fn check_samples(&self, progress: &mut Progress) {
        let found = progress.counted.kept + progress.shared_repeated;
        let limit = self.rules.limits.sample.filter(|limit| found > *limit);
        if let Some(limit) = limit.filter(|_| progress.excess.is_none()) {
            progress.excess = Some(HarvestError::Limit(format!(
                "the target exposes more samples than sample_limit {limit}"
            )));
        }
    }

    /// Counts a series of a metric; `name` is for the message and may go on after the name.
    pub(super) fn count_series(
        &self,
        metric: u64,
        name: &str,
        progress: &mut Progress,
    ) -> Result<(), HarvestError> {
        let found = progress.count(metric);
        let limit = self.rules.metric_series_max;
        if limit == 0 || found <= limit {
            return Ok(());
        }
        let name = shortened(name.split('{').next().unwrap_or(name));
        Err(HarvestError::Limit(format!(
            "the target exposes more series of the metric {name} than the limit of {limit}; drop labels or the metric \
             with metric_relabel_configs, or raise plimsoll.limits.metric_series_max"
        )))
    }
}

impl Progress {
    /// Returns how many series of a metric there are with this one.
    fn count(&mut self, metric: u64) -> u64 {
        let (present, count) = self.present;
        if present != metric {
            self.series_of.insert(present, count);
            self.present = (metric, self.series_of.get(&metric).copied().unwrap_or(0));
        }
        self.present.1 += 1;
        self.present.1
    }
}

/// An exemplar that cannot be kept is left out and counted: it must not cost the sample.
fn store_exemplars(
    series: SeriesRef,
    entry: &SampleEntry<'_>,
    timestamp: Timestamp,
    counted: &mut Counted,
    batch: &mut WriteBatch,
) {
    for exemplar in entry.exemplars.iter() {
        let fits = batch.exemplars.len() < EXEMPLARS_MAX;
        let kept = fits
            .then(|| exemplar.to_exemplar(timestamp).ok())
            .flatten()
            .filter(is_short);
        match kept {
            Some(exemplar) => batch.exemplars.push((series, exemplar)),
            None => counted.exemplars_skipped += 1,
        }
    }
}

fn is_short(exemplar: &Exemplar) -> bool {
    let characters = |text: &str| text.chars().count();
    let labels = exemplar.labels.iter();
    let count: usize = labels
        .map(|(name, value)| characters(name) + characters(value))
        .sum();
    count <= EXEMPLAR_CHARACTERS_MAX
}

/// Hostile names must not fill the log.
pub(super) fn shortened(text: &str) -> String {
    const BYTES_MAX: usize = 160;
    if text.len() <= BYTES_MAX {
        return text.into();
    }
    format!("{}...", &text[..text.floor_char_boundary(BYTES_MAX)])
}
