//! What a table is, and how a row of the domain becomes the cells of one.
//!
//! Both databases and the store in memory know rows only as [`Cell`]s under a [`Table`], so a new table needs no line in
//! any of the three.

use plimsoll_types::Timestamp;

use crate::error::{Error, Result};

/// A table: its name and columns in the order of [`Row::cells`].
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name in the database.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// How many of the first columns are the primary key, at least 1.
    pub key: usize,
}

/// A column of a table.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in the database.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

impl Column {
    /// Describes a column.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind }
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 64 bits with a sign; times are milliseconds since the epoch.
    Integer,
    /// As [`Integer`](Self::Integer), or nothing.
    OptionalInteger,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A number, or a time in milliseconds since the epoch.
    Integer(i64),
    /// Text; NUL is allowed, and kept by both databases.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Cell {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Timestamp> for Cell {
    fn from(time: Timestamp) -> Self {
        Self::Integer(time.millis())
    }
}

impl From<Option<Timestamp>> for Cell {
    fn from(time: Option<Timestamp>) -> Self {
        time.map_or(Self::Null, Self::from)
    }
}

/// A noun of the domain that is kept as rows of one table.
pub trait Row: Sized + Send + Sync {
    /// The table.
    const TABLE: &'static Table;

    /// Returns its cells in the order of the table's columns.
    fn cells(&self) -> Vec<Cell>;

    /// Makes it of such cells.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) for cells that [`cells`](Self::cells) never makes.
    fn from_cells(cells: &mut Cells) -> Result<Self>;
}

/// The cells of one row, taken one after the other.
#[derive(Debug)]
pub struct Cells {
    table: &'static str,
    cells: std::vec::IntoIter<Cell>,
}

impl Cells {
    /// Begins with the first of `cells`.
    pub fn new(table: &'static Table, cells: Vec<Cell>) -> Self {
        Self {
            table: table.name,
            cells: cells.into_iter(),
        }
    }

    fn next(&mut self) -> Result<Cell> {
        let cell = self.cells.next();
        cell.ok_or_else(|| self.damaged("it has too few columns"))
    }

    /// Takes a text.
    ///
    /// # Errors
    /// When there is something else.
    pub fn text(&mut self) -> Result<String> {
        match self.next()? {
            Cell::Text(text) => Ok(text),
            other => Err(self.damaged(format!("wanted text, found {other:?}"))),
        }
    }

    /// Takes bytes.
    ///
    /// # Errors
    /// When there is something else.
    pub fn bytes(&mut self) -> Result<Vec<u8>> {
        match self.next()? {
            Cell::Bytes(bytes) => Ok(bytes),
            other => Err(self.damaged(format!("wanted bytes, found {other:?}"))),
        }
    }

    /// Takes a number.
    ///
    /// # Errors
    /// When there is something else.
    pub fn integer(&mut self) -> Result<i64> {
        match self.next()? {
            Cell::Integer(number) => Ok(number),
            other => Err(self.damaged(format!("wanted a number, found {other:?}"))),
        }
    }

    /// Takes a number that counts.
    ///
    /// # Errors
    /// When there is something else, or a number that is negative or too large.
    pub fn count(&mut self) -> Result<u32> {
        let number = self.integer()?;
        u32::try_from(number).map_err(|_| self.damaged(format!("the count {number}")))
    }

    /// Takes a time.
    ///
    /// # Errors
    /// When there is something else.
    pub fn time(&mut self) -> Result<Timestamp> {
        self.integer().map(Timestamp::from_millis)
    }

    /// Takes a time that may be missing.
    ///
    /// # Errors
    /// When there is something else.
    pub fn optional_time(&mut self) -> Result<Option<Timestamp>> {
        match self.next()? {
            Cell::Null => Ok(None),
            Cell::Integer(millis) => Ok(Some(Timestamp::from_millis(millis))),
            other => Err(self.damaged(format!("wanted a time or nothing, found {other:?}"))),
        }
    }

    /// Returns the error that says what is wrong with the row.
    pub fn damaged(&self, found: impl std::fmt::Display) -> Error {
        Error::malformed(self.table, found)
    }
}
