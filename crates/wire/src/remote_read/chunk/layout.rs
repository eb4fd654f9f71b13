//! What the histograms of one chunk have in common: schema, zero threshold, spans, custom bounds.
//!
//! ```text
//! zero threshold:  0 -> one byte 0; 2^(n-244) for n in 1..=254 -> one byte n; else 255 and 8 bytes
//! schema:          varbit
//! positive, then negative spans:  count: unsigned varbit, each length: unsigned varbit, offset: varbit
//! custom bounds (schema -53):     count: unsigned varbit, each thousandths + 1: unsigned varbit, or 0 and 8 bytes
//! ```

use plimsoll_types::{
    BucketCounts, CUSTOM_BUCKETS_SCHEMA, Counts, Histogram, ResetHint, Span, is_stale,
};

use super::bits::{BitReader, BitWriter};

/// The most spans, bounds and buckets of a chunk that is read: far beyond what any store keeps of a histogram.
const PARTS_MAX: u64 = 65_536;
/// The largest bound in thousandths that is written as a number.
const THOUSANDTHS_MAX: f64 = 33_554_430.0;

/// Says whether a histogram may follow another in a chunk, whose readers take it for a counter without a reset.
pub(super) fn continues(before: &Histogram, next: &Histogram) -> bool {
    let is_gauge = before.reset_hint == ResetHint::Gauge;
    let is_same = before.schema == next.schema
        && before.zero_threshold.to_bits() == next.zero_threshold.to_bits()
        && before.positive_spans == next.positive_spans
        && before.negative_spans == next.negative_spans
        && same_bits(&before.custom_bounds, &next.custom_bounds)
        && is_gauge == (next.reset_hint == ResetHint::Gauge);
    let is_ended = is_stale(before.sum) || is_stale(next.sum);
    if !is_same || is_ended || next.reset_hint == ResetHint::Reset {
        return false;
    }
    match (&before.counts, &next.counts) {
        (Counts::Integer(before), Counts::Integer(next)) => is_gauge || grows(before, next),
        (Counts::Float(before), Counts::Float(next)) => is_gauge || grows(before, next),
        _ => false,
    }
}

fn same_bits(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

fn grows<T: PartialOrd>(before: &BucketCounts<T>, next: &BucketCounts<T>) -> bool {
    let all =
        |before: &[T], next: &[T]| before.iter().zip(next).all(|(before, next)| before <= next);
    before.count <= next.count
        && before.zero <= next.zero
        && all(&before.positive, &next.positive)
        && all(&before.negative, &next.negative)
}

pub(super) fn write(writer: &mut BitWriter, histogram: &Histogram) {
    write_threshold(writer, histogram.zero_threshold);
    writer.varbit(histogram.schema.into());
    for spans in [&histogram.positive_spans, &histogram.negative_spans] {
        writer.varbit_unsigned(spans.len() as u64);
        for span in spans {
            writer.varbit_unsigned(span.length.into());
            writer.varbit(span.offset.into());
        }
    }
    if histogram.has_custom_bounds() {
        writer.varbit_unsigned(histogram.custom_bounds.len() as u64);
        for bound in &histogram.custom_bounds {
            write_bound(writer, *bound);
        }
    }
}

/// Reads a layout into a histogram without counts.
pub(super) fn read(reader: &mut BitReader<'_>) -> Option<Histogram> {
    let zero_threshold = read_threshold(reader)?;
    let schema = i8::try_from(reader.varbit()?).ok()?;
    let (positive_spans, negative_spans) = (read_spans(reader)?, read_spans(reader)?);
    let mut custom_bounds = Vec::new();
    if schema == CUSTOM_BUCKETS_SCHEMA {
        for _ in 0..bounded(reader.varbit_unsigned()?)? {
            custom_bounds.push(read_bound(reader)?);
        }
    }
    Some(Histogram {
        schema,
        zero_threshold,
        positive_spans,
        negative_spans,
        custom_bounds,
        ..Histogram::default()
    })
}

/// Returns how many buckets spans name.
pub(super) fn bucket_count(spans: &[Span]) -> Option<usize> {
    let total: u64 = spans.iter().map(|span| u64::from(span.length)).sum();
    usize::try_from(bounded(total)?).ok()
}

fn bounded(count: u64) -> Option<u64> {
    (count <= PARTS_MAX).then_some(count)
}

/// Powers of two from 2^-243 to 2^10 fit one byte; `0.5 * 2^exponent` is how C writes them.
fn write_threshold(writer: &mut BitWriter, threshold: f64) {
    let bits = threshold.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i64 - 1022;
    let is_power = bits & ((1 << 52) - 1) == 0 && threshold > 0.0;
    if bits == 0 {
        writer.bits(0, 8);
    } else if is_power && (-242..=11).contains(&exponent) {
        writer.bits((exponent + 243) as u64, 8);
    } else {
        writer.bits(255, 8);
        writer.float(threshold);
    }
}

fn read_threshold(reader: &mut BitReader<'_>) -> Option<f64> {
    match reader.bits(8)? {
        0 => Some(0.0),
        255 => reader.float(),
        byte => Some(2f64.powi(byte as i32 - 244)),
    }
}

fn read_spans(reader: &mut BitReader<'_>) -> Option<Vec<Span>> {
    let mut spans = Vec::new();
    for _ in 0..bounded(reader.varbit_unsigned()?)? {
        let length = u32::try_from(reader.varbit_unsigned()?).ok()?;
        let offset = i32::try_from(reader.varbit()?).ok()?;
        spans.push(Span { offset, length });
    }
    Some(spans)
}

fn write_bound(writer: &mut BitWriter, bound: f64) {
    let thousandths = (bound * 1000.0).round();
    let is_whole = thousandths / 1000.0 == bound && bound.is_sign_positive();
    if is_whole && thousandths <= THOUSANDTHS_MAX {
        writer.varbit_unsigned(thousandths as u64 + 1);
    } else {
        writer.bit(false);
        writer.float(bound);
    }
}

fn read_bound(reader: &mut BitReader<'_>) -> Option<f64> {
    match reader.varbit_unsigned()? {
        0 => reader.float(),
        number => Some((number - 1) as f64 / 1000.0),
    }
}
