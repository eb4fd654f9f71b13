//! How many requests failed lately, in ten buckets that time empties.

use std::time::Duration;

use crate::Moment;

const BUCKETS: u64 = 10;

/// Counts of the last `window`, to a tenth of it.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// Nanoseconds of one bucket.
    width: u64,
    /// The number of the bucket that was written last, counted from the origin.
    newest: u64,
    buckets: [Bucket; BUCKETS as usize],
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    failures: u32,
    all: u32,
}

impl Window {
    pub(super) fn new(window: Duration) -> Self {
        let nanos = Moment::from_origin(window).nanos();
        Self {
            width: (nanos / BUCKETS).max(1),
            newest: 0,
            buckets: Default::default(),
        }
    }

    pub(super) fn add(&mut self, failed: bool, now: Moment) {
        let number = now.nanos() / self.width;
        let steps = number.saturating_sub(self.newest).min(BUCKETS);
        for passed in 0..steps {
            self.buckets[((number - passed) % BUCKETS) as usize] = Bucket::default();
        }
        self.newest = self.newest.max(number);
        let bucket = &mut self.buckets[(self.newest % BUCKETS) as usize];
        bucket.all = bucket.all.saturating_add(1);
        bucket.failures = bucket.failures.saturating_add(u32::from(failed));
    }

    /// Returns failures and all of them.
    pub(super) fn sum(&self, now: Moment) -> (u64, u64) {
        let number = (now.nanos() / self.width).max(self.newest);
        let oldest = (number + 1).saturating_sub(BUCKETS);
        let alive = (oldest..=self.newest).map(|number| self.buckets[(number % BUCKETS) as usize]);
        alive.fold((0, 0), |(failures, all), bucket| {
            (
                failures + u64::from(bucket.failures),
                all + u64::from(bucket.all),
            )
        })
    }

    pub(super) fn clear(&mut self) {
        self.buckets = Default::default();
    }
}
