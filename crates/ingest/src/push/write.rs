//! From decoded series to batches in the store, and from what the store says to an outcome.

use std::sync::Arc;

use plimsoll_types::{
    Appended, Appender, Commit, Durability, Labels, Metadata, RejectedReason, Sample, SeriesRef,
    StorageError, StorageErrorKind, WriteBatch, Written,
};
use plimsoll_wire::push::{Decoded, Refusals, Series, Spelling};

use super::{Metrics, Outcome, OutcomeKind};

/// Samples of one batch: large enough that its overhead vanishes, small enough that others get their turn at the WAL.
const BATCH_SAMPLES_MAX: usize = 16_384;
/// How many refusals a message spells out.
const SPELLED_OUT_MAX: usize = 3;

/// What was appended and is on its way to the disk.
pub(super) struct Batches {
    written: Written,
    commits: Vec<Commit>,
    refusals: Refusals,
    rejected: Vec<Rejection>,
    /// The first thing that made us give up.
    error: Option<StorageError>,
    /// A series that was recognised is not in the store any more.
    met_strangers: bool,
    learned: Vec<(Spelling, SeriesRef)>,
}

/// Samples that the store refused for one reason.
struct Rejection {
    label: &'static str,
    samples: u64,
    /// About the first of them.
    message: String,
}

impl Batches {
    /// Appends everything that is valid. Blocks under the store's back pressure.
    pub(super) fn append(
        appender: &dyn Appender,
        decoded: Decoded,
        metadata: Vec<(usize, Arc<Metadata>)>,
    ) -> Self {
        let mut writer = Writer {
            appender,
            batch: WriteBatch::default(),
            owners: Vec::new(),
            batches: Self {
                written: Written::default(),
                commits: Vec::new(),
                refusals: decoded.refusals,
                rejected: Vec::new(),
                error: None,
                met_strangers: false,
                learned: Vec::new(),
            },
        };
        let known = writer.known(decoded.known);
        if writer.batches.met_strangers {
            return writer.batches;
        }
        let mut metadata = metadata.into_iter().peekable();
        let mut series = decoded.series.into_iter().enumerate();
        let result = known
            .and_then(|()| {
                series.try_for_each(|(index, mut series)| {
                    if let Some((_, found)) = metadata.next_if(|(at, _)| *at == index) {
                        series.metadata.get_or_insert_with(|| (*found).clone());
                    }
                    writer.series(series)
                })
            })
            .and_then(|()| writer.flush());
        if let Err(error) = result {
            // What was refused is sent again, and must be decoded again for its metadata.
            writer.batches.learned.clear();
            writer.batches.error = Some(error);
        }
        writer.batches
    }

    /// Says whether a series that was recognised is not in the store any more; then not all of the push is appended.
    pub(super) fn met_strangers(&self) -> bool {
        self.met_strangers
    }

    /// Returns the series that were found for spellings which were not known.
    pub(super) fn take_learned(&mut self) -> Vec<(Spelling, SeriesRef)> {
        std::mem::take(&mut self.learned)
    }

    /// Waits until all of it is durable.
    pub(super) async fn finish(mut self, metrics: &Metrics) -> Outcome {
        for rejection in &self.rejected {
            metrics.count_rejected(rejection.label, rejection.samples);
        }
        for commit in std::mem::take(&mut self.commits) {
            if let Err(error) = commit.await {
                self.error.get_or_insert(error);
            }
        }
        if let Some(error) = &self.error {
            return Outcome::from_storage(error);
        }
        let kind = if self.rejected.iter().any(|one| one.label == SERIES_LIMIT) {
            OutcomeKind::SeriesLimit
        } else if self.rejected.is_empty() && self.refusals.is_empty() {
            OutcomeKind::Stored
        } else {
            OutcomeKind::PartlyRefused
        };
        let message = match kind {
            OutcomeKind::Stored => String::new(),
            _ => self.message(),
        };
        Outcome::new(kind, self.written, message)
    }

    /// Says in one line how much was stored and what was refused first.
    fn message(&self) -> String {
        let Written {
            floats,
            histograms,
            exemplars,
        } = self.written;
        let details = self.refusals.details().iter();
        let first: Vec<&str> = details
            .map(|refusal| refusal.message.as_str())
            .chain(self.rejected.iter().map(|one| one.message.as_str()))
            .take(SPELLED_OUT_MAX)
            .collect();
        let rejected: u64 = self.rejected.iter().map(|one| one.samples).sum();
        let refused = self.refusals.items() + rejected;
        let more = match refused.saturating_sub(first.len() as u64) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        format!(
            "refused {refused}, stored {floats} samples, {histograms} histograms and {exemplars} exemplars: {}{more}",
            first.join("; ")
        )
    }

    fn reject(&mut self, label: &'static str, samples: u64, message: impl FnOnce() -> String) {
        match self.rejected.iter_mut().find(|one| one.label == label) {
            Some(one) => one.samples += samples,
            None => self.rejected.push(Rejection {
                label,
                samples,
                message: message(),
            }),
        }
    }
}

/// The `reason` of series and samples that were one too many.
const SERIES_LIMIT: &str = "series_limit";

/// Returns the value of the `reason` label in our own metrics.
fn label_of(reason: &RejectedReason) -> &'static str {
    match reason {
        RejectedReason::TooOld { .. } => "too_old",
        RejectedReason::TooFarInFuture { .. } => "too_far_in_future",
        RejectedReason::UnknownSeries => "unknown_series",
        RejectedReason::InvalidHistogram(_) => "invalid_histogram",
        RejectedReason::SeriesLimit { .. } => SERIES_LIMIT,
    }
}

/// Fills batches and appends them.
struct Writer<'a> {
    appender: &'a dyn Appender,
    batch: WriteBatch,
    /// Whose the samples of the batch are, in ascending order of `first`.
    owners: Vec<Owner>,
    batches: Batches,
}

/// A series with its first sample in the batch; the next owner's first one ends its run.
struct Owner {
    labels: Labels,
    first: usize,
}

impl Writer<'_> {
    /// Appends samples of series that were recognised, and stops when the store does not know one of them.
    fn known(&mut self, mut samples: Vec<(SeriesRef, Sample)>) -> Result<(), StorageError> {
        while !samples.is_empty() && !self.batches.met_strangers {
            let rest = samples.split_off(samples.len().min(BATCH_SAMPLES_MAX));
            self.batch.samples = std::mem::replace(&mut samples, rest);
            self.batches.met_strangers = !self.append()?.is_empty();
            self.batch.clear();
        }
        Ok(())
    }

    /// Adds a series to the batch. One that is refused for itself is noted; an error means that writing is over.
    fn series(&mut self, series: Series) -> Result<(), StorageError> {
        let reference = match self.appender.resolve(&series.labels) {
            Ok(reference) => reference,
            Err(error) if error.kind() == StorageErrorKind::SeriesLimit => {
                let samples = series.samples.len() as u64;
                self.batches.reject(SERIES_LIMIT, samples, || {
                    format!("{}: {error}", shorten(series.labels.to_string()))
                });
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let spelling = series.spelling.map(|spelling| (spelling, reference));
        self.batches.learned.extend(spelling);
        let metadata = series.metadata.map(|metadata| (reference, metadata));
        self.batch.metadata.extend(metadata);
        for exemplar in series.exemplars {
            self.batch.exemplars.push((reference, exemplar));
        }
        let mut is_owner = false;
        for sample in series.samples {
            if self.batch.samples.len() == BATCH_SAMPLES_MAX {
                self.flush()?;
                is_owner = false;
            }
            if !is_owner {
                let labels = series.labels.clone();
                let first = self.batch.samples.len();
                self.owners.push(Owner { labels, first });
                is_owner = true;
            }
            self.batch.samples.push((reference, sample));
        }
        // Series of exemplars alone must not grow a batch without end either.
        if self.batch.exemplars.len() + self.batch.metadata.len() >= BATCH_SAMPLES_MAX {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StorageError> {
        if !self.batch.is_empty() {
            let unknown = self.append()?;
            if !unknown.is_empty() {
                self.resolve_again(&unknown)?;
                if !self.append()?.is_empty() {
                    return Err(StorageError::new(
                        StorageErrorKind::Overloaded,
                        "a series vanished between finding and writing it, twice",
                    ));
                }
            }
        }
        self.batch.clear();
        self.owners.clear();
        Ok(())
    }

    /// Appends the batch and returns the indices of samples whose series the store does not know any more.
    fn append(&mut self) -> Result<Vec<usize>, StorageError> {
        let appended = self.appender.append(&self.batch, Durability::Synced)?;
        let Appended {
            written,
            rejected,
            commit,
        } = appended;
        let total = &mut self.batches.written;
        total.floats += written.floats;
        total.histograms += written.histograms;
        total.exemplars += written.exemplars;
        self.batches.commits.push(commit);
        let mut unknown = Vec::new();
        for one in rejected {
            if one.reason == RejectedReason::UnknownSeries {
                unknown.push(one.index);
            } else {
                let (series, sample) = &self.batch.samples[one.index];
                let (series, time) = (*series, sample.timestamp);
                let owner = self.owner(one.index).map(|owner| owner.labels.clone());
                let appender = self.appender;
                self.batches.reject(label_of(&one.reason), 1, || {
                    let labels = owner.or_else(|| appender.labels(series));
                    let shown = shorten(labels.unwrap_or_default().to_string());
                    format!("{shown} at {time} ms: {}", one.reason)
                });
            }
        }
        Ok(unknown)
    }

    /// Returns whose a sample is; nobody's when its series was recognised.
    fn owner(&self, index: usize) -> Option<&Owner> {
        let after = self.owners.partition_point(|owner| owner.first <= index);
        self.owners.get(after.checked_sub(1)?)
    }

    /// Makes a batch of the samples at `unknown` and the exemplars of their series, with new references.
    fn resolve_again(&mut self, unknown: &[usize]) -> Result<(), StorageError> {
        let mut samples = Vec::with_capacity(unknown.len());
        let mut owners: Vec<Owner> = Vec::new();
        let mut renamed: Vec<(SeriesRef, SeriesRef)> = Vec::new();
        for index in unknown {
            let (old, sample) = &self.batch.samples[*index];
            let reference = match renamed.last() {
                Some((known, reference)) if known == old => *reference,
                _ => {
                    let owner = self.owner(*index);
                    let labels = owner.expect("these were decoded").labels.clone();
                    let reference = self.appender.resolve(&labels)?;
                    renamed.push((*old, reference));
                    let first = samples.len();
                    owners.push(Owner { labels, first });
                    reference
                }
            };
            samples.push((reference, sample.clone()));
        }
        let new_name = |old: SeriesRef| renamed.iter().find(|(known, _)| *known == old);
        let batch = std::mem::take(&mut self.batch);
        self.owners = owners;
        self.batch = WriteBatch {
            samples,
            exemplars: batch
                .exemplars
                .into_iter()
                .filter_map(|(old, exemplar)| Some((new_name(old)?.1, exemplar)))
                .collect(),
            metadata: batch
                .metadata
                .into_iter()
                .filter_map(|(old, metadata)| Some((new_name(old)?.1, metadata)))
                .collect(),
        };
        Ok(())
    }
}

/// Cuts a text that holds a peer's labels to a bounded length.
fn shorten(mut text: String) -> String {
    const BYTES_MAX: usize = 200;
    if text.len() > BYTES_MAX {
        text.truncate(text.floor_char_boundary(BYTES_MAX));
        text.push_str("...");
    }
    text
}
