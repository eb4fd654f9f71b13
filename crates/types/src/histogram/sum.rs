//! Sums and differences of histograms.
//!
//! Two histograms rarely have the same buckets. They are brought to what both can say: the coarser schema, the wider
//! zero bucket, the bounds that they have in common. Exponential and custom buckets have nothing in common.

use super::bounds;
use super::compensated::Compensated;
use super::exponential::exponential_bound;
use super::side::{Addend, Side};
use super::zero::{Away, widened};
use super::{BucketCounts, Counts, Histogram, ResetHint};

/// What is worth telling about an addition or a subtraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Combination {
    /// One histogram of the sum so far began anew and another one did not.
    pub counter_reset_collision: bool,
    /// Custom bounds differed; only those that both had are left.
    pub bounds_reconciled: bool,
}

/// One histogram has exponential buckets, the other one custom bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("exponential and custom buckets cannot be combined")]
pub struct IncompatibleHistograms;

/// A sum of histograms, compensated for rounding in every bucket.
///
/// Memory is bounded by the buckets of all histograms that were added. Adding a histogram whose buckets the sum
/// already has allocates nothing.
#[derive(Clone, Debug)]
pub struct HistogramSum {
    schema: i8,
    zero_threshold: f64,
    reset_hint: ResetHint,
    seen_reset: bool,
    seen_no_reset: bool,
    count: Compensated,
    sum: Compensated,
    zero: Compensated,
    positive: Side,
    negative: Side,
    custom_bounds: Vec<f64>,
}

impl HistogramSum {
    /// Starts with one histogram.
    pub fn new(first: &Histogram) -> Self {
        let mut sum = Self {
            schema: first.schema,
            zero_threshold: first.zero_threshold,
            reset_hint: first.reset_hint,
            seen_reset: false,
            seen_no_reset: false,
            count: first.count().into(),
            sum: first.sum.into(),
            zero: first.zero_count().into(),
            positive: Side::new(first, true),
            negative: Side::new(first, false),
            custom_bounds: first.custom_bounds.clone(),
        };
        sum.see(first.reset_hint);
        sum
    }

    /// Adds a histogram.
    ///
    /// # Errors
    /// The sum is unchanged when one has exponential and the other custom buckets.
    pub fn add(&mut self, other: &Histogram) -> Result<Combination, IncompatibleHistograms> {
        self.combine(other, 1.0)
    }

    /// Takes a histogram away. Counts may fall below zero; the hint is combined as in [`HistogramSum::add`], and it is
    /// up to the caller to call the difference a gauge.
    ///
    /// # Errors
    /// The sum is unchanged when one has exponential and the other custom buckets.
    pub fn subtract(&mut self, other: &Histogram) -> Result<Combination, IncompatibleHistograms> {
        self.combine(other, -1.0)
    }

    /// Multiplies everything; a negative factor makes the sum a gauge.
    pub fn scale(&mut self, factor: f64) {
        self.change(|value| *value *= factor, factor);
    }

    /// Divides everything by a number that is not zero; a negative one makes the sum a gauge.
    pub fn divide(&mut self, divisor: f64) {
        self.change(|value| *value /= divisor, divisor);
    }

    fn change(&mut self, change: impl Fn(&mut f64), factor: f64) {
        for value in [&mut self.count, &mut self.sum, &mut self.zero] {
            change(&mut value.sum);
            change(&mut value.compensation);
        }
        if self.has_custom_bounds() {
            // There is no zero bucket, and not even 0 times NaN makes one.
            self.zero = Compensated::default();
        }
        self.positive.change(&change);
        self.negative.change(&change);
        if factor < 0.0 {
            self.reset_hint = ResetHint::Gauge;
        }
    }

    /// Returns the sum: compacted, with float counts.
    pub fn value(&self) -> Histogram {
        let (positive_spans, positive) = self.positive.values();
        let (negative_spans, negative) = self.negative.values();
        let mut histogram = Histogram {
            schema: self.schema,
            zero_threshold: self.zero_threshold,
            sum: self.sum.value(),
            reset_hint: self.reset_hint,
            counts: Counts::Float(BucketCounts {
                count: self.count.value(),
                zero: self.zero.value(),
                positive,
                negative,
            }),
            positive_spans,
            negative_spans,
            custom_bounds: self.custom_bounds.clone(),
        };
        histogram.compact();
        histogram
    }

    /// Returns an estimate of the bytes that the sum holds.
    pub fn byte_count(&self) -> usize {
        size_of::<Self>()
            + self.positive.byte_count()
            + self.negative.byte_count()
            + size_of::<f64>() * self.custom_bounds.capacity()
    }

    /// Says whether a count or the sum is infinite.
    pub(super) fn has_overflow(&self) -> bool {
        let totals = [self.count, self.sum, self.zero];
        totals.iter().any(|value| value.sum.is_infinite())
            || self.positive.has_overflow()
            || self.negative.has_overflow()
    }

    pub(super) fn is_compatible(&self, other: &Histogram) -> bool {
        self.has_custom_bounds() == other.has_custom_bounds()
    }

    fn has_custom_bounds(&self) -> bool {
        self.schema == super::CUSTOM_BUCKETS_SCHEMA
    }

    fn combine(
        &mut self,
        other: &Histogram,
        sign: f64,
    ) -> Result<Combination, IncompatibleHistograms> {
        if !self.is_compatible(other) {
            return Err(IncompatibleHistograms);
        }
        self.reset_hint = combined_hint(self.reset_hint, other.reset_hint);
        self.see(other.reset_hint);
        let bounds_reconciled = match self.has_custom_bounds() {
            true => self.combine_custom(other, sign),
            false => {
                self.combine_exponential(other, sign);
                false
            }
        };
        self.count.add(sign * other.count());
        self.sum.add(sign * other.sum);
        Ok(Combination {
            counter_reset_collision: self.seen_reset && self.seen_no_reset,
            bounds_reconciled,
        })
    }

    fn see(&mut self, hint: ResetHint) {
        self.seen_reset |= hint == ResetHint::Reset;
        self.seen_no_reset |= hint == ResetHint::NotReset;
    }

    /// Says whether bounds had to be reconciled.
    fn combine_custom(&mut self, other: &Histogram, sign: f64) -> bool {
        let addend = Addend {
            histogram: other,
            positive: true,
            zero_threshold: 0.0,
            shift: 0,
            sign,
        };
        if self.custom_bounds == other.custom_bounds {
            self.positive.add(addend);
            return false;
        }
        let common = bounds::common(&self.custom_bounds, &other.custom_bounds);
        self.positive
            .renumber(|index| bounds::wider_index(&self.custom_bounds, &common, index));
        self.positive.add_renumbered(addend, |index| {
            bounds::wider_index(&other.custom_bounds, &common, index)
        });
        self.custom_bounds = common;
        true
    }

    fn combine_exponential(&mut self, other: &Histogram, sign: f64) {
        let zero = self.reconcile_zero_buckets(other).value();
        self.zero.add(sign * zero);
        let finer = u32::from(other.schema.abs_diff(self.schema));
        let mut shift = finer;
        if other.schema < self.schema {
            self.positive.coarsen(finer);
            self.negative.coarsen(finer);
            self.schema = other.schema;
            shift = 0;
        }
        for positive in [true, false] {
            let addend = Addend {
                histogram: other,
                positive,
                zero_threshold: self.zero_threshold,
                shift,
                sign,
            };
            match positive {
                true => self.positive.add(addend),
                false => self.negative.add(addend),
            }
        }
    }

    /// Makes the zero bucket as wide as both need it; returns what the other's zero bucket counts at that width.
    fn reconcile_zero_buckets(&mut self, other: &Histogram) -> Compensated {
        let mut zero = Compensated::from(other.zero_count());
        let mut threshold = other.zero_threshold;
        loop {
            if self.zero_threshold > threshold {
                (zero, threshold) = other.zero_widened(self.zero_threshold);
            } else if threshold > self.zero_threshold {
                self.widen_zero_bucket(threshold);
            } else {
                return zero;
            }
        }
    }

    fn widen_zero_bucket(&mut self, wanted: f64) {
        let schema = self.schema;
        let away = |(index, count)| Away::new(schema, index, count);
        let (zero, threshold) = widened(
            self.zero,
            wanted,
            || self.positive.buckets().map(away),
            || self.negative.buckets().map(away),
        );
        let is_inside = |index| exponential_bound(schema, index - 1) < threshold;
        self.positive.drop_leading(is_inside);
        self.negative.drop_leading(is_inside);
        (self.zero, self.zero_threshold) = (zero, threshold);
    }
}

impl Histogram {
    /// Returns what the zero bucket counts when its threshold is raised to `wanted`, and the threshold that cuts no
    /// populated bucket then (never below `wanted`).
    pub(super) fn zero_widened(&self, wanted: f64) -> (Compensated, f64) {
        let away = |(index, count): (i64, f64)| Away::new(self.schema, index, count.into());
        widened(
            self.zero_count().into(),
            wanted,
            || self.side(true).map(away),
            || self.side(false).map(away),
        )
    }
}

/// Returns the hint of a sum of two. A reset beside none is nothing that can be said of the sum.
fn combined_hint(a: ResetHint, b: ResetHint) -> ResetHint {
    match (a, b) {
        (a, b) if a == b => a,
        (ResetHint::Gauge, _) | (_, ResetHint::Gauge) => ResetHint::Gauge,
        _ => ResetHint::Unknown,
    }
}

#[cfg(test)]
mod tests;
