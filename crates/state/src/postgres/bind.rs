//! Cells to and from PostgreSQL.

use std::sync::Arc;

use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Row};

use crate::error::{Error, Result};
use crate::sql::Statement;
use crate::table::{Cell, Kind, Table};
use crate::text;

/// Returns the statement with its parameters. Its text holds names of tables and columns only, which are ours.
pub(crate) fn query(statement: &Statement<'_>) -> Query<'static, Postgres, PgArguments> {
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
pub(crate) fn cells(row: &PgRow, table: &Table) -> Result<Vec<Cell>> {
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
