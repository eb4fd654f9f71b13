//! Records: how a payload is framed, and how the intact ones are found among damaged bytes.

use std::borrow::Cow;

/// What a payload holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// Samples, exemplars, metadata; see [`encode_batch`](super::batch::encode_batch).
    Batch,
    /// Series that later records of the segment name; see [`encode_series`](super::batch::encode_series).
    Series,
    /// A deletion of what was written before; the text of a [`Deletion`](crate::deletion::Deletion).
    Deletion,
}

/// An intact record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// What the payload holds.
    pub kind: RecordKind,
    /// Its place in the order of all writes. A series record has the sequence of the batch that it precedes.
    pub sequence: u64,
    /// The payload, decompressed.
    pub payload: Cow<'a, [u8]>,
}

/// A run of bytes that holds no intact record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where it begins.
    pub offset: usize,
    /// How long it is.
    pub length: usize,
}

/// Larger payloads are not written; a claim of more is damage. A push body is far smaller (`ingest` caps it).
pub(super) const PAYLOAD_LENGTH_MAX: usize = 256 << 20;
pub(super) const HEADER_LENGTH: usize = 28;
const MAGIC: &[u8; 4] = b"PWR1";
const FLAG_LZ4: u8 = 1;
/// Below this, compression costs more than it saves.
const COMPRESS_LENGTH_MIN: usize = 128;

/// Appends a record to `into`.
pub(super) fn put(into: &mut Vec<u8>, kind: RecordKind, sequence: u64, payload: &[u8], salt: u32) {
    assert!(
        payload.len() <= PAYLOAD_LENGTH_MAX,
        "the store splits batches far below this"
    );
    let packed = (payload.len() >= COMPRESS_LENGTH_MIN)
        .then(|| lz4_flex::block::compress(payload))
        .filter(|packed| packed.len() < payload.len());
    let (flags, stored) = match &packed {
        Some(packed) => (FLAG_LZ4, packed.as_slice()),
        None => (0, payload),
    };
    let start = into.len();
    into.extend_from_slice(MAGIC);
    into.extend_from_slice(&[kind as u8 + 1, flags, 0, 0]);
    into.extend_from_slice(&sequence.to_le_bytes());
    into.extend_from_slice(&(stored.len() as u32).to_le_bytes());
    into.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    let crc = checksum(&into[start..], stored, salt);
    into.extend_from_slice(&crc.to_le_bytes());
    into.extend_from_slice(stored);
}

/// Walks the records of `bytes` from `start` on; damage between intact records is reported in place.
///
/// The bytes may be hostile: memory stays within 256 MiB plus their own length.
pub fn scan(
    bytes: &[u8],
    start: usize,
    salt: u32,
) -> impl Iterator<Item = Result<(usize, Record<'_>), Damage>> {
    Scan {
        bytes,
        at: start,
        salt,
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    salt: u32,
}

impl<'a> Iterator for Scan<'a> {
    type Item = Result<(usize, Record<'a>), Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let offset = self.at;
        if let Some((record, length)) = parse(&self.bytes[offset..], self.salt) {
            self.at += length;
            return Some(Ok((offset, record)));
        }
        self.at = self.resync(offset + 1);
        let length = self.at - offset;
        Some(Err(Damage { offset, length }))
    }
}

impl Scan<'_> {
    /// Returns where the next intact record begins, or the end. A length that a damaged header claims is not believed,
    /// so every place that holds the magic is tried.
    fn resync(&self, from: usize) -> usize {
        (from..self.bytes.len())
            .find(|at| {
                let rest = &self.bytes[*at..];
                begins(rest) && parse(rest, self.salt).is_some()
            })
            .unwrap_or(self.bytes.len())
    }
}

/// Says whether these bytes begin as a record does.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Returns the length on disk that the header at the start of `bytes` claims, when it is one that is ever written.
pub(super) fn claimed(bytes: &[u8]) -> Option<usize> {
    let header = bytes.get(..HEADER_LENGTH).filter(|header| begins(header))?;
    let stored = u32::from_le_bytes(header[16..20].try_into().expect("four bytes")) as usize;
    (stored <= PAYLOAD_LENGTH_MAX).then_some(HEADER_LENGTH + stored)
}

/// Returns the record at the start of `bytes` and its length on disk, if it is intact.
pub(super) fn parse(bytes: &[u8], salt: u32) -> Option<(Record<'_>, usize)> {
    let (header, stored) = bytes.get(..claimed(bytes)?)?.split_at(HEADER_LENGTH);
    let number = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().expect("four bytes"));
    if number(24) != checksum(&header[..24], stored, salt) {
        return None;
    }
    let kind = match header[4] {
        1 => RecordKind::Batch,
        2 => RecordKind::Series,
        3 => RecordKind::Deletion,
        _ => return None,
    };
    let record = Record {
        kind,
        sequence: u64::from_le_bytes(header[8..16].try_into().expect("eight bytes")),
        payload: unpack(header[5], stored, number(20) as usize)?,
    };
    Some((record, HEADER_LENGTH + stored.len()))
}

fn unpack(flags: u8, stored: &[u8], length: usize) -> Option<Cow<'_, [u8]>> {
    if length > PAYLOAD_LENGTH_MAX {
        return None;
    }
    match flags {
        0 => (length == stored.len()).then_some(Cow::Borrowed(stored)),
        FLAG_LZ4 => {
            // lz4 cannot expand more than 255 times, so a larger claim is a lie that must not cost memory.
            if length / 255 > stored.len() {
                return None;
            }
            let mut payload = vec![0; length];
            let found = lz4_flex::block::decompress_into(stored, &mut payload).ok()?;
            (found == length).then_some(Cow::Owned(payload))
        }
        _ => None,
    }
}

fn checksum(header: &[u8], stored: &[u8], salt: u32) -> u32 {
    let seed = crc32c::crc32c(&salt.to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(seed, header), stored)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(payloads: &[Vec<u8>]) -> (Vec<u8>, Vec<usize>) {
        let (mut bytes, mut starts) = (Vec::new(), Vec::new());
        for (sequence, payload) in payloads.iter().enumerate() {
            starts.push(bytes.len());
            put(&mut bytes, RecordKind::Batch, sequence as u64, payload, 7);
        }
        (bytes, starts)
    }

    fn payloads() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let random = prop::collection::vec(any::<u8>(), 0..200);
        let same = (any::<u8>(), 0..2000usize).prop_map(|(byte, length)| vec![byte; length]);
        prop::collection::vec(prop_oneof![random, same], 1..8)
    }

    proptest! {
        #[test]
        fn returns_what_was_written(payloads in payloads()) {
            let (bytes, starts) = written(&payloads);
            let found: Vec<_> = scan(&bytes, 0, 7).map(|record| record.unwrap()).collect();
            prop_assert_eq!(found.len(), payloads.len());
            for (index, (offset, record)) in found.into_iter().enumerate() {
                prop_assert_eq!(offset, starts[index]);
                prop_assert_eq!(record.sequence, index as u64);
                prop_assert_eq!(&*record.payload, &*payloads[index]);
            }
        }

        #[test]
        fn a_flipped_bit_costs_one_record(payloads in payloads(), place: prop::sample::Index, bit in 0..8u32) {
            let (mut bytes, starts) = written(&payloads);
            let at = place.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let hit = starts.iter().rposition(|start| *start <= at).unwrap();
            let found: Vec<_> = scan(&bytes, 0, 7).filter_map(Result::ok).map(|(_, record)| record.sequence as usize).collect();
            let expected: Vec<_> = (0..payloads.len()).filter(|index| *index != hit).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn a_cut_keeps_all_before_it(payloads in payloads(), place: prop::sample::Index) {
            let (bytes, starts) = written(&payloads);
            let end = place.index(bytes.len() + 1);
            let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
            let whole = ends.filter(|at| *at <= end).count();
            prop_assert_eq!(scan(&bytes[..end], 0, 7).filter(Result::is_ok).count(), whole);
        }
    }

    #[test]
    fn a_record_inside_a_label_value_is_not_found() {
        let mut inner = Vec::new();
        put(&mut inner, RecordKind::Batch, 1, b"forged", 8);
        let mut bytes = Vec::new();
        put(&mut bytes, RecordKind::Batch, 2, &inner, 7);
        bytes[HEADER_LENGTH - 1] ^= 1;
        assert_eq!(scan(&bytes, 0, 7).filter(Result::is_ok).count(), 0);
    }
}
