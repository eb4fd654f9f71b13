//! The life of one target: wait, fetch, harvest, report, over and over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::{Panicked, Task, Tasks};
use plimsoll_types::{Appender, StorageError, Timestamp};

use super::fetch::{Fetch, FetchError, Fetched};
use super::harvest::HarvestError;
use super::metrics::Metrics;
use super::offset;
use super::overview::{LastScrape, Overview, Progress};
use super::rules::Rules;
use super::target::Target;
use super::work::{Memory, Work};

/// What every loop needs.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) appender: Arc<dyn Appender>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tasks: Tasks,
    pub(super) metrics: Metrics,
    /// Where jobs show what they scrape.
    pub(super) overview: Overview,
}

/// One target under one configuration.
pub(super) struct Runner {
    pub(super) target: Arc<Target>,
    pub(super) rules: Arc<Rules>,
    pub(super) fetch: Arc<dyn Fetch>,
    pub(super) memory: Arc<Mutex<Memory>>,
    /// Set when the job has more targets than its target_limit: then none is scraped and all are down.
    pub(super) is_over_limit: Arc<AtomicBool>,
    /// Where it shows how the last scrape went.
    pub(super) progress: Progress,
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
    Panicked(#[from] Panicked),
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
    /// Starts to scrape, for as long as the task is not stopped.
    pub(super) fn spawn(self) -> Task {
        let tasks = self.around.tasks.clone();
        let runner = Arc::new(self);
        tasks.spawn_loop("scrape target", move |stop| runner.clone().run(stop))
    }

    /// Scrapes until `stop`. A request is given up then; an answer that has come is stored first, so that nobody
    /// else has hold of the memory once this has ended.
    async fn run(self: Arc<Self>, stop: Shutdown) {
        let clock = self.around.clock.clone();
        let interval = self.target.interval;
        let mut due = offset::first(clock.now(), interval, self.target.seed());
        // A reload within the millisecond of a scrape must not scrape again at the same time.
        if Memory::with(&self.memory, |memory| memory.last()) == Some(due) {
            due = offset::next(due, clock.now(), interval);
        }
        let mut was_up = None;
        loop {
            let wait = due.millis_since(clock.now()).max(0).unsigned_abs();
            tokio::select! {
                () = clock.sleep(Duration::from_millis(wait)) => {}
                () = stop.wait() => return,
            }
            // The wall clock may have been set while we waited: never scrape before the time has come.
            if clock.now() < due {
                due = offset::next(due, clock.now(), interval);
                continue;
            }
            let (at, work) = (clock.now(), self.begin(due));
            let started = work.started;
            let fetched = tokio::select! {
                fetched = self.fetch() => fetched,
                () = stop.wait() => return,
            };
            let outcome = self.store(work, fetched).await;
            self.progress.note(LastScrape {
                at,
                duration: clock.monotonic().since(started),
                error: outcome.as_ref().err().map(|error| chain(error)),
            });
            self.tell(&outcome, &mut was_up);
            due = offset::next(due, clock.now(), interval);
        }
    }

    /// Scrapes once.
    #[cfg(test)]
    pub(super) async fn scrape(&self, due: Timestamp) -> Result<(), ScrapeError> {
        let work = self.begin(due);
        let fetched = self.fetch().await;
        self.store(work, fetched).await
    }

    fn begin(&self, due: Timestamp) -> Work {
        let around = &self.around;
        Work {
            target: self.target.clone(),
            rules: self.rules.clone(),
            appender: around.appender.clone(),
            clock: around.clock.clone(),
            metrics: around.metrics.clone(),
            started: around.clock.monotonic(),
            stamp: offset::stamp(due, around.clock.now(), self.target.interval),
        }
    }

    async fn fetch(&self) -> Result<Fetched, ScrapeError> {
        if self.is_over_limit.load(Ordering::Relaxed) {
            return Err(ScrapeError::TargetLimit);
        }
        let clock = &self.around.clock;
        let (started, timeout) = (clock.monotonic(), self.target.timeout);
        // The source keeps to the timeout as far as it can; reading a secret from a file that hangs is beyond it.
        let fetched = tokio::select! {
            fetched = self.fetch.fetch(timeout) => fetched,
            () = clock.sleep(timeout) => Err(FetchError::Timeout(timeout)),
        };
        let duration = clock.monotonic().since(started);
        self.around.metrics.duration.observe(duration.as_secs_f64());
        Ok(fetched?)
    }

    async fn store(
        &self,
        work: Work,
        fetched: Result<Fetched, ScrapeError>,
    ) -> Result<(), ScrapeError> {
        let again = work.clone();
        match self.run_blocking(work, fetched).await {
            Ok(outcome) => outcome,
            // Whatever is wrong with us, the target's series end and it is reported as down.
            Err(panicked) => {
                let failed = Err(ScrapeError::Panicked(panicked));
                self.run_blocking(again, failed).await?
            }
        }
    }

    async fn run_blocking(
        &self,
        work: Work,
        fetched: Result<Fetched, ScrapeError>,
    ) -> Result<Result<(), ScrapeError>, Panicked> {
        let memory = self.memory.clone();
        let tasks = &self.around.tasks;
        tasks
            .run_blocking("scrape", move || {
                Memory::with(&memory, |memory| work.store(memory, fetched))
            })
            .await
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
            Ok(()) => tracing::debug!(scrape_target = %target, url, "target is up"),
            Err(error) => {
                tracing::warn!(scrape_target = %target, url, error = %chain(error), "target is down")
            }
        }
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
