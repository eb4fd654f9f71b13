//! When a target is scraped: spread evenly over the interval, at the same phase after a restart.

use std::time::Duration;

use plimsoll_types::Timestamp;

/// A sample that was due at most this long ago is stamped with the time it was due, because exact distances compress
/// to nothing; never more than one percent of the interval. Prometheus' tolerance.
const TOLERANCE: Duration = Duration::from_millis(2);

/// Returns the first time a target is due at or after `now`; `seed` is a hash of the target's identity.
pub(super) fn first(now: Timestamp, interval: Duration, seed: u64) -> Timestamp {
    let interval = millis(interval);
    let phase = i64::try_from(seed % interval.unsigned_abs()).expect("below an i64");
    let due = now.align_down(interval).saturating_add_millis(phase);
    if due < now {
        due.saturating_add_millis(interval)
    } else {
        due
    }
}

/// Returns the time the target is due next. Times that passed meanwhile are skipped, not caught up with; after the
/// wall clock was set, the phase is kept and the count begins anew.
pub(super) fn next(due: Timestamp, now: Timestamp, interval: Duration) -> Timestamp {
    let step = millis(interval);
    let missed = now.millis_since(due).div_euclid(step);
    let next = due.saturating_add_millis(missed.saturating_add(1).saturating_mul(step));
    // A clock that was set back must not make us wait until it has come again to where it was.
    debug_assert!(
        next > now && next.millis_since(now) <= step,
        "within one interval"
    );
    next
}

/// Returns the timestamp for what was measured at `now` by a scrape that was due at `due`.
pub(super) fn stamp(due: Timestamp, now: Timestamp, interval: Duration) -> Timestamp {
    let tolerance = TOLERANCE.min(interval / 100).as_millis();
    let late = now.millis_since(due);
    let is_on_time = u128::from(late.unsigned_abs()) <= tolerance;
    if is_on_time { due } else { now }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis())
        .unwrap_or(i64::MAX)
        .max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    proptest! {
        #[test]
        fn the_phase_does_not_depend_on_when_we_start(now in 0i64..1 << 42, later in 0i64..1 << 42, seed: u64) {
            let interval = Duration::from_secs(15);
            let phase = |now| first(at(now), interval, seed).millis() % 15_000;
            prop_assert_eq!(phase(now), phase(later));
            prop_assert!((0..15_000).contains(&(first(at(now), interval, seed).millis() - now)));
        }

        #[test]
        fn the_next_time_lies_within_one_interval(due in -1i64 << 42..1 << 42, now in -1i64 << 42..1 << 42) {
            let next = next(at(due), at(now), Duration::from_secs(15));
            prop_assert_eq!((next.millis() - due).rem_euclid(15_000), 0);
            prop_assert!(next > at(now) && next.millis() <= now + 15_000);
        }
    }

    #[test]
    fn a_scrape_on_time_is_stamped_with_the_time_it_was_due() {
        let interval = Duration::from_secs(15);
        assert_eq!(stamp(at(1000), at(1002), interval), at(1000));
        assert_eq!(stamp(at(1000), at(1003), interval), at(1003));
        assert_eq!(
            stamp(at(1000), at(1001), Duration::from_millis(50)),
            at(1001)
        );
    }
}
