//! The part of a scrape that computes: from an answer, or none, to a batch in the store. Off the network's threads.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use plimsoll_runtime::clock::{Clock, Monotonic};
use plimsoll_types::{
    Appended, Appender, Durability, RejectedReason, StorageError, Timestamp, WriteBatch,
};

use super::cache::Cache;
use super::fetch::{FetchError, Fetched};
use super::harvest::{Counted, Harvest};
use super::metrics::Metrics;
use super::report::{Report, Reporter};
use super::rules::Rules;
use super::runner::ScrapeError;
use super::target::Target;

/// What is remembered of a target between scrapes, and over a change of its configuration.
#[derive(Default)]
pub(super) struct Memory {
    cache: Cache,
    reporter: Reporter,
    /// Under which rules the lines in the cache were read.
    rules: Option<Arc<Rules>>,
    /// The latest time at which something was stored.
    last: Option<Timestamp>,
}

impl Memory {
    /// Does something with a memory. Should somebody have panicked over it before, its lines are read anew.
    pub(super) fn with<T>(memory: &Mutex<Self>, change: impl FnOnce(&mut Self) -> T) -> T {
        let mut guard = memory.lock().unwrap_or_else(|poisoned| {
            memory.clear_poison();
            let mut guard = poisoned.into_inner();
            guard.cache.forget_lines();
            guard
        });
        change(&mut guard)
    }

    /// Returns the latest time at which something was stored.
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.last
    }

    fn obey(&mut self, rules: &Arc<Rules>) {
        let is_same = |before: &Arc<Rules>| Arc::ptr_eq(before, rules) || before == rules;
        if !self.rules.as_ref().is_some_and(is_same) {
            self.cache.forget_lines();
            self.rules = Some(rules.clone());
        }
    }

    /// Returns how many lines are known.
    #[cfg(test)]
    pub(super) fn line_count(&self) -> usize {
        self.cache.len()
    }

    /// Returns the time at which series end: never before their last sample, even when the clock was set back.
    fn end(&self, now: Timestamp) -> Timestamp {
        self.last
            .map_or(now, |last| now.max(last.saturating_add_millis(1)))
    }
}

/// One scrape whose answer has come, or not.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) target: Arc<Target>,
    pub(super) rules: Arc<Rules>,
    pub(super) appender: Arc<dyn Appender>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Metrics,
    /// When the request was made.
    pub(super) started: Monotonic,
    /// The time of the scrape's samples.
    pub(super) stamp: Timestamp,
}

impl Work {
    /// Stores what was fetched, or that nothing was.
    ///
    /// # Errors
    /// Why the scrape brought nothing.
    pub(super) fn store(
        &self,
        memory: &mut Memory,
        fetched: Result<Fetched, ScrapeError>,
    ) -> Result<(), ScrapeError> {
        let fetched = fetched.and_then(|fetched| Ok(fetched.inflated()?));
        memory.obey(&self.rules);
        let outcome = match self.append(memory, &fetched)? {
            Stored::All(outcome) => outcome,
            Stored::SeriesForgotten => {
                // The store dropped series we still knew; once more, with everything resolved anew.
                memory.cache.clear();
                memory.reporter.clear();
                match self.append(memory, &fetched)? {
                    Stored::All(outcome) => outcome,
                    Stored::SeriesForgotten => Ok(()),
                }
            }
        };
        memory.last = memory.last.max(Some(self.stamp));
        outcome.and_then(|()| fetched.map(drop))
    }

    fn append(
        &self,
        memory: &mut Memory,
        fetched: &Result<Fetched, ScrapeError>,
    ) -> Result<Stored, StorageError> {
        let mut batch = WriteBatch::default();
        let (report, outcome) = self.harvest(memory, fetched, &mut batch);
        let appended = self.write(memory, &report, &mut batch);
        let appended = appended.inspect_err(|_| {
            // Nothing was written: what should have ended now has to end next time.
            let markers = batch.samples.iter();
            let markers = markers.filter(|(_, sample)| sample.value.is_stale());
            memory.cache.owe(markers.map(|(series, _)| *series));
        })?;
        let mut rejected = appended.rejected.iter();
        if rejected.any(|rejected| rejected.reason == RejectedReason::UnknownSeries) {
            return Ok(Stored::SeriesForgotten);
        }
        self.metrics
            .stored(&report.counted, appended.rejected.len());
        if let Some(first) = appended.rejected.first() {
            let (target, count) = (&self.target.labels, appended.rejected.len());
            tracing::debug!(scrape_target = %target, count, reason = %first.reason, "samples were not stored");
        }
        Ok(Stored::All(outcome))
    }

    fn harvest(
        &self,
        memory: &mut Memory,
        fetched: &Result<Fetched, ScrapeError>,
        batch: &mut WriteBatch,
    ) -> (Report, Result<(), ScrapeError>) {
        let harvest = Harvest {
            rules: &self.rules,
            target: &self.target.labels,
            appender: &*self.appender,
            now: self.stamp,
            end: memory.end(self.stamp),
        };
        let (counted, outcome, body_bytes) = match fetched {
            Ok(Fetched { format, body, .. }) => {
                let (counted, reaped) = harvest.reap(&mut memory.cache, *format, body, batch);
                (
                    counted,
                    reaped.map_err(ScrapeError::from),
                    body.len() as i64,
                )
            }
            Err(error) => {
                harvest.end_all(&mut memory.cache, batch);
                let is_too_large = matches!(error, ScrapeError::Fetch(FetchError::TooLarge(_)));
                (
                    Counted::default(),
                    Ok(()),
                    if is_too_large { -1 } else { 0 },
                )
            }
        };
        let report = Report {
            is_up: fetched.is_ok() && outcome.is_ok(),
            duration: self.elapsed(),
            counted,
            body_bytes,
            timeout: self.target.timeout,
        };
        (report, outcome)
    }

    fn write(
        &self,
        memory: &mut Memory,
        report: &Report,
        batch: &mut WriteBatch,
    ) -> Result<Appended, StorageError> {
        let (labels, appender) = (&self.target.labels, &*self.appender);
        let reporter = &mut memory.reporter;
        reporter.report(report, &self.rules, labels, appender, self.stamp, batch)?;
        appender.append(batch, Durability::Periodic)
    }

    fn elapsed(&self) -> Duration {
        self.clock.monotonic().since(self.started)
    }
}

enum Stored {
    All(Result<(), ScrapeError>),
    SeriesForgotten,
}

/// Ends all series of a target that is gone.
pub(super) fn bury(
    target: &Target,
    rules: &Rules,
    memory: &Mutex<Memory>,
    appender: &dyn Appender,
    now: Timestamp,
) {
    let mut batch = WriteBatch::default();
    Memory::with(memory, |memory| {
        let end = memory.end(now);
        let harvest = Harvest {
            rules,
            target: &target.labels,
            appender,
            now,
            end,
        };
        harvest.end_all(&mut memory.cache, &mut batch);
        memory.reporter.end(end, &mut batch);
    });
    if batch.is_empty() {
        return;
    }
    if let Err(error) = appender.append(&batch, Durability::Periodic) {
        tracing::warn!(scrape_target = %target.labels, %error, "the series of a removed target could not be ended");
    }
}
