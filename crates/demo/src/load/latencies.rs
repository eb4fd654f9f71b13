//! How long requests took: counts in buckets 10 % wide, enough for a percentile in a line of text.

use std::time::Duration;

/// The upper edge of the first bucket.
const FIRST_MILLIS: f64 = 1.0;
/// Each edge is so many times the one before.
const GROWTH: f64 = 1.1;
/// The last bucket ends above 100 s.
const BUCKETS: usize = 122;

/// A distribution of times.
#[derive(Clone, Debug)]
pub struct Latencies {
    counts: [u64; BUCKETS],
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            counts: [0; BUCKETS],
        }
    }
}

impl Latencies {
    /// Counts one.
    pub fn add(&mut self, took: Duration) {
        let millis = (took.as_secs_f64() * 1e3).max(FIRST_MILLIS);
        let bucket = (millis / FIRST_MILLIS).log(GROWTH).ceil() as usize;
        self.counts[bucket.min(BUCKETS - 1)] += 1;
    }

    /// Returns the time that a share of them (0 to 1) did not exceed, at most 10 % too long; `None` when there are none.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let all: u64 = self.counts.iter().sum();
        let rank = ((all as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        let bucket = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        let millis = FIRST_MILLIS * GROWTH.powi(bucket as i32);
        Some(Duration::from_secs_f64(millis / 1e3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_at_most_a_bucket_too_long() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.quantile(0.5), None);
        for millis in 1..=1000 {
            latencies.add(Duration::from_millis(millis));
        }
        for (share, millis) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1000.0)] {
            let found = latencies.quantile(share).unwrap().as_secs_f64() * 1e3;
            assert!((millis..millis * 1.11).contains(&found), "{share}: {found}");
        }
        latencies.add(Duration::MAX);
        assert!(latencies.quantile(1.0).unwrap() > Duration::from_secs(99));
    }
}
