//! The life of one target: wait, fetch, harvest, report, over and over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_types::{Appender, Durability, RejectedReason, StorageError, Timestamp, WriteBatch};

use super::cache::Cache;
use super::fetch::{Fetch, FetchError, Fetched};
use super::harvest::{Counted, Harvest, HarvestError};
use super::metrics::Metrics;
use super::offset;
use super::report::{Report, Reporter};
use super::rules::Rules;
use super::target::Target;

/// What every loop needs.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) appender: Arc<dyn Appender>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tasks: Tasks,
    pub(super) metrics: Metrics,
}

/// What is remembered of a target between scrapes, and over a change of its configuration.
#[derive(Default)]
pub(super) struct Memory {
    cache: Cache,
    reporter: Reporter,
}

/// One target under one configuration.
pub(super) struct Runner {
    pub(super) target: Arc<Target>,
    pub(super) rules: Arc<Rules>,
    pub(super) fetch: Arc<dyn Fetch>,
    pub(super) memory: Arc<Mutex<Memory>>,
    /// Set when the job has more targets than its target_limit: then none is scraped and all are down.
    pub(super) is_over_limit: Arc<AtomicBool>,
    pub(super) around: Surroundings,
}

/// Why a scrape brought nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum ScrapeError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Harvest(#[from] HarvestError),
    #[error(transparent)]
    Store(#[from] StorageError),
    #[error("the job has more targets than its target_limit, so none of them is scraped")]
    TargetLimit,
    #[error("{0}")]
    Panicked(#[from] plimsoll_runtime::tasks::Panicked),
}

impl ScrapeError {
    /// The value of the `reason` label of our own metrics.
    fn reason(&self) -> &'static str {
        match self {
            Self::Fetch(FetchError::TooLarge(_))
            | Self::Harvest(HarvestError::Limit(_))
            | Self::TargetLimit => "limit",
            Self::Fetch(FetchError::Status(_)) => "status",
            Self::Fetch(FetchError::ContentType(_) | FetchError::Encoding(_)) => "content",
            Self::Fetch(_) => "fetch",
            Self::Harvest(HarvestError::Storage(_)) | Self::Store(_) => "storage",
            Self::Harvest(_) => "content",
            Self::Panicked(_) => "internal",
        }
    }
}

impl Runner {
    /// Scrapes until `stop`.
    pub(super) async fn run(self, stop: Shutdown) {
        let clock = self.around.clock.clone();
        let mut due = offset::first(clock.now(), self.target.interval, self.target.seed());
        let mut was_up = None;
        loop {
            let wait = due.millis_since(clock.now()).max(0).unsigned_abs();
            tokio::select! {
                () = clock.sleep(Duration::from_millis(wait)) => {}
                () = stop.wait() => return,
            }
            // The wall clock may have been set while we waited: never scrape before the time has come.
            if clock.now() < due {
                due = offset::next(due, clock.now(), self.target.interval);
                continue;
            }
            tokio::select! {
                outcome = self.scrape(due) => self.tell(&outcome, &mut was_up),
                () = stop.wait() => return,
            }
            due = offset::next(due, clock.now(), self.target.interval);
        }
    }

    /// Scrapes once.
    pub(super) async fn scrape(&self, due: Timestamp) -> Result<(), ScrapeError> {
        let clock = &self.around.clock;
        let stamp = offset::stamp(due, clock.now(), self.target.interval);
        let started = clock.monotonic();
        let fetched = if self.is_over_limit.load(Ordering::Relaxed) {
            Err(ScrapeError::TargetLimit)
        } else {
            self.fetch
                .fetch(self.target.timeout)
                .await
                .map_err(ScrapeError::from)
        };
        let duration = clock.monotonic().since(started);
        self.around.metrics.duration.observe(duration.as_secs_f64());
        let work = Work {
            target: self.target.clone(),
            rules: self.rules.clone(),
            appender: self.around.appender.clone(),
            metrics: self.around.metrics.clone(),
            stamp,
            duration,
        };
        let memory = self.memory.clone();
        let done = self.around.tasks.run_blocking("scrape", move || {
            let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
            work.store(&mut memory, fetched)
        });
        done.await?
    }

    /// Logs a change between up and down, with the reason; a target that stays down is not repeated.
    fn tell(&self, outcome: &Result<(), ScrapeError>, was_up: &mut Option<bool>) {
        let is_up = outcome.is_ok();
        if let Err(error) = outcome {
            self.around.metrics.failed(error.reason());
        }
        if was_up.replace(is_up) == Some(is_up) {
            return;
        }
        let (target, url) = (&self.target.labels, self.target.url.as_str());
        match outcome {
            Ok(()) => tracing::debug!(%target, url, "target is up"),
            Err(error) => tracing::warn!(%target, url, error = %chain(error), "target is down"),
        }
    }
}

/// The part of a scrape that computes: off the network's threads.
struct Work {
    target: Arc<Target>,
    rules: Arc<Rules>,
    appender: Arc<dyn Appender>,
    metrics: Metrics,
    stamp: Timestamp,
    duration: Duration,
}

impl Work {
    fn store(
        &self,
        memory: &mut Memory,
        fetched: Result<Fetched, ScrapeError>,
    ) -> Result<(), ScrapeError> {
        match self.append(memory, &fetched)? {
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
        }
        .and_then(|()| fetched.map(drop))
    }

    fn append(
        &self,
        memory: &mut Memory,
        fetched: &Result<Fetched, ScrapeError>,
    ) -> Result<Stored, StorageError> {
        let mut batch = WriteBatch::default();
        let harvest = self.harvest();
        let (reaped, body_bytes) = match fetched {
            Ok(fetched) => {
                let reaped =
                    harvest.reap(&mut memory.cache, fetched.format, &fetched.body, &mut batch);
                (reaped.map_err(ScrapeError::from), fetched.body.len() as i64)
            }
            Err(error) => {
                harvest.end_all(&mut memory.cache, &mut batch);
                let is_too_large = matches!(error, ScrapeError::Fetch(FetchError::TooLarge(_)));
                (Ok(Counted::default()), if is_too_large { -1 } else { 0 })
            }
        };
        let report = Report {
            is_up: fetched.is_ok() && reaped.is_ok(),
            duration: self.duration,
            counted: *reaped.as_ref().unwrap_or(&Counted::default()),
            body_bytes,
            timeout: self.target.timeout,
        };
        let (labels, appender) = (&self.target.labels, &*self.appender);
        memory.reporter.report(
            &report,
            &self.rules,
            labels,
            appender,
            self.stamp,
            &mut batch,
        )?;
        let appended = appender.append(&batch, Durability::Periodic)?;
        let is_unknown = |reason: &RejectedReason| *reason == RejectedReason::UnknownSeries;
        if appended
            .rejected
            .iter()
            .any(|rejected| is_unknown(&rejected.reason))
        {
            return Ok(Stored::SeriesForgotten);
        }
        self.metrics
            .stored(&report.counted, appended.rejected.len());
        if let Some(first) = appended.rejected.first() {
            let (target, count) = (labels, appended.rejected.len());
            tracing::debug!(%target, count, reason = %first.reason, "samples were not stored");
        }
        Ok(Stored::All(reaped.map(drop)))
    }

    fn harvest(&self) -> Harvest<'_> {
        Harvest {
            rules: &self.rules,
            target: &self.target.labels,
            appender: &*self.appender,
            now: self.stamp,
        }
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
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    let mut batch = WriteBatch::default();
    let harvest = Harvest {
        rules,
        target: &target.labels,
        appender,
        now,
    };
    harvest.end_all(&mut memory.cache, &mut batch);
    memory.reporter.end(now, &mut batch);
    if let Err(error) = appender.append(&batch, Durability::Periodic) {
        tracing::warn!(target = %target.labels, %error, "the series of a removed target could not be ended");
    }
}

/// An error with all its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(&format!(": {cause_text}"));
        }
        source = cause.source();
    }
    text
}
