//! The writer's thread: takes groups, writes them, syncs, tells who waits, and deals with failures.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_types::{Labels, SeriesRef, StorageError};
use xxhash_rust::xxh3::xxh3_64;

use super::file::{OpenSegment, check_reserve};
use super::queue::{Pace, Queue, Request};
use super::{CommitSender, WalOptions, WalParts, WalRecord};
use crate::wal::batch::encode_series;
use crate::wal::record::{self, RecordKind};
use crate::wal::replay::{ClosedSegment, Replay};
use crate::wal::segment::{Header, SegmentId};
use crate::{Error, ErrorKind, Result, SyncMode};

/// Periodic records are synced early when this much of them is in memory, so that a failure can write them again.
const UNSYNCED_BYTES_MAX: usize = 16 << 20;
/// Definitions are split so that a record stays small: it ends when its labels have so many bytes.
const SERIES_RECORD_BYTES: usize = 1 << 20;

pub(super) struct Writer {
    parts: WalParts,
    options: WalOptions,
    queue: Arc<Queue>,
    current: Option<OpenSegment>,
    closed: Vec<ClosedSegment>,
    next_index: u32,
    run: u64,
    /// Not durable yet, in order; the first `written` of them are in `current`.
    pending: VecDeque<Pending>,
    pending_bytes: usize,
    written: usize,
    next_sequence: u64,
    pace: Pace,
    /// A removed segment may come back after a power loss until the directory was synced.
    has_unsynced_removals: bool,
}

/// Lets nobody wait for a thread that is gone, whatever ended it.
struct CloseAtEnd(Arc<Queue>);

impl Drop for CloseAtEnd {
    fn drop(&mut self) {
        self.0.end();
    }
}

struct Pending {
    sequence: u64,
    record: WalRecord,
}

impl Writer {
    pub(super) fn new(
        parts: WalParts,
        options: WalOptions,
        replay: Replay,
        queue: Arc<Queue>,
    ) -> Self {
        let pace = Pace {
            delay: options.group_delay,
            bytes: options.group_bytes,
            last_sync: None,
        };
        // Different in every opening, as far as a clock can tell.
        let entropy = format!(
            "{} {:?} {}",
            parts.clock.now(),
            parts.clock.monotonic(),
            replay.next_index
        );
        let run = xxh3_64(entropy.as_bytes());
        Self {
            parts,
            options,
            next_sequence: queue.next_sequence(),
            queue,
            current: None,
            closed: replay.segments,
            next_index: replay.next_index,
            run,
            pending: VecDeque::new(),
            pending_bytes: 0,
            written: 0,
            pace,
            has_unsynced_removals: false,
        }
    }

    pub(super) fn run(mut self) {
        let _closer = CloseAtEnd(self.queue.clone());
        while let Some(requests) = self.queue.take(&*self.parts.clock, &self.pace) {
            self.process(requests);
        }
        // The last periodic records; a failure is logged by `flush`.
        let _ = self.flush(true);
        self.fail_commits(&super::closed());
    }

    fn process(&mut self, requests: Vec<Request>) {
        let (mut syncs, mut cuts, mut closes) = (Vec::new(), Vec::new(), Vec::new());
        for request in requests {
            match request {
                Request::Record { sequence, record } => {
                    self.next_sequence = sequence + 1;
                    self.pending_bytes += record.payload.len();
                    let is_alone = self.options.mode == SyncMode::Always && record.done.is_some();
                    self.pending.push_back(Pending { sequence, record });
                    if is_alone && self.flush(true).is_err() {
                        // The rest of the group meets the same disk; one answer is enough.
                        continue;
                    }
                }
                Request::Sync(done) => syncs.push(done),
                Request::Close(done) => closes.push(done),
                Request::Cut { low_water, done } => cuts.push((low_water, done)),
            }
        }
        let is_awaited = self
            .pending
            .iter()
            .any(|pending| pending.record.done.is_some());
        let wants_sync = is_awaited && self.options.mode != SyncMode::Os;
        let is_large = self.pending_bytes > UNSYNCED_BYTES_MAX;
        let is_asked = !syncs.is_empty() || !closes.is_empty();
        let outcome = self.flush(wants_sync || is_asked || is_large);
        if is_asked && outcome.is_ok() {
            // The store asks every second. A segment alone may take all of the reserve before the next one begins.
            self.reconsider(true);
        }
        for done in syncs {
            let _ = done.send(outcome.clone());
        }
        for done in closes {
            let _ = done.send(outcome.clone().and_then(|()| self.close_segment()));
        }
        for (low_water, done) in cuts {
            let outcome = self.cut(low_water).map_err(StorageError::from);
            // Sealing and cutting have freed what they can; whoever waits must see what follows from it.
            self.reconsider(true);
            let _ = done.send(outcome);
        }
    }

    /// Ends a refusal, or keeps it or begins one when less space is left than sealing needs. `is_due` asks the disk
    /// although nothing is wrong so far.
    fn reconsider(&self, is_due: bool) {
        if !is_due && self.queue.refusal().is_none() {
            return;
        }
        let (disk, directory) = (&*self.parts.disk, &self.options.directory);
        let reserve = check_reserve(disk, directory, self.options.free_bytes_reserve);
        // A refusal with something that waits for the disk ends when that is written.
        if reserve.is_ok() && is_due && !self.pending.is_empty() {
            return;
        }
        let now = self.parts.clock.monotonic();
        let refusal = reserve.err().map(|error| (StorageError::from(error), now));
        self.queue.set_refusal(refusal);
    }

    /// Writes what is pending and syncs it if asked. A failure closes the segment and is tried once more in a new one.
    fn flush(&mut self, sync: bool) -> std::result::Result<(), StorageError> {
        let mut outcome = self.try_flush(sync);
        if let Err(error) = &outcome {
            tracing::warn!(error = %error.chain(), "WAL segment given up");
            self.abandon();
            if error.kind() != ErrorKind::NoSpace {
                outcome = self.try_flush(sync);
            }
        }
        let Err(error) = outcome else {
            self.reconsider(false);
            return Ok(());
        };
        tracing::error!(error = %error.chain(), "the WAL refuses writes");
        self.abandon();
        let error = StorageError::from(error);
        let now = self.parts.clock.monotonic();
        // Before the commits: who hears of the failure and writes again must be refused.
        self.queue.set_refusal(Some((error.clone(), now)));
        self.fail_commits(&error);
        Err(error)
    }

    fn try_flush(&mut self, sync: bool) -> Result<()> {
        while self.written < self.pending.len() {
            self.roll_if_full()?;
            self.write_next()?;
        }
        if self.options.mode == SyncMode::Os {
            self.settle();
        }
        let has_unsynced = !self.pending.is_empty();
        if sync && has_unsynced {
            self.sync()
        } else {
            Ok(())
        }
    }

    fn roll_if_full(&mut self) -> Result<()> {
        let is_full = |segment: &OpenSegment| segment.length >= self.options.segment_bytes;
        if self.current.as_ref().is_some_and(is_full) {
            self.sync()?;
            self.closed
                .extend(self.current.take().map(OpenSegment::close));
        }
        if self.current.is_none() {
            self.current = Some(self.create()?);
        }
        Ok(())
    }

    fn create(&mut self) -> Result<OpenSegment> {
        let (disk, directory) = (&*self.parts.disk, &self.options.directory);
        check_reserve(disk, directory, self.options.free_bytes_reserve)?;
        let index = self.next_index;
        self.next_index += 1;
        let clock = &self.parts.clock;
        let entropy = format!("{} {:?} {index}", clock.now(), clock.monotonic());
        let id = SegmentId {
            index,
            salt: xxh3_64(entropy.as_bytes()) as u32,
        };
        let first = self
            .pending
            .get(self.written)
            .map(|pending| pending.sequence);
        let header = Header {
            run: self.run,
            first_sequence: first.unwrap_or(self.next_sequence),
        };
        OpenSegment::create(disk, directory, id, header)
    }

    /// Writes as many pending records as fit one write of about the group's size.
    fn write_next(&mut self) -> Result<()> {
        let segment = self.current.as_mut().expect("a segment was made before");
        let mut bytes = Vec::new();
        let (mut count, room) = (0, self.options.segment_bytes.saturating_sub(segment.length));
        for pending in self.pending.iter().skip(self.written) {
            let salt = segment.salt;
            let unknown = segment.define(&pending.record.refs);
            let labels = |id| self.parts.labels.labels(id).map(|labels| (id, labels));
            let mut series = unknown.into_iter().filter_map(labels).peekable();
            while series.peek().is_some() {
                let payload = encode_series(&take_bounded(&mut series));
                let kind = RecordKind::Series;
                record::put(&mut bytes, kind, pending.sequence, &payload, salt);
            }
            record::put(
                &mut bytes,
                pending.record.kind,
                pending.sequence,
                &pending.record.payload,
                salt,
            );
            count += 1;
            if bytes.len() >= self.options.group_bytes || bytes.len() as u64 >= room {
                break;
            }
        }
        segment.write(&bytes)?;
        self.written += count;
        self.parts.metrics.wal_bytes.inc_by(bytes.len() as u64);
        self.parts.metrics.wal_records.inc_by(count as u64);
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        let Some(segment) = &self.current else {
            return Ok(());
        };
        let clock = &self.parts.clock;
        let begin = clock.monotonic();
        self.pace.last_sync = Some(begin);
        let outcome = segment.sync();
        let metrics = &self.parts.metrics;
        metrics.wal_syncs.inc();
        metrics
            .wal_sync_seconds
            .observe(clock.monotonic().since(begin).as_secs_f64());
        if outcome.is_err() {
            metrics.wal_sync_failures.inc();
        }
        outcome?;
        self.settle();
        Ok(())
    }

    /// Lets go of the records that are written for good, and tells who waits for them.
    fn settle(&mut self) {
        self.reconsider(false);
        let mut released = 0;
        let mut last = None;
        for pending in self.pending.drain(..self.written) {
            released += pending.record.payload.len();
            last = Some(pending.sequence);
            if let Some(done) = pending.record.done {
                let _ = done.send(Ok(()));
            }
        }
        self.written = 0;
        self.pending_bytes -= released;
        self.queue.release(released);
        if let (Some(last), Some(segment)) = (last, &mut self.current) {
            segment.keep(last);
        }
    }

    /// Never syncs the same file again: the kernel may have dropped what it could not write.
    fn abandon(&mut self) {
        self.written = 0;
        if let Some(segment) = self.current.take() {
            self.closed.extend(segment.abandon(&*self.parts.disk));
        }
    }

    fn fail_commits(&mut self, error: &StorageError) {
        let waiting: Vec<CommitSender> = self
            .pending
            .iter_mut()
            .filter_map(|pending| pending.record.done.take())
            .collect();
        for done in waiting {
            let _ = done.send(Err(error.clone()));
        }
    }

    /// Ends the segment and returns the paths of all. The caller has flushed; what mode `os` left to the operating
    /// system is synced here, because nobody will sync the segment later.
    fn close_segment(&mut self) -> std::result::Result<Vec<PathBuf>, StorageError> {
        if let Some(segment) = self.current.take() {
            let synced = segment.sync();
            self.closed.push(segment.close());
            synced.map_err(StorageError::from)?;
        }
        Ok(self
            .closed
            .iter()
            .map(|segment| segment.path.clone())
            .collect())
    }

    fn cut(&mut self, low_water: u64) -> Result<u64> {
        if self.pending.is_empty() && self.next_sequence <= low_water {
            self.closed
                .extend(self.current.take().map(OpenSegment::close));
        }
        let disk = &*self.parts.disk;
        let mut failed = None;
        let has_unsynced_removals = &mut self.has_unsynced_removals;
        self.closed.retain(|segment| {
            if segment.last_sequence >= low_water {
                return true;
            }
            match disk.remove_file(&segment.path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    failed = Some(Error::io("remove", &segment.path, error));
                    true
                }
                _ => {
                    *has_unsynced_removals = true;
                    false
                }
            }
        });
        if self.has_unsynced_removals {
            let directory = &self.options.directory;
            disk.sync_directory(directory)
                .map_err(|error| Error::io("sync", directory, error))?;
            self.has_unsynced_removals = false;
        }
        failed.map_or_else(|| Ok(self.first_kept()), Err)
    }

    /// Returns the first sequence that a segment may hold.
    fn first_kept(&self) -> u64 {
        let closed = self.closed.iter().map(|segment| segment.first_sequence);
        let current = self.current.iter().map(OpenSegment::first_sequence);
        let pending = self.pending.front().map(|pending| pending.sequence);
        closed
            .chain(current)
            .chain(pending)
            .min()
            .unwrap_or(self.next_sequence)
    }
}

/// Takes series until their labels fill a record.
fn take_bounded(
    series: &mut impl Iterator<Item = (SeriesRef, Labels)>,
) -> Vec<(SeriesRef, Labels)> {
    let mut bytes = 0;
    let mut taken = Vec::new();
    while bytes < SERIES_RECORD_BYTES
        && let Some((id, labels)) = series.next()
    {
        bytes += labels.byte_count();
        taken.push((id, labels));
    }
    taken
}
