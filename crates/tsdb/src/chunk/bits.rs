//! Bits in bytes, most significant first.

/// Appends bits to bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Unused low bits of the last byte, 0 to 7.
    free: u8,
}

impl BitWriter {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Returns the bytes so far and begins anew.
    pub(super) fn take(&mut self) -> Box<[u8]> {
        self.free = 0;
        std::mem::take(&mut self.bytes).into_boxed_slice()
    }

    /// Appends the lowest `count` (0 to 64) bits of `value`.
    pub(super) fn write(&mut self, value: u64, count: u8) {
        let mut left = count;
        while left > 0 {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            let taken = left.min(self.free);
            let chunk = (value >> (left - taken)) & ((1 << taken) - 1);
            let last = self.bytes.last_mut().expect("a byte was pushed above");
            *last |= (chunk as u8) << (self.free - taken);
            self.free -= taken;
            left -= taken;
        }
    }
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

    /// Consumes as many zeros, if they come next.
    #[inline(always)]
    pub(super) fn skip_zeros(&mut self, count: u8) -> bool {
        self.peek().leading_zeros() >= u32::from(count) && self.skip(count).is_some()
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
