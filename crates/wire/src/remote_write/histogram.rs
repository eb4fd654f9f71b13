//! Native histograms between their wire form, where integer buckets are deltas, and ours, where they are counts.

use std::sync::Arc;

use plimsoll_types::{
    BucketCounts, Counts, Histogram, HistogramError, ResetHint, Sample, Span, StartTimestamp,
    Timestamp, Value, is_stale,
};
use prost::Message;

use super::messages::{self, Count, ZeroCount};
use crate::push::{Error, Meter};

/// Two bytes of an empty span become 8, one byte of a delta becomes 8: the most that prost makes of a histogram.
const EXPANSION_MAX: usize = 8;

/// Decodes one histogram message.
pub(super) fn decode_message(
    bytes: &[u8],
    meter: &mut Meter,
) -> Result<messages::Histogram, Error> {
    meter.check_memory(bytes.len().saturating_mul(EXPANSION_MAX))?;
    messages::Histogram::decode(bytes)
        .map_err(|error| Error::Malformed(format!("histogram: {error}")))
}

/// Checks a histogram and makes a sample of it.
pub(super) fn to_sample(
    message: messages::Histogram,
    meter: &mut Meter,
) -> Result<Result<Sample, HistogramError>, Error> {
    let timestamp = Timestamp::from_millis(message.timestamp);
    let start = StartTimestamp::from_millis(message.start_timestamp);
    let histogram = match to_histogram(message) {
        Ok(histogram) => histogram,
        Err(error) => return Ok(Err(error)),
    };
    meter.sample(size_of::<Sample>() + histogram.byte_count())?;
    Ok(Ok(Sample {
        timestamp,
        start,
        value: Value::Histogram(Arc::new(histogram)),
    }))
}

fn to_histogram(message: messages::Histogram) -> Result<Histogram, HistogramError> {
    let reset_hint = match messages::ResetHint::try_from(message.reset_hint) {
        Ok(messages::ResetHint::Yes) => ResetHint::Reset,
        Ok(messages::ResetHint::No) => ResetHint::NotReset,
        Ok(messages::ResetHint::Gauge) => ResetHint::Gauge,
        Ok(messages::ResetHint::Unknown) | Err(_) => ResetHint::Unknown,
    };
    if is_stale(message.sum) {
        return Ok(stale(message.count, reset_hint));
    }
    let counts = match message.count {
        Some(Count::Float(count)) => Counts::Float(BucketCounts {
            count,
            zero: match message.zero_count {
                Some(ZeroCount::Float(zero)) => zero,
                _ => 0.0,
            },
            positive: message.positive_counts,
            negative: message.negative_counts,
        }),
        integer => Counts::Integer(BucketCounts {
            count: match integer {
                Some(Count::Integer(count)) => count,
                _ => 0,
            },
            zero: match message.zero_count {
                Some(ZeroCount::Integer(zero)) => zero,
                _ => 0,
            },
            positive: absolute("a positive bucket", &message.positive_deltas)?,
            negative: absolute("a negative bucket", &message.negative_deltas)?,
        }),
    };
    let histogram = Histogram {
        schema: i8::try_from(message.schema)
            .map_err(|_| HistogramError::UnknownSchema(message.schema.into()))?,
        zero_threshold: message.zero_threshold,
        sum: message.sum,
        reset_hint,
        counts,
        positive_spans: spans_from(&message.positive_spans),
        negative_spans: spans_from(&message.negative_spans),
        custom_bounds: message.custom_values,
    };
    histogram.validate()?;
    Ok(histogram)
}

/// A marker has no buckets: whatever a peer puts beside it is unchecked and must not reach storage.
fn stale(count: Option<Count>, reset_hint: ResetHint) -> Histogram {
    let counts = match count {
        Some(Count::Float(_)) => Counts::Float(BucketCounts::default()),
        _ => Counts::Integer(BucketCounts::default()),
    };
    Histogram {
        reset_hint,
        counts,
        ..Histogram::stale()
    }
}

/// Sums up deltas: the first counts from zero, each later one from the bucket before it.
fn absolute(what: &'static str, deltas: &[i64]) -> Result<Vec<u64>, HistogramError> {
    let mut count = 0i128;
    deltas
        .iter()
        .map(|delta| {
            count += i128::from(*delta);
            u64::try_from(count).map_err(|_| HistogramError::NegativeCount {
                what,
                value: count as f64,
            })
        })
        .collect()
}

fn spans_from(spans: &[messages::BucketSpan]) -> Vec<Span> {
    let span = |span: &messages::BucketSpan| Span {
        offset: span.offset,
        length: span.length,
    };
    spans.iter().map(span).collect()
}

/// Makes the message of a histogram sample.
pub(super) fn from_sample(sample: &Sample, histogram: &Histogram) -> messages::Histogram {
    let hint = match histogram.reset_hint {
        ResetHint::Unknown => messages::ResetHint::Unknown,
        ResetHint::Reset => messages::ResetHint::Yes,
        ResetHint::NotReset => messages::ResetHint::No,
        ResetHint::Gauge => messages::ResetHint::Gauge,
    };
    let mut message = messages::Histogram {
        sum: histogram.sum,
        schema: histogram.schema.into(),
        zero_threshold: histogram.zero_threshold,
        positive_spans: spans_to(&histogram.positive_spans),
        negative_spans: spans_to(&histogram.negative_spans),
        reset_hint: hint.into(),
        timestamp: sample.timestamp.millis(),
        custom_values: histogram.custom_bounds.clone(),
        start_timestamp: sample.start.millis(),
        ..messages::Histogram::default()
    };
    match &histogram.counts {
        Counts::Integer(counts) => {
            message.count = Some(Count::Integer(counts.count));
            message.zero_count = Some(ZeroCount::Integer(counts.zero));
            message.positive_deltas = deltas(&counts.positive);
            message.negative_deltas = deltas(&counts.negative);
        }
        Counts::Float(counts) => {
            message.count = Some(Count::Float(counts.count));
            message.zero_count = Some(ZeroCount::Float(counts.zero));
            message.positive_counts.clone_from(&counts.positive);
            message.negative_counts.clone_from(&counts.negative);
        }
    }
    message
}

/// Two buckets that differ by 2^63 or more have no delta of 64 bits; it wraps then, and the peer refuses it.
fn deltas(counts: &[u64]) -> Vec<i64> {
    let mut previous = 0;
    let delta = |count: &u64| {
        let delta = count.wrapping_sub(previous) as i64;
        previous = *count;
        delta
    };
    counts.iter().map(delta).collect()
}

fn spans_to(spans: &[Span]) -> Vec<messages::BucketSpan> {
    let span = |span: &Span| messages::BucketSpan {
        offset: span.offset,
        length: span.length,
    };
    spans.iter().map(span).collect()
}
