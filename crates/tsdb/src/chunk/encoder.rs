//! Writes samples one by one.

use super::bits::{append, write};
use super::decimal::{mantissa, scale_of};
use super::header::Header;
use super::{CHUNK_SAMPLES, RUN_MAX, SCALE_OF_FLOATS, Shape, TIME_WIDTHS, zigzag};

/// The buffer of a series is not grown beyond this.
const BYTES_MAX: usize = 1 << 31;
/// More leading zeros than this do not fit the 5 bits that store them.
const LEADING_MAX: u8 = 31;
/// Bits that a value must save before a narrower shape is described for it, which costs 12 bits and 7.
const FLOAT_WORTH_A_SHAPE: u8 = 12;
const DECIMAL_WORTH_A_SHAPE: u8 = 6;

/// The end of a series' chunks: what it takes to append the next sample.
///
/// The chunks themselves are in a buffer that the caller keeps beside it and hands in. Samples that repeat the last
/// value in even steps are only counted here: while a series never changes, its buffer stays empty.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    /// The time of the last sample.
    last: i64,
    /// The bits of the last value.
    value: u64,
    /// From the last sample but one to the last one.
    delta: i32,
    /// Where the open chunk begins in the buffer.
    begin: u32,
    /// Samples of the open chunk that are in the buffer.
    written: u16,
    /// Samples after those: evenly spaced, all of the last value.
    pending: u16,
    /// Unused low bits of the last byte.
    free: u8,
    /// How values are written, from chunk to chunk.
    scale: u8,
    shape: Shape,
}

impl Encoder {
    /// Says whether the open chunk has no sample.
    pub fn is_empty(&self) -> bool {
        self.written == 0 && self.pending == 0
    }

    /// Returns the number of samples of the open chunk.
    pub fn count(&self) -> u32 {
        u32::from(self.written) + u32::from(self.pending)
    }

    /// Returns the last sample of all chunks.
    pub fn last(&self, bytes: &[u8]) -> Option<(i64, f64)> {
        let is_any = !self.is_empty() || !bytes.is_empty();
        is_any.then(|| (self.last, f64::from_bits(self.value)))
    }

    /// Says whether a sample of this time can be appended.
    #[inline(always)]
    pub fn takes(&self, time: i64, bytes: &[u8]) -> bool {
        let is_next = self.last < time || (self.is_empty() && bytes.is_empty());
        is_next && bytes.len() < BYTES_MAX
    }

    /// Returns where the open chunk begins, and how many of its samples are in the buffer.
    pub fn open(&self) -> (usize, u16) {
        (self.begin as usize, self.written)
    }

    /// Walks the last samples, those that are not in the buffer.
    pub fn pending(&self) -> impl Iterator<Item = (i64, f64)> + use<> {
        let (last, delta) = (self.last, i64::from(self.delta));
        let value = f64::from_bits(self.value);
        let back = (0..i64::from(self.pending)).rev();
        back.map(move |steps| (last.wrapping_sub(steps.wrapping_mul(delta)), value))
    }

    /// Adds those of the last samples that are inside a range to the columns.
    pub fn read_pending(
        &self,
        (start, end): (i64, i64),
        times: &mut Vec<i64>,
        values: &mut Vec<f64>,
    ) {
        let inside = |(time, _): &(i64, f64)| (start..=end).contains(time);
        for (time, value) in self.pending().filter(inside) {
            times.push(time);
            values.push(value);
        }
    }

    /// Appends a sample; [`takes`](Self::takes) has been asked.
    #[inline(always)]
    pub fn push(&mut self, bytes: &mut Vec<u8>, time: i64, value: f64) {
        let (bits, delta) = (value.to_bits(), time.wrapping_sub(self.last));
        // The distance is 0 before there are two samples.
        let is_even = delta == i64::from(self.delta);
        if is_even && bits == self.value && self.pending < RUN_MAX {
            self.pending += 1;
            self.last = time;
            return;
        }
        self.push_news(bytes, time, bits);
    }

    /// Appends a sample that is not one more of the same.
    fn push_news(&mut self, bytes: &mut Vec<u8>, time: i64, bits: u64) {
        if self.is_empty() {
            return self.begin_with(bytes, time, bits);
        }
        let delta = time
            .checked_sub(self.last)
            .and_then(|delta| i32::try_from(delta).ok());
        let Some(delta) = delta.filter(|_| self.pending < RUN_MAX) else {
            self.close(bytes);
            return self.begin_with(bytes, time, bits);
        };
        if self.count() == 1 {
            // The distance of the first two samples is part of the header.
            self.delta = delta;
            if bits == self.value {
                (self.pending, self.last) = (2, time);
                return;
            }
        }
        if bits != self.value && !self.suits(bits) {
            self.close(bytes);
            return self.begin_with(bytes, time, bits);
        }
        self.write_pending(bytes);
        if delta != self.delta {
            self.write_time(bytes, delta, bits != self.value);
        }
        if bits != self.value {
            // At the same distance a value follows a bit of its own.
            let prefix = u8::from(delta == self.delta);
            match self.scale {
                SCALE_OF_FLOATS => self.write_float(bytes, bits, prefix),
                scale => self.write_decimal(bytes, f64::from_bits(bits), scale, prefix),
            }
        }
        (self.last, self.value, self.delta) = (time, bits, delta);
        self.written += 1;
        if self.written >= CHUNK_SAMPLES {
            self.close(bytes);
        }
    }

    fn begin_with(&mut self, bytes: &[u8], time: i64, bits: u64) {
        self.begin = bytes.len() as u32;
        (self.last, self.value, self.delta) = (time, bits, 0);
        (self.written, self.pending, self.free) = (0, 1, 0);
    }

    /// Says whether the chunk can hold a value; changes the scale of the next chunk when it cannot.
    fn suits(&mut self, bits: u64) -> bool {
        let value = f64::from_bits(bits);
        // What is no number, a staleness marker above all, is written in full in any chunk.
        if self.scale == SCALE_OF_FLOATS || !value.is_finite() {
            return true;
        }
        if mantissa(value, self.scale).is_some() {
            return true;
        }
        let is_begun = self.written > 0;
        // Before anything is written the first value must suit the scale as well.
        let of_first = scale_of(f64::from_bits(self.value), 0).unwrap_or(0);
        self.scale = scale_of(value, self.scale.max(of_first)).unwrap_or(SCALE_OF_FLOATS);
        !is_begun
    }

    /// Writes what was only counted so far, and before it the header when there is none.
    fn write_pending(&mut self, bytes: &mut Vec<u8>) {
        if self.written == 0 {
            let back = i64::from(self.pending - 1).wrapping_mul(i64::from(self.delta));
            // With one sample there is no step back: the distance is that to the sample to come.
            self.write_header(bytes, self.last.wrapping_sub(back));
            (self.written, self.pending) = (1, self.pending - 1);
        }
        if self.pending > 0 {
            let width = (16 - self.pending.leading_zeros()) as u8;
            let rest = u64::from(self.pending) & ((1 << (width - 1)) - 1);
            write(bytes, &mut self.free, 0b10 << 4 | u64::from(width - 1), 6);
            write(bytes, &mut self.free, rest, width - 1);
            (self.written, self.pending) = (self.written + self.pending, 0);
        }
    }

    fn write_header(&mut self, bytes: &mut Vec<u8>, first: i64) {
        let header = Header {
            first,
            value: self.value,
            delta: self.delta,
            scale: self.scale,
            ..Header::default()
        };
        append(bytes, &header.encode());
        self.shape = Shape::default();
    }

    fn write_time(&mut self, bytes: &mut Vec<u8>, delta: i32, is_changed: bool) {
        let change = zigzag(i64::from(delta) - i64::from(self.delta));
        let fits = |width: &u8| change >> width == 0;
        let class = TIME_WIDTHS
            .iter()
            .position(fits)
            .expect("the last one holds any difference");
        let flagged = change << 1 | u64::from(is_changed);
        write(bytes, &mut self.free, 0b11 << 2 | class as u64, 4);
        write(bytes, &mut self.free, flagged, TIME_WIDTHS[class] + 1);
    }

    /// Writes a value; before it come `prefix` bits of 0.
    fn write_decimal(&mut self, bytes: &mut Vec<u8>, value: f64, scale: u8, prefix: u8) {
        let Some(new) = mantissa(value, scale) else {
            write(bytes, &mut self.free, 0b100_0000, prefix + 7);
            return write(bytes, &mut self.free, value.to_bits(), 64);
        };
        let old = mantissa(f64::from_bits(self.value), scale).unwrap_or(0);
        let change = zigzag(new - old);
        let width = (64 - change.leading_zeros() as u8).max(1);
        let known = self.shape.width;
        if width <= known && known - width < DECIMAL_WORTH_A_SHAPE {
            return write(bytes, &mut self.free, change, prefix + 1 + known);
        }
        self.shape = Shape { width, trailing: 0 };
        write(
            bytes,
            &mut self.free,
            0b100_0000 | u64::from(width),
            prefix + 7,
        );
        write(bytes, &mut self.free, change, width);
    }

    /// Writes a value; before it come `prefix` bits of 0.
    fn write_float(&mut self, bytes: &mut Vec<u8>, bits: u64, prefix: u8) {
        let changed = bits ^ self.value;
        let leading = (changed.leading_zeros() as u8).min(LEADING_MAX);
        let trailing = changed.trailing_zeros() as u8;
        let width = 64 - leading - trailing;
        let known = self.shape;
        let fits = known.width > 0 && leading >= known.leading() && trailing >= known.trailing;
        if fits && known.width - width < FLOAT_WORTH_A_SHAPE {
            write(bytes, &mut self.free, 0, prefix + 1);
            return write(
                bytes,
                &mut self.free,
                changed >> known.trailing,
                known.width,
            );
        }
        let described = 1 << 11 | u64::from(leading) << 6 | u64::from(width - 1);
        write(bytes, &mut self.free, described, prefix + 12);
        write(bytes, &mut self.free, changed >> trailing, width);
        self.shape = Shape { width, trailing };
    }

    /// Ends the open chunk; what follows begins another one.
    pub fn close(&mut self, bytes: &mut Vec<u8>) {
        if self.is_empty() {
            return;
        }
        self.write_pending(bytes);
        let length = bytes.len() - self.begin as usize;
        Header::finish(&mut bytes[self.begin as usize..], length, self.written);
        (self.written, self.pending, self.free) = (0, 0, 0);
        self.begin = bytes.len() as u32;
    }
}
