//! Integers and texts in bytes, as the WAL's payloads hold them: varints, zigzag, lengths before texts.

use std::fmt;

/// A payload that is not what the encoder writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Malformed(pub(super) &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed payload: {}", self.0)
    }
}

pub(super) type Decoded<T> = Result<T, Malformed>;

pub(super) fn put_varint(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// Small magnitudes of either sign become small numbers.
pub(super) fn put_zigzag(into: &mut Vec<u8>, value: i64) {
    put_varint(into, ((value << 1) ^ (value >> 63)) as u64);
}

pub(super) fn put_text(into: &mut Vec<u8>, text: &str) {
    put_varint(into, text.len() as u64);
    into.extend_from_slice(text.as_bytes());
}

pub(super) fn put_float(into: &mut Vec<u8>, value: f64) {
    into.extend_from_slice(&value.to_bits().to_le_bytes());
}

/// Reads a payload from front to back.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn take(&mut self, count: usize) -> Decoded<&'a [u8]> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(Malformed("it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Decoded<u8> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn varint(&mut self) -> Decoded<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed("a number has more than 64 bits"))
    }

    pub(super) fn zigzag(&mut self) -> Decoded<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Reads a number of things that take at least `bytes_each` bytes, so that no claim can ask for more memory than
    /// the payload justifies.
    pub(super) fn count(&mut self, bytes_each: usize) -> Decoded<usize> {
        usize::try_from(self.varint()?)
            .ok()
            .filter(|count| {
                count
                    .checked_mul(bytes_each.max(1))
                    .is_some_and(|b| b <= self.rest.len())
            })
            .ok_or(Malformed("a length reaches past the end"))
    }

    pub(super) fn text(&mut self) -> Decoded<&'a str> {
        let length = self.count(1)?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Malformed("a text is not UTF-8"))
    }

    pub(super) fn float(&mut self) -> Decoded<f64> {
        let bytes = self.take(8)?.try_into().expect("eight bytes were taken");
        Ok(f64::from_bits(u64::from_le_bytes(bytes)))
    }
}
