//! Histogram chunks with integer or float counts.
//!
//! ```text
//! count: u16, big end first | flags: u8, the two highest bits: 00 unknown, 01 no reset, 10 reset, 11 gauge
//! layout, see there
//! first sample, integers:  time: varbit, count and zero count: unsigned varbit, sum: 8 bytes,
//!                          difference of each bucket to the one before: varbit
//! later samples, integers: change of the difference to the sample before, of time, count, zero count: varbit,
//!                          sum: xor, of each bucket: varbit
//! first sample, floats:    time: varbit, count, zero count, sum and buckets: 8 bytes each
//! later samples, floats:   change of the difference of time: varbit, all others: xor
//! ```

use std::sync::Arc;

use plimsoll_types::{BucketCounts, Counts, Histogram, ResetHint, Sample, Timestamp, is_stale};

use super::bits::{BitReader, BitWriter, XorFloat};
use super::layout;

pub(super) fn encode(run: &[(i64, &Histogram)]) -> Vec<u8> {
    let count = u16::try_from(run.len()).expect("a chunk holds 120 samples");
    let Some((_, first)) = run.first() else {
        return vec![0, 0, 0];
    };
    let flags: u8 = match first.reset_hint {
        ResetHint::Unknown => 0b00,
        ResetHint::NotReset => 0b01,
        ResetHint::Reset => 0b10,
        ResetHint::Gauge => 0b11,
    };
    let mut head = count.to_be_bytes().to_vec();
    head.push(flags << 6);
    let mut writer = BitWriter::after(head);
    layout::write(&mut writer, first);
    let mut state = State::default();
    for (timestamp, histogram) in run {
        state.write(&mut writer, *timestamp, histogram);
    }
    writer.into_bytes()
}

pub(super) fn decode(data: &[u8], is_float: bool, mut each: impl FnMut(Sample)) -> Option<()> {
    let mut reader = BitReader::new(data);
    let count = reader.bits(16)?;
    let hint = match reader.bits(8)? >> 6 {
        0b00 => ResetHint::Unknown,
        0b01 => ResetHint::NotReset,
        0b10 => ResetHint::Reset,
        _ => ResetHint::Gauge,
    };
    if count == 0 {
        return Some(());
    }
    let common = layout::read(&mut reader)?;
    let positive = layout::bucket_count(&common.positive_spans)?;
    let negative = layout::bucket_count(&common.negative_spans)?;
    let mut state = State {
        buckets: (positive, negative),
        ..State::default()
    };
    for index in 0..count {
        let (timestamp, sum, counts) = state.read(&mut reader, is_float)?;
        let reset_hint = match hint {
            ResetHint::Gauge => ResetHint::Gauge,
            // Whoever wrote the chunk began another one at each reset.
            _ if index > 0 => ResetHint::NotReset,
            hint => hint,
        };
        let histogram = match is_stale(sum) {
            true => Histogram {
                reset_hint,
                ..Histogram::stale()
            },
            false => Histogram {
                sum,
                counts,
                reset_hint,
                ..common.clone()
            },
        };
        each(Sample::histogram(
            Timestamp::from_millis(timestamp),
            Arc::new(histogram),
        ));
    }
    Some(())
}

/// What is remembered from one sample to the next.
#[derive(Debug, Default)]
struct State {
    is_begun: bool,
    /// Positive and negative buckets.
    buckets: (usize, usize),
    time: Change,
    /// Count, zero count and each bucket, integers.
    integers: Vec<Change>,
    /// Sum and, for floats, count, zero count and each bucket.
    floats: Vec<XorFloat>,
}

/// A number that is written as the change of its difference.
#[derive(Clone, Copy, Debug, Default)]
struct Change {
    value: i64,
    difference: i64,
}

impl Change {
    fn write(&mut self, writer: &mut BitWriter, value: i64) {
        let difference = value.wrapping_sub(self.value);
        writer.varbit(difference.wrapping_sub(self.difference));
        *self = Self { value, difference };
    }

    fn read(&mut self, reader: &mut BitReader<'_>) -> Option<i64> {
        self.difference = self.difference.wrapping_add(reader.varbit()?);
        self.value = self.value.wrapping_add(self.difference);
        Some(self.value)
    }

    /// Begins with a value that was written whole.
    fn of(value: i64) -> Self {
        Self {
            value,
            difference: 0,
        }
    }
}

impl State {
    fn write(&mut self, writer: &mut BitWriter, timestamp: i64, histogram: &Histogram) {
        match self.is_begun {
            true => self.time.write(writer, timestamp),
            false => {
                writer.varbit(timestamp);
                self.time = Change::of(timestamp);
            }
        }
        match &histogram.counts {
            Counts::Integer(counts) => self.write_integers(writer, counts, histogram.sum),
            Counts::Float(counts) => {
                let heads = [counts.count, counts.zero, histogram.sum];
                let all = heads.iter().chain(&counts.positive).chain(&counts.negative);
                for (index, value) in all.enumerate() {
                    self.write_float(writer, index, *value);
                }
            }
        }
        self.is_begun = true;
    }

    fn write_integers(&mut self, writer: &mut BitWriter, counts: &BucketCounts<u64>, sum: f64) {
        let heads = [counts.count, counts.zero].map(|count| count as i64);
        let buckets = deltas(&counts.positive).chain(deltas(&counts.negative));
        let numbers = heads.into_iter().chain(buckets);
        for (index, number) in numbers.enumerate() {
            // The sum stands between the counts and the buckets.
            if index == 2 {
                self.write_float(writer, 0, sum);
            }
            match (self.is_begun, index) {
                (true, _) => self.integers[index].write(writer, number),
                (false, 0 | 1) => writer.varbit_unsigned(number as u64),
                (false, _) => writer.varbit(number),
            }
            if !self.is_begun {
                self.integers.push(Change::of(number));
            }
        }
        if counts.positive.is_empty() && counts.negative.is_empty() {
            self.write_float(writer, 0, sum);
        }
    }

    fn write_float(&mut self, writer: &mut BitWriter, index: usize, value: f64) {
        match self.is_begun {
            true => self.floats[index].write(writer, value),
            false => {
                writer.float(value);
                self.floats.push(XorFloat::new(value));
            }
        }
    }

    fn read(&mut self, reader: &mut BitReader<'_>, is_float: bool) -> Option<(i64, f64, Counts)> {
        let timestamp = match self.is_begun {
            true => self.time.read(reader)?,
            false => {
                self.time = Change::of(reader.varbit()?);
                self.time.value
            }
        };
        let (positive, negative) = self.buckets;
        let (sum, counts) = match is_float {
            true => {
                let (count, zero) = (self.read_float(reader, 0)?, self.read_float(reader, 1)?);
                let sum = self.read_float(reader, 2)?;
                let mut buckets = |range: std::ops::Range<usize>| {
                    range
                        .map(|index| self.read_float(reader, index + 3))
                        .collect::<Option<Vec<_>>>()
                };
                let positive_counts = buckets(0..positive)?;
                let negative = buckets(positive..positive + negative)?;
                let counts = BucketCounts {
                    count,
                    zero,
                    positive: positive_counts,
                    negative,
                };
                (sum, Counts::Float(counts))
            }
            false => {
                let (count, zero) = (self.read_integer(reader, 0)?, self.read_integer(reader, 1)?);
                let sum = self.read_float(reader, 0)?;
                let positive_counts = self.read_buckets(reader, 0..positive)?;
                let negative = self.read_buckets(reader, positive..positive + negative)?;
                let counts = BucketCounts {
                    count: count as u64,
                    zero: zero as u64,
                    positive: positive_counts,
                    negative,
                };
                (sum, Counts::Integer(counts))
            }
        };
        self.is_begun = true;
        Some((timestamp, sum, counts))
    }

    fn read_buckets(
        &mut self,
        reader: &mut BitReader<'_>,
        range: std::ops::Range<usize>,
    ) -> Option<Vec<u64>> {
        let mut count = 0i64;
        range
            .map(|index| {
                count = count.wrapping_add(self.read_integer(reader, index + 2)?);
                Some(count as u64)
            })
            .collect()
    }

    fn read_integer(&mut self, reader: &mut BitReader<'_>, index: usize) -> Option<i64> {
        if self.is_begun {
            return self.integers.get_mut(index)?.read(reader);
        }
        let number = match index {
            0 | 1 => reader.varbit_unsigned()? as i64,
            _ => reader.varbit()?,
        };
        self.integers.push(Change::of(number));
        Some(number)
    }

    fn read_float(&mut self, reader: &mut BitReader<'_>, index: usize) -> Option<f64> {
        if self.is_begun {
            return self.floats.get_mut(index)?.read(reader);
        }
        let value = reader.float()?;
        self.floats.push(XorFloat::new(value));
        Some(value)
    }
}

/// The difference of each bucket to the one before it.
fn deltas(counts: &[u64]) -> impl Iterator<Item = i64> + '_ {
    let before = std::iter::once(&0).chain(counts);
    counts
        .iter()
        .zip(before)
        .map(|(count, before)| count.wrapping_sub(*before) as i64)
}
