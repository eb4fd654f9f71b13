//! The writer: one thread that writes and syncs groups of records, and the handle through which it is fed.

mod file;
mod queue;
mod thread;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::disk::Disk;
use plimsoll_types::{Labels, SeriesRef, StorageError, StorageErrorKind};
use tokio::sync::oneshot;

use super::record::RecordKind;
use super::replay::Replay;
use crate::{Error, ErrorKind, Metrics, Result, SyncMode};
use queue::{Queue, Request};
use thread::Writer;

/// Told when a record is durable, or why it is not.
pub(crate) type CommitSender = oneshot::Sender<std::result::Result<(), StorageError>>;

/// Knows the labels of every series that a queued record names.
pub(crate) trait SeriesLabels: Send + Sync {
    fn labels(&self, id: SeriesRef) -> Option<Labels>;
}

/// What the writer needs of the configuration.
#[derive(Clone, Debug)]
pub(crate) struct WalOptions {
    pub(crate) directory: PathBuf,
    pub(crate) mode: SyncMode,
    pub(crate) group_delay: Duration,
    pub(crate) group_bytes: usize,
    pub(crate) segment_bytes: u64,
    pub(crate) queue_bytes: usize,
    pub(crate) retry_interval: Duration,
    pub(crate) free_bytes_reserve: u64,
}

/// A batch or a deletion on its way to the disk.
pub(crate) struct WalRecord {
    pub(crate) kind: RecordKind,
    pub(crate) payload: Vec<u8>,
    /// The series that the payload names, in any order, repeats allowed.
    pub(crate) refs: Vec<SeriesRef>,
    /// Who waits for the sync; `None` for periodic durability.
    pub(crate) done: Option<CommitSender>,
}

/// The parts of the machine that the writer works with.
pub(crate) struct WalParts {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) labels: Arc<dyn SeriesLabels>,
    pub(crate) metrics: Metrics,
}

/// The handle of the log.
pub(crate) struct Wal {
    queue: Arc<Queue>,
    clock: Arc<dyn Clock>,
    retry_interval: Duration,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Wal {
    /// Starts the writer behind what was replayed. `first_sequence` is the least sequence that it may give.
    ///
    /// # Errors
    /// `Io` when the thread cannot be started.
    pub(crate) fn start(
        parts: WalParts,
        options: WalOptions,
        replay: Replay,
        first_sequence: u64,
    ) -> Result<Self> {
        let next = replay.next_sequence.max(first_sequence);
        let queue = Arc::new(Queue::new(next, options.queue_bytes));
        let clock = parts.clock.clone();
        let retry_interval = options.retry_interval;
        let writer = Writer::new(parts, options, replay, queue.clone());
        let thread = std::thread::Builder::new()
            .name("tsdb-wal".into())
            .spawn(move || writer.run())
            .map_err(|error| Error::io("start the WAL thread of", "the store".as_ref(), error))?;
        Ok(Self {
            queue,
            clock,
            retry_interval,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Says whether records are taken now. A store that refuses tries the disk again when its interval has passed.
    pub(crate) fn admit(&self) -> std::result::Result<(), StorageError> {
        self.queue.admit()?;
        let Some((refusal, since)) = self.queue.refusal() else {
            return Ok(());
        };
        if self.clock.monotonic().since(since) < self.retry_interval {
            return Err(refusal);
        }
        self.sync()?;
        match self.queue.refusal() {
            // What was taken before is written, but there is no room for more.
            Some((refusal, _)) => Err(refusal),
            None => Ok(()),
        }
    }

    /// Puts records in line and returns the sequence of the first; the others follow it. The caller's lock decides the
    /// order.
    pub(crate) fn enqueue(
        &self,
        records: Vec<WalRecord>,
    ) -> std::result::Result<u64, StorageError> {
        self.queue.push_records(records)
    }

    /// Writes and syncs everything that was enqueued before and closes the segment. Returns the paths of all segments:
    /// they may be removed by a cut, but never change.
    pub(crate) fn close_segment(&self) -> Result<Vec<PathBuf>> {
        let (tx, rx) = sync_channel(1);
        let closed = self
            .queue
            .push(Request::Close(tx))
            .and_then(|()| wait(&rx)?);
        closed.map_err(|error| Error::new(ErrorKind::of(error.kind()), error.to_string()))
    }

    /// Writes and syncs everything that was enqueued before.
    pub(crate) fn sync(&self) -> std::result::Result<(), StorageError> {
        let (tx, rx) = sync_channel(1);
        self.queue.push(Request::Sync(tx))?;
        wait(&rx)?
    }

    /// Removes the segments in which every record lies before `low_water`. Returns the first sequence that may be left,
    /// once the removal is durable.
    pub(crate) fn cut(&self, low_water: u64) -> std::result::Result<u64, StorageError> {
        let (tx, rx) = sync_channel(1);
        self.queue.push(Request::Cut {
            low_water,
            done: tx,
        })?;
        wait(&rx)?
    }

    /// Returns how full the queue is, in percent of its limit.
    pub(crate) fn queue_percent(&self) -> u64 {
        self.queue.percent()
    }

    /// Returns the sequence that the next record will have.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.queue.next_sequence()
    }

    /// Returns why writes are refused at the moment, if they are.
    pub(crate) fn refusal(&self) -> Option<StorageError> {
        self.queue.refusal().map(|(error, _)| error)
    }

    /// Syncs what is left, ends the thread and waits for it.
    pub(crate) fn close(&self) {
        self.queue.close();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the WAL thread panicked");
        }
    }
}

impl Drop for Wal {
    fn drop(&mut self) {
        self.close();
    }
}

fn wait<T>(rx: &Receiver<T>) -> std::result::Result<T, StorageError> {
    rx.recv().map_err(|_| closed())
}

fn closed() -> StorageError {
    StorageError::new(StorageErrorKind::Closed, "the store is closed")
}
