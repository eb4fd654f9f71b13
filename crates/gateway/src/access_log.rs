//! The access log: a line of JSON for each request, written by nobody who answers requests.
//!
//! ```text
//! worker: Recorder.finish --> its own Lines (bytes) --+
//! worker: Recorder.finish --> its own Lines (bytes) --+--> flush, a few times a second --> file or stdout
//! ```
//!
//! A worker formats into memory that is its own and waits for nothing. When the disk or the reader of stdout is slower than
//! requests come, lines are dropped and counted; so they are when writing fails. After a kill -9 the lines of the last
//! fifth of a second are lost. The fields are in `docs/formats/access-log.md`.

mod line;
mod sink;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::model;
use crate::reason::Reason;
use crate::record::Record;
use crate::signals::{Class, Local, Signals};
use sink::Sink;

pub(crate) use line::write as write_line;

/// How often lines are written.
pub(crate) const EVERY: Duration = Duration::from_millis(200);
/// The most bytes that wait at a worker.
const WAITING_MAX: usize = 4 * 1024 * 1024;
/// From so many bytes on they are written at once.
const WAKE_AT: usize = 256 * 1024;

/// Where lines go.
#[derive(Debug)]
pub struct AccessLog {
    options: model::AccessLog,
    sink: Mutex<Sink>,
    /// The file is opened again before the next write. Not within the sink, whose lock is held for as long as the disk
    /// or who reads stdout takes.
    is_moved: AtomicBool,
    wake: Notify,
    written: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
}

/// Lines of a worker that are not written yet.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    bytes: Vec<u8>,
    count: u64,
    /// Requests that ended well since the last one whose line was kept.
    skipped: u32,
    clock: line::Clock,
}

impl AccessLog {
    /// Opens the file, which is made when it is missing and appended to when it is there.
    ///
    /// # Errors
    /// What the system says of the file, with its path.
    pub fn open(options: model::AccessLog) -> io::Result<Self> {
        let sink = Sink::open(options.file.as_deref())?;
        Ok(Self {
            options,
            sink: Mutex::new(sink),
            is_moved: AtomicBool::new(false),
            wake: Notify::new(),
            written: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        })
    }

    /// Returns what it was opened with.
    pub fn options(&self) -> &model::AccessLog {
        &self.options
    }

    /// Returns how many lines were written, dropped because too many waited, and lost because writing failed.
    pub fn counts(&self) -> [(&'static str, u64); 3] {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        [
            ("written", count(&self.written)),
            ("dropped", count(&self.dropped)),
            ("failed", count(&self.failed)),
        ]
    }

    /// Goes on counting where another log ended.
    pub(crate) fn counting_on_from(self, before: &Self) -> Self {
        for (own, before) in [
            (&self.written, &before.written),
            (&self.dropped, &before.dropped),
            (&self.failed, &before.failed),
        ] {
            own.fetch_add(before.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        self
    }

    /// Opens the file again before the next line is written; never blocks.
    pub(crate) fn reopen(&self) {
        self.is_moved.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Adds a request's line to those of its worker, unless it is left out or too many wait.
    pub(crate) fn write(&self, record: &Record, signals: &Signals, lines: &mut Lines) {
        if ended_well(record) && self.options.sample > 1 {
            lines.skipped += 1;
            if lines.skipped < self.options.sample {
                return;
            }
            lines.skipped = 0;
        }
        if lines.bytes.len() >= WAITING_MAX {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let was_below = lines.bytes.len() < WAKE_AT;
        let directory = signals.directory();
        write_line(record, &directory, &mut lines.clock, &mut lines.bytes);
        lines.bytes.push(b'\n');
        lines.count += 1;
        if was_below && lines.bytes.len() >= WAKE_AT {
            self.wake.notify_one();
        }
    }

    /// Writes what waits at workers. Blocks on the disk, or on who reads stdout.
    pub(crate) fn flush<'a>(&self, locals: impl Iterator<Item = &'a Local>) {
        let mut sink = self.sink();
        if self.is_moved.swap(false, Ordering::AcqRel) {
            sink.open_again();
        }
        // Kept from one time to the next, so that workers find room instead of asking for it.
        let mut taken = sink.take_room();
        for local in locals {
            let count = local.lock().lines.take(&mut taken);
            if taken.is_empty() {
                continue;
            }
            match sink.write(&taken) {
                Ok(()) => self.written.fetch_add(count, Ordering::Relaxed),
                Err(()) => self.failed.fetch_add(count, Ordering::Relaxed),
            };
            taken.clear();
        }
        sink.keep_room(taken);
    }

    /// Waits until there is much to write.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    fn sink(&self) -> MutexGuard<'_, Sink> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Drops the lines: there is no log any more.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Exchanges the lines for `empty`; returns how many they are.
    fn take(&mut self, empty: &mut Vec<u8>) -> u64 {
        std::mem::swap(&mut self.bytes, empty);
        std::mem::take(&mut self.count)
    }
}

/// Says whether nobody will ask about a request: only of those some lines may be left out.
fn ended_well(record: &Record) -> bool {
    let is_well = matches!(
        record.class(),
        Class::Informational | Class::Success | Class::Redirection
    );
    is_well && matches!(record.reason, Reason::Ok | Reason::Answered)
}

#[cfg(test)]
mod tests;
