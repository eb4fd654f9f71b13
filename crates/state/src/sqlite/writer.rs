//! The one writer: takes what waits, carries it out in one transaction, and answers each.

use std::sync::Arc;

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use plimsoll_types::Timestamp;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Connection, Executor, Row};
use tokio::sync::{mpsc, oneshot};

use super::bind;
use super::errors::Errors;
use super::file::Identity;
use super::lock::Lock;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::lease_clock::{Asked, LeaseClock};
use crate::metrics::Metrics;
use crate::retention::{Forgetting, leases_before};
use crate::sql;
use crate::text;

/// How many calls share a transaction at most: one that fails makes the others wait for transactions of their own.
const SHARED_MAX: usize = 64;

/// What the writer is asked for.
pub(crate) enum Work {
    Commit {
        lease: Option<Lease>,
        changes: Vec<Change>,
        reply: oneshot::Sender<Result<()>>,
    },
    Acquire {
        asked: Asked,
        reply: oneshot::Sender<Result<Option<Lease>>>,
    },
    Renew {
        asked: Asked,
        fence: i64,
        reply: oneshot::Sender<Result<Option<Lease>>>,
    },
    Release {
        lease: Lease,
        reply: oneshot::Sender<Result<()>>,
    },
    Close {
        reply: oneshot::Sender<Result<()>>,
    },
}

/// What became of a piece of work, told when the transaction is durable.
enum Outcome {
    Done,
    Fenced(Error),
    Lease(Option<Lease>),
}

/// The writer and all that it lets go of at its end.
pub(crate) struct Writer {
    pub(crate) connection: SqliteConnection,
    pub(crate) readers: SqlitePool,
    pub(crate) lock: Lock,
    pub(crate) errors: Errors,
    pub(crate) identity: Arc<Identity>,
    pub(crate) lease_clock: Arc<LeaseClock>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) forgetting: Forgetting,
}

impl Writer {
    /// Begins to work; ends when it is told to close, or when nobody can ask any more. A shutdown alone does not end it,
    /// because those who stop have something to write.
    pub(crate) fn start(self, jobs: mpsc::Receiver<Work>, tasks: &Tasks) {
        tasks.spawn("state-writer", OnPanic::Fatal, |_stop| self.run(jobs));
    }

    async fn run(mut self, mut jobs: mpsc::Receiver<Work>) {
        let mut closing = None;
        while closing.is_none()
            && let Some(first) = jobs.recv().await
        {
            let mut shared = Vec::new();
            let mut next = Some(first);
            while let Some(work) = next.take() {
                if let Work::Close { reply } = work {
                    closing = Some(reply);
                    break;
                }
                shared.push(work);
                if shared.len() < SHARED_MAX {
                    next = jobs.try_recv().ok();
                }
            }
            self.carry_out(shared).await;
        }
        // Whatever came after the closing is dropped, which its callers hear as "closed".
        jobs.close();
        let ended = self.end().await;
        if let Some(reply) = closing {
            // Whoever asked may be gone.
            let _ = reply.send(ended);
        }
    }

    /// Lets go of the file: the log is written into it and removed, then the lock goes.
    async fn end(self) -> Result<()> {
        self.readers.close().await;
        let closed = self.connection.close().await;
        drop(self.lock);
        closed.map_err(|error| self.errors.tell("close", error))
    }

    async fn carry_out(&mut self, shared: Vec<Work>) {
        if shared.is_empty() {
            return;
        }
        match self.transaction(&shared).await {
            Ok(outcomes) => {
                let forget = shared.iter().any(|work| self.is_forgetting_due(work));
                shared
                    .into_iter()
                    .zip(outcomes)
                    .for_each(|(work, outcome)| answer(work, Ok(outcome)));
                if forget {
                    self.forget().await;
                }
            }
            Err(error) if shared.len() == 1 => {
                shared
                    .into_iter()
                    .for_each(|work| answer(work, Err(error.clone())));
            }
            // One of them may be to blame: alone, each gets what it deserves.
            Err(_) => {
                for work in shared {
                    Box::pin(self.carry_out(vec![work])).await;
                }
            }
        }
    }

    /// Carries all out or none.
    async fn transaction(&mut self, shared: &[Work]) -> Result<Vec<Outcome>> {
        self.identity.check()?;
        let done = self.statements(shared).await;
        match done {
            Ok(outcomes) => {
                // Before anybody is answered: what went into a file that nobody can find again was not kept.
                self.identity.check()?;
                self.metrics.transaction();
                Ok(outcomes)
            }
            Err(error) => {
                // SQLite has rolled back by itself after some errors, and then refuses to do it again.
                let _ = self.connection.execute("ROLLBACK").await;
                Err(self.errors.tell("write", error))
            }
        }
    }

    async fn statements(&mut self, shared: &[Work]) -> sqlx::Result<Vec<Outcome>> {
        self.connection.execute("BEGIN IMMEDIATE").await?;
        let mut outcomes = Vec::with_capacity(shared.len());
        for work in shared {
            outcomes.push(self.one(work).await?);
        }
        self.connection.execute("COMMIT").await?;
        Ok(outcomes)
    }

    async fn one(&mut self, work: &Work) -> sqlx::Result<Outcome> {
        match work {
            Work::Commit { lease, changes, .. } => {
                if let Some(lease) = lease
                    && !self.is_held(&lease.name, &lease.owner, lease.fence).await?
                {
                    return Ok(Outcome::Fenced(Error::fenced(&lease.name)));
                }
                for statement in sql::statements(changes) {
                    self.connection.execute(bind::query(&statement)).await?;
                }
                Ok(Outcome::Done)
            }
            Work::Acquire { asked, .. } => self.acquire(asked).await.map(Outcome::Lease),
            Work::Renew { asked, fence, .. } => {
                if !self.is_held(&asked.name, &asked.owner, *fence).await? {
                    return Ok(Outcome::Lease(None));
                }
                self.grant(asked, *fence).await.map(Outcome::Lease)
            }
            Work::Release { lease, .. } => {
                if self.is_held(&lease.name, &lease.owner, lease.fence).await? {
                    let delete = sqlx::query("DELETE FROM leases WHERE lease_id = $1");
                    let delete = delete.bind(text::key(&[&lease.name]));
                    self.connection.execute(delete).await?;
                }
                Ok(Outcome::Done)
            }
            Work::Close { .. } => Ok(Outcome::Done),
        }
    }

    /// Returns owner, fence and end of the lease of `name`.
    async fn holder(&mut self, name: &str) -> sqlx::Result<Option<(String, i64, Timestamp)>> {
        let select = "SELECT owner, fence, expires_at FROM leases WHERE lease_id = $1";
        let row = sqlx::query(select)
            .bind(text::key(&[name]))
            .fetch_optional(&mut self.connection)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let expires = Timestamp::from_millis(row.try_get(2)?);
        let owner = text::unescaped(row.try_get(0)?);
        Ok(Some((owner, row.try_get(1)?, expires)))
    }

    async fn is_held(&mut self, name: &str, owner: &str, fence: i64) -> sqlx::Result<bool> {
        let holder = self.holder(name).await?;
        Ok(holder.is_some_and(|(by, number, _)| by == owner && number == fence))
    }

    async fn acquire(&mut self, asked: &Asked) -> sqlx::Result<Option<Lease>> {
        if let Some((owner, _, expires)) = self.holder(&asked.name).await?
            && !owner.is_empty()
            && owner != asked.owner
            && expires > self.lease_clock.now()
        {
            return Ok(None);
        }
        let next =
            "UPDATE counters SET value = value + 1 WHERE name = 'lease_fences' RETURNING value";
        let fence: i64 = sqlx::query_scalar(next)
            .fetch_one(&mut self.connection)
            .await?;
        self.grant(asked, fence).await
    }

    async fn grant(&mut self, asked: &Asked, fence: i64) -> sqlx::Result<Option<Lease>> {
        let expires = self.lease_clock.now() + asked.ttl;
        let put = "INSERT INTO leases (lease_id, name, owner, fence, expires_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT \
                   (lease_id) DO UPDATE SET owner = excluded.owner, fence = excluded.fence, expires_at = \
                   excluded.expires_at";
        let put = sqlx::query(put)
            .bind(text::key(&[&asked.name]))
            .bind(text::escaped(&asked.name).into_owned())
            .bind(text::escaped(&asked.owner).into_owned())
            .bind(fence)
            .bind(expires.millis());
        self.connection.execute(put).await?;
        Ok(Some(asked.granted(fence, expires)))
    }

    fn is_forgetting_due(&self, work: &Work) -> bool {
        matches!(work, Work::Commit { changes, .. } if self.forgetting.is_due(changes))
    }

    /// Deletes old rows. Nobody waits for it, and the next time is soon enough when it fails.
    async fn forget(&mut self) {
        let bounds = self.forgetting.bounds(self.clock.now());
        let leases = (
            sql::DELETE_OLD_LEASES,
            leases_before(self.lease_clock.now()).millis(),
        );
        for (text, number) in bounds.statements().chain([leases]) {
            let deleted = self
                .connection
                .execute(sqlx::query(text).bind(number))
                .await;
            if let Err(error) = deleted {
                let error = self.errors.tell("delete old rows of", error);
                tracing::warn!(error = error.chain(), "old rows stay for now");
                self.metrics.failed(&error);
            }
        }
    }
}

fn answer(work: Work, outcome: Result<Outcome>) {
    // Whoever asked may be gone.
    match (work, outcome) {
        (
            Work::Commit { reply, .. } | Work::Release { reply, .. } | Work::Close { reply },
            done,
        ) => {
            let done = match done {
                Ok(Outcome::Fenced(error)) | Err(error) => Err(error),
                Ok(_) => Ok(()),
            };
            let _ = reply.send(done);
        }
        (Work::Acquire { reply, .. } | Work::Renew { reply, .. }, done) => {
            let lease = match done {
                Ok(Outcome::Lease(lease)) => Ok(lease),
                Ok(Outcome::Done) => Ok(None),
                Ok(Outcome::Fenced(error)) | Err(error) => Err(error),
            };
            let _ = reply.send(lease);
        }
    }
}
