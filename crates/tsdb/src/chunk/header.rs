//! What stands before the bits of a chunk.

/// Bytes of a header.
pub(super) const HEADER_BYTES: usize = 25;

/// Bytes 0 and 1: length of the chunk; 2 and 3: its samples, both 0 while it is open; then the first time, the first
/// value, the distance of the first two samples, the scale. Little end first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) length: u16,
    pub(super) count: u16,
    pub(super) first: i64,
    pub(super) value: u64,
    pub(super) delta: i32,
    pub(super) scale: u8,
}

impl Header {
    pub(super) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0..2].copy_from_slice(&self.length.to_le_bytes());
        bytes[2..4].copy_from_slice(&self.count.to_le_bytes());
        bytes[4..12].copy_from_slice(&self.first.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.value.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.delta.to_le_bytes());
        bytes[24] = self.scale;
        bytes
    }

    /// Reads the header at the beginning of `bytes`; `None` when they are too few.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
        let word = |at: usize| bytes[at..].first_chunk().copied().unwrap_or_default();
        Some(Self {
            length: u16::from_le_bytes([bytes[0], bytes[1]]),
            count: u16::from_le_bytes([bytes[2], bytes[3]]),
            first: i64::from_le_bytes(word(4)),
            value: u64::from_le_bytes(word(12)),
            delta: i32::from_le_bytes([bytes[20], bytes[21], bytes[22], bytes[23]]),
            scale: bytes[24],
        })
    }

    /// Notes in the chunk at the beginning of `bytes` that it is closed.
    pub(super) fn finish(bytes: &mut [u8], length: usize, count: u16) {
        // At most 119 samples and a run of each take 28 bytes at most.
        let length = u16::try_from(length).expect("a chunk has less than 64 KiB");
        bytes[0..2].copy_from_slice(&length.to_le_bytes());
        bytes[2..4].copy_from_slice(&count.to_le_bytes());
    }
}
