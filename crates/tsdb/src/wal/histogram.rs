//! Native histograms in bytes: what the WAL logs and what the head keeps in memory.
//!
//! ```text
//! | flags 1 | schema 1 | zero threshold 8 | sum 8 | positive spans | negative spans | custom bounds |
//! | count | zero | positive buckets | negative buckets |
//! flags: bit 0 float counts, bits 1-2 reset hint
//! spans: length varint, then per span offset zigzag, length varint; bounds: length varint, then 8 bytes each
//! integer counts: varints, buckets as zigzag difference to the one before; float counts: 8 bytes each
//! ```

use plimsoll_types::{BucketCounts, Counts, Histogram, ResetHint, Span};

use super::bytes::{Decoded, Malformed, Reader, put_float, put_varint, put_zigzag};

const FLOAT_COUNTS: u8 = 1;

/// Returns a histogram's bytes.
pub fn encode_histogram(histogram: &Histogram) -> Box<[u8]> {
    let mut bytes = Vec::with_capacity(64);
    put_histogram(&mut bytes, histogram);
    bytes.into_boxed_slice()
}

/// Reads what [`encode_histogram`] wrote.
///
/// # Errors
/// [`Malformed`] when the bytes are anything else.
pub fn decode_histogram(bytes: &[u8]) -> Result<Histogram, Malformed> {
    let mut reader = Reader::new(bytes);
    let histogram = read_histogram(&mut reader)?;
    if !reader.is_at_end() {
        return Err(Malformed("bytes follow the histogram"));
    }
    Ok(histogram)
}

pub(super) fn put_histogram(into: &mut Vec<u8>, histogram: &Histogram) {
    let hint = match histogram.reset_hint {
        ResetHint::Unknown => 0,
        ResetHint::Reset => 1,
        ResetHint::NotReset => 2,
        ResetHint::Gauge => 3,
    };
    let kind = match histogram.counts {
        Counts::Integer(_) => 0,
        Counts::Float(_) => FLOAT_COUNTS,
    };
    into.push(kind | hint << 1);
    into.push(histogram.schema as u8);
    put_float(into, histogram.zero_threshold);
    put_float(into, histogram.sum);
    for spans in [&histogram.positive_spans, &histogram.negative_spans] {
        put_varint(into, spans.len() as u64);
        for span in spans {
            put_zigzag(into, span.offset.into());
            put_varint(into, span.length.into());
        }
    }
    put_varint(into, histogram.custom_bounds.len() as u64);
    histogram
        .custom_bounds
        .iter()
        .for_each(|bound| put_float(into, *bound));
    match &histogram.counts {
        Counts::Integer(counts) => put_integers(into, counts),
        Counts::Float(counts) => put_floats(into, counts),
    }
}

fn put_integers(into: &mut Vec<u8>, counts: &BucketCounts<u64>) {
    put_varint(into, counts.count);
    put_varint(into, counts.zero);
    for buckets in [&counts.positive, &counts.negative] {
        put_varint(into, buckets.len() as u64);
        let mut previous = 0;
        for bucket in buckets {
            put_zigzag(into, bucket.wrapping_sub(previous) as i64);
            previous = *bucket;
        }
    }
}

fn put_floats(into: &mut Vec<u8>, counts: &BucketCounts<f64>) {
    put_float(into, counts.count);
    put_float(into, counts.zero);
    for buckets in [&counts.positive, &counts.negative] {
        put_varint(into, buckets.len() as u64);
        buckets.iter().for_each(|bucket| put_float(into, *bucket));
    }
}

pub(super) fn read_histogram(reader: &mut Reader<'_>) -> Decoded<Histogram> {
    let flags = reader.byte()?;
    let reset_hint = match flags >> 1 {
        0 => ResetHint::Unknown,
        1 => ResetHint::Reset,
        2 => ResetHint::NotReset,
        3 => ResetHint::Gauge,
        _ => return Err(Malformed("unknown histogram flags")),
    };
    let schema = reader.byte()? as i8;
    let (zero_threshold, sum) = (reader.float()?, reader.float()?);
    let (positive_spans, negative_spans) = (read_spans(reader)?, read_spans(reader)?);
    let bounds = reader.count(8)?;
    let custom_bounds = (0..bounds)
        .map(|_| reader.float())
        .collect::<Decoded<_>>()?;
    let counts = if flags & FLOAT_COUNTS == 0 {
        Counts::Integer(read_integers(reader)?)
    } else {
        Counts::Float(read_floats(reader)?)
    };
    Ok(Histogram {
        schema,
        zero_threshold,
        sum,
        reset_hint,
        counts,
        positive_spans,
        negative_spans,
        custom_bounds,
    })
}

fn read_spans(reader: &mut Reader<'_>) -> Decoded<Vec<Span>> {
    let count = reader.count(2)?;
    let read = |_| {
        Ok(Span {
            offset: i32::try_from(reader.zigzag()?).map_err(|_| Malformed("a span offset"))?,
            length: u32::try_from(reader.varint()?).map_err(|_| Malformed("a span length"))?,
        })
    };
    (0..count).map(read).collect()
}

fn read_integers(reader: &mut Reader<'_>) -> Decoded<BucketCounts<u64>> {
    let (count, zero) = (reader.varint()?, reader.varint()?);
    let mut buckets = || {
        let (count, mut previous) = (reader.count(1)?, 0u64);
        let read = |_| {
            previous = previous.wrapping_add(reader.zigzag()? as u64);
            Ok(previous)
        };
        (0..count).map(read).collect::<Decoded<_>>()
    };
    let (positive, negative) = (buckets()?, buckets()?);
    Ok(BucketCounts {
        count,
        zero,
        positive,
        negative,
    })
}

fn read_floats(reader: &mut Reader<'_>) -> Decoded<BucketCounts<f64>> {
    let (count, zero) = (reader.float()?, reader.float()?);
    let mut buckets = || {
        let count = reader.count(8)?;
        (0..count).map(|_| reader.float()).collect::<Decoded<_>>()
    };
    let (positive, negative) = (buckets()?, buckets()?);
    Ok(BucketCounts {
        count,
        zero,
        positive,
        negative,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        prop::collection::vec(
            (any::<i32>(), any::<u32>()).prop_map(|(offset, length)| Span { offset, length }),
            0..4,
        )
    }

    fn counts() -> impl Strategy<Value = Counts> {
        let float = any::<u64>().prop_map(f64::from_bits);
        let floats = prop::collection::vec(float.clone(), 0..5);
        let integers = prop::collection::vec(any::<u64>(), 0..5);
        prop_oneof![
            (any::<u64>(), any::<u64>(), integers.clone(), integers).prop_map(
                |(count, zero, positive, negative)| Counts::Integer(BucketCounts {
                    count,
                    zero,
                    positive,
                    negative
                })
            ),
            (float.clone(), float, floats.clone(), floats).prop_map(
                |(count, zero, positive, negative)| Counts::Float(BucketCounts {
                    count,
                    zero,
                    positive,
                    negative
                })
            ),
        ]
    }

    pub(crate) fn histograms() -> impl Strategy<Value = Histogram> {
        let bits = any::<u64>();
        let hint = prop_oneof![
            Just(ResetHint::Unknown),
            Just(ResetHint::Reset),
            Just(ResetHint::NotReset),
            Just(ResetHint::Gauge)
        ];
        let bounds = prop::collection::vec(any::<u64>().prop_map(f64::from_bits), 0..4);
        (
            any::<i8>(),
            bits,
            bits,
            hint,
            counts(),
            spans(),
            spans(),
            bounds,
        )
            .prop_map(
                |(
                    schema,
                    threshold,
                    sum,
                    reset_hint,
                    counts,
                    positive_spans,
                    negative_spans,
                    custom_bounds,
                )| Histogram {
                    schema,
                    zero_threshold: f64::from_bits(threshold),
                    sum: f64::from_bits(sum),
                    reset_hint,
                    counts,
                    positive_spans,
                    negative_spans,
                    custom_bounds,
                },
            )
    }

    proptest! {
        #[test]
        fn returns_every_bit(histogram in histograms()) {
            let bytes = encode_histogram(&histogram);
            prop_assert!(decode_histogram(&bytes).unwrap().same_bits(&histogram));
            for end in 0..bytes.len() {
                prop_assert!(decode_histogram(&bytes[..end]).is_err());
            }
        }

        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = decode_histogram(&bytes);
        }
    }
}
