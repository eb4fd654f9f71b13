//! Native histograms: exponential (schemas -4 to 8) and custom buckets (schema -53).
//!
//! The model is Prometheus' (`model/histogram`), with one difference: buckets hold absolute counts here, integer or
//! float; deltas exist on the wire only.
//!
//! Arithmetic gives float counts and is Prometheus' to the last rule: see [`HistogramSum`] for what two histograms with
//! different buckets have in common, [`Histogram::detects_reset_after`] for counters that begin anew, and
//! [`Histogram::trimmed_upper`] for parts of a histogram. One thing is better on purpose: where a sum widens the zero
//! bucket and gets coarser at once, Prometheus counts the buckets between twice.

mod bounds;
mod buckets;
mod compact;
mod compensated;
mod equality;
mod exponential;
mod from_classic;
mod mean;
mod reset;
mod resolution;
mod scaling;
mod side;
mod spans;
mod sum;
mod trim;
mod validity;
mod zero;

pub use buckets::{Bucket, BucketNumber};
pub use from_classic::{ClassicHistogram, InvalidClassicHistogram};
pub use mean::HistogramMean;
pub use sum::{Combination, HistogramSum, IncompatibleHistograms};
pub use validity::HistogramError;

/// The coarsest exponential schema: each bucket is 2^16 times as wide as the one before.
pub const SCHEMA_MIN: i8 = -4;
/// The finest exponential schema: each bucket is 2^(1/256) times as wide as the one before.
pub const SCHEMA_MAX: i8 = 8;
/// The schema of histograms with custom bucket bounds (NHCB).
pub const CUSTOM_BUCKETS_SCHEMA: i8 = -53;

/// What the source knows about a counter reset between this histogram and the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResetHint {
    /// Nothing is known; compare the two.
    #[default]
    Unknown,
    /// There was a reset.
    Reset,
    /// There was none.
    NotReset,
    /// A gauge histogram, for which resets have no meaning.
    Gauge,
}

/// A run of consecutive buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// Empty buckets before the run: for the first span the index of its first bucket (may be negative), for later
    /// ones the gap to the span before (never negative).
    pub offset: i32,
    /// How many buckets the run holds.
    pub length: u32,
}

/// The counts of a histogram in absolute numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BucketCounts<T> {
    /// All observations.
    pub count: T,
    /// Observations in the zero bucket.
    pub zero: T,
    /// One entry per bucket that the positive spans name.
    pub positive: Vec<T>,
    /// One entry per bucket that the negative spans name.
    pub negative: Vec<T>,
}

/// Integer counts come from clients, float counts from calculations (and from gauge histograms).
#[derive(Clone, Debug, PartialEq)]
pub enum Counts {
    /// Whole observations.
    Integer(BucketCounts<u64>),
    /// Anything else.
    Float(BucketCounts<f64>),
}

/// A native histogram.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Resolution: [`SCHEMA_MIN`] to [`SCHEMA_MAX`], or [`CUSTOM_BUCKETS_SCHEMA`].
    pub schema: i8,
    /// Width of the zero bucket; 0 or more.
    pub zero_threshold: f64,
    /// Sum of all observations; the staleness marker here ends the series.
    pub sum: f64,
    /// What is known about a reset.
    pub reset_hint: ResetHint,
    /// The counts.
    pub counts: Counts,
    /// Which buckets `counts.positive` holds.
    pub positive_spans: Vec<Span>,
    /// Which buckets `counts.negative` holds.
    pub negative_spans: Vec<Span>,
    /// Upper bounds of custom buckets without the last, +Inf; empty for exponential schemas.
    pub custom_bounds: Vec<f64>,
}

impl Default for Histogram {
    /// Returns the empty integer histogram of schema 0.
    fn default() -> Self {
        Self {
            schema: 0,
            zero_threshold: 0.0,
            sum: 0.0,
            reset_hint: ResetHint::Unknown,
            counts: Counts::Integer(BucketCounts::default()),
            positive_spans: Vec::new(),
            negative_spans: Vec::new(),
            custom_bounds: Vec::new(),
        }
    }
}

impl Histogram {
    /// Makes the histogram that ends its series.
    pub fn stale() -> Self {
        Self {
            sum: crate::stale_nan(),
            ..Self::default()
        }
    }

    /// Says whether buckets have custom bounds.
    pub fn has_custom_bounds(&self) -> bool {
        self.schema == CUSTOM_BUCKETS_SCHEMA
    }

    /// Returns the number of observations.
    pub fn count(&self) -> f64 {
        match &self.counts {
            Counts::Integer(counts) => counts.count as f64,
            Counts::Float(counts) => counts.count,
        }
    }

    /// Returns the observations of the zero bucket.
    pub fn zero_count(&self) -> f64 {
        match &self.counts {
            Counts::Integer(counts) => counts.zero as f64,
            Counts::Float(counts) => counts.zero,
        }
    }

    /// Says whether two histograms are the same bit for bit, NaN payloads included.
    pub fn same_bits(&self, other: &Self) -> bool {
        let floats = |a: &[f64], b: &[f64]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
        };
        let counts = match (&self.counts, &other.counts) {
            (Counts::Integer(a), Counts::Integer(b)) => a == b,
            (Counts::Float(a), Counts::Float(b)) => {
                floats(&[a.count, a.zero], &[b.count, b.zero])
                    && floats(&a.positive, &b.positive)
                    && floats(&a.negative, &b.negative)
            }
            _ => false,
        };
        counts
            && self.schema == other.schema
            && self.reset_hint == other.reset_hint
            && floats(
                &[self.sum, self.zero_threshold],
                &[other.sum, other.zero_threshold],
            )
            && floats(&self.custom_bounds, &other.custom_bounds)
            && self.positive_spans == other.positive_spans
            && self.negative_spans == other.negative_spans
    }

    /// Returns an estimate of the bytes that the histogram holds.
    pub fn byte_count(&self) -> usize {
        let buckets = match &self.counts {
            Counts::Integer(counts) => counts.positive.len() + counts.negative.len(),
            Counts::Float(counts) => counts.positive.len() + counts.negative.len(),
        };
        size_of::<Self>()
            + 8 * (buckets
                + self.custom_bounds.len()
                + self.positive_spans.len()
                + self.negative_spans.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn valid() -> Histogram {
        Histogram {
            sum: 12.5,
            counts: Counts::Integer(BucketCounts {
                count: 7,
                zero: 1,
                positive: vec![2, 3],
                negative: vec![1],
            }),
            positive_spans: vec![
                Span {
                    offset: -2,
                    length: 1,
                },
                Span {
                    offset: 3,
                    length: 1,
                },
            ],
            negative_spans: vec![Span {
                offset: 0,
                length: 1,
            }],
            ..Histogram::default()
        }
    }
}
