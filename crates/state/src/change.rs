//! What a commit writes.

use crate::table::{Cell, Row, Table};

/// One change of one table; carrying it out twice is the same as once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub(crate) table: &'static Table,
    pub(crate) action: Action,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// All cells of the row.
    Put(Vec<Cell>),
    /// The first cells of the key of the rows that go, at least one.
    Delete(Vec<Cell>),
}

impl Change {
    /// Puts a row in the place of the one with the same key, or adds it.
    pub fn put<R: Row>(row: &R) -> Self {
        let cells = row.cells();
        debug_assert_eq!(cells.len(), R::TABLE.columns.len(), "{}", R::TABLE.name);
        Self {
            table: R::TABLE,
            action: Action::Put(cells),
        }
    }

    /// Deletes the row with the key of `row`, if it is there.
    pub fn delete<R: Row>(row: &R) -> Self {
        let mut cells = row.cells();
        cells.truncate(R::TABLE.key);
        Self {
            table: R::TABLE,
            action: Action::Delete(cells),
        }
    }

    /// Returns the table and the key of the one row that it is about; `None` when it deletes all rows below a prefix.
    ///
    /// Of two changes with the same key only the later one counts.
    pub fn row(&self) -> Option<(&'static str, &[Cell])> {
        let cells = match &self.action {
            Action::Put(cells) | Action::Delete(cells) => cells,
        };
        Some((self.table.name, cells.get(..self.table.key)?))
    }

    /// Says whether it deletes.
    pub fn is_deletion(&self) -> bool {
        matches!(self.action, Action::Delete(_))
    }

    /// Deletes all rows whose key begins with `prefix`.
    ///
    /// # Panics
    /// When `prefix` is empty or longer than the key: a programming error of the file that defines the row.
    pub(crate) fn delete_all<R: Row>(prefix: Vec<Cell>) -> Self {
        assert!(
            (1..=R::TABLE.key).contains(&prefix.len()),
            "a prefix of the key of {}",
            R::TABLE.name
        );
        Self {
            table: R::TABLE,
            action: Action::Delete(prefix),
        }
    }
}
