//! Bits, most significant first, and the integers of variable length that are made of them.

/// How many bits follow each prefix of ones; after eight ones come 64.
const WIDTHS: [u32; 7] = [3, 6, 9, 12, 18, 25, 56];

/// Writes bits.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits of the last byte that are still free.
    free: u32,
}

impl BitWriter {
    /// Begins with whole bytes.
    pub(super) fn after(bytes: Vec<u8>) -> Self {
        Self { bytes, free: 0 }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn bit(&mut self, bit: bool) {
        self.bits(u64::from(bit), 1);
    }

    /// Writes the lowest `count` bits of `value`.
    pub(super) fn bits(&mut self, value: u64, count: u32) {
        let mut left = count;
        while left > 0 {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            let taken = left.min(self.free);
            let part = (value >> (left - taken)) & ((1 << taken) - 1);
            let last = self.bytes.last_mut().expect("a byte was pushed");
            *last |= (part as u8) << (self.free - taken);
            self.free -= taken;
            left -= taken;
        }
    }

    pub(super) fn float(&mut self, value: f64) {
        self.bits(value.to_bits(), 64);
    }

    /// Writes a signed number: 0 as one bit, others in the narrowest width that holds them.
    pub(super) fn varbit(&mut self, value: i64) {
        let fits = |width: u32| {
            let half = 1i64 << (width - 1);
            (-half < value) && (value <= half)
        };
        self.prefixed(value == 0, value as u64, fits);
    }

    /// Writes a number of 0 or more in the same way.
    pub(super) fn varbit_unsigned(&mut self, value: u64) {
        let fits = |width: u32| value >> width == 0;
        self.prefixed(value == 0, value, fits);
    }

    fn prefixed(&mut self, is_zero: bool, bits: u64, fits: impl Fn(u32) -> bool) {
        if is_zero {
            return self.bit(false);
        }
        match WIDTHS.iter().position(|width| fits(*width)) {
            Some(at) => {
                let ones = at as u32 + 1;
                self.bits((1 << (ones + 1)) - 2, ones + 1);
                self.bits(bits, WIDTHS[at]);
            }
            None => {
                self.bits(0xff, 8);
                self.bits(bits, 64);
            }
        }
    }
}

/// Reads bits; `None` at the end.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next bit.
    at: usize,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn bit(&mut self) -> Option<bool> {
        self.bits(1).map(|bit| bit == 1)
    }

    pub(super) fn bits(&mut self, count: u32) -> Option<u64> {
        let end = self.at + count as usize;
        if end > self.bytes.len() * 8 {
            return None;
        }
        let mut value = 0u64;
        while self.at < end {
            let used = self.at % 8;
            let taken = (8 - used).min(end - self.at);
            let byte = u64::from(self.bytes[self.at / 8]);
            let part = (byte >> (8 - used - taken)) & ((1 << taken) - 1);
            value = (value << taken) | part;
            self.at += taken;
        }
        Some(value)
    }

    pub(super) fn float(&mut self) -> Option<f64> {
        self.bits(64).map(f64::from_bits)
    }

    pub(super) fn varbit(&mut self) -> Option<i64> {
        let Some(width) = self.width()? else {
            return Some(0);
        };
        let value = self.bits(width)?;
        // The highest value that a width holds is its half, which two's complement would not allow.
        let is_negative = width < 64 && value > 1 << (width - 1);
        Some(match is_negative {
            true => (value as i64) - (1 << width),
            false => value as i64,
        })
    }

    pub(super) fn varbit_unsigned(&mut self) -> Option<u64> {
        match self.width()? {
            None => Some(0),
            Some(width) => self.bits(width),
        }
    }

    /// Reads the prefix; `Some(None)` stands for zero.
    fn width(&mut self) -> Option<Option<u32>> {
        let mut ones = 0;
        while ones < 8 && self.bit()? {
            ones += 1;
        }
        Some(match ones {
            0 => None,
            8 => Some(64),
            _ => Some(WIDTHS[ones - 1]),
        })
    }
}

/// A float told apart from the one before it: what both have in common is left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct XorFloat {
    bits: u64,
    /// Zeros around the bits that differed last; `None` before any did.
    window: Option<(u32, u32)>,
}

impl XorFloat {
    /// Begins with a float that was written whole.
    pub(super) fn new(value: f64) -> Self {
        Self {
            bits: value.to_bits(),
            window: None,
        }
    }

    pub(super) fn write(&mut self, into: &mut BitWriter, value: f64) {
        let delta = value.to_bits() ^ self.bits;
        self.bits = value.to_bits();
        if delta == 0 {
            return into.bit(false);
        }
        into.bit(true);
        // Five bits say how many zeros lead.
        let (leading, trailing) = (delta.leading_zeros().min(31), delta.trailing_zeros());
        if let Some((known_leading, known_trailing)) = self.window
            && leading >= known_leading
            && trailing >= known_trailing
        {
            into.bit(false);
            return into.bits(delta >> known_trailing, 64 - known_leading - known_trailing);
        }
        self.window = Some((leading, trailing));
        let significant = 64 - leading - trailing;
        into.bit(true);
        into.bits(leading.into(), 5);
        // 64 does not fit and is written as 0, which no difference has.
        into.bits(u64::from(significant) & 0x3f, 6);
        into.bits(delta >> trailing, significant);
    }

    pub(super) fn read(&mut self, from: &mut BitReader<'_>) -> Option<f64> {
        if from.bit()? {
            if from.bit()? {
                let leading = from.bits(5)? as u32;
                let significant = match from.bits(6)? as u32 {
                    0 => 64,
                    significant => significant,
                };
                let trailing = 64u32.checked_sub(leading + significant)?;
                self.window = Some((leading, trailing));
            }
            let (leading, trailing) = self.window?;
            self.bits ^= from.bits(64 - leading - trailing)? << trailing;
        }
        Some(f64::from_bits(self.bits))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_read_back(signed: Vec<i64>, shifts in prop::collection::vec(0..64u32, 0..50), floats: Vec<f64>) {
            let shifted = |shift: &u32| [1i64 << shift, -(1i64 << shift).wrapping_sub(1), (1i64 << shift).wrapping_neg()];
            let signed: Vec<i64> = signed.into_iter().chain(shifts.iter().flat_map(shifted)).collect();
            let mut writer = BitWriter::after(vec![7]);
            for value in &signed {
                writer.varbit(*value);
                writer.varbit_unsigned(*value as u64);
            }
            let mut xor = XorFloat::new(0.0);
            floats.iter().for_each(|float| xor.write(&mut writer, *float));
            let bytes = writer.into_bytes();
            let mut reader = BitReader::new(&bytes);
            prop_assert_eq!(reader.bits(8), Some(7));
            for value in &signed {
                prop_assert_eq!(reader.varbit(), Some(*value));
                prop_assert_eq!(reader.varbit_unsigned(), Some(*value as u64));
            }
            let mut xor = XorFloat::new(0.0);
            for float in &floats {
                prop_assert_eq!(xor.read(&mut reader).map(f64::to_bits), Some(float.to_bits()));
            }
        }
    }
}
