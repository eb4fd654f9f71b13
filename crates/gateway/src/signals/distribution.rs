//! How long something took, counted in buckets of two kinds.

use std::time::Duration;

use plimsoll_types::{BucketCounts, Counts, Histogram, Span};

/// Eight buckets for each doubling.
const SCHEMA: i8 = 3;
/// What is shorter counts as zero: 2^-20 s, just below a microsecond.
const ZERO_EXPONENT: i32 = -20;
/// The number of the first bucket above zero.
const FIRST: i32 = ZERO_EXPONENT * 8 + 1;
/// The number of the last bucket; it ends at 2^25 s, a year, and takes what is longer.
const LAST: i32 = 25 * 8;

/// Where the buckets of schema 3 end between 1 and 2, with the bits of Prometheus (see `types::histogram::exponential`).
const BOUNDS: [f64; 8] = {
    // 2^(1/2), 2^(1/4), 2^(1/8), multiplied in this order.
    #[expect(
        clippy::approx_constant,
        reason = "the nearest float to the root of two would be another bound"
    )]
    const ROOTS: [f64; 3] = [1.414213562373095, 1.189207115002721, 1.0905077326652577];
    let mut bounds = [0.5; 8];
    let mut index = 0;
    while index < bounds.len() {
        let mut root = 0;
        while root < ROOTS.len() {
            if (index + 1) & (4 >> root) != 0 {
                bounds[index] *= ROOTS[root];
            }
            root += 1;
        }
        // Exact: a power of two.
        bounds[index] *= if index == 7 { 4.0 } else { 2.0 };
        index += 1;
    }
    bounds
};

/// Where the classic buckets of `/metrics` end, in nanoseconds; the last one, without an end, is not listed.
pub(super) const CLASSIC: [u64; 17] = [
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    200_000_000,
    300_000_000,
    500_000_000,
    1_000_000_000,
    2_000_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
    60_000_000_000,
];

/// Durations, counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Distribution {
    count: u64,
    /// A busy route's seconds fill 64 bits of nanoseconds within weeks.
    sum_nanos: u128,
    zero: u64,
    /// The number of `buckets[0]`.
    first: i32,
    buckets: Vec<u64>,
    classic: [u64; CLASSIC.len() + 1],
}

impl Distribution {
    pub(super) fn observe(&mut self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.count += 1;
        self.sum_nanos += u128::from(nanos);
        self.classic[CLASSIC.partition_point(|end| *end < nanos)] += 1;
        match number(nanos) {
            None => self.zero += 1,
            Some(number) => *self.bucket(number) += 1,
        }
    }

    /// Adds what another one counted.
    pub(super) fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.sum_nanos += other.sum_nanos;
        self.zero += other.zero;
        for (own, other) in self.classic.iter_mut().zip(other.classic) {
            *own += other;
        }
        if let Some(last) = other.buckets.len().checked_sub(1) {
            // Both ends first, so that the row is made long enough once.
            self.bucket(other.first);
            self.bucket(other.first + last as i32);
            let begin = (other.first - self.first) as usize;
            for (own, other) in self.buckets[begin..].iter_mut().zip(&other.buckets) {
                *own += other;
            }
        }
    }

    /// Forgets everything but the memory it took.
    pub(super) fn clear(&mut self) {
        self.count = 0;
        self.sum_nanos = 0;
        self.zero = 0;
        self.classic = Default::default();
        self.buckets.fill(0);
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn sum_seconds(&self) -> f64 {
        self.sum_nanos as f64 / 1e9
    }

    /// Returns the counts of the classic buckets, each for itself; the last one has no end.
    pub(super) fn classic(&self) -> &[u64; CLASSIC.len() + 1] {
        &self.classic
    }

    /// Returns the native histogram.
    pub(super) fn to_histogram(&self) -> Histogram {
        let (mut spans, mut counts) = (Vec::<Span>::new(), Vec::new());
        let mut gap = self.first;
        for count in &self.buckets {
            match (count, spans.last_mut()) {
                (0, _) => {
                    gap += 1;
                    continue;
                }
                (_, Some(span)) if gap == 0 => span.length += 1,
                _ => spans.push(Span {
                    offset: gap,
                    length: 1,
                }),
            }
            gap = 0;
            counts.push(*count);
        }
        Histogram {
            schema: SCHEMA,
            zero_threshold: f64::from(2.0_f32).powi(ZERO_EXPONENT),
            sum: self.sum_seconds(),
            counts: Counts::Integer(BucketCounts {
                count: self.count,
                zero: self.zero,
                positive: counts,
                negative: Vec::new(),
            }),
            positive_spans: spans,
            ..Histogram::default()
        }
    }

    fn bucket(&mut self, number: i32) -> &mut u64 {
        if self.buckets.is_empty() {
            self.first = number;
        }
        if number < self.first {
            let missing = (self.first - number) as usize;
            self.buckets.splice(..0, std::iter::repeat_n(0, missing));
            self.first = number;
        }
        let at = (number - self.first) as usize;
        if at >= self.buckets.len() {
            self.buckets.resize(at + 1, 0);
        }
        &mut self.buckets[at]
    }
}

/// Returns the histogram of nothing, with the resolution of all others.
pub(super) fn zero() -> Histogram {
    Distribution::default().to_histogram()
}

/// Returns the number of the bucket whose end is the first at or above a duration; `None` is the zero bucket.
fn number(nanos: u64) -> Option<i32> {
    // Divided and not multiplied: the quotient is the nearest float, so that a quarter of a second is one.
    let bits = (nanos as f64 / 1e9).to_bits();
    let exponent = (bits >> 52) as i32 - 1023;
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | 1.0_f64.to_bits());
    let above = BOUNDS.iter().filter(|end| mantissa > **end).count() as i32;
    let within = if mantissa == 1.0 { 0 } else { above + 1 };
    let number = exponent * 8 + within;
    (number >= FIRST).then_some(number.min(LAST))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(durations: impl IntoIterator<Item = u64>) -> Distribution {
        let mut distribution = Distribution::default();
        for nanos in durations {
            distribution.observe(Duration::from_nanos(nanos));
        }
        distribution
    }

    #[test]
    fn edges_belong_to_the_bucket_that_ends_there() {
        for (nanos, upper) in [
            (1_000_000_000, 1.0),
            (1_000_000_001, 1.090_507_732_665_257_7),
            (250_000_000, 0.25),
            (500_000_000, 0.5),
            (2_000_000_000, 2.0),
            (1_999_999_999, 2.0),
        ] {
            let histogram = of([nanos]).to_histogram();
            let bucket = histogram.buckets().into_iter().next().unwrap();
            assert_eq!((bucket.upper, bucket.count), (upper, 1.0), "{nanos}");
        }
    }

    #[test]
    fn what_is_too_short_or_too_long_is_counted_too() {
        let distribution = of([0, 900, u64::MAX]);
        let histogram = distribution.to_histogram();
        assert_eq!((histogram.count(), histogram.zero_count()), (3.0, 2.0));
        assert_eq!(histogram.validate(), Ok(()));
        assert_eq!(distribution.classic()[0], 2);
        assert_eq!(distribution.classic()[CLASSIC.len()], 1);
    }

    #[test]
    fn classic_buckets_include_their_end() {
        for (index, end) in CLASSIC.into_iter().enumerate() {
            assert_eq!(of([end]).classic()[index], 1);
            assert_eq!(of([end + 1]).classic()[index + 1], 1);
        }
    }

    proptest! {
        #[test]
        fn each_duration_is_in_the_bucket_that_holds_it(nanos in 1_000_u64..1 << 54) {
            let histogram = of([nanos]).to_histogram();
            prop_assert_eq!(histogram.validate(), Ok(()));
            let bucket = histogram.buckets().into_iter().next().unwrap();
            let seconds = nanos as f64 / 1e9;
            prop_assert!(bucket.lower < seconds && seconds <= bucket.upper, "{bucket:?} {seconds}");
        }

        #[test]
        fn sums_are_what_one_would_have_counted(
            one in prop::collection::vec(any::<u64>(), 0..50),
            other in prop::collection::vec(0_u64..10_000_000_000, 0..50),
        ) {
            let mut sum = of(one.iter().copied());
            sum.add(&of(other.iter().copied()));
            let both = of(one.into_iter().chain(other.iter().copied()));
            prop_assert_eq!(sum.to_histogram(), both.to_histogram());
            prop_assert_eq!(sum.classic(), both.classic());
            prop_assert_eq!(sum.classic().iter().sum::<u64>(), sum.count());
            sum.clear();
            sum.add(&of(other.iter().copied()));
            prop_assert_eq!(sum.to_histogram(), of(other).to_histogram());
        }
    }
}
