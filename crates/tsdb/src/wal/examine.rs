//! Reads segments like a replay, and keeps nothing but what is wrong with them.

use std::path::Path;

use plimsoll_runtime::disk::Disk;

use super::batch::{decode_batch, decode_series};
use super::record::{HEADER_LENGTH as RECORD_HEADER_LENGTH, Record, RecordKind, scan};
use super::segment::{HEADER_LENGTH, Header, SegmentId};
use crate::Result;
use crate::deletion::Deletion;

/// As long as a replay reads: twice the largest segment that a configuration allows, plus a record.
const LENGTH_MAX: u64 = 3 << 30;
/// What begins every record.
const RECORD_MAGIC: &[u8] = b"PWR1";

/// What is in a segment.
#[derive(Debug, Default)]
pub(crate) struct SegmentFacts {
    pub(crate) bytes: u64,
    pub(crate) records: u64,
    pub(crate) flaws: Vec<Flaw>,
}

/// A place in a segment that holds no record.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) offset: u64,
    pub(crate) what: String,
    /// A crash and a running store leave such an end; nothing that was acknowledged was in it.
    pub(crate) is_torn_end: bool,
}

/// Reads a segment. The outer error is of the disk.
///
/// # Errors
/// The inner one: `NewerVersion`.
pub(crate) fn examine(
    disk: &dyn Disk,
    path: &Path,
    id: SegmentId,
) -> std::io::Result<Result<SegmentFacts>> {
    let bytes = disk.read(path, LENGTH_MAX)?;
    Ok(examine_bytes(path, &bytes, id))
}

fn examine_bytes(path: &Path, bytes: &[u8], id: SegmentId) -> Result<SegmentFacts> {
    let mut facts = SegmentFacts {
        bytes: bytes.len() as u64,
        ..SegmentFacts::default()
    };
    if Header::decode(path, bytes)?.is_none() {
        facts.flaws.push(Flaw {
            offset: 0,
            what: "the header is damaged".into(),
            is_torn_end: bytes.len() < HEADER_LENGTH,
        });
    }
    for found in scan(bytes, HEADER_LENGTH.min(bytes.len()), id.salt) {
        match found {
            Ok((offset, record)) => {
                facts.records += 1;
                if let Some(what) = senseless(&record) {
                    facts.flaws.push(Flaw {
                        offset: offset as u64,
                        what,
                        is_torn_end: false,
                    });
                }
            }
            Err(damage) => {
                let rest = &bytes[damage.offset..];
                let is_end = damage.length == rest.len();
                facts.flaws.push(Flaw {
                    offset: damage.offset as u64,
                    what: format!("{} bytes hold no whole record", damage.length),
                    is_torn_end: is_end && !is_whole(rest),
                });
            }
        }
    }
    Ok(facts)
}

/// Says whether all bytes are there of the record that begins here. A write that was broken off leaves fewer, or zeros.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..RECORD_HEADER_LENGTH) else {
        return false;
    };
    let length = u32::from_le_bytes(header[16..20].try_into().expect("four bytes")) as usize;
    let is_there = bytes.len() - RECORD_HEADER_LENGTH >= length;
    match header.starts_with(RECORD_MAGIC) {
        true => is_there,
        // Something else stands where a record begins: zeros are a file that grew before its bytes came.
        false => header.iter().any(|byte| *byte != 0),
    }
}

/// Says why the payload of a record whose checksum is right is none.
fn senseless(record: &Record<'_>) -> Option<String> {
    let error = match record.kind {
        RecordKind::Batch => decode_batch(&record.payload).err().map(|e| e.to_string()),
        RecordKind::Series => decode_series(&record.payload).err().map(|e| e.to_string()),
        RecordKind::Deletion => match str::from_utf8(&record.payload).map(Deletion::parse) {
            Ok(Ok(_)) => None,
            _ => Some("a deletion cannot be read".into()),
        },
    };
    error.map(|error| format!("the record says nothing: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::record::put;
    use super::*;

    const ID: SegmentId = SegmentId { index: 1, salt: 7 };

    fn segment(payloads: &[&[u8]]) -> Vec<u8> {
        let header = Header {
            run: 1,
            first_sequence: 1,
        };
        let mut bytes = header.encode().to_vec();
        for payload in payloads {
            put(&mut bytes, RecordKind::Deletion, 1, payload, ID.salt);
        }
        bytes
    }

    fn check(bytes: &[u8], records: u64, expected: &[(u64, bool)]) {
        let facts = examine_bytes(Path::new("x"), bytes, ID).unwrap();
        let flaws: Vec<_> = facts
            .flaws
            .iter()
            .map(|f| (f.offset, f.is_torn_end))
            .collect();
        assert_eq!(
            (facts.records, &flaws[..]),
            (records, expected),
            "{facts:?}"
        );
    }

    #[test]
    fn a_torn_end_is_told_from_damage() {
        let payload = b"1 2 {}";
        let one = segment(&[payload]);
        let bytes = segment(&[payload, payload]);
        let (first, second) = (HEADER_LENGTH as u64, one.len() as u64);
        check(&bytes, 2, &[]);
        for cut in one.len() + 1..bytes.len() {
            check(&bytes[..cut], 1, &[(second, true)]);
        }
        let grown = [&one[..], &[0; 40]].concat();
        check(&grown, 1, &[(second, true)]);
        for at in one.len()..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            // A length that was flipped may reach beyond the end, as if the rest was never written.
            let is_length = (second as usize + 16..second as usize + 20).contains(&at);
            check(&flipped, 1, &[(second, is_length)]);
        }
        let mut flipped = bytes.clone();
        flipped[HEADER_LENGTH + 1] ^= 1;
        check(&flipped, 1, &[(first, false)]);
        let mut flipped = bytes;
        flipped[20] ^= 1;
        check(&flipped, 2, &[(0, false)]);
        check(&[], 0, &[(0, true)]);
        check(&segment(&[b"no deletion"]), 1, &[(first, false)]);
    }
}
