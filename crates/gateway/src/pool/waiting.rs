//! Who waits for a connection when an endpoint has as many as its backend allows.
//!
//! An HTTP/1 connection that comes back is handed to whoever waits longest on its own worker, and stays open. When more wait
//! elsewhere (on other workers, or for a connection that nobody used yet) it is closed, so that its place goes there.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use plimsoll_traffic::FailureKind;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::time::timeout;

use super::connect::ConnectError;
use super::target::Target;

/// Who waits for a connection to an endpoint.
#[derive(Debug)]
pub(super) struct Waiting {
    everybody: AtomicUsize,
    /// One for each worker.
    lines: Box<[Line]>,
}

/// Those of one worker who take a connection that was used before.
#[derive(Debug, Default)]
struct Line {
    length: AtomicUsize,
    /// A connection came back.
    came_back: Notify,
}

/// What the wait was for.
#[derive(Debug)]
pub(super) enum Turn {
    /// A new connection may be opened.
    Place(OwnedSemaphorePermit),
    /// A connection of this worker came back.
    CameBack,
}

impl Waiting {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            everybody: AtomicUsize::new(0),
            lines: (0..workers).map(|_| Line::default()).collect(),
        }
    }

    /// Says whether somebody of the worker waits for what comes back: who comes later does not overtake.
    pub(super) fn has_line(&self, worker: usize) -> bool {
        self.line(worker).length.load(Relaxed) > 0
    }

    /// Says whether a connection of the worker is better closed when it comes back.
    pub(super) fn is_place_needed(&self, worker: usize) -> bool {
        let here = self.line(worker).length.load(Relaxed);
        self.everybody.load(Relaxed).saturating_sub(here) > here
    }

    /// Wakes who waits longest on the worker.
    pub(super) fn came_back(&self, worker: usize) {
        if self.has_line(worker) {
            self.line(worker).came_back.notify_one();
        }
    }

    fn line(&self, worker: usize) -> &Line {
        &self.lines[worker % self.lines.len()]
    }
}

impl Target {
    /// Waits for a place among the endpoint's connections. An idle one of any worker is closed for it.
    ///
    /// # Errors
    /// None came within the backend's connect timeout.
    ///
    /// # Cancel safety
    /// Dropping the future gives the turn to the next.
    pub(super) async fn place(&self) -> Result<OwnedSemaphorePermit, ConnectError> {
        if let Some(place) = self.free_place() {
            return Ok(place);
        }
        let _counted = Counted::new(self.waiting(), None);
        self.close_one_idle();
        self.in_time(self.next_place()).await
    }

    /// Waits for a place, or for a connection of this worker to come back. An idle one of another worker is closed for it.
    ///
    /// # Errors
    /// Neither came within the backend's connect timeout.
    ///
    /// # Cancel safety
    /// Dropping the future gives the turn to the next.
    pub(super) async fn turn(&self, worker: usize) -> Result<Turn, ConnectError> {
        if let Some(place) = self.free_place() {
            return Ok(Turn::Place(place));
        }
        let line = self.waiting().line(worker);
        let is_first = line.length.load(Relaxed) == 0;
        let _counted = Counted::new(self.waiting(), Some(line));
        // It may have come back just before this was counted, and woke nobody.
        if is_first && self.idle_of(worker).has_http1() {
            return Ok(Turn::CameBack);
        }
        self.close_one_idle();
        let either = async {
            tokio::select! {
                biased;
                () = line.came_back.notified() => Turn::CameBack,
                place = self.next_place() => Turn::Place(place),
            }
        };
        self.in_time(either).await
    }

    fn free_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(self.places()).try_acquire_owned().ok()
    }

    async fn next_place(&self) -> OwnedSemaphorePermit {
        let place = Arc::clone(self.places()).acquire_owned().await;
        place.expect("nobody closes the semaphore")
    }

    async fn in_time<T>(&self, wait: impl Future<Output = T>) -> Result<T, ConnectError> {
        let limit = self.settings().connect_timeout;
        timeout(limit, wait).await.map_err(|_| {
            let all = self.settings().connections_max;
            let what = format!("none was free within {limit:?}: all {all} are in use");
            ConnectError::new(FailureKind::ConnectTimeout, what)
        })
    }
}

/// Counts who waits for as long as it is there.
struct Counted<'a> {
    waiting: &'a Waiting,
    line: Option<&'a Line>,
}

impl<'a> Counted<'a> {
    fn new(waiting: &'a Waiting, line: Option<&'a Line>) -> Self {
        waiting.everybody.fetch_add(1, Relaxed);
        if let Some(line) = line {
            line.length.fetch_add(1, Relaxed);
        }
        Self { waiting, line }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.waiting.everybody.fetch_sub(1, Relaxed);
        if let Some(line) = self.line {
            line.length.fetch_sub(1, Relaxed);
        }
    }
}
