//! Which histograms are consistent in themselves, so that a store may keep them.

use super::{BucketCounts, Counts, Histogram, SCHEMA_MAX, SCHEMA_MIN};

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
    use super::super::tests::valid;
    use super::super::{CUSTOM_BUCKETS_SCHEMA, Span};
    use super::*;

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
