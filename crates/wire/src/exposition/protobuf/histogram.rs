//! Native histograms: deltas on the wire, absolute counts in memory.

use plimsoll_types::{
    BucketCounts, Counts, Histogram, HistogramError, ResetHint, SCHEMA_MAX, SCHEMA_MIN, Span,
    is_stale,
};

use crate::exposition::messages;

/// Says whether the message means a native histogram, as Prometheus tells it.
///
/// Without spans, zero threshold and zero count there is nothing native in it. A native histogram of threshold 0 without
/// observations says so with an empty span.
pub(super) fn is_native(message: &messages::Histogram) -> bool {
    !message.positive_span.is_empty()
        || !message.negative_span.is_empty()
        || message.zero_threshold > 0.0
        || message.zero_count > 0
        || message.zero_count_float > 0.0
}

/// Returns the observations in and below a classic bucket.
pub(super) fn bucket_count(bucket: &messages::Bucket) -> f64 {
    if bucket.cumulative_count_float > 0.0 {
        bucket.cumulative_count_float
    } else {
        bucket.cumulative_count as f64
    }
}

/// Returns all observations.
pub(super) fn sample_count(message: &messages::Histogram) -> f64 {
    if message.sample_count_float > 0.0 {
        message.sample_count_float
    } else {
        message.sample_count as f64
    }
}

/// Makes the histogram that is stored.
pub(super) fn to_native(
    message: &messages::Histogram,
    is_gauge: bool,
) -> Result<Histogram, HistogramError> {
    // A target that ends its series this way need not be consistent, and what is kept of it must be.
    if is_stale(message.sample_sum) {
        return Ok(Histogram::stale());
    }
    let schema = i8::try_from(message.schema)
        .ok()
        .filter(|schema| (SCHEMA_MIN..=SCHEMA_MAX).contains(schema))
        .ok_or(HistogramError::UnknownSchema(message.schema.into()))?;
    let histogram = Histogram {
        schema,
        zero_threshold: message.zero_threshold,
        sum: message.sample_sum,
        reset_hint: if is_gauge {
            ResetHint::Gauge
        } else {
            ResetHint::Unknown
        },
        counts: counts(message)?,
        positive_spans: spans(&message.positive_span),
        negative_spans: spans(&message.negative_span),
        custom_bounds: Vec::new(),
    };
    histogram.validate()?;
    Ok(histogram)
}

fn counts(message: &messages::Histogram) -> Result<Counts, HistogramError> {
    let is_float = message.sample_count_float > 0.0 || message.zero_count_float > 0.0;
    if is_float {
        return Ok(Counts::Float(BucketCounts {
            count: message.sample_count_float,
            zero: message.zero_count_float,
            positive: message.positive_count.clone(),
            negative: message.negative_count.clone(),
        }));
    }
    Ok(Counts::Integer(BucketCounts {
        count: message.sample_count,
        zero: message.zero_count,
        positive: absolute(&message.positive_delta)?,
        negative: absolute(&message.negative_delta)?,
    }))
}

fn absolute(deltas: &[i64]) -> Result<Vec<u64>, HistogramError> {
    let mut count = 0i64;
    deltas
        .iter()
        .map(|delta| {
            let value = i128::from(count) + i128::from(*delta);
            count = i64::try_from(value)
                .ok()
                .filter(|count| *count >= 0)
                .ok_or(HistogramError::NegativeCount {
                    what: "a bucket",
                    value: value as f64,
                })?;
            Ok(count as u64)
        })
        .collect()
}

fn spans(messages: &[messages::BucketSpan]) -> Vec<Span> {
    let span = |message: &messages::BucketSpan| Span {
        offset: message.offset,
        length: message.length,
    };
    messages.iter().map(span).collect()
}
