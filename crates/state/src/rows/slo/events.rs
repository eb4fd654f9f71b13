//! What happened to budgets: appended, never changed, the oldest forgotten.
//!
//! As of a decision, a part of the key is a digest: a commit that is repeated because its outcome was not known adds
//! nothing.

use plimsoll_types::Timestamp;

use super::Budget;
use crate::error::Result;
use crate::query::Rows;
use crate::table::{Cell, Cells, Column, Kind, Row, Table};
use crate::text;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// When.
    pub happened_at: Timestamp,
    /// To which budget.
    pub budget: Budget,
    /// What, a word such as `budget.state`.
    pub kind: String,
    /// What it was before; may be empty.
    pub before: String,
    /// What it is since.
    pub after: String,
    /// The figures, for people.
    pub detail: String,
}

static TABLE: Table = Table {
    name: "slo_events",
    columns: &[
        Column::new("happened_at", Kind::Integer),
        Column::new("event_id", Kind::Bytes),
        Column::new("slo_id", Kind::Bytes),
        Column::new("slo", Kind::Text),
        Column::new("objective", Kind::Text),
        Column::new("labels", Kind::Text),
        Column::new("kind", Kind::Text),
        Column::new("before", Kind::Text),
        Column::new("after", Kind::Text),
        Column::new("detail", Kind::Text),
    ],
    key: 2,
};

impl EventRow {
    /// Asks for what happened last, the newest first.
    pub fn newest(count: u32) -> Rows<Self> {
        Rows::all().descending().limit(count)
    }

    /// Asks for what happened last to the budgets of an SLO, the newest first.
    pub fn of(slo: &str, count: u32) -> Rows<Self> {
        Self::newest(count).with("slo_id", text::key(&[slo]))
    }
}

impl Row for EventRow {
    const TABLE: &'static Table = &TABLE;

    fn cells(&self) -> Vec<Cell> {
        let parts = [self.kind.as_str(), &self.before, &self.after, &self.detail];
        let mut cells = vec![
            self.happened_at.into(),
            self.budget.key(&parts).into(),
            text::key(&[&self.budget.slo]).into(),
        ];
        cells.extend(self.budget.cells());
        cells.extend(parts.map(Cell::from));
        cells
    }

    fn from_cells(cells: &mut Cells) -> Result<Self> {
        let happened_at = cells.time()?;
        cells.bytes()?;
        cells.bytes()?;
        Ok(Self {
            happened_at,
            budget: Budget::from_cells(cells)?,
            kind: cells.text()?,
            before: cells.text()?,
            after: cells.text()?,
            detail: cells.text()?,
        })
    }
}
