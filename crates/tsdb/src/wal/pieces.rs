//! Reads the records of a segment piece by piece: a segment may have a gibibyte, and a start should not take more memory
//! than what it starts.
//!
//! What is found is what [`scan`](super::record::scan) finds in the whole segment. In memory are a piece and the record
//! that begins in it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use plimsoll_runtime::disk::{Disk, DiskFile};

use super::record::{
    Damage, HEADER_LENGTH as RECORD_HEADER_LENGTH, Record, begins, claimed, parse,
};
use super::segment::HEADER_LENGTH;

/// So many bytes are read at once, or as many as a record has.
const PIECE_LENGTH: u64 = 1 << 20;

/// The records of a segment, in their order.
pub(super) struct Pieces {
    file: Arc<dyn DiskFile>,
    /// Of the file when it was opened; what is written meanwhile does not count.
    length: u64,
    salt: u32,
    piece_length: u64,
    /// What was read of the file, from `base` on.
    bytes: Vec<u8>,
    base: u64,
    /// Where the next record should begin.
    at: u64,
}

impl Pieces {
    /// Opens a segment.
    pub(super) fn open(disk: &dyn Disk, path: &Path, salt: u32) -> io::Result<Self> {
        let file = disk.open(path)?;
        let length = file.length()?;
        Ok(Self {
            file,
            length,
            salt,
            piece_length: PIECE_LENGTH,
            bytes: Vec::new(),
            base: 0,
            at: length.min(HEADER_LENGTH as u64),
        })
    }

    /// Returns the length of the segment in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Finds the next record, or the damage before it; `None` at the end.
    pub(super) fn next<T>(
        &mut self,
        take: impl FnOnce(&Record<'_>) -> T,
    ) -> io::Result<Option<Result<T, Damage>>> {
        if self.at >= self.length {
            return Ok(None);
        }
        let begin = self.at;
        self.load(begin)?;
        if let Some((record, length)) = parse(self.bytes_from(begin), self.salt) {
            let taken = take(&record);
            self.at += length as u64;
            return Ok(Some(Ok(taken)));
        }
        self.at = self.resync(begin + 1)?;
        Ok(Some(Err(Damage {
            offset: begin as usize,
            length: (self.at - begin) as usize,
        })))
    }

    /// Returns where the next intact record begins, or the end; as in `scan`, no length is believed.
    fn resync(&mut self, from: u64) -> io::Result<u64> {
        let mut at = from;
        while at < self.length {
            self.fill(at, RECORD_HEADER_LENGTH as u64)?;
            let bytes = self.bytes_from(at);
            let Some(distance) = (0..bytes.len()).find(|start| begins(&bytes[*start..])) else {
                // A beginning may lie across the end of what was read.
                at += bytes.len().saturating_sub(RECORD_HEADER_LENGTH - 1).max(1) as u64;
                continue;
            };
            at += distance as u64;
            self.load(at)?;
            if parse(self.bytes_from(at), self.salt).is_some() {
                return Ok(at);
            }
            at += 1;
        }
        Ok(self.length)
    }

    /// Reads what claims to be a record. A claim that the file is too short for is not looked at any further.
    fn load(&mut self, at: u64) -> io::Result<()> {
        self.fill(at, RECORD_HEADER_LENGTH as u64)?;
        match claimed(self.bytes_from(at)) {
            Some(length) if length as u64 <= self.length - at => self.fill(at, length as u64),
            _ => Ok(()),
        }
    }

    /// Has so many bytes from `at` on in memory, or those up to the end, and forgets what comes before.
    fn fill(&mut self, at: u64, length: u64) -> io::Result<()> {
        let end = at.saturating_add(length).min(self.length);
        let known = self.base + self.bytes.len() as u64;
        if end <= known {
            return Ok(());
        }
        self.bytes
            .drain(..(at - self.base).min(known - self.base) as usize);
        self.base = at;
        let kept = self.bytes.len();
        let end = end.max(at + self.piece_length).min(self.length);
        self.bytes.resize((end - at) as usize, 0);
        self.file
            .read_exact_at(&mut self.bytes[kept..], at + kept as u64)
    }

    fn bytes_from(&self, at: u64) -> &[u8] {
        &self.bytes[(at - self.base) as usize..]
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_testkit::{Seed, SimulatedDisk};
    use proptest::prelude::*;

    use super::super::record::{RecordKind, put, scan};
    use super::*;

    type Found = Vec<Result<(u64, Vec<u8>), Damage>>;

    fn in_pieces(bytes: &[u8], piece_length: u64) -> (Found, usize) {
        let disk = SimulatedDisk::new(Seed::new(1));
        let path = Path::new("/segment");
        disk.create(path).unwrap().write_all_at(bytes, 0).unwrap();
        let mut pieces = Pieces {
            piece_length,
            ..Pieces::open(&disk, path, 7).unwrap()
        };
        let (mut found, mut most) = (Vec::new(), 0);
        let owned = |record: &Record<'_>| (record.sequence, record.payload.to_vec());
        while let Some(next) = pieces.next(owned).unwrap() {
            found.push(next);
            most = most.max(pieces.bytes.len());
        }
        (found, most)
    }

    fn at_once(bytes: &[u8]) -> Found {
        let found = scan(bytes, HEADER_LENGTH.min(bytes.len()), 7);
        let owned = |record: Record<'_>| (record.sequence, record.payload.to_vec());
        found
            .map(|found| found.map(|(_, record)| owned(record)))
            .collect()
    }

    fn segment(payloads: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![0xee; HEADER_LENGTH];
        for (sequence, payload) in payloads.iter().enumerate() {
            put(&mut bytes, RecordKind::Batch, sequence as u64, payload, 7);
        }
        bytes
    }

    proptest! {
        #[test]
        fn pieces_tell_what_the_whole_tells(
            payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..12),
            harm in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            magic in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
            cut: Option<prop::sample::Index>,
            piece_length in 1..400u64,
        ) {
            let mut bytes = segment(&payloads);
            for (place, mask) in harm {
                let at = place.index(bytes.len());
                bytes[at] ^= mask;
            }
            for place in magic {
                let at = place.index(bytes.len());
                let end = bytes.len().min(at + 4);
                bytes[at..end].copy_from_slice(&b"PWR1"[..end - at]);
            }
            bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len() + 1)));
            prop_assert_eq!(in_pieces(&bytes, piece_length).0, at_once(&bytes));
        }
    }

    #[test]
    fn little_of_a_segment_is_in_memory() {
        let payloads: Vec<_> = (0..2000u32).map(|n| n.to_le_bytes().repeat(10)).collect();
        let (found, most) = in_pieces(&segment(&payloads), 1000);
        assert_eq!(found.len(), 2000);
        assert!(most <= 1000 + 68, "{most}");
        // A header that claims more than there is does not have the rest read at once.
        let mut bytes = segment(&payloads);
        bytes[HEADER_LENGTH + 16..HEADER_LENGTH + 20].copy_from_slice(&[0xff; 4]);
        let (found, most) = in_pieces(&bytes, 1000);
        assert_eq!(found.iter().filter(|found| found.is_ok()).count(), 1999);
        assert!(most <= 1000 + 68, "{most}");
    }
}
