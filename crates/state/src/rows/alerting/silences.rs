//! Silences, also after their end until their retention is over.

use plimsoll_types::Timestamp;

use crate::change::Change;
use crate::error::Result;
use crate::table::{Cell, Cells, Column, Kind, Row, Table};

/// One silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilenceRow {
    /// Its id, a UUID as the API shows it.
    pub silence_id: String,
    /// From when on it holds.
    pub starts_at: Timestamp,
    /// When it ends or ended.
    pub ends_at: Timestamp,
    /// When somebody last changed it.
    pub updated_at: Timestamp,
    /// Who set it, as they said.
    pub created_by: String,
    /// Why, as they said.
    pub comment: String,
    /// What it silences and everything else, a JSON object.
    pub body: String,
}

static TABLE: Table = Table {
    name: "alerting_silences",
    columns: &[
        Column::new("silence_id", Kind::Text),
        Column::new("starts_at", Kind::Integer),
        Column::new("ends_at", Kind::Integer),
        Column::new("updated_at", Kind::Integer),
        Column::new("created_by", Kind::Text),
        Column::new("comment", Kind::Text),
        Column::new("body", Kind::Text),
    ],
    key: 1,
};

impl SilenceRow {
    /// Forgets a silence.
    pub fn delete(silence_id: &str) -> Change {
        Change::delete_all::<Self>(vec![silence_id.into()])
    }
}

impl Row for SilenceRow {
    const TABLE: &'static Table = &TABLE;

    fn cells(&self) -> Vec<Cell> {
        let mut cells = vec![self.silence_id.as_str().into()];
        cells.extend([
            self.starts_at.into(),
            self.ends_at.into(),
            self.updated_at.into(),
            self.created_by.as_str().into(),
            self.comment.as_str().into(),
            self.body.as_str().into(),
        ]);
        cells
    }

    fn from_cells(cells: &mut Cells) -> Result<Self> {
        let silence_id = cells.text()?;
        Ok(Self {
            silence_id,
            starts_at: cells.time()?,
            ends_at: cells.time()?,
            updated_at: cells.time()?,
            created_by: cells.text()?,
            comment: cells.text()?,
            body: cells.text()?,
        })
    }
}
