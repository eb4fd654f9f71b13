//! Which time may be trusted to remove data.
//!
//! Wall clocks jump: a dead battery, a typing error, a bad time server. Sealing early is harmless, removing early is
//! not, so removal (and the limit of what is too old) follows a *trusted* time:
//!
//! | event | guard | trusted time |
//! |---|---|---|
//! | start | the clock is at most a day ahead of the newest stored sample, or nothing is stored | the clock |
//! | start | it is further ahead | the newest sample, moving on with the monotonic clock, for a day; then the clock |
//! | running | wall and monotonic clock agree within an hour | the clock |
//! | running | the wall clock jumped ahead | moves on with the monotonic clock for a day; then the clock |
//! | any | the wall clock went back | the wall clock: nothing is removed that is younger |
//!
//! A machine that was off for a week therefore keeps its old data for one more day, which costs only disk.

use std::time::Duration;

use plimsoll_runtime::clock::Monotonic;
use plimsoll_types::Timestamp;

/// A wall clock that runs away from the monotonic one by more than this has jumped.
const JUMP_MILLIS: i64 = 3_600_000;
/// A start this far after the newest sample is taken for a jump.
const GAP_MILLIS: i64 = 24 * 3_600_000;
/// A new time is believed after it was steady for this long.
const CONFIRMATION: Duration = Duration::from_hours(24);

/// Tells trusted time.
#[derive(Clone, Debug)]
pub struct Timekeeper {
    /// The wall time that is trusted at `since`.
    base: Timestamp,
    since: Monotonic,
    /// A wall time that is not trusted yet, and when it was first seen.
    candidate: Option<(Timestamp, Monotonic)>,
}

impl Timekeeper {
    /// Starts at wall time `now`; `newest` is the newest stored sample.
    pub fn new(now: Timestamp, monotonic: Monotonic, newest: Option<Timestamp>) -> Self {
        let is_gap = |newest: &Timestamp| now.millis_since(*newest) > GAP_MILLIS;
        Self {
            base: newest.filter(is_gap).unwrap_or(now),
            since: monotonic,
            candidate: None,
        }
    }

    /// Returns the trusted time at wall time `now`.
    pub fn trusted(&mut self, now: Timestamp, monotonic: Monotonic) -> Timestamp {
        let expected = self.base + monotonic.since(self.since);
        if now.millis_since(expected) <= JUMP_MILLIS {
            (self.base, self.since, self.candidate) = (now, monotonic, None);
            return now;
        }
        let (seen, at) = *self.candidate.get_or_insert((now, monotonic));
        let steady = seen + monotonic.since(at);
        if now.millis_since(steady).saturating_abs() > JUMP_MILLIS {
            self.candidate = Some((now, monotonic));
        } else if monotonic.since(at) >= CONFIRMATION {
            (self.base, self.since, self.candidate) = (now, monotonic, None);
            return now;
        }
        expected
    }

    /// Says whether the wall clock is trusted at the moment.
    pub fn is_steady(&self) -> bool {
        self.candidate.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_millis(hours * HOUR)
    }

    fn mono(hours: u64) -> Monotonic {
        Monotonic::from_origin(Duration::from_hours(hours))
    }

    #[test]
    fn follows_a_steady_clock_and_one_that_goes_back() {
        let mut keeper = Timekeeper::new(at(1000), mono(0), Some(at(999)));
        assert_eq!(keeper.trusted(at(1005), mono(5)), at(1005));
        assert_eq!(keeper.trusted(at(900), mono(6)), at(900));
        // It was wrong for an hour and is set right again: that is a jump ahead, believed after a day.
        assert_eq!(keeper.trusted(at(1007), mono(7)), at(901));
        assert_eq!(keeper.trusted(at(1032), mono(32)), at(1032));
    }

    #[test]
    fn a_jump_ahead_is_believed_after_a_steady_day() {
        let mut keeper = Timekeeper::new(at(1000), mono(0), None);
        assert_eq!(keeper.trusted(at(99_000), mono(1)), at(1001));
        assert!(!keeper.is_steady());
        assert_eq!(keeper.trusted(at(99_023), mono(24)), at(1024));
        assert_eq!(keeper.trusted(at(99_024), mono(25)), at(99_024));
        assert!(keeper.is_steady());
    }

    #[test]
    fn a_start_far_after_the_newest_sample_is_a_jump() {
        let mut keeper = Timekeeper::new(at(1000), mono(0), Some(at(500)));
        assert_eq!(keeper.trusted(at(1000), mono(0)), at(500));
        assert_eq!(keeper.trusted(at(1024), mono(24)), at(1024));
    }
}
