//! Versions of definitions: what an SLO counted from when on.

use plimsoll_types::Timestamp;

use crate::change::Change;
use crate::error::Result;
use crate::query::Rows;
use crate::table::{Cell, Cells, Column, Kind, Row, Table};
use crate::text;

/// One version of the SLI of an SLO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRow {
    /// The SLO: `service/name`.
    pub slo: String,
    /// From when on it counts.
    pub effective_at: Timestamp,
    /// Differs from that of every other SLI.
    pub fingerprint: String,
    /// What it counts, for people.
    pub definition: String,
}

static TABLE: Table = Table {
    name: "slo_versions",
    columns: &[
        Column::new("slo_id", Kind::Bytes),
        Column::new("effective_at", Kind::Integer),
        Column::new("slo", Kind::Text),
        Column::new("fingerprint", Kind::Text),
        Column::new("definition", Kind::Text),
    ],
    key: 2,
};

impl VersionRow {
    /// Forgets all versions of an SLO.
    pub fn delete_of(slo: &str) -> Change {
        Change::delete_all::<Self>(vec![text::key(&[slo]).into()])
    }

    /// Asks for the versions of an SLO, the oldest first.
    pub fn of(slo: &str) -> Rows<Self> {
        Rows::below(vec![text::key(&[slo]).into()])
    }
}

impl Row for VersionRow {
    const TABLE: &'static Table = &TABLE;

    fn cells(&self) -> Vec<Cell> {
        vec![
            text::key(&[&self.slo]).into(),
            self.effective_at.into(),
            self.slo.as_str().into(),
            self.fingerprint.as_str().into(),
            self.definition.as_str().into(),
        ]
    }

    fn from_cells(cells: &mut Cells) -> Result<Self> {
        cells.bytes()?;
        let effective_at = cells.time()?;
        Ok(Self {
            slo: cells.text()?,
            effective_at,
            fingerprint: cells.text()?,
            definition: cells.text()?,
        })
    }
}
