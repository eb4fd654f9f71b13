//! The bounded queue between appenders and the writer, and what both know about the state of the disk.

use std::path::PathBuf;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_runtime::clock::{Clock, Monotonic};
use plimsoll_types::{StorageError, StorageErrorKind};

use super::{WalRecord, closed};

pub(super) enum Request {
    Record {
        sequence: u64,
        record: WalRecord,
    },
    Sync(SyncSender<Result<(), StorageError>>),
    /// Asks for a sync, and for the paths of all segments, none of which will change any more.
    Close(SyncSender<Result<Vec<PathBuf>, StorageError>>),
    Cut {
        low_water: u64,
        done: SyncSender<Result<u64, StorageError>>,
    },
}

pub(super) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
    bytes_max: usize,
}

#[derive(Default)]
struct State {
    requests: Vec<Request>,
    /// Payload bytes of `requests`.
    queued: usize,
    /// Payload bytes of records that the writer holds because they are not durable yet.
    held: usize,
    next_sequence: u64,
    /// Set while the disk takes no writes: why, and since when.
    refusal: Option<(StorageError, Monotonic)>,
    is_closed: bool,
}

/// When the writer may take a group.
pub(super) struct Pace {
    pub(super) delay: Duration,
    pub(super) bytes: usize,
    pub(super) last_sync: Option<Monotonic>,
}

impl Queue {
    pub(super) fn new(next_sequence: u64, bytes_max: usize) -> Self {
        let state = State {
            next_sequence,
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            wake: Condvar::new(),
            bytes_max,
        }
    }

    pub(super) fn admit(&self) -> Result<(), StorageError> {
        let state = self.lock();
        if state.is_closed {
            return Err(closed());
        }
        let waiting = state.queued + state.held;
        if waiting > self.bytes_max && state.refusal.is_none() {
            return Err(StorageError::new(
                StorageErrorKind::Overloaded,
                format!(
                    "{waiting} bytes wait for the WAL, the limit is {}",
                    self.bytes_max
                ),
            ));
        }
        Ok(())
    }

    /// Returns how full it is, in percent of its limit.
    pub(super) fn percent(&self) -> u64 {
        let state = self.lock();
        let waiting = (state.queued + state.held) as u64;
        waiting.saturating_mul(100) / (self.bytes_max as u64).max(1)
    }

    pub(super) fn push_records(&self, records: Vec<WalRecord>) -> Result<u64, StorageError> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(closed());
        }
        let first = state.next_sequence;
        for record in records {
            let sequence = state.next_sequence;
            state.next_sequence += 1;
            state.queued += record.payload.len();
            state.requests.push(Request::Record { sequence, record });
        }
        drop(state);
        self.wake.notify_one();
        Ok(first)
    }

    pub(super) fn push(&self, request: Request) -> Result<(), StorageError> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(closed());
        }
        state.requests.push(request);
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    /// Waits for work; `None` when the queue is closed and empty.
    pub(super) fn take(&self, clock: &dyn Clock, pace: &Pace) -> Option<Vec<Request>> {
        let mut state = self.lock();
        while state.requests.is_empty() {
            if state.is_closed {
                return None;
            }
            state = self
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        loop {
            let waited = pace.last_sync.map(|at| clock.monotonic().since(at));
            let left = waited.map_or(Duration::ZERO, |waited| pace.delay.saturating_sub(waited));
            if left.is_zero() || state.is_closed || state.queued >= pace.bytes || is_urgent(&state)
            {
                break;
            }
            // The clock may stand still in a simulation, so a wait that timed out counts as well.
            let (guard, outcome) = self
                .wake
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
            state = guard;
            if outcome.timed_out() {
                break;
            }
        }
        state.held += std::mem::take(&mut state.queued);
        Some(std::mem::take(&mut state.requests))
    }

    pub(super) fn release(&self, bytes: usize) {
        let mut state = self.lock();
        state.held = state.held.saturating_sub(bytes);
    }

    pub(super) fn set_refusal(&self, refusal: Option<(StorageError, Monotonic)>) {
        self.lock().refusal = refusal;
    }

    pub(super) fn refusal(&self) -> Option<(StorageError, Monotonic)> {
        self.lock().refusal.clone()
    }

    pub(super) fn next_sequence(&self) -> u64 {
        self.lock().next_sequence
    }

    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.wake.notify_one();
    }

    /// Closes and drops what nobody will take any more; who waits is told by the drop.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let left = std::mem::take(&mut state.requests);
        drop(state);
        drop(left);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_urgent(state: &State) -> bool {
    state
        .requests
        .iter()
        .any(|request| !matches!(request, Request::Record { .. }))
}
