//! Connections: what each session is set to, and whether the server is one that we can use.

use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::errors::{Errors, Failure};
use super::pool::Pool;
use crate::error::{Error, ErrorKind, Result};
use crate::location::Server;
use crate::store::Patience;

/// How a session of ours is called in pg_stat_activity, if the URL says nothing else.
const APPLICATION: &str = "plimsoll";
/// The first version whose clock, sequences and statements we rely on and test: 12 is the oldest that still was
/// maintained when this was written.
const VERSION_MIN: i32 = 120_000;

/// Makes the pool; connects nowhere yet.
pub(crate) fn pool(server: &Server, patience: Patience) -> Result<Pool> {
    // The error might repeat the URL, so it is not passed on.
    let options = PgConnectOptions::from_str(server.url()).map_err(|_| {
        Error::new(
            ErrorKind::Config,
            format!("the URL {server} cannot be used: look at its parameters"),
        )
    })?;
    let options = match options.get_application_name() {
        Some(_) => options,
        None => options.application_name(APPLICATION),
    };
    let options = options.disable_statement_logging();
    Ok(Pool::new(options, settings(patience), patience.connections))
}

/// Returns the statements that every session begins with. They are statements and no options of the connection, because
/// poolers such as PgBouncer refuse those.
fn settings(patience: Patience) -> String {
    let statement = patience.statement.as_millis();
    // Shorter, so that who waits for a lock is told that it was a lock.
    let lock = statement / 2;
    let idle = statement * 2;
    format!(
        "SET search_path TO plimsoll; SET statement_timeout TO {statement}; SET lock_timeout TO {lock}; \
         SET idle_in_transaction_session_timeout TO {idle}; SET default_transaction_isolation TO 'read committed'; \
         SET tcp_keepalives_idle TO 10; SET tcp_keepalives_interval TO 5; SET tcp_keepalives_count TO 3; \
         SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')"
    )
}

/// Looks whether the server can keep our rows.
pub(crate) async fn check(connection: &mut PgConnection, errors: &Errors) -> Result<(), Failure> {
    let (version, is_standby, encoding): (i32, bool, String) = sqlx::query_as(
        "SELECT current_setting('server_version_num')::int, pg_is_in_recovery(), current_setting('server_encoding')",
    )
    .fetch_one(&mut *connection)
    .await?;
    let place = errors.place();
    if version < VERSION_MIN {
        let wrong = format!(
            "{place} is PostgreSQL {}, wanted 12 or later",
            version / 10_000
        );
        return Err(Error::new(ErrorKind::Config, wrong).into());
    }
    if is_standby {
        let wrong = format!("{place} is a standby and takes no writes; name the primary");
        return Err(Error::new(ErrorKind::ReadOnly, wrong).into());
    }
    if encoding != "UTF8" {
        let wrong = format!(
            "{place} has the encoding {encoding}, which does not hold every label; make the database with ENCODING 'UTF8'"
        );
        return Err(Error::new(ErrorKind::Config, wrong).into());
    }
    let fsync: String = sqlx::query_scalar("SHOW fsync")
        .fetch_one(connection)
        .await?;
    if fsync == "off" {
        tracing::warn!("{place} has fsync off: a power loss there may lose the state of alerts");
    }
    Ok(())
}
