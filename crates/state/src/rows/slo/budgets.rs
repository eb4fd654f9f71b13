//! States of budgets, so that a restart neither changes one nor begins its times anew.

use plimsoll_types::Timestamp;

use super::Budget;
use crate::change::Change;
use crate::error::Result;
use crate::table::{Cell, Cells, Column, Kind, Row, Table};

/// The state of one budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetRow {
    /// Which.
    pub budget: Budget,
    /// The state, a word such as `healthy`.
    pub state: String,
    /// Since when it is that.
    pub since: Timestamp,
    /// What else the state machine knows, a JSON object; empty in this version.
    pub body: String,
}

static TABLE: Table = Table {
    name: "slo_budgets",
    columns: &[
        Column::new("budget_id", Kind::Bytes),
        Column::new("slo", Kind::Text),
        Column::new("objective", Kind::Text),
        Column::new("labels", Kind::Text),
        Column::new("state", Kind::Text),
        Column::new("since", Kind::Integer),
        Column::new("body", Kind::Text),
    ],
    key: 1,
};

impl BudgetRow {
    /// Forgets the state of a budget.
    pub fn delete(budget: &Budget) -> Change {
        Change::delete_all::<Self>(vec![budget.key(&[]).into()])
    }
}

impl Row for BudgetRow {
    const TABLE: &'static Table = &TABLE;

    fn cells(&self) -> Vec<Cell> {
        let mut cells = vec![self.budget.key(&[]).into()];
        cells.extend(self.budget.cells());
        cells.extend([
            self.state.as_str().into(),
            self.since.into(),
            self.body.as_str().into(),
        ]);
        cells
    }

    fn from_cells(cells: &mut Cells) -> Result<Self> {
        cells.bytes()?;
        Ok(Self {
            budget: Budget::from_cells(cells)?,
            state: cells.text()?,
            since: cells.time()?,
            body: cells.text()?,
        })
    }
}
