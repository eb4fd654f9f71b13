//! Calls that are tried again: a server that restarts, a connection that breaks, an answer that never comes.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use sqlx::postgres::PgConnection;

use super::PostgresStore;
use super::errors::Failure;
use crate::error::{Error, ErrorKind, Result};

/// One attempt's work.
pub(crate) type Try<'c, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'c>>;

/// Begins an attempt on a connection, with what the call was given.
pub(crate) type Begin<D, T> = for<'c> fn(&'c D, &'c mut PgConnection) -> Try<'c, T>;

/// The pause before the second attempt; doubled before each further one.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// How much longer than the server we wait for its statements: it should be the one that gives up.
const GRACE: Duration = Duration::from_secs(1);

impl PostgresStore {
    /// Carries out what `begin` begins, again and again while it may help, within the time for a call. `doing` completes
    /// "cannot ..."; a call with much to say gets so much `more` time.
    pub(crate) async fn attempt<D: Sync, T: Send>(
        &self,
        doing: &str,
        more: Duration,
        given: &D,
        begin: Begin<D, T>,
    ) -> Result<T> {
        let end = self.clock.monotonic().after(self.patience.call + more);
        let mut pause = PAUSE_MIN;
        loop {
            let (error, may_help) = match self.attempt_once(doing, more, given, begin).await {
                Ok(done) => return Ok(done),
                Err(failed) => failed,
            };
            let wait_until = self.clock.monotonic().after(pause);
            if !may_help || wait_until >= end {
                self.metrics.failed(&error);
                return Err(error);
            }
            tracing::debug!(error = error.chain(), "trying again");
            self.clock.sleep_until(wait_until).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Makes one attempt; returns the error with whether another one may help.
    pub(super) async fn attempt_once<D: Sync, T: Send>(
        &self,
        doing: &str,
        more: Duration,
        given: &D,
        begin: Begin<D, T>,
    ) -> Result<T, (Error, bool)> {
        let limit = self.patience.statement + GRACE + more;
        let mut deadline = self.clock.sleep(limit);
        let lent = tokio::select! {
            lent = self.pool.lend() => lent,
            () = &mut deadline => return Err((self.silent(doing, limit), true)),
        };
        let mut lent = lent.map_err(|failure| self.told(doing, failure))?;
        // A commit is several statements, each of which the server bounds.
        let done = tokio::select! {
            done = begin(given, lent.connection()) => done,
            () = deadline => {
                self.pool.forsake_idle();
                return Err((self.silent(doing, limit), true));
            }
        };
        match done {
            Ok(done) => {
                lent.give_back();
                Ok(done)
            }
            Err(failure) => {
                drop(lent);
                Err(self.told(doing, failure))
            }
        }
    }

    fn told(&self, doing: &str, failure: Failure) -> (Error, bool) {
        match failure {
            Failure::Told(error) => (error, false),
            Failure::Database(error) => {
                if self.errors.is_server_lost(&error) {
                    self.pool.forsake_idle();
                }
                let may_help = self.errors.may_another_attempt_help(&error);
                (self.errors.tell(doing, error), may_help)
            }
        }
    }

    fn silent(&self, doing: &str, limit: Duration) -> Error {
        Error::new(
            ErrorKind::Unavailable,
            format!("cannot {doing} {}: no answer within {limit:?}", self.place),
        )
    }
}
