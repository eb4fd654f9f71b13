//! Rows in a file of SQLite: write-ahead log, synchronous FULL, one writer, some readers.
//!
//! | what | how |
//! |---|---|
//! | one process | a lock on `state.db.lock`, held while the store is open; readers such as `sqlite3 -readonly` may come |
//! | durable | `synchronous = FULL`: the log is synced before a commit is answered |
//! | few syncs | what waits while a transaction is synced shares the next one; each caller gets its own answer |
//! | leases | all that are found at the opening belong to processes that are dead, and are free |
//! | a file that is deleted or replaced | is noticed before a commit is answered, and ends the store |
//!
//! A disk that does not answer at all is waited for: nothing else of the program could go on either.

mod backup;
mod bind;
mod errors;
mod file;
mod lock;
mod opening;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use sqlx::sqlite::SqlitePool;
use tokio::sync::{mpsc, oneshot};

use crate::change::Change;
use crate::error::{Error, Result};
use crate::lease::{Holder, Lease};
use crate::lease_clock::{Asked, LeaseClock};
use crate::metrics::Metrics;
use crate::migrations::SQLITE;
use crate::query::Query;
use crate::sql;
use crate::store::{Answer, Parts, Store};
use crate::table::Cell;

use errors::Errors;
use file::Identity;
use writer::Work;

/// How many calls may wait for the writer; more wait to wait.
const QUEUE: usize = 256;

/// Keeps rows in a file of SQLite.
pub(crate) struct SqliteStore {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    lease_clock: Arc<LeaseClock>,
    metrics: Metrics,
    identity: Arc<Identity>,
    readers: SqlitePool,
    writer: mpsc::Sender<Work>,
}

impl SqliteStore {
    /// Opens or makes the file at `path`.
    pub(crate) async fn open(path: &Path, parts: Parts, metrics: Metrics) -> Result<Self> {
        let opened = opening::open(path, &parts, SQLITE).await?;
        let (writer, jobs) = mpsc::channel(QUEUE);
        let lease_clock = Arc::new(LeaseClock::new(Arc::clone(&parts.clock)));
        let identity = Arc::new(opened.identity);
        let store = Self {
            path: path.into(),
            clock: Arc::clone(&parts.clock),
            lease_clock: Arc::clone(&lease_clock),
            metrics: metrics.clone(),
            identity: Arc::clone(&identity),
            readers: opened.readers.clone(),
            writer,
        };
        let writer = writer::Writer {
            connection: opened.writer,
            readers: opened.readers,
            lock: opened.lock,
            errors: Errors::new(path),
            identity,
            lease_clock,
            metrics,
            forgetting: crate::retention::Forgetting::new(parts.retention),
            clock: parts.clock,
        };
        writer.start(jobs, &parts.tasks);
        Ok(store)
    }

    /// Lets the writer do `work`.
    async fn ask<T>(&self, work: impl FnOnce(oneshot::Sender<Result<T>>) -> Work) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let job = work(reply);
        let sent = self.writer.send(job).await;
        let answered = match sent {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(Error::closed())),
            Err(_) => Err(Error::closed()),
        };
        answered.inspect_err(|error| self.metrics.failed(error))
    }

    fn asked(&self, name: &str, owner: &str, ttl: Duration) -> Asked {
        Asked {
            name: name.into(),
            owner: owner.into(),
            ttl,
            at: self.clock.monotonic(),
        }
    }

    /// Says whether the readers may be asked.
    fn check_readable(&self) -> Result<()> {
        if self.readers.is_closed() {
            return Err(Error::closed());
        }
        self.identity.check()
    }

    async fn read_rows(&self, query: Query) -> Result<Vec<Vec<Cell>>> {
        self.check_readable()?;
        let statement = sql::select(&query);
        let rows = bind::query(&statement).fetch_all(&self.readers).await;
        let rows = rows.map_err(|error| Errors::new(&self.path).tell("read", error))?;
        rows.iter()
            .map(|row| bind::cells(row, query.table))
            .collect()
    }

    async fn read_holders(&self) -> Result<Vec<Holder>> {
        self.check_readable()?;
        let rows = sqlx::query(sql::SELECT_HOLDERS).fetch_all(&self.readers);
        let rows = rows.await;
        let rows = rows.map_err(|error| Errors::new(&self.path).tell("read", error))?;
        let now = self.lease_clock.now();
        rows.iter().map(|row| bind::holder(row, now)).collect()
    }
}

impl Store for SqliteStore {
    fn commit(&self, lease: Option<&Lease>, changes: Vec<Change>) -> Answer<'_, ()> {
        let lease = lease.cloned();
        Box::pin(async move {
            let begin = self.clock.monotonic();
            let count = changes.len();
            self.ask(|reply| Work::Commit {
                lease,
                changes,
                reply,
            })
            .await?;
            let took = self.clock.monotonic().since(begin);
            self.metrics.committed(count, took);
            Ok(())
        })
    }

    fn read(&self, query: Query) -> Answer<'_, Vec<Vec<Cell>>> {
        Box::pin(async move {
            let read = self.read_rows(query).await;
            read.inspect_err(|error| self.metrics.failed(error))
        })
    }

    fn acquire(&self, name: &str, owner: &str, ttl: Duration) -> Answer<'_, Option<Lease>> {
        let asked = self.asked(name, owner, ttl);
        Box::pin(self.ask(|reply| Work::Acquire { asked, reply }))
    }

    fn renew(&self, lease: &Lease, ttl: Duration) -> Answer<'_, Option<Lease>> {
        let asked = self.asked(&lease.name, &lease.owner, ttl);
        let fence = lease.fence;
        Box::pin(self.ask(move |reply| Work::Renew {
            asked,
            fence,
            reply,
        }))
    }

    fn release(&self, lease: &Lease) -> Answer<'_, ()> {
        let lease = lease.clone();
        Box::pin(self.ask(|reply| Work::Release { lease, reply }))
    }

    fn holders(&self) -> Answer<'_, Vec<Holder>> {
        Box::pin(async move {
            let read = self.read_holders().await;
            read.inspect_err(|error| self.metrics.failed(error))
        })
    }

    fn place(&self) -> String {
        format!("sqlite:{}", self.path.display())
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            match self.ask(|reply| Work::Close { reply }).await {
                Err(error) if error.kind() == crate::ErrorKind::Closed => Ok(()),
                closed => closed,
            }
        })
    }
}
