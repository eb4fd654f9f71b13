//! Rows in a PostgreSQL, which replicas share.
//!
//! | what | how |
//! |---|---|
//! | one writer for a name | each commit under a lease locks the lease's row (`FOR SHARE`) and compares the fence in its own transaction; taking the lease over updates that row, and so waits for the commit |
//! | expiry | by `clock_timestamp()` of the server, within the statement that takes the lease |
//! | an answer that is lost | the commit is tried again, because carrying it out twice is the same as once |
//! | a server that is away, restarts or is slow | statements end on the server after [`Patience::statement`](crate::Patience), attempts by our clock, all attempts together after [`Patience::call`](crate::Patience) |
//! | a replica that freezes within a commit | the server ends its session after twice the time of a statement, so that it keeps no lock |
//! | durable | `synchronous_commit` is on in each session, whatever the server's default |

mod attempts;
mod bind;
mod connect;
mod errors;
mod leases;
mod migrate;
mod pool;

use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};

use crate::change::Change;
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Holder, Lease};
use crate::lease_clock::Asked;
use crate::location::Server;
use crate::metrics::Metrics;
use crate::migrations::POSTGRES;
use crate::query::Query;
use crate::retention::{Forgetting, leases_before};
use crate::sql;
use crate::store::{Answer, Parts, Patience, Store};
use crate::table::Cell;

use errors::{Errors, Failure};
use pool::Pool;

/// How much longer is waited for each change of a commit: a server that writes fewer than a thousand rows a second is down.
const PER_CHANGE: Duration = Duration::from_millis(1);

/// Keeps rows in a PostgreSQL.
pub(crate) struct PostgresStore {
    place: String,
    errors: Errors,
    pool: Pool,
    clock: Arc<dyn Clock>,
    patience: Patience,
    metrics: Metrics,
    forgetting: Forgetting,
}

impl PostgresStore {
    /// Connects to `server` and makes or migrates the tables.
    pub(crate) async fn open(server: &Server, parts: Parts, metrics: Metrics) -> Result<Self> {
        let store = Self {
            place: server.to_string(),
            errors: Errors::new(server),
            pool: connect::pool(server, parts.patience)?,
            clock: parts.clock,
            patience: parts.patience,
            metrics,
            forgetting: Forgetting::new(parts.retention),
        };
        let opened = store.prepare().await;
        if opened.is_err() {
            // Not a word about it: what failed is told.
            let _ = store.close().await;
        }
        opened.map(|()| store)
    }

    async fn prepare(&self) -> Result<()> {
        self.attempt(
            "open",
            Duration::ZERO,
            &self.errors,
            |errors, connection| Box::pin(connect::check(connection, errors)),
        )
        .await?;
        migrate::all(&self.pool, &self.errors, POSTGRES, self.clock.now()).await
    }

    /// Deletes old rows. The commit that is due to do it was answered by the database already and waits for this, so each
    /// statement is tried once, and after a failure the next time is soon enough.
    async fn forget(&self) {
        let now = self.clock.now();
        let bounds = self.forgetting.bounds(now);
        let leases = (sql::DELETE_OLD_LEASES, leases_before(now).millis());
        for statement in bounds.statements().chain([leases]) {
            let deleted = self.attempt_once(
                "delete old rows of",
                Duration::ZERO,
                &statement,
                |given, connection| {
                    Box::pin(async {
                        let (text, number) = *given;
                        connection.execute(sqlx::query(text).bind(number)).await?;
                        Ok(())
                    })
                },
            );
            if let Err((error, _)) = deleted.await {
                tracing::warn!(error = error.chain(), "old rows stay for now");
                self.metrics.failed(&error);
                return;
            }
        }
    }

    fn request(&self, name: &str, owner: &str, fence: i64, ttl: Duration) -> Request<'_> {
        Request {
            store: self,
            name: name.into(),
            owner: owner.into(),
            fence,
            ttl,
        }
    }
}

/// A commit as each attempt finds it.
struct Commit {
    lease: Option<Lease>,
    changes: Vec<Change>,
}

impl Commit {
    async fn carry_out(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        let mut transaction = connection.begin().await?;
        if let Some(lease) = &self.lease {
            leases::check(&mut transaction, lease).await?;
        }
        for statement in sql::statements(&self.changes) {
            transaction.execute(bind::query(&statement)).await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// A lease as each attempt asks for it: counted anew, because only the last attempt may have been heard.
struct Request<'s> {
    store: &'s PostgresStore,
    name: String,
    owner: String,
    fence: i64,
    ttl: Duration,
}

impl Request<'_> {
    fn asked(&self) -> Asked {
        Asked {
            name: self.name.clone(),
            owner: self.owner.clone(),
            ttl: self.ttl,
            at: self.store.clock.monotonic(),
        }
    }
}

impl Store for PostgresStore {
    fn commit(&self, lease: Option<&Lease>, changes: Vec<Change>) -> Answer<'_, ()> {
        let commit = Commit {
            lease: lease.cloned(),
            changes,
        };
        Box::pin(async move {
            let begin = self.clock.monotonic();
            let more = PER_CHANGE * u32::try_from(commit.changes.len()).unwrap_or(u32::MAX);
            self.attempt("write", more, &commit, |commit, connection| {
                Box::pin(commit.carry_out(connection))
            })
            .await?;
            self.metrics.transaction();
            let took = self.clock.monotonic().since(begin);
            self.metrics.committed(commit.changes.len(), took);
            if self.forgetting.is_due(&commit.changes) {
                self.forget().await;
            }
            Ok(())
        })
    }

    fn read(&self, query: Query) -> Answer<'_, Vec<Vec<Cell>>> {
        Box::pin(async move {
            let rows = self.attempt("read", Duration::ZERO, &query, |query, connection| {
                Box::pin(async {
                    let statement = sql::select(query);
                    Ok(bind::query(&statement).fetch_all(connection).await?)
                })
            });
            let rows = rows.await?;
            rows.iter()
                .map(|row| bind::cells(row, query.table))
                .collect()
        })
    }

    fn acquire(&self, name: &str, owner: &str, ttl: Duration) -> Answer<'_, Option<Lease>> {
        let request = self.request(name, owner, 0, ttl);
        Box::pin(async move {
            let acquired =
                self.attempt("write", Duration::ZERO, &request, |request, connection| {
                    Box::pin(leases::acquire(connection, request.asked()))
                });
            match acquired.await {
                // Its holder is in the middle of a commit.
                Err(error) if error.kind() == ErrorKind::Locked => Ok(None),
                acquired => acquired,
            }
        })
    }

    fn renew(&self, lease: &Lease, ttl: Duration) -> Answer<'_, Option<Lease>> {
        let request = self.request(&lease.name, &lease.owner, lease.fence, ttl);
        Box::pin(async move {
            self.attempt("write", Duration::ZERO, &request, |request, connection| {
                Box::pin(leases::renew(connection, request.asked(), request.fence))
            })
            .await
        })
    }

    fn release(&self, lease: &Lease) -> Answer<'_, ()> {
        let lease = lease.clone();
        Box::pin(async move {
            self.attempt("write", Duration::ZERO, &lease, |lease, connection| {
                Box::pin(leases::release(connection, lease))
            })
            .await
        })
    }

    fn holders(&self) -> Answer<'_, Vec<Holder>> {
        Box::pin(async move {
            self.attempt("read", Duration::ZERO, &(), |(), connection| {
                Box::pin(leases::holders(connection))
            })
            .await
        })
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            tokio::select! {
                () = self.pool.close() => {}
                // A server that says nothing need not be told.
                () = self.clock.sleep(self.patience.statement) => {}
            }
            Ok(())
        })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Told(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}
