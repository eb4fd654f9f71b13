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
mod zero;

pub use buckets::{Bucket, BucketNumber};
pub use from_classic::{ClassicHistogram, InvalidClassicHistogram};
pub use mean::HistogramMean;
pub use sum::{Combination, HistogramSum, IncompatibleHistograms};

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

/// Why a histogram is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HistogramError {
    /// The schema is neither exponential nor custom.
    #[error("schema {0} is none of -4 to 8 and -53")]
    UnknownSchema(i64),
    /// A later span begins before the earlier one ends.
    #[error("{side} span {index} has the negative offset {offset}")]
    SpanOffset {
        /// `positive` or `negative`.
        side: &'static str,
        /// Which span.
        index: usize,
        /// Its offset.
        offset: i32,
    },
    /// Spans name another number of buckets than there are.
    #[error("{side} spans need {wanted} buckets, found {found}")]
    BucketCount {
        /// `positive` or `negative`.
        side: &'static str,
        /// Buckets that the spans name.
        wanted: u64,
        /// Buckets that are there.
        found: u64,
    },
    /// A count is below zero. NaN is let pass, as in Prometheus: recording rules make histograms with such counts.
    #[error("{what} is {value}, wanted 0 or more")]
    NegativeCount {
        /// Which count.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// The buckets hold another number of observations than `count` says.
    #[error("{observed} observations in the buckets, but the count is {count}")]
    CountMismatch {
        /// Sum over all buckets.
        observed: u64,
        /// The histogram's own count.
        count: u64,
    },
    /// The zero threshold is negative or not a number.
    #[error("zero threshold is {0}, wanted a finite number of 0 or more")]
    ZeroThreshold(f64),
    /// Custom bounds do not strictly ascend, or hold NaN or +Inf.
    #[error(
        "custom bound {index} is {value}, wanted finite or -Inf bounds in strictly ascending order"
    )]
    CustomBounds {
        /// Which bound.
        index: usize,
        /// Its value.
        value: f64,
    },
    /// There is more of it than a store keeps of one sample.
    #[error("{found} buckets, spans and bounds are above the limit of {limit}")]
    TooLarge {
        /// Buckets, spans and bounds together.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A field that the schema does not have is set.
    #[error("a histogram of schema {schema} has no {field}")]
    UnexpectedField {
        /// The schema.
        schema: i8,
        /// What is set.
        field: &'static str,
    },
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

    /// Checks what Prometheus checks before it stores a histogram.
    ///
    /// # Errors
    /// Every kind of [`HistogramError`]. A stale marker is always valid.
    pub fn validate(&self) -> Result<(), HistogramError> {
        if crate::is_stale(self.sum) {
            return Ok(());
        }
        self.validate_schema()?;
        match &self.counts {
            Counts::Integer(counts) => {
                self.validate_spans(counts.positive.len(), counts.negative.len())?;
                self.validate_integer(counts)
            }
            Counts::Float(counts) => {
                self.validate_spans(counts.positive.len(), counts.negative.len())?;
                validate_float(counts)
            }
        }
    }

    fn validate_schema(&self) -> Result<(), HistogramError> {
        let unexpected = |field| {
            Err(HistogramError::UnexpectedField {
                schema: self.schema,
                field,
            })
        };
        if !self.has_custom_bounds() {
            if !(SCHEMA_MIN..=SCHEMA_MAX).contains(&self.schema) {
                return Err(HistogramError::UnknownSchema(self.schema.into()));
            }
            if !self.custom_bounds.is_empty() {
                return unexpected("custom bounds");
            }
            return match self.zero_threshold {
                threshold if threshold >= 0.0 && threshold.is_finite() => Ok(()),
                threshold => Err(HistogramError::ZeroThreshold(threshold)),
            };
        }
        if self.zero_count() != 0.0 {
            return unexpected("zero count");
        }
        if self.zero_threshold != 0.0 {
            return unexpected("zero threshold");
        }
        if !self.negative_spans.is_empty() {
            return unexpected("negative spans");
        }
        let mut previous = None;
        for (index, value) in self.custom_bounds.iter().copied().enumerate() {
            if value.is_nan() || value == f64::INFINITY || previous.is_some_and(|p| p >= value) {
                return Err(HistogramError::CustomBounds { index, value });
            }
            previous = Some(value);
        }
        Ok(())
    }

    fn validate_spans(&self, positive: usize, negative: usize) -> Result<(), HistogramError> {
        for (side, spans, found) in [
            ("positive", &self.positive_spans, positive as u64),
            ("negative", &self.negative_spans, negative as u64),
        ] {
            for (index, span) in spans.iter().enumerate().skip(1) {
                if span.offset < 0 {
                    return Err(HistogramError::SpanOffset {
                        side,
                        index,
                        offset: span.offset,
                    });
                }
            }
            let wanted = spans.iter().map(|span| u64::from(span.length)).sum();
            if wanted != found {
                return Err(HistogramError::BucketCount {
                    side,
                    wanted,
                    found,
                });
            }
        }
        if self.has_custom_bounds() {
            self.validate_custom_spans()?;
        }
        Ok(())
    }

    /// Custom buckets are numbered 0 to `custom_bounds.len()`, the last one reaching to +Inf.
    fn validate_custom_spans(&self) -> Result<(), HistogramError> {
        let end: i64 = self
            .positive_spans
            .iter()
            .map(|span| i64::from(span.offset) + i64::from(span.length))
            .sum();
        let first = self.positive_spans.first().map_or(0, |span| span.offset);
        if first < 0 {
            return Err(HistogramError::SpanOffset {
                side: "positive",
                index: 0,
                offset: first,
            });
        }
        let buckets = self.custom_bounds.len() as i64 + 1;
        if end > buckets {
            return Err(HistogramError::BucketCount {
                side: "positive",
                wanted: end as u64,
                found: buckets as u64,
            });
        }
        Ok(())
    }

    fn validate_integer(&self, counts: &BucketCounts<u64>) -> Result<(), HistogramError> {
        let observed = counts
            .positive
            .iter()
            .chain(&counts.negative)
            .fold(counts.zero, |sum, count| sum.saturating_add(*count));
        // A NaN observation is in no bucket but makes the sum NaN, so only then may the count be larger.
        let agrees = if self.sum.is_nan() {
            observed <= counts.count
        } else {
            observed == counts.count
        };
        agrees.then_some(()).ok_or(HistogramError::CountMismatch {
            observed,
            count: counts.count,
        })
    }
}

fn validate_float(counts: &BucketCounts<f64>) -> Result<(), HistogramError> {
    let buckets = counts.positive.iter().chain(&counts.negative);
    let named = [
        ("the count", &counts.count),
        ("the zero count", &counts.zero),
    ];
    let bad = named
        .into_iter()
        .chain(buckets.map(|value| ("a bucket", value)))
        .find(|(_, value)| **value < 0.0);
    match bad {
        Some((what, value)) => Err(HistogramError::NegativeCount {
            what,
            value: *value,
        }),
        None => Ok(()),
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

    #[test]
    fn accepts_what_is_consistent() {
        assert_eq!(valid().validate(), Ok(()));
        assert_eq!(Histogram::stale().validate(), Ok(()));
    }

    #[test]
    fn refuses_what_is_not() {
        let check = |change: fn(&mut Histogram), expected: &str| {
            let mut histogram = valid();
            change(&mut histogram);
            assert_eq!(histogram.validate().unwrap_err().to_string(), expected);
        };
        check(|h| h.schema = 9, "schema 9 is none of -4 to 8 and -53");
        check(
            |h| h.positive_spans[1].offset = -1,
            "positive span 1 has the negative offset -1",
        );
        check(
            |h| h.negative_spans[0].length = u32::MAX,
            "negative spans need 4294967295 buckets, found 1",
        );
        check(
            |h| h.zero_threshold = f64::NAN,
            "zero threshold is NaN, wanted a finite number of 0 or more",
        );
        check(
            |h| {
                let Counts::Integer(counts) = &mut h.counts else {
                    unreachable!()
                };
                counts.count = 8;
            },
            "7 observations in the buckets, but the count is 8",
        );
        check(
            |h| h.custom_bounds = vec![1.0],
            "a histogram of schema 0 has no custom bounds",
        );
    }

    #[test]
    fn custom_bounds_ascend() {
        let custom = |bounds: &[f64], length| Histogram {
            schema: CUSTOM_BUCKETS_SCHEMA,
            custom_bounds: bounds.to_vec(),
            positive_spans: vec![Span { offset: 0, length }],
            counts: Counts::Float(BucketCounts {
                count: 1.0,
                positive: vec![1.0; length as usize],
                ..BucketCounts::default()
            }),
            ..Histogram::default()
        };
        assert!(custom(&[0.1, 1.0], 3).validate().is_ok());
        assert!(custom(&[0.1, 1.0], 4).validate().is_err());
        assert!(custom(&[1.0, 1.0], 1).validate().is_err());
        assert!(custom(&[f64::INFINITY], 1).validate().is_err());
    }
}
