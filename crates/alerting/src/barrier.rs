//! The warm-up barrier: after a start an alert that something may inhibit waits for what may inhibit it.
//!
//! Whoever sends alerts sends all of them again within a minute or so, in any order. An alert that began before we did and
//! that is the target of some rule may have a source that we do not know yet; telling it now would be a leak. Those that no
//! rule can inhibit wait for nothing, and neither do those that were told before, or that began when we were there.

use std::time::Duration;

use plimsoll_types::Timestamp;

/// Until when it waits for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Barrier {
    started_at: Timestamp,
    ends_at: Timestamp,
}

impl Barrier {
    pub(crate) fn new(started_at: Timestamp, warm_up: Duration) -> Self {
        Self {
            started_at,
            ends_at: started_at + warm_up,
        }
    }

    /// Returns until when an alert waits that began at `starts_at` and that nobody was told of, if a rule could inhibit it
    /// and none does; `None` when it does not wait.
    pub(crate) fn holds_until(
        &self,
        starts_at: Timestamp,
        now: Timestamp,
        could_be_inhibited: impl FnOnce() -> bool,
    ) -> Option<Timestamp> {
        let is_in_question = now < self.ends_at && starts_at < self.started_at;
        (is_in_question && could_be_inhibited()).then_some(self.ends_at)
    }

    /// Takes the clock's being set back.
    pub(crate) fn set_back(&mut self, by: Duration) {
        self.started_at = self.started_at - by;
        self.ends_at = self.ends_at - by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_began_before_us_while_it_could_be_inhibited() {
        let at = Timestamp::from_millis;
        let barrier = Barrier::new(at(1000), Duration::from_millis(500));
        let check = |starts_at, now, could_be, expected| {
            assert_eq!(
                barrier.holds_until(at(starts_at), at(now), || could_be),
                expected
            );
        };
        check(999, 1499, true, Some(at(1500)));
        check(999, 1499, false, None);
        check(999, 1500, true, None);
        check(1000, 1100, true, None);
    }
}
