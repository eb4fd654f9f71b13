//! Leases by the server's clock: each is got, prolonged or given back by one statement.

use plimsoll_types::Timestamp;
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};

use super::errors::Failure;
use crate::error::{Error, Result};
use crate::lease::{Holder, Lease};
use crate::lease_clock::Asked;
use crate::{sql, text};

/// `clock_timestamp()` and not `now()`: the statement may have waited for a lock since its transaction began.
const ACQUIRE: &str = "INSERT INTO leases AS held (lease_id, name, owner, fence, expires_at) \
     VALUES ($1, $2, $3, nextval('lease_fences'), (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $4) \
     ON CONFLICT (lease_id) DO UPDATE SET owner = excluded.owner, fence = nextval('lease_fences'), \
     expires_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $4 \
     WHERE held.owner = excluded.owner OR held.expires_at <= (extract(epoch FROM clock_timestamp()) * 1000)::bigint \
     RETURNING fence, expires_at";

const RENEW: &str = "UPDATE leases SET expires_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $4 \
     WHERE lease_id = $1 AND owner = $2 AND fence = $3 RETURNING fence, expires_at";

const RELEASE: &str = "DELETE FROM leases WHERE lease_id = $1 AND owner = $2 AND fence = $3";

/// The lock is a shared one on the whole row: commits of one holder do not wait for each other, and taking over waits.
const CHECK: &str =
    "SELECT fence FROM leases WHERE lease_id = $1 AND owner = $2 AND fence = $3 FOR SHARE";

const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

pub(crate) async fn acquire(
    connection: &mut PgConnection,
    asked: Asked,
) -> Result<Option<Lease>, Failure> {
    let row = sqlx::query(ACQUIRE)
        .bind(text::key(&[&asked.name]))
        .bind(text::escaped(&asked.name).into_owned())
        .bind(text::escaped(&asked.owner).into_owned())
        .bind(asked.ttl.as_millis() as i64)
        .fetch_optional(connection)
        .await?;
    granted(&asked, row)
}

pub(crate) async fn renew(
    connection: &mut PgConnection,
    asked: Asked,
    fence: i64,
) -> Result<Option<Lease>, Failure> {
    let row = sqlx::query(RENEW)
        .bind(text::key(&[&asked.name]))
        .bind(text::escaped(&asked.owner).into_owned())
        .bind(fence)
        .bind(asked.ttl.as_millis() as i64)
        .fetch_optional(connection)
        .await?;
    granted(&asked, row)
}

fn granted(asked: &Asked, row: Option<PgRow>) -> Result<Option<Lease>, Failure> {
    let Some(row) = row else { return Ok(None) };
    let expires = Timestamp::from_millis(row.try_get(1)?);
    Ok(Some(asked.granted(row.try_get(0)?, expires)))
}

pub(crate) async fn release(connection: &mut PgConnection, lease: &Lease) -> Result<(), Failure> {
    sqlx::query(RELEASE)
        .bind(text::key(&[&lease.name]))
        .bind(text::escaped(&lease.owner).into_owned())
        .bind(lease.fence)
        .execute(connection)
        .await?;
    Ok(())
}

/// Locks the lease against being taken over until the transaction ends.
pub(crate) async fn check(connection: &mut PgConnection, lease: &Lease) -> Result<(), Failure> {
    let found = sqlx::query(CHECK)
        .bind(text::key(&[&lease.name]))
        .bind(text::escaped(&lease.owner).into_owned())
        .bind(lease.fence)
        .fetch_optional(connection)
        .await?;
    match found {
        Some(_) => Ok(()),
        None => Err(Error::fenced(&lease.name).into()),
    }
}

pub(crate) async fn holders(connection: &mut PgConnection) -> Result<Vec<Holder>, Failure> {
    let now: i64 = sqlx::query_scalar(NOW).fetch_one(&mut *connection).await?;
    let rows = sqlx::query(sql::SELECT_HOLDERS)
        .fetch_all(connection)
        .await?;
    let holder = |row: &PgRow| {
        let expires: i64 = row.try_get(3)?;
        Ok(Holder {
            name: text::unescaped(row.try_get(0)?),
            owner: text::unescaped(row.try_get(1)?),
            fence: row.try_get(2)?,
            expires: Timestamp::from_millis(expires),
            is_expired: expires <= now,
        })
    };
    rows.iter().map(holder).collect()
}
