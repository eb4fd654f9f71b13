//! How many notices a receiver gets: further ones wait for their turn, and none is dropped.

use std::time::Duration;

use plimsoll_types::Timestamp;

use crate::config::RateLimit;

/// A bucket of turns: full at first, refilled evenly.
///
/// It is kept as the time at which it would be full again ("generic cell rate algorithm"), so it needs no timer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    full_at: Timestamp,
}

impl Rate {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { full_at: now }
    }

    /// Takes a turn and returns when it is: `now` while there are some, else later. Turns are in the order of the calls.
    pub(crate) fn take(&mut self, limit: RateLimit, now: Timestamp) -> Timestamp {
        let per = millis(limit.per).max(1);
        let each = (per / i64::from(limit.notices.max(1))).max(1);
        self.full_at = self.full_at.max(now).saturating_add_millis(each);
        now.max(self.full_at.saturating_add_millis(-per.max(each)))
    }

    /// Takes the clock's being set back.
    pub(crate) fn set_back(&mut self, by: Duration) {
        self.full_at = self.full_at - by;
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_what_is_too_much() {
        let limit = RateLimit {
            notices: 3,
            per: Duration::from_secs(60),
        };
        let at = Timestamp::from_millis;
        let mut rate = Rate::new(at(0));
        let turns: Vec<i64> = (0..6).map(|_| rate.take(limit, at(0)).millis()).collect();
        assert_eq!(turns, [0, 0, 0, 20_000, 40_000, 60_000]);
        assert_eq!(rate.take(limit, at(70_000)).millis(), 80_000);
        assert_eq!(rate.take(limit, at(300_000)).millis(), 300_000);
    }
}
