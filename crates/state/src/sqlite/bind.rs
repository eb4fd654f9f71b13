//! Cells to and from SQLite.

use std::sync::Arc;

use plimsoll_types::Timestamp;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row};

use crate::error::{Error, Result};
use crate::lease::Holder;
use crate::sql::Statement;
use crate::table::{Cell, Kind, Table};
use crate::text;

/// Returns the statement with its parameters. Its text holds names of tables and columns only, which are ours.
pub(crate) fn query(statement: &Statement<'_>) -> Query<'static, Sqlite, SqliteArguments> {
    let mut query = sqlx::query(AssertSqlSafe(Arc::clone(&statement.text)));
    for cell in &statement.cells {
        query = match cell {
            Cell::Null => query.bind(None::<i64>),
            Cell::Integer(number) => query.bind(*number),
            Cell::Text(text) => query.bind(text::escaped(text).into_owned()),
            Cell::Bytes(bytes) => query.bind(bytes.clone()),
        };
    }
    query
}

/// Returns the cells of a row of `table`.
pub(crate) fn cells(row: &SqliteRow, table: &Table) -> Result<Vec<Cell>> {
    let cell = |(position, kind): (usize, Kind)| {
        let cell = match kind {
            Kind::Integer => row.try_get(position).map(Cell::Integer),
            Kind::OptionalInteger => row
                .try_get::<Option<i64>, _>(position)
                .map(|number| number.map_or(Cell::Null, Cell::Integer)),
            Kind::Text => row
                .try_get(position)
                .map(|text| Cell::Text(text::unescaped(text))),
            Kind::Bytes => row.try_get(position).map(Cell::Bytes),
        };
        cell.map_err(|error| Error::malformed(table.name, &error).because(error))
    };
    let kinds = table.columns.iter().map(|column| column.kind);
    kinds.enumerate().map(cell).collect()
}

/// Returns what a row of `sql::SELECT_HOLDERS` says.
pub(crate) fn holder(row: &SqliteRow, now: Timestamp) -> Result<Holder> {
    let read = || -> sqlx::Result<Holder> {
        let expires = Timestamp::from_millis(row.try_get(3)?);
        let owner = text::unescaped(row.try_get(1)?);
        Ok(Holder {
            name: text::unescaped(row.try_get(0)?),
            fence: row.try_get(2)?,
            expires,
            is_expired: expires <= now || owner.is_empty(),
            owner,
        })
    };
    read().map_err(|error| Error::malformed("leases", &error).because(error))
}
