//! Zero buckets of different widths.
//!
//! The zero bucket holds what lies between minus and plus its threshold. To make it wider is to move the buckets that
//! it reaches into it. It never ends inside a bucket that counted something: then it grows on to that bucket's far end.

use super::compensated::Compensated;
use super::exponential::exponential_bound;

/// A bucket of either side, told by its distance from zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Away {
    pub(super) lower: f64,
    pub(super) upper: f64,
    pub(super) count: Compensated,
}

impl Away {
    pub(super) fn new(schema: i8, index: i64, count: Compensated) -> Self {
        Self {
            lower: exponential_bound(schema, index - 1),
            upper: exponential_bound(schema, index),
            count,
        }
    }
}

/// Returns the threshold that is at least `wanted` and cuts no populated bucket, and what the zero bucket counts then
/// (`zero` and the buckets that it took in). Sides list their buckets from zero outwards.
pub(super) fn widened<P, N>(
    zero: Compensated,
    wanted: f64,
    positive: impl Fn() -> P,
    negative: impl Fn() -> N,
) -> (Compensated, f64)
where
    P: Iterator<Item = Away>,
    N: Iterator<Item = Away>,
{
    let mut threshold = wanted;
    loop {
        let mut count = zero;
        if let Some(end) = take_in(&mut count, threshold, positive()) {
            threshold = end;
        }
        match take_in(&mut count, threshold, negative()) {
            // What the positive side counted is no longer right.
            Some(end) => threshold = end,
            None => return (count, threshold),
        }
    }
}

/// Adds the buckets that begin below the threshold; returns where the last one ends if it is populated and ends above.
fn take_in(
    count: &mut Compensated,
    threshold: f64,
    buckets: impl Iterator<Item = Away>,
) -> Option<f64> {
    for bucket in buckets.take_while(|bucket| bucket.lower < threshold) {
        count.join(bucket.count);
        if bucket.upper > threshold {
            let is_populated = bucket.count.value() != 0.0;
            return is_populated.then_some(bucket.upper);
        }
    }
    None
}
