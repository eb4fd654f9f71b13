//! The clock of one process: it stands still for a process that is stopped, and tells when a process waits for nothing
//! but time.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use plimsoll_runtime::clock::{Clock, Monotonic, Sleep};
use plimsoll_testkit::FakeClock;
use plimsoll_types::Timestamp;

/// A view of the world's clock; clones share it.
#[derive(Clone)]
pub(super) struct ProcessClock {
    world: FakeClock,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    is_stopped: bool,
    next: u64,
    /// Who waits, until when, and how long that was in the beginning.
    sleepers: BTreeMap<u64, Sleeper>,
}

struct Sleeper {
    deadline: Monotonic,
    length: Duration,
    waker: Option<Waker>,
}

impl ProcessClock {
    pub(super) fn new(world: FakeClock) -> Self {
        Self {
            world,
            state: Arc::default(),
        }
    }

    /// Wakes whoever has waited for long enough; call it when the world's clock was advanced.
    pub(super) fn tick(&self) {
        let now = self.world.monotonic();
        let mut state = self.lock();
        if state.is_stopped {
            return;
        }
        let due = state
            .sleepers
            .values_mut()
            .filter(|sleeper| sleeper.deadline <= now);
        let wakers: Vec<Waker> = due.filter_map(|sleeper| sleeper.waker.take()).collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Stops the process, or lets it go on.
    pub(super) fn set_stopped(&self, is_stopped: bool) {
        self.lock().is_stopped = is_stopped;
        self.tick();
    }

    /// Returns for how long each of those who wait wanted to; `None` when one of them is due and has not gone on yet.
    pub(super) fn waits(&self) -> Option<Vec<Duration>> {
        let now = self.world.monotonic();
        let state = self.lock();
        let sleepers = state.sleepers.values();
        let wait = |sleeper: &Sleeper| (sleeper.deadline > now).then_some(sleeper.length);
        sleepers.map(wait).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        self.world.now()
    }

    fn monotonic(&self) -> Monotonic {
        self.world.monotonic()
    }

    fn sleep_until(&self, deadline: Monotonic) -> Sleep {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        let length = deadline.since(self.world.monotonic());
        let sleeper = Sleeper {
            deadline,
            length,
            waker: None,
        };
        state.sleepers.insert(number, sleeper);
        Box::pin(Until {
            clock: self.clone(),
            number,
        })
    }
}

struct Until {
    clock: ProcessClock,
    number: u64,
}

impl Future for Until {
    type Output = ();

    fn poll(self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.lock();
        // Under the lock: a tick between the look at the time and the note of the waker would wake nobody.
        let now = self.clock.world.monotonic();
        let is_stopped = state.is_stopped;
        match state.sleepers.get_mut(&self.number) {
            Some(sleeper) if is_stopped || sleeper.deadline > now => {
                sleeper.waker = Some(ctx.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}

impl Drop for Until {
    fn drop(&mut self) {
        self.clock.lock().sleepers.remove(&self.number);
    }
}
