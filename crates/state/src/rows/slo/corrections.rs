//! Corrections that were made while the program ran; those of files are in the files.

use std::time::Duration;

use plimsoll_types::Timestamp;

use crate::change::Change;
use crate::error::Result;
use crate::query::Rows;
use crate::rows::alerting::{duration, millis};
use crate::table::{Cell, Cells, Column, Kind, Row, Table};
use crate::text;

/// One correction. It stays as long as its SLO: one that was taken back says when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrectionRow {
    /// What it corrects: `service/name`.
    pub slo: String,
    /// Its id within the SLO.
    pub name: String,
    /// What happens to the events, a word such as `exclude`.
    pub kind: String,
    /// The first time it covers.
    pub starts_at: Timestamp,
    /// How long each of its times is.
    pub length: Duration,
    /// How it repeats, an RRULE; empty: once.
    pub recurrence: String,
    /// The zone in which it repeats; empty when it does not.
    pub zone: String,
    /// Which groups, a JSON array of `{"name", "op", "value"}`.
    pub matchers: String,
    /// Why.
    pub reason: String,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was taken back; `None` while it is in force.
    pub revoked_at: Option<Timestamp>,
}

static TABLE: Table = Table {
    name: "slo_corrections",
    columns: &[
        Column::new("slo_id", Kind::Bytes),
        Column::new("correction_id", Kind::Bytes),
        Column::new("slo", Kind::Text),
        Column::new("name", Kind::Text),
        Column::new("kind", Kind::Text),
        Column::new("starts_at", Kind::Integer),
        Column::new("length", Kind::Integer),
        Column::new("recurrence", Kind::Text),
        Column::new("zone", Kind::Text),
        Column::new("matchers", Kind::Text),
        Column::new("reason", Kind::Text),
        Column::new("author", Kind::Text),
        Column::new("created_at", Kind::Integer),
        Column::new("revoked_at", Kind::OptionalInteger),
    ],
    key: 2,
};

impl CorrectionRow {
    /// Forgets all corrections of an SLO.
    pub fn delete_of(slo: &str) -> Change {
        Change::delete_all::<Self>(vec![text::key(&[slo]).into()])
    }

    /// Asks for the corrections of an SLO.
    pub fn of(slo: &str) -> Rows<Self> {
        Rows::below(vec![text::key(&[slo]).into()])
    }
}

impl Row for CorrectionRow {
    const TABLE: &'static Table = &TABLE;

    fn cells(&self) -> Vec<Cell> {
        vec![
            text::key(&[&self.slo]).into(),
            text::key(&[&self.name]).into(),
            self.slo.as_str().into(),
            self.name.as_str().into(),
            self.kind.as_str().into(),
            self.starts_at.into(),
            millis(self.length).into(),
            self.recurrence.as_str().into(),
            self.zone.as_str().into(),
            self.matchers.as_str().into(),
            self.reason.as_str().into(),
            self.author.as_str().into(),
            self.created_at.into(),
            self.revoked_at.into(),
        ]
    }

    fn from_cells(cells: &mut Cells) -> Result<Self> {
        cells.bytes()?;
        cells.bytes()?;
        Ok(Self {
            slo: cells.text()?,
            name: cells.text()?,
            kind: cells.text()?,
            starts_at: cells.time()?,
            length: duration(cells)?,
            recurrence: cells.text()?,
            zone: cells.text()?,
            matchers: cells.text()?,
            reason: cells.text()?,
            author: cells.text()?,
            created_at: cells.time()?,
            revoked_at: cells.optional_time()?,
        })
    }
}
