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
    /// Bits consumed of `bytes[0]`, 0 to 7.
    used: u8,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, used: 0 }
    }

    /// Returns the next `count` (0 to 64) bits, or `None` past the end.
    pub(super) fn read(&mut self, count: u8) -> Option<u64> {
        let (mut value, mut left) = (0u64, count);
        while left > 0 {
            let byte = *self.bytes.first()?;
            let taken = left.min(8 - self.used);
            let chunk = (byte >> (8 - self.used - taken)) & (((1u16 << taken) - 1) as u8);
            // A shift by 64 cannot happen: `taken` is at most 8.
            value = (value << taken) | u64::from(chunk);
            self.used += taken;
            left -= taken;
            if self.used == 8 {
                self.bytes = &self.bytes[1..];
                self.used = 0;
            }
        }
        Some(value)
    }

    /// Returns the next bit.
    pub(super) fn bit(&mut self) -> Option<bool> {
        self.read(1).map(|bit| bit == 1)
    }
}
