//! Classic histograms (one series per cumulative bucket) as native ones with custom bounds.

use super::{BucketCounts, CUSTOM_BUCKETS_SCHEMA, Counts, Histogram, Span};

/// Above this, floats are no longer counted one by one.
const INTEGER_MAX: f64 = (1u64 << 53) as f64;

/// The samples that a classic histogram's series have at one point in time, in any order.
///
/// # Example
/// ```
/// use plimsoll_types::ClassicHistogram;
///
/// let mut classic = ClassicHistogram::default();
/// classic.set_bucket(0.5, 3.0)?;
/// classic.set_bucket(f64::INFINITY, 4.0)?;
/// classic.set_sum(2.5);
/// let native = classic.to_native()?;
/// assert_eq!((native.count(), native.sum), (4.0, 2.5));
/// assert_eq!(native.custom_bounds, [0.5]);
/// # Ok::<(), plimsoll_types::InvalidClassicHistogram>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassicHistogram {
    /// Upper bound and cumulative count, in ascending order of both.
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: f64,
}

/// Why the series of a classic histogram are no histogram.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum InvalidClassicHistogram {
    /// An upper bound is not a number.
    #[error("the bound of a bucket is not a number")]
    Bound,
    /// A count is below zero or not a number.
    #[error("the count of bucket {bound} is {count}, wanted 0 or more")]
    NegativeCount {
        /// The bucket's upper bound; infinite for the count of all observations.
        bound: f64,
        /// Its count.
        count: f64,
    },
    /// A bucket counts less than one that it contains.
    #[error("bucket {bound} counts {count}, a smaller bucket counts more or a larger one less")]
    NotCumulative {
        /// The bucket's upper bound.
        bound: f64,
        /// Its count.
        count: f64,
    },
    /// The count of all observations is not that of the largest bucket.
    #[error("{observed} observations in the largest bucket, but the count is {count}")]
    CountMismatch {
        /// The largest bucket's count.
        observed: f64,
        /// The count of all observations.
        count: f64,
    },
}

impl ClassicHistogram {
    /// Sets how many observations were at most `bound`. The first count of a bound that is set twice stays.
    ///
    /// # Errors
    /// A bound or count that is not a number, a negative count, and one that contradicts the other buckets.
    pub fn set_bucket(&mut self, bound: f64, count: f64) -> Result<(), InvalidClassicHistogram> {
        if bound.is_nan() {
            return Err(InvalidClassicHistogram::Bound);
        }
        if count.is_nan() || count < 0.0 {
            return Err(InvalidClassicHistogram::NegativeCount { bound, count });
        }
        let at = self.buckets.partition_point(|(other, _)| *other < bound);
        let is_known = self
            .buckets
            .get(at)
            .is_some_and(|(other, _)| *other == bound);
        if is_known {
            return Ok(());
        }
        let (smaller, larger) = self.buckets.split_at(at);
        let agrees = smaller.last().is_none_or(|(_, smaller)| *smaller <= count)
            && larger.first().is_none_or(|(_, larger)| *larger >= count);
        if !agrees {
            return Err(InvalidClassicHistogram::NotCumulative { bound, count });
        }
        self.buckets.insert(at, (bound, count));
        Ok(())
    }

    /// Sets the count of all observations, which else is that of the largest bucket.
    ///
    /// # Errors
    /// A count that is negative or not a number.
    pub fn set_count(&mut self, count: f64) -> Result<(), InvalidClassicHistogram> {
        if count.is_nan() || count < 0.0 {
            let bound = f64::INFINITY;
            return Err(InvalidClassicHistogram::NegativeCount { bound, count });
        }
        self.count = Some(count);
        Ok(())
    }

    /// Sets the sum of all observations, 0 without it.
    pub fn set_sum(&mut self, sum: f64) {
        self.sum = sum;
    }

    /// Returns the histogram with custom bounds, compacted; with integer counts when all counts are whole.
    ///
    /// # Errors
    /// A count of all observations that contradicts the largest bucket.
    pub fn to_native(&self) -> Result<Histogram, InvalidClassicHistogram> {
        let buckets = self.complete()?;
        let mut below = 0.0;
        let each = buckets
            .iter()
            .map(|(_, count)| count - std::mem::replace(&mut below, *count));
        let positive: Vec<f64> = each.collect();
        let length = u32::try_from(positive.len()).expect("labels are not that many");
        let is_whole = |count: &f64| count.fract() == 0.0 && *count <= INTEGER_MAX;
        let counts = match buckets.iter().all(|(_, count)| is_whole(count)) {
            true => Counts::Integer(BucketCounts {
                count: below as u64,
                zero: 0,
                positive: positive.iter().map(|count| *count as u64).collect(),
                negative: Vec::new(),
            }),
            false => Counts::Float(BucketCounts {
                count: below,
                zero: 0.0,
                positive,
                negative: Vec::new(),
            }),
        };
        let finite = &buckets[..buckets.len() - 1];
        let mut native = Histogram {
            schema: CUSTOM_BUCKETS_SCHEMA,
            sum: self.sum,
            counts,
            positive_spans: vec![Span { offset: 0, length }],
            custom_bounds: finite.iter().map(|(bound, _)| *bound).collect(),
            ..Histogram::default()
        };
        native.compact();
        Ok(native)
    }

    /// Returns the buckets up to +Inf, which counts all observations.
    fn complete(&self) -> Result<Vec<(f64, f64)>, InvalidClassicHistogram> {
        let mut buckets = self.buckets.clone();
        let highest = buckets.last().copied().unwrap_or((f64::NEG_INFINITY, 0.0));
        let (bound, observed) = highest;
        let count = self.count.unwrap_or(observed);
        if bound != f64::INFINITY {
            buckets.push((f64::INFINITY, count));
        }
        match observed > count || (bound == f64::INFINITY && observed != count) {
            true => Err(InvalidClassicHistogram::CountMismatch { observed, count }),
            false => Ok(buckets),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn native(buckets: &[(f64, f64)], count: Option<f64>) -> Result<Histogram, String> {
        let mut classic = ClassicHistogram::default();
        for (bound, count) in buckets {
            classic
                .set_bucket(*bound, *count)
                .map_err(|error| error.to_string())?;
        }
        if let Some(count) = count {
            classic
                .set_count(count)
                .map_err(|error| error.to_string())?;
        }
        let native = classic.to_native().map_err(|error| error.to_string())?;
        assert_eq!(native.validate(), Ok(()));
        Ok(native)
    }

    #[test]
    fn cumulative_counts_become_buckets_in_any_order() {
        let histogram = native(
            &[(f64::INFINITY, 9.0), (0.5, 2.0), (2.0, 7.0), (1.0, 2.0)],
            None,
        )
        .unwrap();
        assert_eq!(histogram.custom_bounds, [0.5, 1.0, 2.0]);
        let buckets: Vec<_> = histogram
            .buckets()
            .iter()
            .map(|b| (b.upper, b.count))
            .collect();
        assert_eq!(buckets, [(0.5, 2.0), (2.0, 5.0), (f64::INFINITY, 2.0)]);
        assert!(matches!(histogram.counts, Counts::Integer(_)));
    }

    #[test]
    fn broken_counts_are_kept_as_floats() {
        let histogram = native(&[(1.0, 0.5), (f64::INFINITY, 2.0)], Some(2.0)).unwrap();
        assert!(matches!(histogram.counts, Counts::Float(_)));
        assert_eq!(histogram.count(), 2.0);
    }

    #[test]
    fn the_last_bucket_is_filled_up_to_the_count() {
        let histogram = native(&[(1.0, 3.0)], Some(5.0)).unwrap();
        let buckets: Vec<_> = histogram
            .buckets()
            .iter()
            .map(|b| (b.upper, b.count))
            .collect();
        assert_eq!(buckets, [(1.0, 3.0), (f64::INFINITY, 2.0)]);
        assert_eq!(native(&[], None).unwrap().count(), 0.0);
    }

    #[test]
    fn contradictions_are_refused() {
        let check = |buckets: &[(f64, f64)], count, expected: &str| {
            assert_eq!(native(buckets, count).unwrap_err(), expected);
        };
        let contradicts = "bucket 2 counts 1, a smaller bucket counts more or a larger one less";
        check(&[(1.0, 3.0), (2.0, 1.0)], None, contradicts);
        check(
            &[(1.0, 3.0), (f64::INFINITY, 4.0)],
            Some(5.0),
            "4 observations in the largest bucket, but the count is 5",
        );
        check(
            &[(1.0, 3.0)],
            Some(2.0),
            "3 observations in the largest bucket, but the count is 2",
        );
        check(
            &[(1.0, -3.0)],
            None,
            "the count of bucket 1 is -3, wanted 0 or more",
        );
        check(
            &[(f64::NAN, 3.0)],
            None,
            "the bound of a bucket is not a number",
        );
    }
}
