//! When a group is evaluated: at slots that its file and name choose, the same after every restart.
//!
//! ```text
//! slot = k * interval + offset,   offset = xxh64("file" file "name" name) % interval
//! ```
//!
//! Groups of one interval are so spread over it, and a group keeps its phase on every machine. Prometheus counts in
//! nanoseconds and cuts its samples' timestamps to milliseconds; the slots here are those timestamps. The hash is that
//! of Prometheus 3's label sets: each text behind its length. Prometheus up to 2.43 put another separator between, so
//! its phases are others; nothing depends on their being the same but a comparison of two servers.

use std::time::Duration;

use plimsoll_types::Timestamp;
use xxhash_rust::xxh64::xxh64;

use crate::key::GroupKey;

/// The slots of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Distance of slots in milliseconds, at least 1.
    interval: i64,
    /// The first slot after the epoch, below `interval`.
    offset: i64,
}

/// The next evaluation of a group that has been evaluated before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The slot that is evaluated.
    pub slot: Timestamp,
    /// How many slots between the last one and this one are left out, because the last evaluation took too long or the
    /// process stood still.
    pub missed: u64,
}

impl Schedule {
    /// Makes the schedule of a group; an interval below one millisecond counts as one.
    pub fn new(key: &GroupKey, interval: Duration) -> Self {
        let interval = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX / 4);
        let interval = interval.clamp(1, i64::MAX / 4);
        let nanoseconds = interval as u128 * 1_000_000;
        let offset = (u128::from(hash(key)) % nanoseconds) / 1_000_000;
        Self {
            interval,
            offset: offset as i64,
        }
    }

    /// Returns the distance of slots.
    pub fn interval(&self) -> Duration {
        Duration::from_millis(self.interval as u64)
    }

    /// Returns the last slot that is not after `now`.
    pub fn slot_at(&self, now: Timestamp) -> Timestamp {
        let shifted = now.saturating_add_millis(-self.offset);
        shifted
            .align_down(self.interval)
            .saturating_add_millis(self.offset)
    }

    /// Returns the first slot of a group that begins now: the next one, as Prometheus waits for it.
    pub fn first(&self, now: Timestamp) -> Timestamp {
        self.slot_at(now).saturating_add_millis(self.interval)
    }

    /// Returns when the slot after `last` is due.
    pub fn due(&self, last: Timestamp) -> Timestamp {
        last.saturating_add_millis(self.interval)
    }

    /// Returns what is evaluated at `now`, when `last` was evaluated before. The clock may stand before
    /// [`due`](Self::due) by a little; then that slot is evaluated all the same.
    ///
    /// A clock that was set back by more than an interval begins anew at its own slot, as in Prometheus; waiting for the
    /// old time to come again could leave alerts unseen for hours.
    pub fn turn(&self, last: Timestamp, now: Timestamp) -> Turn {
        let passed = now.millis_since(last) / self.interval;
        if passed < -1 {
            let slot = self.slot_at(now);
            return Turn { slot, missed: 0 };
        }
        let steps = passed.max(1);
        Turn {
            slot: last.saturating_add_millis(steps.saturating_mul(self.interval)),
            missed: (steps - 1) as u64,
        }
    }

    /// Says whether a point lies in the phase of this schedule: whether it can be a slot.
    pub fn is_slot(&self, point: Timestamp) -> bool {
        self.slot_at(point) == point
    }
}

/// Hashes file and name as Prometheus hashes the label set `{file=..., name=...}`.
fn hash(key: &GroupKey) -> u64 {
    let mut bytes = Vec::with_capacity(32 + key.file.len() + key.name.len());
    for text in ["file", &*key.file, "name", &*key.name] {
        match u8::try_from(text.len()) {
            Ok(length) if length < 255 => bytes.push(length),
            // Three bytes, the low end first; longer texts do not exist in Prometheus.
            _ => bytes.extend([
                255,
                text.len() as u8,
                (text.len() >> 8) as u8,
                (text.len() >> 16) as u8,
            ]),
        }
        bytes.extend(text.as_bytes());
    }
    xxh64(&bytes, 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn schedule(seconds: u64) -> Schedule {
        Schedule::new(
            &GroupKey::new("rules.yml", "g"),
            Duration::from_secs(seconds),
        )
    }

    #[test]
    fn a_late_turn_leaves_out_whole_slots() {
        let schedule = schedule(10);
        let first = schedule.first(at(1_700_000_000_000));
        let turn = |late: i64| {
            let turn = schedule.turn(first, first.saturating_add_millis(late));
            (turn.slot.millis_since(first), turn.missed)
        };
        assert_eq!(turn(10_000), (10_000, 0));
        assert_eq!(turn(9_990), (10_000, 0));
        assert_eq!(turn(19_999), (10_000, 0));
        assert_eq!(turn(20_000), (20_000, 1));
        assert_eq!(turn(65_000), (60_000, 5));
    }

    #[test]
    fn a_clock_that_was_set_back_begins_anew() {
        let schedule = schedule(10);
        let last = schedule.first(at(1_700_000_000_000));
        let back = last.saturating_add_millis(-3_600_000 + 3);
        let turn = schedule.turn(last, back);
        assert_eq!(turn.slot, last.saturating_add_millis(-3_600_000));
        assert_eq!(
            schedule.turn(last, last.saturating_add_millis(-5_000)).slot,
            schedule.due(last)
        );
    }

    #[test]
    fn intervals_of_any_length_have_slots() {
        let key = GroupKey::new("f", "n");
        for interval in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            let schedule = Schedule::new(&key, interval);
            assert!(schedule.slot_at(at(1_700_000_000_000)) <= at(1_700_000_000_000));
        }
    }

    proptest! {
        #[test]
        fn slots_are_as_prometheus_calculates_them(
            now in 0i64..4_000_000_000_000, interval in 1i64..100_000_000, file in "[a-z/]{1,300}", name in ".{1,20}",
        ) {
            let key = GroupKey::new(file, name);
            let schedule = Schedule::new(&key, Duration::from_millis(interval as u64));
            // In nanoseconds and then cut, as EvalTimestamp and the query do.
            let nanoseconds = i128::from(interval) * 1_000_000;
            let offset = i128::from(hash(&key)) % nanoseconds;
            let adjusted = i128::from(now) * 1_000_000 - offset;
            let expected = (adjusted - adjusted.rem_euclid(nanoseconds) + offset).div_euclid(1_000_000);
            // A clock between two milliseconds: Prometheus sees a slot in this very millisecond only after it.
            let found = schedule.slot_at(at(now)).millis();
            prop_assert!(found == expected as i64 || (found == now && i128::from(now - interval) == expected));
            prop_assert!(schedule.is_slot(at(found)) && found <= now && now - found < interval);
            prop_assert_eq!(schedule.first(at(now)).millis(), found + interval);
        }
    }
}
