//! Blocks of native histograms as columns.
//!
//! ```text
//! | layout count varint | layouts ... |
//! | layout indices | reset hints | sums | counts | zero counts | float counts | float zero counts | buckets per layout ...
//!
//! layout:  | schema i8 | is float u8 | zero threshold (float)
//!          | custom bound count varint | bounds (float) ...
//!          | positive span count varint | { offset signed, length varint } ... | the same for negative spans
//!          | positive bucket count varint | negative bucket count varint |
//! column:  | length varint | see `integers` or `floats` |
//! ```
//!
//! All but the counts rarely changes from sample to sample, so it is written once per distinct *layout*. Bucket columns
//! run along time: bucket 0 of all samples of the layout, then bucket 1, ...; integer buckets as differences to the
//! sample before. Span lengths and bucket counts are kept apart, so that a histogram that contradicts itself also
//! comes back as it was.

use std::collections::HashMap;
use std::sync::Arc;

use plimsoll_types::{BucketCounts, Counts, Histogram, ResetHint, Span};

use super::bytes::{Decoded, Malformed, Reader, put_bytes, put_float, put_signed, put_varint};
use super::numbers::COLUMN_LENGTH_MAX;
use super::{floats, integers};

/// Appends the block to `into`. The weights of the histograms add up to at most [`COLUMN_LENGTH_MAX`].
pub(super) fn encode(histograms: &[Arc<Histogram>], level: usize, into: &mut Vec<u8>) {
    let mut layouts: Vec<Layout> = Vec::new();
    let mut known: HashMap<Layout, usize> = HashMap::new();
    let mut members: Vec<Vec<&Histogram>> = Vec::new();
    let mut indices = Vec::with_capacity(histograms.len());
    for histogram in histograms {
        let layout = Layout::of(histogram);
        let index = *known.entry(layout).or_insert_with_key(|layout| {
            layouts.push(layout.clone());
            members.push(Vec::new());
            layouts.len() - 1
        });
        members[index].push(histogram);
        indices.push(index as i64);
    }
    put_varint(into, layouts.len() as u64);
    layouts.iter().for_each(|layout| layout.encode(into));
    let mut columns = Columns { into, level };
    columns.integers(&indices);
    let hints = histograms.iter().map(|h| hint_number(h.reset_hint));
    columns.integers(&hints.collect::<Vec<_>>());
    columns.floats(&histograms.iter().map(|h| h.sum).collect::<Vec<_>>());
    columns.totals(histograms);
    for members in &members {
        columns.buckets(members);
    }
}

/// Reads back a block of `count` histograms.
pub(super) fn decode(bytes: &[u8], count: usize) -> Decoded<Vec<Arc<Histogram>>> {
    if count > COLUMN_LENGTH_MAX {
        return Err(Malformed("a block of histograms has an impossible length"));
    }
    let mut reader = Reader::new(bytes);
    // A layout takes 8 bytes or more.
    let layouts = (0..reader.count(8)?)
        .map(|_| Layout::decode(&mut reader))
        .collect::<Decoded<Vec<_>>>()?;
    let indices = integers::decode(reader.bytes()?, count)?;
    let members = group(&indices, &layouts)?;
    let hints = integers::decode(reader.bytes()?, count)?;
    let sums = floats::decode(reader.bytes()?, count)?;
    let floats_of = |index: &i64| layouts[*index as usize].is_float;
    let float_count = indices.iter().filter(|index| floats_of(index)).count();
    let mut totals = Totals::decode(&mut reader, count - float_count, float_count)?;
    let mut histograms: Vec<Histogram> = Vec::with_capacity(count);
    for ((index, hint), sum) in indices.iter().zip(hints).zip(sums) {
        let layout = &layouts[*index as usize];
        let mut histogram = layout.histogram(totals.next(layout)?);
        histogram.reset_hint = hint_of(hint)?;
        histogram.sum = sum;
        histograms.push(histogram);
    }
    for (layout, members) in layouts.iter().zip(&members) {
        layout.fill(reader.bytes()?, members, &mut histograms)?;
    }
    reader.end()?;
    Ok(histograms.into_iter().map(Arc::new).collect())
}

/// Returns how much of a block's limit a histogram takes: everything of it that costs memory per sample.
pub(crate) fn weight(histogram: &Histogram) -> usize {
    let (positive, negative) = bucket_lengths(histogram);
    1 + positive
        + negative
        + histogram.positive_spans.len()
        + histogram.negative_spans.len()
        + histogram.custom_bounds.len()
}

/// What histograms have in common from sample to sample. Floats are bits, so that it can be looked up.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Layout {
    schema: i8,
    is_float: bool,
    zero_threshold: u64,
    custom_bounds: Vec<u64>,
    positive_spans: Vec<Span>,
    negative_spans: Vec<Span>,
    positive: usize,
    negative: usize,
}

impl Layout {
    fn of(histogram: &Histogram) -> Self {
        let (positive, negative) = bucket_lengths(histogram);
        Self {
            schema: histogram.schema,
            is_float: matches!(histogram.counts, Counts::Float(_)),
            zero_threshold: histogram.zero_threshold.to_bits(),
            custom_bounds: histogram
                .custom_bounds
                .iter()
                .map(|b| b.to_bits())
                .collect(),
            positive_spans: histogram.positive_spans.clone(),
            negative_spans: histogram.negative_spans.clone(),
            positive,
            negative,
        }
    }

    fn encode(&self, into: &mut Vec<u8>) {
        into.push(self.schema as u8);
        into.push(u8::from(self.is_float));
        put_float(into, f64::from_bits(self.zero_threshold));
        put_varint(into, self.custom_bounds.len() as u64);
        for bound in &self.custom_bounds {
            put_float(into, f64::from_bits(*bound));
        }
        for spans in [&self.positive_spans, &self.negative_spans] {
            put_varint(into, spans.len() as u64);
            for span in spans {
                put_signed(into, span.offset.into());
                put_varint(into, span.length.into());
            }
        }
        put_varint(into, self.positive as u64);
        put_varint(into, self.negative as u64);
    }

    fn decode(reader: &mut Reader<'_>) -> Decoded<Self> {
        let schema = reader.u8()? as i8;
        let is_float = match reader.u8()? {
            0 => false,
            1 => true,
            _ => return Err(Malformed("a histogram is neither integer nor float")),
        };
        let zero_threshold = reader.float()?.to_bits();
        let custom_bounds = (0..reader.count(1)?)
            .map(|_| reader.float().map(f64::to_bits))
            .collect::<Decoded<_>>()?;
        Ok(Self {
            schema,
            is_float,
            zero_threshold,
            custom_bounds,
            positive_spans: decode_spans(reader)?,
            negative_spans: decode_spans(reader)?,
            positive: reader.varint_up_to(COLUMN_LENGTH_MAX)?,
            negative: reader.varint_up_to(COLUMN_LENGTH_MAX)?,
        })
    }

    fn weight(&self) -> usize {
        1 + self.positive
            + self.negative
            + self.positive_spans.len()
            + self.negative_spans.len()
            + self.custom_bounds.len()
    }

    /// Makes a histogram whose buckets are still zero.
    fn histogram(&self, counts: Counts) -> Histogram {
        Histogram {
            schema: self.schema,
            zero_threshold: f64::from_bits(self.zero_threshold),
            counts,
            positive_spans: self.positive_spans.clone(),
            negative_spans: self.negative_spans.clone(),
            custom_bounds: self
                .custom_bounds
                .iter()
                .map(|b| f64::from_bits(*b))
                .collect(),
            ..Histogram::default()
        }
    }

    /// Reads the bucket column into the histograms that have this layout.
    fn fill(&self, column: &[u8], members: &[usize], into: &mut [Histogram]) -> Decoded<()> {
        let rows = members.len();
        let length = rows * (self.positive + self.negative);
        if self.is_float {
            let values = floats::decode(column, length)?;
            for (bucket, row) in values.chunks(rows.max(1)).enumerate() {
                for (member, value) in members.iter().zip(row) {
                    if let Counts::Float(counts) = &mut into[*member].counts {
                        *bucket_mut(counts, bucket) = *value;
                    }
                }
            }
        } else {
            let differences = integers::decode(column, length)?;
            for (bucket, row) in differences.chunks(rows.max(1)).enumerate() {
                let mut value = 0i64;
                for (member, difference) in members.iter().zip(row) {
                    value = value.wrapping_add(*difference);
                    if let Counts::Integer(counts) = &mut into[*member].counts {
                        *bucket_mut(counts, bucket) = value as u64;
                    }
                }
            }
        }
        Ok(())
    }
}

fn decode_spans(reader: &mut Reader<'_>) -> Decoded<Vec<Span>> {
    (0..reader.count(2)?)
        .map(|_| {
            let offset = i32::try_from(reader.signed()?)
                .map_err(|_| Malformed("a span's offset is above 32 bits"))?;
            let length = reader.varint_u32()?;
            Ok(Span { offset, length })
        })
        .collect()
}

/// Sorts sample indices by layout and checks that all histograms together stay within what a block may hold.
fn group(indices: &[i64], layouts: &[Layout]) -> Decoded<Vec<Vec<usize>>> {
    let mut members = vec![Vec::new(); layouts.len()];
    let mut weight = 0usize;
    for (sample, index) in indices.iter().enumerate() {
        let index = usize::try_from(*index)
            .ok()
            .filter(|index| *index < layouts.len())
            .ok_or(Malformed("a histogram names a layout that is not there"))?;
        weight = weight.saturating_add(layouts[index].weight());
        if weight > COLUMN_LENGTH_MAX {
            return Err(Malformed("a block of histograms has too many buckets"));
        }
        members[index].push(sample);
    }
    Ok(members)
}

struct Columns<'a> {
    into: &'a mut Vec<u8>,
    level: usize,
}

impl Columns<'_> {
    fn integers(&mut self, values: &[i64]) {
        let mut column = Vec::new();
        integers::encode(values, self.level, &mut column);
        put_bytes(self.into, &column);
    }

    fn floats(&mut self, values: &[f64]) {
        let mut column = Vec::new();
        floats::encode(values, self.level, &mut column);
        put_bytes(self.into, &column);
    }

    fn totals(&mut self, histograms: &[Arc<Histogram>]) {
        let (mut counts, mut zeros) = (Vec::new(), Vec::new());
        let (mut float_counts, mut float_zeros) = (Vec::new(), Vec::new());
        for histogram in histograms {
            match &histogram.counts {
                Counts::Integer(totals) => {
                    counts.push(totals.count as i64);
                    zeros.push(totals.zero as i64);
                }
                Counts::Float(totals) => {
                    float_counts.push(totals.count);
                    float_zeros.push(totals.zero);
                }
            }
        }
        self.integers(&counts);
        self.integers(&zeros);
        self.floats(&float_counts);
        self.floats(&float_zeros);
    }

    /// The members of one layout all have the same kind and number of buckets.
    fn buckets(&mut self, members: &[&Histogram]) {
        match &members[0].counts {
            Counts::Integer(_) => {
                let rows: Vec<Vec<u64>> = members.iter().map(|h| integer_buckets(h)).collect();
                let mut differences = Vec::new();
                for bucket in 0..rows[0].len() {
                    let mut previous = 0;
                    for row in &rows {
                        let value = row[bucket] as i64;
                        differences.push(value.wrapping_sub(previous));
                        previous = value;
                    }
                }
                self.integers(&differences);
            }
            Counts::Float(_) => {
                let rows: Vec<Vec<f64>> = members.iter().map(|h| float_buckets(h)).collect();
                let values: Vec<f64> = (0..rows[0].len())
                    .flat_map(|bucket| rows.iter().map(move |row| row[bucket]))
                    .collect();
                self.floats(&values);
            }
        }
    }
}

struct Totals {
    counts: std::vec::IntoIter<(i64, i64)>,
    float_counts: std::vec::IntoIter<(f64, f64)>,
}

impl Totals {
    fn decode(reader: &mut Reader<'_>, integer_count: usize, float_count: usize) -> Decoded<Self> {
        let counts = integers::decode(reader.bytes()?, integer_count)?;
        let zeros = integers::decode(reader.bytes()?, integer_count)?;
        let float_counts = floats::decode(reader.bytes()?, float_count)?;
        let float_zeros = floats::decode(reader.bytes()?, float_count)?;
        let pairs: Vec<_> = counts.into_iter().zip(zeros).collect();
        let float_pairs: Vec<_> = float_counts.into_iter().zip(float_zeros).collect();
        Ok(Self {
            counts: pairs.into_iter(),
            float_counts: float_pairs.into_iter(),
        })
    }

    fn next(&mut self, layout: &Layout) -> Decoded<Counts> {
        let short = Malformed("a histogram has no counts");
        Ok(match layout.is_float {
            true => {
                let (count, zero) = self.float_counts.next().ok_or(short)?;
                Counts::Float(empty_counts(count, zero, layout))
            }
            false => {
                let (count, zero) = self.counts.next().ok_or(short)?;
                Counts::Integer(empty_counts(count as u64, zero as u64, layout))
            }
        })
    }
}

fn empty_counts<T: Clone + Default>(count: T, zero: T, layout: &Layout) -> BucketCounts<T> {
    BucketCounts {
        count,
        zero,
        positive: vec![T::default(); layout.positive],
        negative: vec![T::default(); layout.negative],
    }
}

/// Numbers the buckets: the positive ones first, then the negative ones.
fn bucket_mut<T>(counts: &mut BucketCounts<T>, bucket: usize) -> &mut T {
    match bucket.checked_sub(counts.positive.len()) {
        None => &mut counts.positive[bucket],
        Some(bucket) => &mut counts.negative[bucket],
    }
}

fn integer_buckets(histogram: &Histogram) -> Vec<u64> {
    match &histogram.counts {
        Counts::Integer(counts) => [&counts.positive[..], &counts.negative[..]].concat(),
        Counts::Float(_) => Vec::new(),
    }
}

fn float_buckets(histogram: &Histogram) -> Vec<f64> {
    match &histogram.counts {
        Counts::Float(counts) => [&counts.positive[..], &counts.negative[..]].concat(),
        Counts::Integer(_) => Vec::new(),
    }
}

fn bucket_lengths(histogram: &Histogram) -> (usize, usize) {
    match &histogram.counts {
        Counts::Integer(counts) => (counts.positive.len(), counts.negative.len()),
        Counts::Float(counts) => (counts.positive.len(), counts.negative.len()),
    }
}

fn hint_number(hint: ResetHint) -> i64 {
    match hint {
        ResetHint::Unknown => 0,
        ResetHint::Reset => 1,
        ResetHint::NotReset => 2,
        ResetHint::Gauge => 3,
    }
}

fn hint_of(number: i64) -> Decoded<ResetHint> {
    Ok(match number {
        0 => ResetHint::Unknown,
        1 => ResetHint::Reset,
        2 => ResetHint::NotReset,
        3 => ResetHint::Gauge,
        _ => return Err(Malformed("a reset hint is unknown")),
    })
}
