//! Writing: check, encode, then under one lock into the WAL's queue and into the head.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError};

use plimsoll_types::{
    Appended, Commit, Durability, Exemplar, Histogram, HistogramError, Labels, Metadata, Rejected,
    RejectedReason, Sample, SeriesRef, StorageError, StorageErrorKind, TimeRange, Timestamp, Value,
    WriteBatch, Written,
};
use tokio::sync::oneshot;

use super::{Db, lock};
use crate::head::{Inserted, InsertedExemplar, Window, slot_of};
use crate::part::{HISTOGRAM_WEIGHT_MAX, histogram_weight};
use crate::wal::batch::encode_batch;
use crate::wal::{RecordKind, WalRecord};

/// A record holds about this much, so that damage costs little and a group can close in time.
const RECORD_BYTES: usize = 1 << 20;
/// A label set above this is refused: nothing that looks at series is made for it. `ingest` has far lower limits.
const LABELS_BYTES_MAX: usize = 16 << 20;

pub(super) fn resolve(db: &Db, labels: &Labels) -> Result<SeriesRef, StorageError> {
    if labels.byte_count() > LABELS_BYTES_MAX {
        let message = format!(
            "a label set of {} bytes is above the limit of {LABELS_BYTES_MAX}",
            labels.byte_count()
        );
        return Err(StorageError::new(StorageErrorKind::SeriesLimit, message));
    }
    let (id, is_new) = db.series.resolve(labels).map_err(|reached| {
        let reason = RejectedReason::SeriesLimit {
            limit: reached.limit,
        };
        StorageError::new(StorageErrorKind::SeriesLimit, reason.to_string())
    })?;
    if is_new {
        db.metrics.series_created.inc();
        db.metrics.head_series.inc();
    }
    Ok(id)
}

pub(super) fn append(
    db: &Db,
    batch: &WriteBatch,
    durability: Durability,
) -> Result<Appended, StorageError> {
    let refuse = |error| {
        db.metrics.appends_refused.inc();
        error
    };
    db.wal.admit().map_err(refuse)?;
    let _gate = db.gate.read().unwrap_or_else(PoisonError::into_inner);
    let checked = check(db, batch);
    if checked.batch.is_empty() {
        count(db, &checked, Counts::default());
        return Ok(Appended {
            written: checked.written,
            rejected: checked.rejected,
            commit: ready(),
        });
    }
    let (records, commit) = encode(&checked.batch, durability);
    let counts = {
        let _order = lock(&db.order);
        let sequence = db.wal.enqueue(records).map_err(refuse)?;
        insert(db, sequence, &checked.batch)
    };
    count(db, &checked, counts);
    Ok(Appended {
        written: checked.written,
        rejected: checked.rejected,
        commit,
    })
}

struct Checked<'a> {
    batch: Cow<'a, WriteBatch>,
    rejected: Vec<Rejected>,
    written: Written,
    exemplars_refused: u64,
}

fn check<'a>(db: &Db, batch: &'a WriteBatch) -> Checked<'a> {
    let limits = Limits {
        first: db.horizon(),
        last: db
            .clock
            .now()
            .saturating_add_millis(db.config.future_limit_millis()),
    };
    let is_live = db.series.is_live();
    let mut written = Written::default();
    let mut rejected = Vec::new();
    for (index, (id, sample)) in batch.samples.iter().enumerate() {
        let reason = match is_live(*id) {
            true => limits.check(sample),
            false => Some(RejectedReason::UnknownSeries),
        };
        match (reason, &sample.value) {
            (Some(reason), _) => rejected.push(Rejected { index, reason }),
            (None, Value::Float(_)) => written.floats += 1,
            (None, Value::Histogram(_)) => written.histograms += 1,
        }
    }
    let given = batch.exemplars.len() as u64;
    let batch = keep_good(batch, &rejected, &limits, &is_live);
    written.exemplars = batch.exemplars.len() as u64;
    Checked {
        exemplars_refused: given - written.exemplars,
        batch,
        rejected,
        written,
    }
}

/// Returns the batch without what was rejected; nearly always it is whole and nothing is copied.
fn keep_good<'a>(
    batch: &'a WriteBatch,
    rejected: &[Rejected],
    limits: &Limits,
    is_live: &dyn Fn(SeriesRef) -> bool,
) -> Cow<'a, WriteBatch> {
    let exemplar_fits = |(id, exemplar): &(SeriesRef, Exemplar)| {
        is_live(*id) && limits.first <= exemplar.timestamp && exemplar.timestamp <= limits.last
    };
    let metadata_fits = |(id, _): &(SeriesRef, Metadata)| is_live(*id);
    let is_whole = rejected.is_empty()
        && batch.exemplars.iter().all(exemplar_fits)
        && batch.metadata.iter().all(metadata_fits);
    if is_whole {
        return Cow::Borrowed(batch);
    }
    let mut bad = rejected.iter().map(|rejected| rejected.index).peekable();
    let samples = batch.samples.iter().enumerate();
    let good = samples.filter(|(index, _)| bad.next_if_eq(index).is_none());
    Cow::Owned(WriteBatch {
        samples: good.map(|(_, entry)| entry.clone()).collect(),
        exemplars: batch
            .exemplars
            .iter()
            .filter(|entry| exemplar_fits(entry))
            .cloned()
            .collect(),
        metadata: batch
            .metadata
            .iter()
            .filter(|entry| metadata_fits(entry))
            .cloned()
            .collect(),
    })
}

struct Limits {
    first: Timestamp,
    last: Timestamp,
}

impl Limits {
    fn check(&self, sample: &Sample) -> Option<RejectedReason> {
        if sample.timestamp < self.first {
            return Some(RejectedReason::TooOld { limit: self.first });
        }
        if sample.timestamp > self.last {
            return Some(RejectedReason::TooFarInFuture { limit: self.last });
        }
        match &sample.value {
            Value::Float(_) => None,
            Value::Histogram(histogram) => check_size(histogram)
                .and_then(|()| histogram.validate())
                .err()
                .map(RejectedReason::InvalidHistogram),
        }
    }
}

/// What a part cannot hold must not get into a window, because that window could never be sealed.
fn check_size(histogram: &Histogram) -> Result<(), HistogramError> {
    let (found, limit) = (histogram_weight(histogram), HISTOGRAM_WEIGHT_MAX);
    match found <= limit {
        true => Ok(()),
        false => Err(HistogramError::TooLarge { found, limit }),
    }
}

fn ready() -> Commit {
    Box::pin(std::future::ready(Ok(())))
}

/// Splits a batch into records; who waits, waits for the last one, which is synced after all others.
fn encode(batch: &WriteBatch, durability: Durability) -> (Vec<WalRecord>, Commit) {
    let mut records: Vec<WalRecord> = match weight(batch) <= RECORD_BYTES {
        true => vec![record(batch)],
        false => split(batch).iter().map(record).collect(),
    };
    if durability == Durability::Periodic {
        return (records, ready());
    }
    let (tx, rx) = oneshot::channel();
    if let Some(last) = records.last_mut() {
        last.done = Some(tx);
    }
    let commit = async move {
        let closed = || {
            StorageError::new(
                StorageErrorKind::Closed,
                "the store was closed before the sync",
            )
        };
        rx.await.unwrap_or_else(|_| Err(closed()))
    };
    (records, Box::pin(commit))
}

fn record(batch: &WriteBatch) -> WalRecord {
    let samples = batch.samples.iter().map(|(id, _)| *id);
    let exemplars = batch.exemplars.iter().map(|(id, _)| *id);
    let metadata = batch.metadata.iter().map(|(id, _)| *id);
    WalRecord {
        kind: RecordKind::Batch,
        payload: encode_batch(batch),
        refs: samples.chain(exemplars).chain(metadata).collect(),
        done: None,
    }
}

fn weight(batch: &WriteBatch) -> usize {
    let samples = batch
        .samples
        .iter()
        .map(|(_, sample)| sample_weight(sample));
    let exemplars = batch
        .exemplars
        .iter()
        .map(|(_, exemplar)| 20 + exemplar.labels.byte_count());
    let metadata = batch
        .metadata
        .iter()
        .map(|(_, entry)| 8 + entry.unit.len() + entry.help.len());
    samples.chain(exemplars).chain(metadata).sum()
}

fn sample_weight(sample: &Sample) -> usize {
    match &sample.value {
        Value::Float(_) => 16,
        Value::Histogram(histogram) => histogram.byte_count(),
    }
}

fn split(batch: &WriteBatch) -> Vec<WriteBatch> {
    let mut pieces = vec![WriteBatch::default()];
    let mut filled = 0;
    let mut place = |weight: usize, put: &mut dyn FnMut(&mut WriteBatch)| {
        if filled + weight > RECORD_BYTES && filled > 0 {
            pieces.push(WriteBatch::default());
            filled = 0;
        }
        filled += weight;
        put(pieces.last_mut().expect("there is always one"));
    };
    for (id, sample) in &batch.samples {
        place(sample_weight(sample), &mut |piece| {
            piece.samples.push((*id, sample.clone()))
        });
    }
    for (id, exemplar) in &batch.exemplars {
        let weight = 20 + exemplar.labels.byte_count();
        place(weight, &mut |piece| {
            piece.exemplars.push((*id, exemplar.clone()))
        });
    }
    for (id, entry) in &batch.metadata {
        let weight = 8 + entry.unit.len() + entry.help.len();
        place(weight, &mut |piece| {
            piece.metadata.push((*id, entry.clone()))
        });
    }
    pieces
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    duplicates: u64,
    conflicts: u64,
    exemplars_displaced: u64,
}

/// Makes a batch queryable. The caller holds the order lock. All records of a batch count as the first one's sequence,
/// which errs on the side of keeping a WAL segment.
fn insert(db: &Db, sequence: u64, batch: &WriteBatch) -> Counts {
    let mut counts = Counts::default();
    let windows = Windows { db };
    let time_of = |(_, sample): &(SeriesRef, Sample)| sample.timestamp;
    windows.each_run(&batch.samples, time_of, |window, times, run| {
        window.note(sequence, times, run.len() as u64);
        window.insert_all(run, |outcome| match outcome {
            Inserted::New => {}
            Inserted::Duplicate => counts.duplicates += 1,
            Inserted::Conflict => counts.conflicts += 1,
        });
    });
    let time_of = |(_, exemplar): &(SeriesRef, Exemplar)| exemplar.timestamp;
    windows.each_run(&batch.exemplars, time_of, |window, times, run| {
        window.note(sequence, times, 0);
        for (id, exemplar) in run {
            let outcome = window.insert_exemplar(slot_of(*id), exemplar);
            counts.exemplars_displaced += u64::from(outcome == InsertedExemplar::Displaced);
        }
    });
    for (id, metadata) in &batch.metadata {
        db.series.set_metadata(*id, metadata);
    }
    counts
}

/// Finds the windows of what is in a batch: nearly always one for all of it.
struct Windows<'a> {
    db: &'a Db,
}

impl Windows<'_> {
    /// Calls `visit` for every run of entries that belong to one window, with the time from the first to the last of them:
    /// what a window knows of its times must be true before anybody can see the entries.
    fn each_run<T>(
        &self,
        entries: &[T],
        time_of: impl Fn(&T) -> Timestamp,
        mut visit: impl FnMut(&Window, TimeRange, &[T]),
    ) {
        let length = self.db.config.window_millis();
        let mut rest = entries;
        while let Some(first) = rest.first() {
            let start = time_of(first).align_down(length);
            let end = start.saturating_add_millis(length - 1);
            let mut times = TimeRange::new(Timestamp::MAX, Timestamp::MIN);
            let inside = rest.iter().map(&time_of);
            let inside = inside.take_while(|time| start <= *time && *time <= end);
            let count = inside
                .inspect(|time| {
                    times.start = times.start.min(*time);
                    times.end = times.end.max(*time);
                })
                .count();
            let (run, after) = rest.split_at(count);
            visit(&self.find(start.millis()), times, run);
            rest = after;
        }
    }

    fn find(&self, start: i64) -> Arc<Window> {
        let view = self.db.view.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = view.open.get(&start) {
            return known.clone();
        }
        drop(view);
        let mut view = self.db.view.write().unwrap_or_else(PoisonError::into_inner);
        let made = view
            .open
            .entry(start)
            .or_insert_with(|| Arc::new(Window::made_at(start, self.db.clock.monotonic())));
        self.db.metrics.head_windows.inc();
        made.clone()
    }
}

fn count(db: &Db, checked: &Checked<'_>, counts: Counts) {
    let metrics = &db.metrics;
    metrics
        .samples_appended
        .inc_by(checked.written.floats + checked.written.histograms);
    metrics.exemplars_appended.inc_by(checked.written.exemplars);
    metrics
        .exemplars_dropped
        .inc_by(checked.exemplars_refused + counts.exemplars_displaced);
    metrics.samples_duplicate.inc_by(counts.duplicates);
    metrics.samples_conflicting.inc_by(counts.conflicts);
    for rejected in &checked.rejected {
        metrics.count_rejected(&rejected.reason);
    }
}
