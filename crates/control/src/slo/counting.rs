//! Samples into the engine: those that arrive, and those that are read from the store because nobody saw them arrive.

use std::collections::HashMap;

use plimsoll_slo::engine::{Engine, Interest, Observed, SeriesId};
use plimsoll_types::{
    Labels, Queryable, SampleColumns, SeriesRef, StorageError, TimeRange, Timestamp,
};

use super::Inner;
use super::queue;

/// What is used again from one time to the next.
#[derive(Default)]
pub(super) struct Counter {
    taken: Vec<queue::Observed>,
    /// The engine's ids of the store's refs, of the interest with this number.
    ids: HashMap<SeriesRef, SeriesId>,
    number: u64,
}

impl Counter {
    /// Counts what arrived since the last time, but for what lies in `unread`: that is in the store already, and will be
    /// read from there. Says whether something did not fit into the queue.
    ///
    /// What did not fit and is settled came too late: time moves on only after everything was counted that had arrived.
    pub(super) fn count_arrived(&mut self, inner: &Inner, unread: Option<TimeRange>) -> bool {
        let lost = inner.tap.take(&mut self.taken);
        inner.metrics.watched.set(inner.tap.watched_count() as i64);
        if self.taken.is_empty() {
            return false;
        }
        let is_unread =
            |at: Timestamp| unread.is_some_and(|unread| (unread.start..unread.end).contains(&at));
        let mut engine = inner.engine_mut();
        self.tidy_up(&engine, inner.tap.watched_count());
        let taken = std::mem::take(&mut self.taken);
        inner.tap.with_labels(|labels| {
            for (series, sample) in &taken {
                if is_unread(sample.timestamp) {
                    continue;
                }
                let known = self.ids.get(series).copied();
                let outcome = known.map(|id| engine.observe(id, sample));
                if !matches!(outcome, None | Some(Observed::UnknownSeries)) {
                    continue;
                }
                let id = labels(*series).and_then(|labels| engine.series(&labels));
                if let Some(id) = id {
                    self.ids.insert(*series, id);
                    engine.observe(id, sample);
                }
            }
        });
        inner.metrics.lost.inc_by(lost.count);
        self.taken = taken;
        if let Some(since) = lost.since.filter(|since| !is_unread(*since)) {
            engine.lose(since);
        }
        lost.count > 0
    }

    fn tidy_up(&mut self, engine: &Engine, watched: usize) {
        let number = engine.interest().number();
        // Refs that the store forgot stay until there are as many of them as of others.
        if number != self.number || self.ids.len() > 2 * watched {
            self.ids.clear();
            self.number = number;
        }
    }
}

/// Reads the samples of all series that an engine is interested in, series after series, until `each` says to stop.
/// Blocks on the disk.
pub(super) fn read_stored(
    queryable: &dyn Queryable,
    interest: &Interest,
    range: TimeRange,
    each: &mut dyn FnMut(&Labels, &SampleColumns) -> bool,
) -> Result<(), StorageError> {
    let mut columns = SampleColumns::default();
    for selector in interest.selectors() {
        let mut selection = queryable.select(&selector, range)?;
        for (index, labels) in selection.labels.iter().enumerate() {
            if !interest.wants(labels) {
                continue;
            }
            selection.source.read(index, &mut columns)?;
            if !each(labels, &columns) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Counts a piece of time from the store. The engine is locked for a series at a time.
pub(super) fn count_stored(inner: &Inner, range: TimeRange) -> Result<(), StorageError> {
    let interest = inner.engine().interest();
    let mut count = |labels: &Labels, columns: &SampleColumns| {
        let mut engine = inner.engine_mut();
        if let Some(id) = engine.series(labels) {
            for sample in columns.iter() {
                engine.observe(id, &sample);
            }
        }
        !inner.stop.is_triggered()
    };
    read_stored(inner.queryable.as_ref(), &interest, range, &mut count)
}
