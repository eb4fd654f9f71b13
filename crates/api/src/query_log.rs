//! The query log: one JSON line per query, in the shape of Prometheus' `query_log_file`.
//!
//! Lines are written by a thread of its own behind a bounded queue: a disk that hangs must not hang queries. What does
//! not fit is counted in `plimsoll_query_log_failures_total` and dropped.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::query_metrics::QueryMetrics;

/// Lines that wait for the disk; a line has a few kilobytes at most.
const LINES_WAITING_MAX: usize = 1024;

/// Where lines go; nowhere until a file is opened.
#[derive(Debug)]
pub(crate) struct QueryLog {
    writer: Mutex<Option<Writer>>,
    metrics: QueryMetrics,
}

/// The thread that writes; it ends when its queue is closed and empty.
#[derive(Debug)]
struct Writer {
    lines: SyncSender<String>,
    thread: JoinHandle<()>,
}

impl QueryLog {
    pub(crate) fn new(metrics: QueryMetrics) -> Self {
        Self {
            writer: Mutex::new(None),
            metrics,
        }
    }

    /// Writes to another file, or to none, from now on; returns when what was written before is in its file.
    pub(crate) fn open(&self, path: Option<&Path>) -> io::Result<()> {
        let writer = match path {
            Some(path) => Some(self.start(path)?),
            None => None,
        };
        let before = std::mem::replace(&mut *self.writer(), writer);
        if let Some(Writer { lines, thread }) = before {
            drop(lines);
            if thread.join().is_err() {
                tracing::error!("the writer of the query log panicked");
            }
        }
        Ok(())
    }

    fn start(&self, path: &Path) -> io::Result<Writer> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let (lines, queue) = sync_channel(LINES_WAITING_MAX);
        let metrics = self.metrics.clone();
        let thread = std::thread::Builder::new()
            .name("query-log".into())
            .spawn(move || write_all(file, &queue, &metrics))?;
        Ok(Writer { lines, thread })
    }

    /// Says whether there is a file.
    pub(crate) fn is_open(&self) -> bool {
        self.writer().is_some()
    }

    /// Adds a line, if there is a file and room. Never waits.
    pub(crate) fn add(&self, line: String) {
        if let Some(writer) = &*self.writer()
            && writer.lines.try_send(line).is_err()
        {
            self.metrics.count_log_failure();
        }
    }

    fn writer(&self) -> MutexGuard<'_, Option<Writer>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_all(mut file: File, queue: &Receiver<String>, metrics: &QueryMetrics) {
    let mut has_warned = false;
    for mut line in queue {
        line.push('\n');
        // One write per line, so that a line is never torn by another process that appends.
        if let Err(error) = file.write_all(line.as_bytes()) {
            metrics.count_log_failure();
            if !std::mem::replace(&mut has_warned, true) {
                tracing::warn!(%error, "the query log could not be written");
            }
        }
    }
}
