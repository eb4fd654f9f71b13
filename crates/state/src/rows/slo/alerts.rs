//! Alerts of burn rates, so that one that fires goes on after a restart as the same alert.

use plimsoll_types::Timestamp;

use super::Budget;
use crate::change::Change;
use crate::error::Result;
use crate::table::{Cell, Cells, Column, Kind, Row, Table};

/// The alert of one budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRow {
    /// Which budget.
    pub budget: Budget,
    /// What it warns of, a word such as `burn`.
    pub kind: String,
    /// Where it is, a word such as `firing`.
    pub phase: String,
    /// How loud, a word such as `page`; may be empty.
    pub severity: String,
    /// Since when it fires; the epoch while it does not.
    pub since: Timestamp,
    /// What its state machine knows, one line.
    pub body: String,
}

static TABLE: Table = Table {
    name: "slo_alerts",
    columns: &[
        Column::new("alert_id", Kind::Bytes),
        Column::new("slo", Kind::Text),
        Column::new("objective", Kind::Text),
        Column::new("labels", Kind::Text),
        Column::new("kind", Kind::Text),
        Column::new("phase", Kind::Text),
        Column::new("severity", Kind::Text),
        Column::new("since", Kind::Integer),
        Column::new("body", Kind::Text),
    ],
    key: 1,
};

impl AlertRow {
    /// Forgets an alert.
    pub fn delete(budget: &Budget, kind: &str) -> Change {
        Change::delete_all::<Self>(vec![budget.key(&[kind]).into()])
    }
}

impl Row for AlertRow {
    const TABLE: &'static Table = &TABLE;

    fn cells(&self) -> Vec<Cell> {
        let mut cells = vec![self.budget.key(&[&self.kind]).into()];
        cells.extend(self.budget.cells());
        cells.extend([
            self.kind.as_str().into(),
            self.phase.as_str().into(),
            self.severity.as_str().into(),
            self.since.into(),
            self.body.as_str().into(),
        ]);
        cells
    }

    fn from_cells(cells: &mut Cells) -> Result<Self> {
        cells.bytes()?;
        Ok(Self {
            budget: Budget::from_cells(cells)?,
            kind: cells.text()?,
            phase: cells.text()?,
            severity: cells.text()?,
            since: cells.time()?,
            body: cells.text()?,
        })
    }
}
