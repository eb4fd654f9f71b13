//! Classic buckets: cumulative counts by upper bound.

/// A bucket: how many observations were at most `bound`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bucket {
    pub(super) bound: f64,
    pub(super) count: f64,
}

/// Falls smaller than this share are rounding (of a sum of rates, say) and no reason to tell anyone.
const ROUNDING: f64 = 1e-12;

/// Counts that fell and were raised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Raised {
    /// Bounds of the first and the last bucket that was raised.
    pub(super) buckets: (f64, f64),
    /// By how much at most.
    pub(super) difference: f64,
}

/// Returns the quantile (0 to 1) of buckets in ascending order of bounds, and what had to be raised for that.
pub(super) fn quantile(quantile: f64, buckets: &mut Vec<Bucket>) -> (f64, Option<Raised>) {
    if !has_end(buckets) {
        return (f64::NAN, None);
    }
    join_equal_bounds(buckets);
    let raised = make_monotonic(buckets);
    (interpolate(quantile, buckets), raised)
}

/// Without a bucket for everything the number of all observations is not known.
fn has_end(buckets: &[Bucket]) -> bool {
    buckets
        .last()
        .is_some_and(|last| last.bound == f64::INFINITY)
}

fn interpolate(quantile: f64, buckets: &[Bucket]) -> f64 {
    let [finite @ .., last] = buckets else {
        return f64::NAN;
    };
    let (Some(highest), true) = (finite.last(), last.count != 0.0) else {
        return f64::NAN;
    };
    let mut rank = quantile * last.count;
    let at = finite.partition_point(|bucket| {
        // A count or rank that is not a number is not reached.
        bucket.count < rank || bucket.count.is_nan() || rank.is_nan()
    });
    if at == finite.len() {
        return highest.bound;
    }
    let bucket = finite[at];
    if at == 0 && bucket.bound <= 0.0 {
        return bucket.bound;
    }
    let (mut start, mut count) = (0.0, bucket.count);
    if at > 0 {
        start = finite[at - 1].bound;
        count -= finite[at - 1].count;
        rank -= finite[at - 1].count;
    }
    start + (bucket.bound - start) * (rank / count)
}

/// Adds up buckets whose bounds are the same number in different spellings.
fn join_equal_bounds(buckets: &mut Vec<Bucket>) {
    buckets.dedup_by(|next, kept| {
        let same = next.bound == kept.bound;
        if same {
            kept.count += next.count;
        }
        same
    });
}

/// Raises counts that fall, which aggregation over unequal buckets or racing scrapes can cause.
fn make_monotonic(buckets: &mut [Bucket]) -> Option<Raised> {
    let mut raised: Option<Raised> = None;
    let (first, rest) = buckets.split_first_mut()?;
    let mut previous = first.count;
    for bucket in rest {
        if almost_equal(previous, bucket.count) {
            bucket.count = previous;
        } else if bucket.count < previous {
            let difference = previous - bucket.count;
            let raised = raised.get_or_insert(Raised {
                buckets: (bucket.bound, bucket.bound),
                difference,
            });
            raised.buckets.1 = bucket.bound;
            raised.difference = raised.difference.max(difference);
            bucket.count = previous;
        } else {
            previous = bucket.count;
        }
    }
    raised
}

fn almost_equal(a: f64, b: f64) -> bool {
    if a == b || (a.is_nan() && b.is_nan()) {
        return true;
    }
    let size = a.abs() + b.abs();
    let distance = (a - b).abs();
    if a == 0.0 || b == 0.0 || size < f64::MIN_POSITIVE {
        return distance < ROUNDING * f64::MIN_POSITIVE;
    }
    distance / size.min(f64::MAX) < ROUNDING
}

/// Returns the share of observations above `low` and at most `high`, interpolated inside buckets.
pub(super) fn fraction(low: f64, high: f64, buckets: &mut Vec<Bucket>) -> f64 {
    if !has_end(buckets) {
        return f64::NAN;
    }
    join_equal_bounds(buckets);
    let total = buckets.last().map_or(0.0, |last| last.count);
    if total == 0.0 || low.is_nan() || high.is_nan() {
        return f64::NAN;
    }
    if low >= high {
        return 0.0;
    }
    (rank(high, buckets, total) - rank(low, buckets, total)) / total
}

/// Returns how many observations were at most `value`.
fn rank(value: f64, buckets: &[Bucket], total: f64) -> f64 {
    let mut below: f64 = 0.0;
    for (at, bucket) in buckets.iter().enumerate() {
        let start = match at.checked_sub(1) {
            Some(before) => buckets[before].bound,
            None if bucket.bound > 0.0 => 0.0,
            None => f64::NEG_INFINITY,
        };
        if start >= value {
            return below.min(total);
        }
        if value < bucket.bound {
            // Nothing is known about where observations lie in an endless bucket.
            if start.is_infinite() {
                return bucket.count.min(total);
            }
            if bucket.bound.is_infinite() {
                return below.min(total);
            }
            let share = (value - start) / (bucket.bound - start);
            return (below + (bucket.count - below) * share).min(total);
        }
        below = bucket.count;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(pairs: &[(f64, f64)]) -> Vec<Bucket> {
        pairs
            .iter()
            .map(|(bound, count)| Bucket {
                bound: *bound,
                count: *count,
            })
            .collect()
    }

    #[test]
    fn interpolates_inside_a_bucket() {
        let all = buckets(&[(1.0, 2.0), (3.0, 6.0), (f64::INFINITY, 8.0)]);
        for (q, expected) in [(0.0, 0.0), (0.125, 0.5), (0.5, 2.0), (1.0, 3.0)] {
            assert_eq!(quantile(q, &mut all.clone()), (expected, None), "{q}");
        }
        assert!(quantile(0.5, &mut buckets(&[(1.0, 2.0)])).0.is_nan());
    }

    #[test]
    fn raises_counts_that_fall() {
        let mut all = buckets(&[
            (1.0, 5.0),
            (2.0, 4.0),
            (3.0, 6.0),
            (4.0, 3.0),
            (f64::INFINITY, 10.0),
        ]);
        let raised = Raised {
            buckets: (2.0, 4.0),
            difference: 3.0,
        };
        assert_eq!(quantile(0.5, &mut all).1, Some(raised));
        assert_eq!((all[1].count, all[3].count), (5.0, 6.0));
        let mut all = buckets(&[(1.0, 5.0), (2.0, 5.0 - 1e-13), (f64::INFINITY, 10.0)]);
        let (_, raised) = quantile(0.5, &mut all);
        assert_eq!(raised, None, "rounding is corrected in silence");
    }

    #[test]
    fn fractions_are_shares_of_the_total() {
        let all = buckets(&[(1.0, 2.0), (3.0, 6.0), (f64::INFINITY, 8.0)]);
        assert_eq!(fraction(0.0, 1.0, &mut all.clone()), 0.25);
        assert_eq!(fraction(1.0, 2.0, &mut all.clone()), 0.25);
        assert_eq!(
            fraction(f64::NEG_INFINITY, f64::INFINITY, &mut all.clone()),
            1.0
        );
        assert_eq!(fraction(2.0, 1.0, &mut { all }), 0.0);
    }
}
