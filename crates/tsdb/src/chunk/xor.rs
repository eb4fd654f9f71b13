//! The XOR encoding of one run of samples.
//!
//! ```text
//! first sample    | timestamp 64 | value 64 |
//! second sample   | delta 64, prefixed as below with a previous delta of 0 | value |
//! later timestamp | '0' same delta | '10' +14 bits | '110' +17 bits | '1110' +20 bits | '1111' +64 bits |
//! later value     | '0' same bits | '10' meaningful bits in the window before |
//!                 | '11' leading zeros 5 | length - 1 6 | meaningful bits |
//! ```
//!
//! The 14, 17 and 20 bits hold the difference of two deltas in two's complement. All arithmetic wraps, so every pair of
//! 64-bit timestamps survives.

use super::bits::{BitReader, BitWriter};

/// More leading zeros than this do not fit the 5 bits that store them.
const LEADING_MAX: u8 = 31;
/// "There was no window of meaningful bits yet."
const NO_WINDOW: u8 = 0xff;
/// Prefix bits, prefix length and payload length of the differences between deltas.
const DELTA_WIDTHS: [(u64, u8, u8); 4] = [
    (0b10, 2, 14),
    (0b110, 3, 17),
    (0b1110, 4, 20),
    (0b1111, 4, 64),
];

/// Encodes samples in ascending time.
#[derive(Clone, Debug)]
pub struct XorEncoder {
    bits: BitWriter,
    timestamp: i64,
    delta: i64,
    value: u64,
    count: u32,
    leading: u8,
    trailing: u8,
}

impl Default for XorEncoder {
    fn default() -> Self {
        Self {
            bits: BitWriter::default(),
            timestamp: 0,
            delta: 0,
            value: 0,
            count: 0,
            leading: NO_WINDOW,
            trailing: 0,
        }
    }
}

impl XorEncoder {
    /// Appends a sample. Any timestamp survives, but readers of a series expect them to ascend.
    pub fn push(&mut self, timestamp: i64, value: f64) {
        let bits = value.to_bits();
        if self.count == 0 {
            self.bits.write(timestamp as u64, 64);
            self.bits.write(bits, 64);
        } else {
            self.push_timestamp(timestamp);
            self.push_value(bits);
        }
        self.timestamp = timestamp;
        self.value = bits;
        self.count += 1;
    }

    /// Returns the number of samples.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Returns the last sample.
    pub fn last(&self) -> Option<(i64, f64)> {
        (self.count > 0).then_some((self.timestamp, f64::from_bits(self.value)))
    }

    /// Returns the encoded bytes so far.
    pub fn bytes(&self) -> &[u8] {
        self.bits.bytes()
    }

    /// Returns the bytes that the encoder holds in memory beside itself.
    pub fn capacity(&self) -> usize {
        self.bits.capacity()
    }

    /// Returns the encoded bytes in an allocation of their size, and begins anew.
    pub fn take(&mut self) -> Box<[u8]> {
        let bytes = self.bits.take();
        *self = Self::default();
        bytes
    }

    fn push_timestamp(&mut self, timestamp: i64) {
        let delta = timestamp.wrapping_sub(self.timestamp);
        let change = delta.wrapping_sub(self.delta);
        self.delta = delta;
        if change == 0 {
            return self.bits.write(0, 1);
        }
        let fits =
            |width: u8| width == 64 || (-(1 << (width - 1))..1 << (width - 1)).contains(&change);
        for (prefix, prefix_length, width) in DELTA_WIDTHS {
            if fits(width) {
                self.bits.write(prefix, prefix_length);
                return self.bits.write(change as u64, width);
            }
        }
    }

    fn push_value(&mut self, bits: u64) {
        let changed = bits ^ self.value;
        if changed == 0 {
            return self.bits.write(0, 1);
        }
        let leading = (changed.leading_zeros() as u8).min(LEADING_MAX);
        let trailing = changed.trailing_zeros() as u8;
        if self.leading != NO_WINDOW && leading >= self.leading && trailing >= self.trailing {
            self.bits.write(0b10, 2);
            let width = 64 - self.leading - self.trailing;
            return self.bits.write(changed >> self.trailing, width);
        }
        let width = 64 - leading - trailing;
        self.bits.write(0b11, 2);
        self.bits.write(u64::from(leading), 5);
        self.bits.write(u64::from(width - 1), 6);
        self.bits.write(changed >> trailing, width);
        (self.leading, self.trailing) = (leading, trailing);
    }
}

/// The bytes end before the last sample, or hold an impossible width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the chunk ends before its last sample")]
pub struct Truncated;

/// Decodes samples.
#[derive(Clone, Debug)]
pub struct XorDecoder<'a> {
    bits: BitReader<'a>,
    left: u32,
    is_first: bool,
    timestamp: i64,
    delta: i64,
    value: u64,
    leading: u8,
    trailing: u8,
}

impl<'a> XorDecoder<'a> {
    /// Reads `count` samples from `bytes`.
    pub fn new(bytes: &'a [u8], count: u32) -> Self {
        Self {
            bits: BitReader::new(bytes),
            left: count,
            is_first: true,
            timestamp: 0,
            delta: 0,
            value: 0,
            leading: NO_WINDOW,
            trailing: 0,
        }
    }

    #[inline(always)]
    fn decode(&mut self) -> Option<(i64, f64)> {
        if self.is_first {
            self.is_first = false;
            self.timestamp = self.bits.read(64)? as i64;
            self.value = self.bits.read(64)?;
        } else if self.bits.skip_zeros(2) {
            // The same distance in time and the same value: what idle series are made of.
            self.timestamp = self.timestamp.wrapping_add(self.delta);
        } else {
            let change = self.delta_change()?;
            self.delta = self.delta.wrapping_add(change);
            self.timestamp = self.timestamp.wrapping_add(self.delta);
            self.value ^= self.value_change()?;
        }
        Some((self.timestamp, f64::from_bits(self.value)))
    }

    #[inline(always)]
    fn delta_change(&mut self) -> Option<i64> {
        let Some(index) = usize::from(self.bits.ones(4)?).checked_sub(1) else {
            return Some(0);
        };
        let width = DELTA_WIDTHS[index].2;
        let unused = 64 - width;
        // Shifting up and down again extends the sign.
        Some(((self.bits.read(width)? << unused) as i64) >> unused)
    }

    #[inline(always)]
    fn value_change(&mut self) -> Option<u64> {
        match self.bits.ones(2)? {
            0 => return Some(0),
            1 if self.leading == NO_WINDOW => return None,
            1 => {}
            _ => {
                let window = self.bits.read(11)?;
                self.leading = (window >> 6) as u8;
                let width = (window & 0x3f) as u8 + 1;
                self.trailing = 64u8.checked_sub(self.leading)?.checked_sub(width)?;
            }
        }
        let width = 64 - self.leading - self.trailing;
        Some(self.bits.read(width)? << self.trailing)
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
            let (time, value) = self.decode().ok_or(Truncated)?;
            if time > end {
                return Ok(false);
            }
            if time >= start {
                times.push(time);
                values.push(value);
            }
        }
        Ok(true)
    }
}

impl Iterator for XorDecoder<'_> {
    type Item = Result<(i64, f64), Truncated>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let sample = self.decode().ok_or(Truncated);
        if sample.is_err() {
            self.left = 0;
        }
        Some(sample)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(samples: &[(i64, u64)]) {
        let mut encoder = XorEncoder::default();
        for (timestamp, bits) in samples {
            encoder.push(*timestamp, f64::from_bits(*bits));
        }
        let bytes = encoder.bytes().to_vec();
        let decoded: Vec<_> = XorDecoder::new(&bytes, encoder.count())
            .map(|sample| sample.map(|(t, v)| (t, v.to_bits())).unwrap())
            .collect();
        assert_eq!(decoded, samples);
        let (mut times, mut values) = (Vec::new(), Vec::new());
        let all = (i64::MIN, i64::MAX);
        let decoder = XorDecoder::new(&bytes, encoder.count());
        assert_eq!(decoder.read_into(all, &mut times, &mut values), Ok(true));
        let columns = times.into_iter().zip(values.into_iter().map(f64::to_bits));
        assert_eq!(columns.collect::<Vec<_>>(), samples);
        assert_eq!(&*encoder.take(), bytes);
        assert_eq!(encoder.count(), 0);
    }

    fn timestamps() -> impl Strategy<Value = i64> {
        prop_oneof![
            any::<i64>(),
            Just(i64::MIN),
            Just(i64::MAX),
            -9000..9000i64,
            -600_000..600_000i64
        ]
    }

    fn values() -> impl Strategy<Value = u64> {
        prop_oneof![
            any::<u64>(),
            (0..100u32).prop_map(|v| f64::from(v).to_bits()),
            Just(plimsoll_types::STALE_NAN_BITS),
            Just(0x7ff8_0000_dead_beef),
            Just((-0.0f64).to_bits()),
        ]
    }

    proptest! {
        #[test]
        fn returns_every_bit(samples in prop::collection::vec((timestamps(), values()), 0..200)) {
            check(&samples);
        }

        #[test]
        fn never_panics(bytes: Vec<u8>, count in 0..1000u32) {
            assert!(XorDecoder::new(&bytes, count).count() <= count as usize);
        }
    }

    #[test]
    fn a_steady_series_costs_two_bits_per_sample() {
        let samples: Vec<_> = (0..802).map(|i| (i * 15_000, 1.0f64.to_bits())).collect();
        check(&samples);
        let mut encoder = XorEncoder::default();
        samples
            .iter()
            .for_each(|(t, v)| encoder.push(*t, f64::from_bits(*v)));
        assert!(encoder.bytes().len() < 16 + 4 + 802 / 4);
    }
}
