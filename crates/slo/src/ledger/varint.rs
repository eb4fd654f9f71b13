//! Whole numbers in as few bytes as they need: 7 bits per byte, the lowest first; signed ones in zigzag.

/// Appends an unsigned number.
pub(crate) fn write_varint(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// Appends a signed number.
pub(crate) fn write_zigzag(into: &mut Vec<u8>, value: i64) {
    write_varint(into, ((value << 1) ^ (value >> 63)) as u64);
}

/// Reads from bytes that may be anything: `None` where they end too early or make no sense.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    /// Takes the next `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    /// Takes one byte.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Takes an unsigned number.
    pub(crate) fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// Takes a signed number.
    pub(crate) fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Takes a number of things that take at least `least` bytes each: a larger one than there is room for is refused
    /// before anything is allocated for it.
    pub(crate) fn count(&mut self, least: usize) -> Option<usize> {
        let count = usize::try_from(self.varint()?).ok()?;
        (count.checked_mul(least.max(1))? <= self.0.len()).then_some(count)
    }

    /// Takes a text with its length before it.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let count = self.count(1)?;
        std::str::from_utf8(self.take(count)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(numbers in prop::collection::vec(any::<i64>(), 0..20)) {
            let mut bytes = Vec::new();
            numbers.iter().for_each(|number| write_zigzag(&mut bytes, *number));
            let mut reader = Bytes(&bytes);
            let read: Vec<i64> = std::iter::from_fn(|| reader.zigzag()).collect();
            prop_assert_eq!(read, numbers);
            prop_assert!(reader.0.is_empty());
        }
    }

    #[test]
    fn a_count_that_cannot_be_is_refused() {
        let mut bytes = Vec::new();
        write_varint(&mut bytes, u64::MAX);
        bytes.extend([0; 9]);
        assert_eq!(Bytes(&bytes).count(1), None);
        assert_eq!(Bytes(&[0xff; 20]).varint(), None, "it never ends");
    }
}
