//! How fast background work may go: a pure decision over time, bytes and what else the store has to do.
//!
//! A token bucket spreads what is read and written over time. While queries run or writes wait, every slice costs a pause
//! on top, so background work goes on at a crawl and never stands still: merging that waits for a quiet hour that never
//! comes would cost more, in every query, than the little it takes now.

use std::time::Duration;

use plimsoll_runtime::clock::Monotonic;

/// Bytes between two decisions: below a millisecond of a disk's time.
pub(super) const SLICE_BYTES: u64 = 1 << 20;
/// What may be taken at once after a time without work, as time at the full rate.
const BURST: Duration = Duration::from_millis(250);
/// No wait is longer, so that a stop is never late and a clock that jumps holds nothing up.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// A slice costs this more while queries run.
const QUERY_PAUSE: Duration = Duration::from_millis(20);
/// So many queries' pauses are added up.
const QUERIES_MAX: usize = 10;
/// A slice costs this more while the WAL has a queue to write.
const WRITE_PAUSE: Duration = Duration::from_millis(500);
/// The queue of the WAL counts from this share of its limit on, in percent.
const QUEUE_PERCENT: u64 = 10;

/// What else the store has to do at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Load {
    /// Selections that were made and are not over.
    pub(super) selections: usize,
    /// How full the queue of the WAL is, in percent.
    pub(super) queue_percent: u64,
}

/// A token bucket of bytes.
#[derive(Clone, Debug)]
pub(super) struct Throttle {
    /// 0: no limit.
    bytes_per_second: u64,
    /// Nanoseconds of work at the full rate that may be done at once; below zero after a slice that took more.
    credit: i128,
    last: Monotonic,
}

impl Throttle {
    pub(super) fn new(bytes_per_second: u64, now: Monotonic) -> Self {
        Self {
            bytes_per_second,
            credit: BURST.as_nanos().cast_signed(),
            last: now,
        }
    }

    /// Takes `bytes` that were just read or written into account and returns how long to wait before going on.
    pub(super) fn spend(&mut self, now: Monotonic, bytes: u64, load: Load) -> Duration {
        let most = BURST.as_nanos().cast_signed();
        let earned = now.since(self.last).as_nanos().cast_signed();
        self.last = now;
        let cost = match self.bytes_per_second {
            0 => 0,
            rate => i128::from(bytes) * 1_000_000_000 / i128::from(rate),
        };
        self.credit = (self.credit + earned).min(most) - cost;
        // A debt is paid by waiting; what a wait that was cut short left is paid by the next one.
        let least = -WAIT_MAX.as_nanos().cast_signed();
        self.credit = self.credit.max(least);
        let debt = u64::try_from(-self.credit).unwrap_or(0);
        let slices = bytes as f64 / SLICE_BYTES as f64;
        let pause = pause(load).mul_f64(slices.clamp(0.0, 100.0));
        Duration::from_nanos(debt)
            .saturating_add(pause)
            .min(WAIT_MAX)
    }
}

fn pause(load: Load) -> Duration {
    let queries = QUERY_PAUSE * load.selections.min(QUERIES_MAX) as u32;
    match load.queue_percent >= QUEUE_PERCENT {
        true => queries + WRITE_PAUSE,
        false => queries,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Load = Load {
        selections: 0,
        queue_percent: 0,
    };

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn at(millis: u64) -> Monotonic {
        Monotonic::from_origin(Duration::from_millis(millis))
    }

    #[test]
    fn a_rate_is_kept_over_time_and_an_idle_time_earns_little() {
        let mut throttle = Throttle::new(100 * SLICE_BYTES, at(0));
        let (mut now, mut spent) = (Duration::ZERO, 0);
        while now < Duration::from_secs(10) {
            now += throttle.spend(Monotonic::from_origin(now), SLICE_BYTES, IDLE);
            spent += 1;
        }
        assert!(
            (1000..1100).contains(&spent),
            "{spent} slices in 10 s at 100 a second"
        );
        // A day without work earns a quarter of a second.
        let mut now = at(86_400_000);
        let mut free = 0;
        while throttle.spend(now, SLICE_BYTES, IDLE).is_zero() {
            free += 1;
            now = now.after(Duration::from_nanos(1));
        }
        assert_eq!(free, 25);
    }

    #[test]
    fn queries_and_writes_come_first_but_work_never_stands_still() {
        let wait = |selections, queue_percent| {
            let load = Load {
                selections,
                queue_percent,
            };
            Throttle::new(0, at(0)).spend(at(0), SLICE_BYTES, load)
        };
        assert_eq!(wait(0, 0), Duration::ZERO);
        assert_eq!(wait(0, QUEUE_PERCENT - 1), Duration::ZERO);
        assert_eq!(wait(1, 0), millis(20));
        assert_eq!(wait(3, 0), millis(60));
        assert_eq!(wait(0, 50), millis(500));
        assert_eq!(wait(usize::MAX, u64::MAX), millis(700));
        let mut slow = Throttle::new(1, at(0));
        assert_eq!(slow.spend(at(0), u64::MAX, IDLE), WAIT_MAX);
        assert_eq!(
            slow.spend(at(2000), 0, IDLE),
            Duration::ZERO,
            "no debt is longer than a wait"
        );
        let mut none = Throttle::new(0, at(0));
        assert_eq!(none.spend(at(0), u64::MAX, IDLE), Duration::ZERO);
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_does_no_harm() {
        let mut throttle = Throttle::new(SLICE_BYTES, at(5000));
        for _ in 0..5 {
            assert!(throttle.spend(at(1000), SLICE_BYTES, IDLE) <= WAIT_MAX);
        }
    }
}
