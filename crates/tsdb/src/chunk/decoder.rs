//! Reads the samples of a chunk.

use super::bits::BitReader;
use super::decimal::{SCALE_MAX, mantissa, value};
use super::header::{HEADER_BYTES, Header};
use super::{SCALE_OF_FLOATS, Shape, TIME_WIDTHS, unzigzag};

/// The bytes end before the last sample, or hold an impossible width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the chunk ends before its last sample")]
pub struct Truncated;

/// Decodes samples.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    bits: BitReader<'a>,
    /// Samples to come.
    left: u32,
    /// How many of them repeat the last one.
    run: u32,
    time: i64,
    delta: i64,
    value: f64,
    /// Of the last value, 0 when it has none.
    mantissa: i64,
    scale: u8,
    shape: Shape,
}

impl<'a> Decoder<'a> {
    /// Reads `count` samples from a chunk that begins where `bytes` do. Bytes that hold no header are found to be
    /// truncated by the first sample.
    pub fn new(bytes: &'a [u8], count: u32) -> Self {
        let header = Header::decode(bytes);
        let body = bytes.get(HEADER_BYTES..).unwrap_or_default();
        let is_good = header.is_some_and(|h| h.scale <= SCALE_MAX || h.scale == SCALE_OF_FLOATS);
        let header = header.unwrap_or_default();
        let first = f64::from_bits(header.value);
        let scale = match is_good {
            true => header.scale,
            false => BROKEN,
        };
        Self {
            bits: BitReader::new(body),
            left: count,
            run: 1,
            time: header.first.wrapping_sub(header.delta.into()),
            delta: header.delta.into(),
            value: first,
            mantissa: match scale <= SCALE_MAX {
                true => mantissa(first, scale).unwrap_or(0),
                false => 0,
            },
            scale,
            shape: Shape::default(),
        }
    }

    /// Goes on to the next sample.
    #[inline(always)]
    fn advance(&mut self) -> Option<()> {
        if self.run == 0 {
            match self.bits.ones(2)? {
                0 => {
                    self.time = self.time.wrapping_add(self.delta);
                    return self.change();
                }
                1 => self.run = self.run_length()?,
                _ => return self.uneven(),
            }
        }
        if self.scale == BROKEN {
            return None;
        }
        self.run -= 1;
        self.time = self.time.wrapping_add(self.delta);
        Some(())
    }

    fn run_length(&mut self) -> Option<u32> {
        let width = self.bits.read(4)? as u8;
        Some(1 << width | self.bits.read(width)? as u32)
    }

    fn uneven(&mut self) -> Option<()> {
        let class = self.bits.read(2)? as usize;
        let flagged = self.bits.read(TIME_WIDTHS[class] + 1)?;
        self.delta = self.delta.wrapping_add(unzigzag(flagged >> 1));
        self.time = self.time.wrapping_add(self.delta);
        match flagged & 1 {
            1 => self.change(),
            _ => Some(()),
        }
    }

    /// Reads a value that is not the last one.
    #[inline(always)]
    fn change(&mut self) -> Option<()> {
        match self.scale {
            SCALE_OF_FLOATS => self.change_float(),
            scale => self.change_decimal(scale),
        }
    }

    #[inline(always)]
    fn change_decimal(&mut self, scale: u8) -> Option<()> {
        if self.bits.ones(1)? == 1 {
            let width = self.bits.read(6)? as u8;
            if width == 0 {
                self.value = f64::from_bits(self.bits.read(64)?);
                self.mantissa = mantissa(self.value, scale).unwrap_or(0);
                return Some(());
            }
            self.shape = Shape { width, trailing: 0 };
        }
        let change = unzigzag(self.bits.read(self.shape.width)?);
        self.mantissa = self.mantissa.wrapping_add(change);
        self.value = value(self.mantissa, scale);
        Some(())
    }

    #[inline(always)]
    fn change_float(&mut self) -> Option<()> {
        if self.bits.ones(1)? == 1 {
            let described = self.bits.read(11)?;
            let (leading, width) = ((described >> 6) as u8, (described & 0x3f) as u8 + 1);
            let trailing = 64u8.checked_sub(leading)?.checked_sub(width)?;
            self.shape = Shape { width, trailing };
        }
        let changed = self.bits.read(self.shape.width)? << self.shape.trailing;
        self.value = f64::from_bits(self.value.to_bits() ^ changed);
        Some(())
    }

    /// Adds the samples from `start` to `end` to the columns; returns whether there may be later ones to come, in
    /// another chunk.
    ///
    /// # Errors
    /// [`Truncated`]; the samples before the damage are in the columns.
    pub fn read_into(
        mut self,
        (start, end): (i64, i64),
        times: &mut Vec<i64>,
        values: &mut Vec<f64>,
    ) -> Result<bool, Truncated> {
        while self.left > 0 {
            self.left -= 1;
            self.advance().ok_or(Truncated)?;
            if self.time > end {
                return Ok(false);
            }
            if self.time >= start {
                times.push(self.time);
                values.push(self.value);
            }
        }
        Ok(true)
    }
}

/// The scale of a chunk that has no header, or one that is none.
const BROKEN: u8 = SCALE_OF_FLOATS - 1;

impl Iterator for Decoder<'_> {
    type Item = Result<(i64, f64), Truncated>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let sample = self.advance().map(|()| (self.time, self.value));
        if sample.is_none() {
            self.left = 0;
        }
        Some(sample.ok_or(Truncated))
    }
}
