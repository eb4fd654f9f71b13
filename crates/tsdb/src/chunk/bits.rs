//! Bits in bytes, most significant first.

/// Appends the lowest `count` (0 to 64) bits of `value`; `free` is the number of unused low bits of the last byte, 0
/// to 7.
pub(super) fn write(bytes: &mut Vec<u8>, free: &mut u8, value: u64, count: u8) {
    if count > 56 {
        write_short(bytes, free, value >> 32, count - 32);
        return write_short(bytes, free, value & 0xffff_ffff, 32);
    }
    write_short(bytes, free, value, count);
}

/// As [`write()`], at most 56 bits: with the bits of the last byte that makes a word.
#[inline(always)]
fn write_short(bytes: &mut Vec<u8>, free: &mut u8, value: u64, count: u8) {
    let (used, mut length) = ((8 - *free) % 8, bytes.len());
    let mut word = 0;
    if used > 0 {
        length -= 1;
        word = u64::from(bytes[length]) << 56;
    }
    let filled = used + count;
    // In two steps, because a shift by 64 has no meaning.
    word |= (value & ((1 << count) - 1)) << 1 << (63 - filled);
    bytes.truncate(length);
    grow(bytes, 8);
    bytes.extend_from_slice(&word.to_be_bytes());
    bytes.truncate(length + usize::from(filled.div_ceil(8)));
    *free = (8 - filled % 8) % 8;
}

/// Appends whole bytes after whole bytes.
pub(super) fn append(bytes: &mut Vec<u8>, more: &[u8]) {
    grow(bytes, more.len());
    bytes.extend_from_slice(more);
}

/// Makes room, in steps as small as the allocator's: a million series hold such a buffer each.
#[inline(always)]
fn grow(bytes: &mut Vec<u8>, room: usize) {
    if bytes.capacity() - bytes.len() < room {
        let wanted = rounded(bytes.len() + room);
        bytes.reserve_exact(wanted - bytes.len());
    }
}

/// Rounds up to a size that general allocators have: multiples of 32, then four to each doubling.
fn rounded(size: usize) -> usize {
    let step = (size.next_power_of_two() / 8).max(32);
    size.next_multiple_of(step)
}

/// Reads bits from bytes.
#[derive(Clone, Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// Bits consumed.
    position: usize,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Returns the next `count` (0 to 64) bits, or `None` past the end.
    #[inline(always)]
    pub(super) fn read(&mut self, count: u8) -> Option<u64> {
        match count {
            0..=56 => self.read_short(count),
            _ => Some(self.read_short(count - 32)? << 32 | self.read_short(32)?),
        }
    }

    /// As [`read`](Self::read), at most 56 bits.
    #[inline(always)]
    fn read_short(&mut self, count: u8) -> Option<u64> {
        let word = self.peek();
        self.skip(count)?;
        // In two steps, because a shift by 64 has no meaning.
        Some(word >> 1 >> (63 - count))
    }

    /// Counts ones up to the next zero, which is consumed with them, but no more than `most` (0 to 56).
    #[inline(always)]
    pub(super) fn ones(&mut self, most: u8) -> Option<u8> {
        let ones = (self.peek().leading_ones() as u8).min(most);
        self.skip(ones + u8::from(ones < most))?;
        Some(ones)
    }

    /// Returns the next 57 bits at least, the first one highest; past the end there are zeros.
    #[inline(always)]
    fn peek(&self) -> u64 {
        let rest = &self.bytes[self.position / 8..];
        let word = match rest.first_chunk::<8>() {
            Some(bytes) => u64::from_be_bytes(*bytes),
            None => {
                let mut bytes = [0; 8];
                bytes[..rest.len()].copy_from_slice(rest);
                u64::from_be_bytes(bytes)
            }
        };
        word << (self.position % 8)
    }

    #[inline(always)]
    fn skip(&mut self, count: u8) -> Option<()> {
        let position = self.position + usize::from(count);
        (position <= self.bytes.len() * 8).then(|| self.position = position)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn returns_what_was_written(pieces in prop::collection::vec((any::<u64>(), 0..65u8), 0..100)) {
            let (mut bytes, mut free) = (Vec::new(), 0);
            for (value, count) in &pieces {
                write(&mut bytes, &mut free, *value, *count);
            }
            let total: usize = pieces.iter().map(|(_, count)| usize::from(*count)).sum();
            prop_assert_eq!(bytes.len(), total.div_ceil(8));
            let mut reader = BitReader::new(&bytes);
            for (value, count) in pieces {
                let mask = if count == 64 { u64::MAX } else { (1 << count) - 1 };
                prop_assert_eq!(reader.read(count), Some(value & mask));
            }
            prop_assert_eq!(reader.read(8), None);
        }
    }
}
