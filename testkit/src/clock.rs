//! A clock that stands still until a test moves it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use plimsoll_runtime::clock::{Clock, Monotonic, Sleep};
use plimsoll_types::Timestamp;

/// A clock that stands still until it is advanced. Clones share the same time.
#[derive(Clone, Debug)]
pub struct FakeClock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    wall: Timestamp,
    monotonic: Monotonic,
    sleepers: BTreeMap<(Monotonic, u64), Waker>,
    next_sleeper: u64,
}

impl FakeClock {
    /// Makes a clock that shows `now` and has a monotonic time of zero.
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(State {
            wall: now,
            monotonic: Monotonic::from_origin(Duration::ZERO),
            sleepers: BTreeMap::new(),
            next_sleeper: 0,
        })))
    }

    /// Moves both times forward and wakes whoever waited for them.
    pub fn advance(&self, duration: Duration) {
        let due = {
            let mut state = self.lock();
            state.wall = state.wall + duration;
            state.monotonic = state.monotonic.after(duration);
            let after_now = state.monotonic.after(Duration::from_nanos(1));
            let waiting = state.sleepers.split_off(&(after_now, 0));
            std::mem::replace(&mut state.sleepers, waiting)
        };
        due.into_values().for_each(Waker::wake);
    }

    /// Returns how many wait for a point that is exactly `duration` away: a test that moves time on knows by it that
    /// whoever should wait does.
    pub fn sleepers_until(&self, duration: Duration) -> usize {
        let state = self.lock();
        let deadline = state.monotonic.after(duration);
        let waiting = (deadline, 0)..=(deadline, u64::MAX);
        state.sleepers.range(waiting).count()
    }

    /// Sets the wall time, forward or back, as an operator or NTP would; the monotonic time does not move.
    pub fn jump_to(&self, now: Timestamp) {
        self.lock().wall = now;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        self.lock().wall
    }

    fn monotonic(&self) -> Monotonic {
        self.lock().monotonic
    }

    fn sleep_until(&self, deadline: Monotonic) -> Sleep {
        let mut state = self.lock();
        let id = state.next_sleeper;
        state.next_sleeper += 1;
        Box::pin(Until {
            clock: self.clone(),
            key: (deadline, id),
        })
    }
}

/// Who waits; from the first poll to the end or the drop it is one of the clock's sleepers.
struct Until {
    clock: FakeClock,
    key: (Monotonic, u64),
}

impl Drop for Until {
    fn drop(&mut self) {
        self.clock.lock().sleepers.remove(&self.key);
    }
}

impl Future for Until {
    type Output = ();

    fn poll(self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.lock();
        if self.key.0 <= state.monotonic {
            return Poll::Ready(());
        }
        state.sleepers.insert(self.key, ctx.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wakes_at_the_deadline_and_not_before() {
        let clock = FakeClock::new(Timestamp::from_millis(1000));
        let mut sleep = clock.sleep(Duration::from_secs(10));
        let mut ctx = Context::from_waker(Waker::noop());
        assert!(sleep.as_mut().poll(&mut ctx).is_pending());
        clock.advance(Duration::from_secs(9));
        assert!(sleep.as_mut().poll(&mut ctx).is_pending());
        clock.advance(Duration::from_secs(1));
        assert!(sleep.as_mut().poll(&mut ctx).is_ready());
        assert_eq!(clock.now().millis(), 11_000);
    }

    #[test]
    fn a_jump_of_the_wall_clock_does_not_move_monotonic_time() {
        let clock = FakeClock::new(Timestamp::from_millis(1000));
        let before = clock.monotonic();
        clock.jump_to(Timestamp::EPOCH);
        assert_eq!(clock.monotonic(), before);
    }
}
