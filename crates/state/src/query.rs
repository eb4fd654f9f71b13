//! What is read back: the rows of one table below a key, in the order of the keys.

use std::marker::PhantomData;

use crate::table::{Cell, Row, Table};

/// Which rows are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub(crate) table: &'static Table,
    /// The first cells of the key.
    pub(crate) prefix: Vec<Cell>,
    /// Cells that columns outside the key must have.
    pub(crate) equal: Vec<(&'static str, Cell)>,
    pub(crate) is_descending: bool,
    pub(crate) limit: Option<u32>,
}

/// A [`Query`] that knows what its rows are.
#[derive(Clone, Debug)]
pub struct Rows<R> {
    pub(crate) query: Query,
    row: PhantomData<fn() -> R>,
}

impl<R: Row> Rows<R> {
    /// Asks for all rows, in the order of their keys.
    pub fn all() -> Self {
        Self::below(Vec::new())
    }

    /// Asks for the rows whose key begins with `prefix`.
    pub(crate) fn below(prefix: Vec<Cell>) -> Self {
        debug_assert!(prefix.len() <= R::TABLE.key, "{}", R::TABLE.name);
        Self {
            query: Query {
                table: R::TABLE,
                prefix,
                equal: Vec::new(),
                is_descending: false,
                limit: None,
            },
            row: PhantomData,
        }
    }

    /// Asks only for rows with this cell in a column.
    pub(crate) fn with(mut self, column: &'static str, cell: impl Into<Cell>) -> Self {
        debug_assert!(R::TABLE.columns.iter().any(|known| known.name == column));
        self.query.equal.push((column, cell.into()));
        self
    }

    /// Asks for the last row first.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.query.is_descending = true;
        self
    }

    /// Asks for so many rows at most.
    #[must_use]
    pub fn limit(mut self, rows: u32) -> Self {
        self.query.limit = Some(rows);
        self
    }
}
