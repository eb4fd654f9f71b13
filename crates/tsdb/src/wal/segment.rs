//! Segments: their names and their header.

use std::path::{Path, PathBuf};

use crate::{Error, Result};

pub(super) const HEADER_LENGTH: usize = 36;
const MAGIC: &[u8; 8] = b"PLIMWAL\0";
/// Since version 2 there are deletion records.
const VERSION: u32 = 2;

/// What a segment's name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SegmentId {
    /// Its place among the segments; no index is used twice.
    pub index: u32,
    /// Goes into the CRC of every record.
    pub salt: u32,
}

impl SegmentId {
    /// Reads a file name; `None` when it is none of a segment.
    pub fn parse(name: &str) -> Option<Self> {
        let (index, salt) = name.strip_suffix(".wal")?.split_once('-')?;
        let number = |text: &str| {
            let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let is_plain = text.len() == 8 && text.bytes().all(is_hex);
            is_plain
                .then(|| u32::from_str_radix(text, 16).ok())
                .flatten()
        };
        Some(Self {
            index: number(index)?,
            salt: number(salt)?,
        })
    }

    /// Returns the file name.
    pub fn name(self) -> String {
        format!("{:08x}-{:08x}.wal", self.index, self.salt)
    }

    pub(super) fn path(self, directory: &Path) -> PathBuf {
        directory.join(self.name())
    }
}

/// A segment's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Which opening of the store wrote it: refs mean the same in all segments of one run.
    pub(super) run: u64,
    /// The sequence of its first record; records from here on in earlier segments were written again.
    pub(super) first_sequence: u64,
}

impl Header {
    pub(super) fn encode(self) -> [u8; HEADER_LENGTH] {
        let mut bytes = [0; HEADER_LENGTH];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.run.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first_sequence.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..32]);
        bytes[32..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Returns `None` when the header is torn or damaged; the records behind it may still be intact.
    ///
    /// # Errors
    /// `NewerVersion`.
    pub(super) fn decode(path: &Path, bytes: &[u8]) -> Result<Option<Self>> {
        let Some(header) = bytes.get(..HEADER_LENGTH) else {
            return Ok(None);
        };
        let number =
            |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().expect("four bytes"));
        let wide =
            |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().expect("eight bytes"));
        if !header.starts_with(MAGIC) || crc32c::crc32c(&header[..32]) != number(32) {
            return Ok(None);
        }
        if number(8) > VERSION {
            return Err(Error::newer_version(path, number(8).into(), VERSION.into()));
        }
        Ok(Some(Self {
            run: wide(16),
            first_sequence: wide(24),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn names_are_read_back_and_nothing_else_is() {
        let id = SegmentId {
            index: 10,
            salt: 0xdead_beef,
        };
        assert_eq!(id.name(), "0000000a-deadbeef.wal");
        assert_eq!(SegmentId::parse(&id.name()), Some(id));
        for name in [
            "",
            "1-2.wal",
            "0000000A-deadbeef.wal",
            "+000000a-deadbeef.wal",
            "0000000a-deadbeef.wal.tmp",
        ] {
            assert_eq!(SegmentId::parse(name), None, "{name}");
        }
    }

    #[test]
    fn headers_are_read_back_and_damage_is_noticed() {
        let header = Header {
            run: 3,
            first_sequence: 99,
        };
        let bytes = header.encode();
        let read = |bytes: &[u8]| Header::decode(Path::new("x"), bytes);
        assert_eq!(read(&bytes).unwrap(), Some(header));
        for at in 0..bytes.len() {
            let mut damaged = bytes;
            damaged[at] ^= 0x10;
            assert_eq!(read(&damaged).unwrap(), None);
            assert_eq!(read(&bytes[..at]).unwrap(), None);
        }
        let mut newer = bytes;
        newer[8] = 3;
        let crc = crc32c::crc32c(&newer[..32]);
        newer[32..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(read(&newer).unwrap_err().kind(), ErrorKind::NewerVersion);
    }
}
