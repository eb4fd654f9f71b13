//! A few connections that calls share.
//!
//! Written here because the pool of sqlx asks a connection for a sign of life whenever it is given back, and waits for the
//! answer without a bound: a network that swallows packets would take one connection after the other out of it for good.
//! Here a connection comes back only from a call that ended well; any other is closed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::errors::Failure;
use crate::error::Error;

/// The connections to one database.
#[derive(Debug)]
pub(crate) struct Pool {
    options: PgConnectOptions,
    /// The statements that every session begins with.
    settings: String,
    permits: Semaphore,
    idle: Mutex<Vec<PgConnection>>,
}

/// A connection for one call. Dropping it closes it, because nobody knows what it is in the middle of.
pub(crate) struct Lent<'p> {
    pool: &'p Pool,
    connection: PgConnection,
    _permit: SemaphorePermit<'p>,
}

impl Pool {
    /// Makes a pool of at most `connections`; connects nowhere yet.
    pub(crate) fn new(options: PgConnectOptions, settings: String, connections: u32) -> Self {
        Self {
            options,
            settings,
            permits: Semaphore::new(connections.max(1) as usize),
            idle: Mutex::default(),
        }
    }

    /// Lends a connection; waits while all are lent. It may be one that the server has closed in the meantime.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub(crate) async fn lend(&self) -> Result<Lent<'_>, Failure> {
        let permit = self.permits.acquire().await;
        let permit = permit.map_err(|_| Failure::Told(Error::closed()))?;
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(Lent {
            pool: self,
            connection,
            _permit: permit,
        })
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        let mut connection = PgConnection::connect_with(&self.options).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(self.settings.clone()))
            .execute(&mut connection)
            .await?;
        Ok(connection)
    }

    /// Closes the connections that nobody uses: one of them was found dead, so most likely all are.
    pub(crate) fn forsake_idle(&self) {
        let idle = std::mem::take(&mut *self.idle());
        drop(idle);
    }

    /// Lends no more, and takes leave of the server on the connections that nobody uses.
    pub(crate) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle {
            // A server that does not hear it notices that the connection is closed.
            let _ = connection.close().await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<PgConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent<'_> {
    /// Returns the connection, to be asked.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Gives back a connection that is in the middle of nothing.
    pub(crate) fn give_back(self) {
        if !self.pool.permits.is_closed() {
            self.pool.idle().push(self.connection);
        }
    }
}
