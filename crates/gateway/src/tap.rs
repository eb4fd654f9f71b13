//! The tap: whoever debugs sees requests as they end, and slows nobody down.
//!
//! A look costs a request one read of a number while nobody watches. While somebody does, a request is shown to each
//! watcher whose filter it passes; one that cannot keep up misses requests and is told how many.

mod filter;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::access_log::write_line;
use crate::record::Record;
use crate::signals::{Directory, Signals};

pub use filter::Filter;

/// The most who watch at a time.
const WATCHERS_MAX: usize = 16;
/// The most requests that wait for a watcher.
const WAITING_MAX: usize = 1024;

/// Shows requests to who watches.
#[derive(Debug, Default)]
pub struct Tap {
    count: AtomicUsize,
    watchers: Mutex<Vec<Watcher>>,
}

#[derive(Debug)]
struct Watcher {
    filter: Filter,
    tx: mpsc::Sender<Tapped>,
    missed: Arc<AtomicU64>,
}

/// A request as it is shown.
#[derive(Clone, Debug)]
pub struct Tapped {
    /// What became of it.
    pub record: Arc<Record>,
    /// The same as a line of the access log, without the line's end.
    pub line: Arc<str>,
}

/// What a watcher sees, until it is dropped.
#[derive(Debug)]
pub struct Watch {
    rx: mpsc::Receiver<Tapped>,
    missed: Arc<AtomicU64>,
}

/// Too many watch already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{WATCHERS_MAX} taps are open already, which is the most")]
pub struct TooManyWatchers;

impl Tap {
    /// Shows requests that pass the filter from now on.
    ///
    /// # Errors
    /// [`TooManyWatchers`] when 16 watch already.
    pub fn watch(&self, filter: Filter) -> Result<Watch, TooManyWatchers> {
        let mut watchers = self.watchers();
        watchers.retain(|watcher| !watcher.tx.is_closed());
        if watchers.len() >= WATCHERS_MAX {
            return Err(TooManyWatchers);
        }
        let (tx, rx) = mpsc::channel(WAITING_MAX);
        let missed = Arc::new(AtomicU64::new(0));
        watchers.push(Watcher {
            filter,
            tx,
            missed: missed.clone(),
        });
        self.count.store(watchers.len(), Ordering::Release);
        Ok(Watch { rx, missed })
    }

    /// Says whether anybody watches.
    pub(crate) fn is_watched(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Shows a request to those who want to see it.
    pub(crate) fn offer(&self, record: &Record, signals: &Signals) {
        let mut watchers = self.watchers();
        let directory = signals.directory();
        let mut tapped = None;
        watchers.retain(|watcher| {
            if watcher.filter.passes(record, &directory) {
                let tapped = tapped.get_or_insert_with(|| Tapped::new(record, &directory));
                if let Err(mpsc::error::TrySendError::Full(_)) = watcher.tx.try_send(tapped.clone())
                {
                    watcher.missed.fetch_add(1, Ordering::Relaxed);
                }
            }
            !watcher.tx.is_closed()
        });
        self.count.store(watchers.len(), Ordering::Release);
    }

    fn watchers(&self) -> MutexGuard<'_, Vec<Watcher>> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tapped {
    fn new(record: &Record, directory: &Directory) -> Self {
        let mut line = Vec::with_capacity(512);
        write_line(record, directory, &mut Default::default(), &mut line);
        Self {
            record: Arc::new(record.clone()),
            line: String::from_utf8_lossy(&line).into(),
        }
    }
}

impl Watch {
    /// Waits for the next request; `None` only when the gateway is gone.
    ///
    /// # Cancel safety
    /// None is lost.
    pub async fn next(&mut self) -> Option<Tapped> {
        self.rx.recv().await
    }

    /// Returns a request that waits.
    pub fn try_next(&mut self) -> Option<Tapped> {
        self.rx.try_recv().ok()
    }

    /// Returns how many requests were not shown, because too many waited, since the last call.
    pub fn missed(&self) -> u64 {
        self.missed.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
