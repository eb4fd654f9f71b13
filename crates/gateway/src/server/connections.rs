//! The connections of a listener: how many there may be, and all of them when they must close.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::progress::Progress;
use crate::signals::OpenConnection;

/// The connections of a listener, of all workers together.
#[derive(Debug)]
pub(crate) struct Connections {
    max: AtomicUsize,
    open: AtomicUsize,
    opened: AtomicU64,
    joined: Mutex<Joined>,
    one_ended: Notify,
}

#[derive(Debug, Default)]
struct Joined {
    next: u64,
    progress: HashMap<u64, Arc<Progress>>,
    is_closing: bool,
}

impl Connections {
    /// Allows this many at a time, at least 1.
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self {
            max: AtomicUsize::new(max.max(1)),
            open: AtomicUsize::new(0),
            opened: AtomicU64::new(0),
            joined: Mutex::default(),
            one_ended: Notify::new(),
        })
    }

    /// Allows another number; those above it live on.
    pub(crate) fn set_max(&self, max: usize) {
        self.max.store(max.max(1), Relaxed);
        self.one_ended.notify_waiters();
    }

    /// Returns how many there are.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// Returns how many there ever were.
    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Relaxed)
    }

    /// Waits for a place for one more.
    ///
    /// # Cancel safety
    /// Dropping the future takes no place.
    pub(crate) async fn enter(self: &Arc<Self>) -> Place {
        loop {
            let one_ended = self.one_ended.notified();
            tokio::pin!(one_ended);
            // Enabled before the look, so that an end between the two is not missed.
            one_ended.as_mut().enable();
            let max = self.max.load(Relaxed);
            let entered = self
                .open
                .fetch_update(Relaxed, Relaxed, |open| (open < max).then_some(open + 1));
            if entered.is_ok() {
                return Place(Arc::clone(self));
            }
            one_ended.await;
        }
    }

    /// Makes a place for one more, however many there are.
    pub(crate) fn enter_anyway(self: &Arc<Self>) -> Place {
        self.open.fetch_add(1, Relaxed);
        Place(Arc::clone(self))
    }

    /// Waits until there are none.
    pub(crate) async fn ended(&self) {
        loop {
            let one_ended = self.one_ended.notified();
            tokio::pin!(one_ended);
            one_ended.as_mut().enable();
            if self.open() == 0 {
                return;
            }
            one_ended.await;
        }
    }

    /// Asks all to close, and those that still come.
    pub(crate) fn close(&self) {
        let mut joined = self.joined();
        joined.is_closing = true;
        joined
            .progress
            .values()
            .for_each(|progress| progress.close());
    }

    /// Ends all at once.
    pub(crate) fn kill(&self) {
        let joined = self.joined();
        joined
            .progress
            .values()
            .for_each(|progress| progress.kill());
    }

    fn joined(&self) -> MutexGuard<'_, Joined> {
        self.joined.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place for a connection; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Place(Arc<Connections>);

impl Place {
    /// Fills the place.
    pub(crate) fn join(self, progress: Arc<Progress>, open: Option<OpenConnection>) -> Member {
        self.0.opened.fetch_add(1, Relaxed);
        let mut joined = self.0.joined();
        if joined.is_closing {
            progress.close();
        }
        let id = joined.next;
        joined.next += 1;
        joined.progress.insert(id, progress);
        drop(joined);
        Member {
            id,
            place: self,
            _open: open,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
        self.0.one_ended.notify_waiters();
    }
}

/// A connection that is there for as long as this lives.
pub(crate) struct Member {
    id: u64,
    place: Place,
    /// Counts it in the signals.
    _open: Option<OpenConnection>,
}

impl Drop for Member {
    fn drop(&mut self) {
        self.place.0.joined().progress.remove(&self.id);
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Member({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn waits_for_a_place() {
        let connections = Connections::new(1);
        let first = connections.enter().await;
        assert!(connections.enter().now_or_never().is_none());
        let waiting = connections.enter();
        tokio::pin!(waiting);
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(first);
        let second = waiting.await;
        connections.set_max(2);
        let third = connections.enter().await;
        assert_eq!(connections.open(), 2);
        drop((second, third));
        connections.ended().await;
    }

    #[tokio::test]
    async fn closes_those_there_and_those_that_come() {
        let connections = Connections::new(9);
        let (early, late) = (Arc::new(Progress::new()), Arc::new(Progress::new()));
        let member = connections.enter().await.join(Arc::clone(&early), None);
        connections.close();
        assert!(early.is_closing() && !early.is_killed());
        let other = connections.enter().await.join(Arc::clone(&late), None);
        assert!(late.is_closing());
        drop(other);
        connections.kill();
        assert!(early.is_killed() && !late.is_killed());
        drop(member);
        connections.ended().await;
        assert_eq!(connections.opened(), 2);
    }
}
