//! The turns of rule evaluation: how many threads evaluate rules at the same time, over all groups.
//!
//! Rules have turns of their own, apart from those of the API, so that neither dashboards nor rules can starve the
//! other. A query ends by its own timeout; what does not end even then waits for a disk or for a lock, and nothing can
//! stop it. Its turn goes to others meanwhile, as long as no more than [`OVERDUE_MAX`] such threads are there: with
//! more, the machine's trouble is not the one query's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::tasks::{Panicked, Tasks};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::metrics::Metrics;

/// How many overdue threads others do not wait for; with the turns themselves well below the 64 of all blocking work.
const OVERDUE_MAX: usize = 16;

/// Hands out turns; clones share them.
#[derive(Clone)]
pub(crate) struct Lane {
    turns: Arc<Semaphore>,
    overdue: Arc<AtomicUsize>,
    /// After this long a thread is overdue.
    patience: Duration,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    metrics: Metrics,
}

/// The right to keep one thread busy.
pub(crate) struct Turn {
    running: Gauge,
    #[expect(dead_code, reason = "held, never read")]
    permit: OwnedSemaphorePermit,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.running.dec();
    }
}

impl Lane {
    /// Makes a lane of so many turns, at least one.
    pub(crate) fn new(
        turns: usize,
        patience: Duration,
        clock: Arc<dyn Clock>,
        tasks: Tasks,
        metrics: Metrics,
    ) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(turns.max(1))),
            overdue: Arc::default(),
            patience,
            clock,
            tasks,
            metrics,
        }
    }

    /// Waits for a turn; who came first gets the first.
    pub(crate) async fn turn(&self) -> Turn {
        let permit = Arc::clone(&self.turns).acquire_owned().await;
        self.begin(permit.expect("nobody closes the semaphore"))
    }

    /// Takes up to so many turns that nobody waits for.
    pub(crate) fn spare(&self, wanted: usize) -> Vec<Turn> {
        let take = || Arc::clone(&self.turns).try_acquire_owned().ok();
        let permits = std::iter::from_fn(take).take(wanted);
        permits.map(|permit| self.begin(permit)).collect()
    }

    fn begin(&self, permit: OwnedSemaphorePermit) -> Turn {
        let running = self.metrics.running.clone();
        running.inc();
        Turn { running, permit }
    }

    /// Runs work on a thread of its own and gives the turn to others when it is overdue; waits for its end in any case.
    ///
    /// # Errors
    /// [`Panicked`] when the work panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        turn: Turn,
        name: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let work = self.tasks.run_blocking(name, work);
        tokio::pin!(work);
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = self.clock.sleep(self.patience) => {}
        }
        let overdue = Overdue::begin(self);
        tracing::warn!(work = name, patience = ?self.patience, "an evaluation of rules does not end");
        // With too many of them the turn stays taken, so that no further threads are put at risk.
        let kept = (!overdue.is_tolerated).then_some(turn);
        let done = work.await;
        drop(kept);
        done
    }
}

/// Counts a thread that is overdue.
struct Overdue<'a> {
    lane: &'a Lane,
    is_tolerated: bool,
}

impl<'a> Overdue<'a> {
    fn begin(lane: &'a Lane) -> Self {
        let before = lane.overdue.fetch_add(1, Ordering::Relaxed);
        lane.metrics.overdue.inc();
        Self {
            lane,
            is_tolerated: before < OVERDUE_MAX,
        }
    }
}

impl Drop for Overdue<'_> {
    fn drop(&mut self) {
        self.lane.overdue.fetch_sub(1, Ordering::Relaxed);
        self.lane.metrics.overdue.dec();
    }
}
