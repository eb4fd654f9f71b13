//! The engine's time: that of the machine, but it never goes back.
//!
//! A clock that was set back by an hour would let everything wait for an hour more. So what waits moves back with it: all
//! that was counted from our clock keeps its distance from now.

use std::time::Duration;

use plimsoll_types::Timestamp;

use super::{Engine, Timer};

/// What a clock loses when it is corrected gently; until it has caught up, the engine's time stands still.
const SLEWED: Duration = Duration::from_secs(1);

impl Engine {
    /// Returns the time of an event.
    pub(super) fn at(&mut self, now: Timestamp) -> Timestamp {
        let back = self.last_now.millis_since(now);
        match u64::try_from(back).map(Duration::from_millis) {
            Ok(back) if back > SLEWED => self.set_back(back),
            Ok(_) => return self.last_now,
            Err(_) => {}
        }
        self.last_now = now;
        now
    }

    fn set_back(&mut self, by: Duration) {
        self.book.set_back(by);
        self.outbox.set_back(by);
        self.heartbeats.set_back(by);
        self.barrier.set_back(by);
        for (_, group) in self.groups.iter_mut() {
            group.set_back(by);
        }
        let timers = std::mem::take(&mut self.timers);
        let moved = timers
            .into_iter()
            .map(|(at, timer): (Timestamp, Timer)| (at - by, timer));
        self.timers = moved.collect();
    }
}
