//! From a path to a database that is ours, whole, and of this version.
//!
//! Nothing is written before it is known whose file it is and of which version: the look is taken through a connection
//! that cannot write.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Row, raw_sql};

use plimsoll_types::Timestamp;

use super::errors::Errors;
use super::file::{Found, Identity, look, sync_directory};
use super::lock::Lock;
use super::{backup, file};
use crate::error::{Error, ErrorKind, Result};
use crate::migrations::{self, Applied, Migration};
use crate::sql;
use crate::store::Parts;

/// "PLMS", set by the first migration.
const APPLICATION_ID: i64 = 0x504c_4d53;
/// Reads are short; more would only wait for the same disk.
const READERS: u32 = 4;
/// How long a reader is waited for.
const READER_WAIT: Duration = Duration::from_secs(30);
/// To how many bytes the log is cut when it was emptied: one huge commit does not keep its space forever.
const LOG_BYTES: u32 = 64 << 20;

/// A database that is open.
pub(crate) struct Opened {
    pub(crate) lock: Lock,
    pub(crate) writer: SqliteConnection,
    pub(crate) readers: SqlitePool,
    pub(crate) identity: Identity,
}

/// Opens or makes the database at `path`, and brings its tables to the last of the `known` migrations.
pub(crate) async fn open(path: &Path, parts: &Parts, known: &[Migration]) -> Result<Opened> {
    let lock = Lock::take(path)?;
    let errors = Errors::new(path);
    let wait = parts.patience.statement;
    let found = look(path)?;
    let applied = match found {
        Found::Nothing => Vec::new(),
        Found::Database => history(path, &errors, wait).await?,
    };
    let place = path.display().to_string();
    let pending = migrations::pending(&place, known, &applied)?;
    let options = writer_options(path, wait);
    let mut writer = SqliteConnection::connect_with(&options)
        .await
        .map_err(|error| errors.tell("open", error))?;
    if found == Found::Database {
        check(&mut writer, path, &errors).await?;
    }
    if !applied.is_empty() && !pending.is_empty() {
        let to = pending[pending.len() - 1].version;
        let copy = backup::make(&mut writer, path, to).await?;
        tracing::info!("copied the state to {} before its upgrade", copy.display());
    }
    for migration in pending {
        let done = migrate(&mut writer, migration, parts.clock.now()).await;
        done.map_err(|error| errors.tell("upgrade the tables of", error))?;
        tracing::info!(
            version = migration.version,
            name = migration.name,
            "the tables of the state are upgraded"
        );
    }
    end_leases(&mut writer, &errors).await?;
    sync_directory(path)?;
    Ok(Opened {
        identity: Identity::of(path)?,
        readers: readers(path, wait),
        writer,
        lock,
    })
}

/// Takes the leases from their owners, who are dead, because the lock says that there is no other process. When each
/// would have ended stays, which tells when its owner lived last.
async fn end_leases(writer: &mut SqliteConnection, errors: &Errors) -> Result<()> {
    let ended = sqlx::query("UPDATE leases SET owner = ''").execute(writer);
    ended
        .await
        .map(drop)
        .map_err(|error| errors.tell("write", error))
}

fn writer_options(path: &Path, wait: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(wait)
        .pragma("journal_size_limit", LOG_BYTES.to_string())
        .thread_name(|_| "state-sqlite".into())
        .disable_statement_logging()
}

fn reader_options(path: &Path, wait: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(wait)
        .thread_name(|_| "state-read".into())
        .disable_statement_logging()
}

fn readers(path: &Path, wait: Duration) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(READER_WAIT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_lazy_with(reader_options(path, wait))
}

/// Returns which migrations were carried out in a database that is there.
async fn history(path: &Path, errors: &Errors, wait: Duration) -> Result<Vec<Applied>> {
    let tell = |error| errors.tell("read", error);
    let options = reader_options(path, wait);
    let mut reader = SqliteConnection::connect_with(&options)
        .await
        .map_err(tell)?;
    let id: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut reader)
        .await
        .map_err(tell)?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut reader)
        .await
        .map_err(tell)?;
    let applied = match (id, tables) {
        (APPLICATION_ID, _) => versions(&mut reader).await.map_err(tell),
        // A first start that died before its first migration.
        (0, 0) => Ok(Vec::new()),
        _ => Err(foreign(path)),
    };
    reader.close().await.map_err(tell)?;
    applied
}

async fn versions(reader: &mut SqliteConnection) -> sqlx::Result<Vec<Applied>> {
    let rows = sqlx::query(sql::SELECT_VERSIONS).fetch_all(reader).await?;
    let applied = |row: &sqlx::sqlite::SqliteRow| {
        Ok(Applied {
            version: row.try_get(0)?,
            name: row.try_get(1)?,
            checksum: row.try_get(2)?,
        })
    };
    rows.iter().map(applied).collect()
}

fn foreign(path: &Path) -> Error {
    Error::new(
        ErrorKind::Foreign,
        format!(
            "{} is a database of another program; nothing was changed; name another file",
            path.display()
        ),
    )
}

/// Reads the whole file for damage; a state is small, and a damaged page would be met at the worst time.
async fn check(writer: &mut SqliteConnection, path: &Path, errors: &Errors) -> Result<()> {
    let found: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(writer)
        .await
        .map_err(|error| errors.tell("check", error))?;
    if found == "ok" {
        return Ok(());
    }
    Err(file::damaged(path, &found))
}

async fn migrate(
    writer: &mut SqliteConnection,
    migration: &Migration,
    now: Timestamp,
) -> sqlx::Result<()> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    raw_sql(migration.text).execute(&mut *transaction).await?;
    sqlx::query(sql::INSERT_VERSION)
        .bind(migration.version)
        .bind(migration.name)
        .bind(migration.checksum())
        .bind(now.millis())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

#[cfg(test)]
mod tests;
