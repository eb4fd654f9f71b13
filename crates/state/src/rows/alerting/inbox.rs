//! What was accepted by a replica that does not route, or while the shared database was away: whoever routes takes it
//! up, in the order in which it was received.

use plimsoll_types::Timestamp;

use crate::error::Result;
use crate::query::Rows;
use crate::table::{Cell, Cells, Column, Kind, Row, Table};
use crate::text;

/// One thing that was accepted and that nobody has taken up yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxRow {
    /// When it was accepted, by the clock of whoever did.
    pub received_at: Timestamp,
    /// Who accepted it and how often they had before; with the time it is its identity.
    pub name: String,
    /// What it is: `alerts`, `silences` or `told`.
    pub kind: String,
    /// What was accepted, a JSON array; of `told` an object.
    pub body: String,
}

static TABLE: Table = Table {
    name: "alerting_inbox",
    columns: &[
        Column::new("received_at", Kind::Integer),
        Column::new("inbox_id", Kind::Bytes),
        Column::new("name", Kind::Text),
        Column::new("kind", Kind::Text),
        Column::new("body", Kind::Text),
    ],
    key: 2,
};

impl InboxRow {
    /// Asks for what was received first.
    pub fn oldest(count: u32) -> Rows<Self> {
        Rows::all().limit(count)
    }
}

impl Row for InboxRow {
    const TABLE: &'static Table = &TABLE;

    fn cells(&self) -> Vec<Cell> {
        let mut cells = vec![self.received_at.into(), text::key(&[&self.name]).into()];
        cells.extend([
            self.name.as_str().into(),
            self.kind.as_str().into(),
            self.body.as_str().into(),
        ]);
        cells
    }

    fn from_cells(cells: &mut Cells) -> Result<Self> {
        let received_at = cells.time()?;
        cells.bytes()?;
        Ok(Self {
            received_at,
            name: cells.text()?,
            kind: cells.text()?,
            body: cells.text()?,
        })
    }
}
