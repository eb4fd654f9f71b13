//! Replay: reads the segments back after a start.
//!
//! The order of segments is that of their index. A record whose sequence a later segment's header claims was written
//! there again, after a sync had failed, and is passed over here. Series refs are translated: they mean the same in
//! all segments of one run, and nothing in another. A series whose definition is damaged is looked up in the later
//! segments of its run.

mod refs;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::thread;

use plimsoll_runtime::disk::Disk;
use plimsoll_types::{Labels, SeriesRef, WriteBatch};

use super::batch::{decode_batch, decode_series};
use super::bytes::Malformed;
use super::pieces::Pieces;
use super::record::{Damage, Record, RecordKind};
use super::segment::{HEADER_LENGTH, Header, SegmentId};
use crate::deletion::Deletion;
use crate::{Error, Result};
use refs::Refs;

/// A segment that is complete: nothing will be added to it.
#[derive(Clone, Debug)]
pub(crate) struct ClosedSegment {
    pub(super) path: PathBuf,
    pub(super) first_sequence: u64,
    pub(super) last_sequence: u64,
}

/// The end of a segment that held no intact record and was cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The segment's file name.
    pub segment: String,
    /// Its new length in bytes.
    pub offset: u64,
    /// How many bytes were cut.
    pub bytes: u64,
}

/// Damaged bytes between intact records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The segment's file name.
    pub segment: String,
    /// Where the damage begins.
    pub offset: u64,
    /// How many bytes were passed over.
    pub bytes: u64,
}

/// Records that no segment holds, between two that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The file name of the segment before.
    pub segment: String,
    /// The first sequence that is missing.
    pub first: u64,
    /// The last.
    pub last: u64,
}

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Segments read.
    pub segments: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Intact batches that were applied.
    pub records: u64,
    /// Samples in them, those that a part already holds included.
    pub samples: u64,
    /// Deletions that were applied.
    pub deletions: u64,
    /// Samples and exemplars whose series was defined in a damaged record only.
    pub without_series: u64,
    /// Whole records (the CRC was right) whose payload is none: a program with a fault wrote them.
    pub undecodable: u64,
    /// Batches that were found a second time, written again after a failed sync.
    pub repeated: u64,
    /// Torn ends.
    pub cut: Vec<Cut>,
    /// Damage between intact records.
    pub skipped: Vec<Skipped>,
    /// Gaps between segments: one was lost, or its end.
    pub missing: Vec<Missing>,
}

/// Takes what is replayed.
pub(crate) trait ReplaySink {
    /// Returns this run's ref of a series.
    fn series(&mut self, labels: &Labels) -> SeriesRef;

    /// Takes a batch whose refs are this run's.
    fn batch(&mut self, sequence: u64, batch: &WriteBatch);

    /// Takes a deletion of what came before it.
    fn deletion(&mut self, sequence: u64, deletion: Deletion);
}

/// A finished replay: what the writer continues from.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    pub(crate) facts: Replayed,
    pub(super) segments: Vec<ClosedSegment>,
    /// Segments that end with damage, and the length of what is intact.
    torn: Vec<(PathBuf, u64)>,
    pub(super) next_index: u32,
    /// The sequence after the last one that was found.
    pub(crate) next_sequence: u64,
}

impl Replay {
    /// Reads all segments of `directory` in order; changes nothing.
    ///
    /// # Errors
    /// `NewerVersion` before anything is touched, otherwise `Io`.
    pub(crate) fn run(
        disk: &dyn Disk,
        directory: &Path,
        sink: &mut dyn ReplaySink,
    ) -> Result<Self> {
        let found = headers(disk, directory)?;
        let mut replay = Self {
            next_index: found.last().map_or(0, |(id, _)| id.index.saturating_add(1)),
            next_sequence: 1,
            ..Self::default()
        };
        let mut refs = Refs::default();
        for (index, (id, header)) in found.iter().enumerate() {
            let later = found[index + 1..].iter().filter_map(|(_, header)| *header);
            let end = later
                .map(|header| header.first_sequence)
                .min()
                .unwrap_or(u64::MAX);
            refs.enter(header.map(|header| header.run));
            let path = id.path(directory);
            let mut segment = SegmentReplay {
                replay: &mut replay,
                refs: &mut refs,
                sink,
                later: Later::new(disk, directory, *header, &found[index + 1..]),
                end,
                last: None,
            };
            let intact = segment.run(disk, *id, &path)?;
            let last = segment.last;
            let first = header.map(|header| header.first_sequence);
            let last_sequence = last.or(first).unwrap_or(0);
            let next = found.get(index + 1).and_then(|(_, header)| *header);
            replay.note_gap(*id, *header, last, next);
            replay.next_sequence = replay.next_sequence.max(last.map_or(0, |last| last + 1));
            replay.next_sequence = replay.next_sequence.max(first.unwrap_or(0));
            replay.segments.push(ClosedSegment {
                path: path.clone(),
                first_sequence: first.unwrap_or(0),
                last_sequence,
            });
            replay.torn.extend(intact.map(|length| (path, length)));
        }
        Ok(replay)
    }

    /// Within one run no sequence is left out.
    fn note_gap(
        &mut self,
        id: SegmentId,
        own: Option<Header>,
        last: Option<u64>,
        next: Option<Header>,
    ) {
        let (Some(own), Some(next)) = (own, next) else {
            return;
        };
        let first = last.map_or(own.first_sequence, |last| last + 1);
        if own.run == next.run && first < next.first_sequence {
            self.facts.missing.push(Missing {
                segment: id.name(),
                first,
                last: next.first_sequence - 1,
            });
        }
    }

    /// Cuts off what follows the last intact record of a segment, so that what is written later is not behind it.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn cut_torn_ends(&self, disk: &dyn Disk) -> Result<()> {
        let mut torn = self.torn.iter();
        torn.try_for_each(|(path, length)| cut(disk, path, *length))
    }
}

/// Keeps the entries whose series is known and returns how many are lost.
fn translate<T>(
    refs: &mut Refs,
    entries: &mut Vec<(SeriesRef, T)>,
    later: &mut Later<'_>,
    sink: &mut dyn ReplaySink,
) -> u64 {
    let before = entries.len();
    entries.retain_mut(|(id, _)| {
        let known = refs.get(*id).or_else(|| {
            let found = sink.series(later.find(*id)?);
            refs.insert(*id, found);
            Some(found)
        });
        match known {
            Some(known) => {
                *id = known;
                true
            }
            None => false,
        }
    });
    (before - entries.len()) as u64
}

/// The segments of the same run that follow: each defines the series that it uses. Read when a definition is missing,
/// which means damage.
struct Later<'a> {
    disk: &'a dyn Disk,
    directory: &'a Path,
    segments: Vec<SegmentId>,
    defined: Option<HashMap<SeriesRef, Labels>>,
}

impl<'a> Later<'a> {
    fn new(
        disk: &'a dyn Disk,
        directory: &'a Path,
        own: Option<Header>,
        following: &[(SegmentId, Option<Header>)],
    ) -> Self {
        let run = own.map(|header| header.run);
        let is_same =
            |header: &Option<Header>| run.is_some() && header.map(|header| header.run) == run;
        let segments = following.iter().filter(|(_, header)| is_same(header));
        Self {
            disk,
            directory,
            segments: segments.map(|(id, _)| *id).collect(),
            defined: None,
        }
    }

    fn find(&mut self, id: SeriesRef) -> Option<&Labels> {
        let read = || {
            let all = self.segments.iter();
            all.flat_map(|id| definitions(self.disk, self.directory, *id))
                .collect()
        };
        self.defined.get_or_insert_with(read).get(&id)
    }
}

/// Returns the series that a segment defines; what cannot be read says nothing.
fn definitions(disk: &dyn Disk, directory: &Path, id: SegmentId) -> Vec<(SeriesRef, Labels)> {
    let mut all = Vec::new();
    let take = |record: &Record<'_>| match record.kind {
        RecordKind::Series => decode_series(&record.payload).unwrap_or_default(),
        RecordKind::Batch | RecordKind::Deletion => Vec::new(),
    };
    if let Ok(mut pieces) = Pieces::open(disk, &id.path(directory), id.salt) {
        while let Ok(Some(found)) = pieces.next(take) {
            all.extend(found.unwrap_or_default());
        }
    }
    all
}

/// So many decoded records wait to be applied: reading and applying are about the same work, on a thread each.
const DECODED_AHEAD: usize = 2;

/// An intact record, read.
struct Decoded {
    sequence: u64,
    content: std::result::Result<Content, Malformed>,
}

enum Content {
    Series(Vec<(SeriesRef, Labels)>),
    Batch(WriteBatch),
    Deletion(Deletion),
    /// A later segment holds it as well.
    Repeated {
        is_series: bool,
    },
}

/// Reads a record; those from the sequence `end` on are in a later segment.
fn decode(record: &Record<'_>, end: u64) -> Decoded {
    let payload = &record.payload;
    let is_series = record.kind == RecordKind::Series;
    let content = match record.kind {
        _ if record.sequence >= end => Ok(Content::Repeated { is_series }),
        RecordKind::Series => decode_series(payload).map(Content::Series),
        RecordKind::Batch => decode_batch(payload).map(Content::Batch),
        RecordKind::Deletion => decode_deletion(payload).map(Content::Deletion),
    };
    Decoded {
        sequence: record.sequence,
        content,
    }
}

struct SegmentReplay<'a> {
    replay: &'a mut Replay,
    refs: &'a mut Refs,
    sink: &'a mut dyn ReplaySink,
    later: Later<'a>,
    /// Records from this sequence on are in a later segment as well.
    end: u64,
    last: Option<u64>,
}

impl SegmentReplay<'_> {
    /// Returns the length to cut the segment to, if its end is torn.
    fn run(&mut self, disk: &dyn Disk, id: SegmentId, path: &Path) -> Result<Option<u64>> {
        let failed = |error| Error::io("read", path, error);
        let mut pieces = Pieces::open(disk, path, id.salt).map_err(failed)?;
        self.replay.facts.segments += 1;
        self.replay.facts.bytes += pieces.length();
        let damage = thread::scope(|scope| {
            let (tx, rx) = sync_channel(DECODED_AHEAD);
            let end = self.end;
            scope.spawn(move || {
                while let Some(found) = pieces.next(|record| decode(record, end)).transpose() {
                    let is_last = found.is_err();
                    // Nobody takes them any more when the one who applies them panicked.
                    if tx.send(found).is_err() || is_last {
                        return;
                    }
                }
            });
            let mut damage: Option<Damage> = None;
            for found in rx {
                match found.map_err(failed)? {
                    Ok(record) => {
                        if let Some(Damage { offset, length }) = damage.take() {
                            self.replay.facts.skipped.push(Skipped {
                                segment: id.name(),
                                offset: offset as u64,
                                bytes: length as u64,
                            });
                        }
                        self.apply(record);
                    }
                    Err(found) => damage = Some(found),
                }
            }
            Ok::<_, Error>(damage)
        })?;
        Ok(damage.map(|damage| {
            self.replay.facts.cut.push(Cut {
                segment: id.name(),
                offset: damage.offset as u64,
                bytes: damage.length as u64,
            });
            damage.offset as u64
        }))
    }

    fn apply(&mut self, record: Decoded) {
        let sequence = record.sequence;
        if !matches!(record.content, Ok(Content::Repeated { .. })) {
            self.last = self.last.max(Some(sequence));
        }
        match record.content {
            Ok(Content::Repeated { is_series }) => {
                self.replay.facts.repeated += u64::from(!is_series);
            }
            Ok(Content::Series(series)) => self.define(&series),
            Ok(Content::Batch(batch)) => self.batch(sequence, batch),
            Ok(Content::Deletion(deletion)) => self.delete(sequence, deletion),
            Err(error) => self.pass_over(sequence, &error),
        }
    }

    fn delete(&mut self, sequence: u64, deletion: Deletion) {
        self.replay.facts.deletions += 1;
        self.sink.deletion(sequence, deletion);
    }

    /// The CRC was right, so a payload that does not decode was written by a program with a fault.
    fn pass_over(&mut self, sequence: u64, error: &Malformed) {
        self.replay.facts.undecodable += 1;
        tracing::error!(%error, sequence, "WAL record says nothing");
    }

    fn define(&mut self, series: &[(SeriesRef, Labels)]) {
        for (id, labels) in series {
            let known = self.sink.series(labels);
            self.refs.insert(*id, known);
        }
    }

    fn batch(&mut self, sequence: u64, mut batch: WriteBatch) {
        let facts = &mut self.replay.facts;
        let (refs, later, sink) = (&mut *self.refs, &mut self.later, &mut *self.sink);
        facts.without_series += translate(refs, &mut batch.samples, later, sink);
        facts.without_series += translate(refs, &mut batch.exemplars, later, sink);
        translate(refs, &mut batch.metadata, later, sink);
        facts.records += 1;
        facts.samples += batch.samples.len() as u64;
        self.sink.batch(sequence, &batch);
    }
}

/// Finds the segments and reads their headers, so that a newer version is refused before anything is applied.
fn headers(disk: &dyn Disk, directory: &Path) -> Result<Vec<(SegmentId, Option<Header>)>> {
    let names = disk
        .list(directory)
        .map_err(|error| Error::io("list", directory, error))?;
    let mut ids: Vec<_> = names
        .iter()
        .filter_map(|name| SegmentId::parse(name))
        .collect();
    ids.sort();
    ids.into_iter()
        .map(|id| Ok((id, header(disk, &id.path(directory))?)))
        .collect()
}

/// Returns the last sequence that any segment holds or names, 0 when there is none.
///
/// # Errors
/// `NewerVersion`, `Io`.
pub(crate) fn last_sequence(disk: &dyn Disk, directory: &Path) -> Result<u64> {
    if !disk.exists(directory) {
        return Ok(0);
    }
    let mut last = 0;
    for (id, header) in headers(disk, directory)? {
        last = header.map_or(0, |header| header.first_sequence).max(last);
        let path = id.path(directory);
        let failed = |error| Error::io("read", &path, error);
        let mut pieces = Pieces::open(disk, &path, id.salt).map_err(failed)?;
        while let Some(found) = pieces.next(|record| record.sequence).map_err(failed)? {
            last = last.max(found.unwrap_or(0));
        }
    }
    Ok(last)
}

fn decode_deletion(payload: &[u8]) -> std::result::Result<Deletion, Malformed> {
    let text = str::from_utf8(payload).map_err(|_| Malformed("a deletion is not UTF-8"))?;
    Deletion::parse(text).map_err(|_| Malformed("a deletion cannot be read"))
}

fn header(disk: &dyn Disk, path: &Path) -> Result<Option<Header>> {
    let failed = |error| Error::io("read", path, error);
    let file = disk.open(path).map_err(failed)?;
    let length = file.length().map_err(failed)?;
    let mut bytes = vec![0; HEADER_LENGTH.min(length as usize)];
    file.read_exact_at(&mut bytes, 0).map_err(failed)?;
    Header::decode(path, &bytes)
}

fn cut(disk: &dyn Disk, path: &Path, length: u64) -> Result<()> {
    let failed = |error| Error::io("cut", path, error);
    let file = disk.open_writable(path).map_err(failed)?;
    file.set_length(length).map_err(failed)?;
    file.sync_data().map_err(failed)
}
