//! Tables from one version to the next, by one replica at a time.

use plimsoll_types::Timestamp;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection, Row, raw_sql};

use super::errors::{Errors, Failure};
use super::pool::Pool;
use crate::error::Result;
use crate::migrations::{self, Applied, Migration};
use crate::sql;

/// "PLMSTATE" as a number: the advisory lock of whoever migrates.
const LOCK: i64 = 0x504c_4d53_5441_5445;
/// The lock is held by the other replica while it migrates, and a migration may rewrite a table.
const SETTINGS: &str = "SET LOCAL statement_timeout TO 600000; SET LOCAL lock_timeout TO 600000";

/// Brings the tables to the last of the `known` migrations.
pub(crate) async fn all(
    pool: &Pool,
    errors: &Errors,
    known: &[Migration],
    now: Timestamp,
) -> Result<()> {
    loop {
        match next(pool, errors, known, now).await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(Failure::Told(error)) => return Err(error),
            Err(Failure::Database(error)) => {
                return Err(errors.tell("upgrade the tables of", error));
            }
        }
    }
}

/// Carries out the next migration in a transaction of its own; returns false when there is none.
async fn next(
    pool: &Pool,
    errors: &Errors,
    known: &[Migration],
    now: Timestamp,
) -> Result<bool, Failure> {
    let mut lent = pool.lend().await?;
    let applied = history(lent.connection()).await?;
    if migrations::pending(errors.place(), known, &applied)?.is_empty() {
        lent.give_back();
        return Ok(false);
    }
    let mut transaction = lent.connection().begin().await?;
    raw_sql(SETTINGS).execute(&mut *transaction).await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *transaction)
        .await?;
    // Again, under the lock: the other replica may have done it while we waited.
    let applied = history(&mut transaction).await?;
    if let Some(migration) = migrations::pending(errors.place(), known, &applied)?.first() {
        carry_out(&mut transaction, migration, now).await?;
    }
    transaction.commit().await?;
    lent.give_back();
    Ok(true)
}

async fn carry_out(
    transaction: &mut PgConnection,
    migration: &Migration,
    now: Timestamp,
) -> sqlx::Result<()> {
    make_schema(transaction).await?;
    raw_sql(migration.text).execute(&mut *transaction).await?;
    sqlx::query(sql::INSERT_VERSION)
        .bind(migration.version)
        .bind(migration.name)
        .bind(migration.checksum())
        .bind(now.millis())
        .execute(transaction)
        .await?;
    tracing::info!(
        version = migration.version,
        name = migration.name,
        "the tables of the state are upgraded"
    );
    Ok(())
}

/// Makes the schema when it is not there. Asked before, because `IF NOT EXISTS` wants the right to make it even then.
async fn make_schema(connection: &mut PgConnection) -> sqlx::Result<()> {
    let there = "SELECT count(*) FROM pg_namespace WHERE nspname = 'plimsoll'";
    let there: i64 = sqlx::query_scalar(there)
        .fetch_one(&mut *connection)
        .await?;
    if there == 0 {
        raw_sql("CREATE SCHEMA plimsoll")
            .execute(connection)
            .await?;
    }
    Ok(())
}

async fn history(connection: &mut PgConnection) -> sqlx::Result<Vec<Applied>> {
    // Asked of the catalogue's rows: `to_regclass` remembers within a transaction that a table was not there.
    let there = "SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
                 WHERE nspname = 'plimsoll' AND relname = 'schema_versions'";
    let there: i64 = sqlx::query_scalar(there)
        .fetch_one(&mut *connection)
        .await?;
    if there == 0 {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(sql::SELECT_VERSIONS)
        .fetch_all(connection)
        .await?;
    let applied = |row: &PgRow| {
        Ok(Applied {
            version: row.try_get(0)?,
            name: row.try_get(1)?,
            checksum: row.try_get(2)?,
        })
    };
    rows.iter().map(applied).collect()
}

#[cfg(test)]
mod tests;
