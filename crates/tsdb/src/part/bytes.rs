//! The primitive encodings of the format: little-endian numbers, varints (LEB128), zigzag, trimmed floats.

/// What a decoder says of bytes that no encoder writes. The caller adds the file and the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

pub(super) type Decoded<T> = Result<T, Malformed>;

/// Writes 7 bits per byte, the lowest first; bit 7 says that another byte follows. 1 to 10 bytes.
pub(super) fn put_varint(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// Writes a signed number so that a small magnitude stays small.
pub(super) fn put_signed(into: &mut Vec<u8>, value: i64) {
    put_varint(into, zigzag(value));
}

/// Writes a length and the bytes.
pub(super) fn put_bytes(into: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(into, bytes.len() as u64);
    into.extend_from_slice(bytes);
}

/// Writes one byte that says how many follow, then the high bytes of the float without their zero tail:
/// whole and short decimal numbers have long tails. 1 to 9 bytes.
pub(super) fn put_float(into: &mut Vec<u8>, value: f64) {
    let bytes = value.to_bits().to_be_bytes();
    let length = 8 - value.to_bits().trailing_zeros().min(64) as usize / 8;
    into.push(length as u8);
    into.extend_from_slice(&bytes[..length]);
}

pub(super) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

pub(super) fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Returns how many bytes [`put_varint`] writes.
pub(super) fn varint_length(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Reads from the front of a slice; every method checks that there is enough.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Returns all that is left.
    pub(super) fn take_rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    pub(super) fn take(&mut self, length: usize) -> Decoded<&'a [u8]> {
        let (front, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(Malformed("the block ends too early"))?;
        self.rest = rest;
        Ok(front)
    }

    fn array<const N: usize>(&mut self) -> Decoded<[u8; N]> {
        let bytes = self.take(N)?;
        Ok(bytes.try_into().expect("take returns the asked length"))
    }

    pub(super) fn u8(&mut self) -> Decoded<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn u16(&mut self) -> Decoded<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Decoded<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Decoded<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn varint(&mut self) -> Decoded<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                break;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed("a varint is longer than 64 bits"))
    }

    pub(super) fn signed(&mut self) -> Decoded<i64> {
        self.varint().map(unzigzag)
    }

    pub(super) fn varint_u32(&mut self) -> Decoded<u32> {
        u32::try_from(self.varint()?).map_err(|_| Malformed("a number is above 32 bits"))
    }

    /// Reads a number that may be at most `limit`.
    pub(super) fn varint_up_to(&mut self, limit: usize) -> Decoded<usize> {
        usize::try_from(self.varint()?)
            .ok()
            .filter(|value| *value <= limit)
            .ok_or(Malformed("a count is above its limit"))
    }

    /// Reads how many things follow, each of which takes at least `bytes_each` bytes, so that the count can be
    /// trusted with an allocation.
    pub(super) fn count(&mut self, bytes_each: usize) -> Decoded<usize> {
        let count = self.varint()?;
        usize::try_from(count)
            .ok()
            .filter(|count| count.saturating_mul(bytes_each) <= self.rest.len())
            .ok_or(Malformed("a count is larger than the bytes that are left"))
    }

    pub(super) fn bytes(&mut self) -> Decoded<&'a [u8]> {
        let length = self.count(1)?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Decoded<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed("a text is not UTF-8"))
    }

    pub(super) fn float(&mut self) -> Decoded<f64> {
        let length = usize::from(self.u8()?);
        if length > 8 {
            return Err(Malformed("a float is longer than 8 bytes"));
        }
        let mut bytes = [0; 8];
        bytes[..length].copy_from_slice(self.take(length)?);
        Ok(f64::from_bits(u64::from_be_bytes(bytes)))
    }

    /// Checks that nothing is left.
    pub(super) fn end(&self) -> Decoded<()> {
        match self.rest {
            [] => Ok(()),
            _ => Err(Malformed("the block has bytes after its end")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn returns_what_was_put_in(value: u64, signed: i64, float in any::<u64>().prop_map(f64::from_bits), bytes: Vec<u8>) {
            let mut block = Vec::new();
            put_varint(&mut block, value);
            prop_assert_eq!(block.len(), varint_length(value));
            put_signed(&mut block, signed);
            put_float(&mut block, float);
            put_bytes(&mut block, &bytes);
            let mut reader = Reader::new(&block);
            prop_assert_eq!(reader.varint(), Ok(value));
            prop_assert_eq!(reader.signed(), Ok(signed));
            prop_assert_eq!(reader.float().unwrap().to_bits(), float.to_bits());
            prop_assert_eq!(reader.bytes(), Ok(&bytes[..]));
            prop_assert_eq!(reader.end(), Ok(()));
        }

        #[test]
        fn refuses_what_is_cut_off(value in 128u64.., cut in 1usize..9) {
            let mut block = Vec::new();
            put_varint(&mut block, value);
            block.truncate(block.len().saturating_sub(cut));
            prop_assert!(Reader::new(&block).varint().is_err());
        }
    }

    #[test]
    fn refuses_varints_above_64_bits() {
        assert!(Reader::new(&[0xff; 11]).varint().is_err());
        let mut largest = vec![0xff; 9];
        largest.push(1);
        assert_eq!(Reader::new(&largest).varint(), Ok(u64::MAX));
        largest[9] = 2;
        assert!(Reader::new(&largest).varint().is_err());
    }
}
