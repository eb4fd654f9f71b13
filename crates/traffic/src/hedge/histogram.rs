//! A histogram of durations: sixteen buckets per power of two, so that no bound is off by more than a sixteenth.

use std::time::Duration;

/// Sixteen buckets per power of two.
const FINE_BITS: u32 = 4;
const FINE: usize = 1 << FINE_BITS;

/// Up to 2^36 microseconds, 19 hours; longer ones count as that.
const EXPONENT_MAX: u32 = 36;

const BUCKETS: usize = (EXPONENT_MAX - FINE_BITS + 1) as usize * FINE + FINE;

/// Counts of durations, 2.2 KiB.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    counts: Box<[u32; BUCKETS]>,
    all: u64,
}

impl Histogram {
    pub(super) fn new() -> Self {
        Self {
            counts: Box::new([0; BUCKETS]),
            all: 0,
        }
    }

    pub(super) fn add(&mut self, duration: Duration) {
        let bucket = &mut self.counts[place(duration)];
        *bucket = bucket.saturating_add(1);
        self.all += 1;
    }

    pub(super) const fn all(&self) -> u64 {
        self.all
    }

    pub(super) fn clear(&mut self) {
        self.counts.fill(0);
        self.all = 0;
    }

    /// Returns the upper bound of the bucket in which the share is reached, of both together; `None` when they are empty.
    pub(super) fn quantile(&self, other: &Self, share: f64) -> Option<Duration> {
        let all = self.all + other.all;
        let wanted = ((share.clamp(0.0, 1.0) * all as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let counts = self.counts.iter().zip(other.counts.iter());
        for (place, (mine, others)) in counts.enumerate() {
            seen += u64::from(*mine) + u64::from(*others);
            if seen >= wanted {
                return Some(upper_bound(place));
            }
        }
        None
    }
}

/// Below sixteen microseconds a bucket is one of them; above, the four bits after the first one choose among sixteen.
fn place(duration: Duration) -> usize {
    let most = (1_u64 << (EXPONENT_MAX + 1)) - 1;
    let micros = u64::try_from(duration.as_micros())
        .unwrap_or(most)
        .min(most);
    if micros < FINE as u64 {
        return micros as usize;
    }
    let exponent = micros.ilog2();
    let fine = (micros >> (exponent - FINE_BITS)) as usize - FINE;
    (exponent - FINE_BITS + 1) as usize * FINE + fine
}

fn upper_bound(place: usize) -> Duration {
    if place < FINE {
        return Duration::from_micros(place as u64 + 1);
    }
    let shift = (place / FINE - 1) as u32;
    let fine = (place % FINE + FINE + 1) as u64;
    Duration::from_micros(fine << shift)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_bucket_is_the_last() {
        assert_eq!(place(Duration::MAX), BUCKETS - 1);
        assert_eq!(upper_bound(BUCKETS - 1), Duration::from_micros(1 << 37));
    }

    proptest! {
        #[test]
        fn a_bound_is_above_and_within_a_sixteenth(micros in 0_u64..1 << 37) {
            let bound = upper_bound(place(Duration::from_micros(micros))).as_micros() as u64;
            prop_assert!(bound > micros);
            prop_assert!(bound - micros <= (micros / 16).max(1));
        }

        #[test]
        fn a_quantile_bounds_its_share(
            micros in prop::collection::vec(0_u64..1_000_000, 1..200),
            share in 0.01..1.0_f64,
        ) {
            let mut two = [Histogram::new(), Histogram::new()];
            for (place, micros) in micros.iter().enumerate() {
                two[place % 2].add(Duration::from_micros(*micros));
            }
            let bound = two[0].quantile(&two[1], share).unwrap();
            let below = micros.iter().filter(|micros| Duration::from_micros(**micros) < bound);
            prop_assert!(below.count() as f64 >= share * micros.len() as f64);
        }
    }
}
