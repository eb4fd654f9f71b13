//! Slowing background work down, and ending it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Db;
use super::background::Stop;
use super::throttle::{Load, SLICE_BYTES, Throttle};

/// Counts the selections that are not over. Clones count as one each.
pub(super) struct Ticket(Arc<AtomicUsize>);

impl Ticket {
    pub(super) fn of(selections: &Arc<AtomicUsize>) -> Self {
        selections.fetch_add(1, Ordering::Relaxed);
        Self(selections.clone())
    }
}

impl Clone for Ticket {
    fn clone(&self) -> Self {
        Self::of(&self.0)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The pace of one piece of background work.
pub(super) struct Pace<'a> {
    db: &'a Db,
    /// `None`: at full speed, for a person who waits and for simulation, whose clock stands still.
    held_back: Option<(Throttle, &'a Stop)>,
    unspent: u64,
}

impl<'a> Pace<'a> {
    /// Goes at full speed until the store is closed.
    pub(super) fn full(db: &'a Db) -> Self {
        Self {
            db,
            held_back: None,
            unspent: 0,
        }
    }

    /// Leaves queries and writes the disk, until `stop` is set or the store is closed.
    pub(super) fn held_back(db: &'a Db, bytes_per_second: u64, stop: &'a Stop) -> Self {
        let throttle = Throttle::new(bytes_per_second, db.clock.monotonic());
        Self {
            held_back: Some((throttle, stop)),
            ..Self::full(db)
        }
    }

    /// Notes that `bytes` were read or written, waits for as long as that should have taken, and says whether to go on.
    pub(super) fn spend(&mut self, bytes: u64) -> ControlFlow<()> {
        self.unspent = self.unspent.saturating_add(bytes);
        if self.is_over() {
            return ControlFlow::Break(());
        }
        let Some((throttle, stop)) = &mut self.held_back else {
            return ControlFlow::Continue(());
        };
        if self.unspent < SLICE_BYTES {
            return ControlFlow::Continue(());
        }
        let load = Load {
            selections: self.db.upkeep.selections.load(Ordering::Relaxed),
            queue_percent: self.db.wal.queue_percent(),
        };
        let bytes = std::mem::take(&mut self.unspent);
        let wait = throttle.spend(self.db.clock.monotonic(), bytes, load);
        match !wait.is_zero() && stop.waits(wait) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Says whether the work should end.
    pub(super) fn is_over(&self) -> bool {
        let is_stopped = |(_, stop): &(Throttle, &Stop)| stop.is_set();
        self.db.upkeep.is_closing() || self.held_back.as_ref().is_some_and(is_stopped)
    }
}
