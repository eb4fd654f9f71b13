//! Decisions with their evidence: appended, never changed, the oldest forgotten.
//!
//! A decision's key is its time and a digest of all of it, so that a commit that is repeated because its outcome was not
//! known adds nothing.

use plimsoll_types::Timestamp;

use crate::error::Result;
use crate::query::Rows;
use crate::table::{Cell, Cells, Column, Kind, Row, Table};
use crate::text;

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// When it was taken.
    pub at: Timestamp,
    /// What kind of decision, a word such as `alert_fired`.
    pub kind: String,
    /// About what.
    pub subject: String,
    /// By which rule.
    pub rule: String,
    /// The evidence: names and values, in the order in which they are told.
    pub inputs: Vec<(String, String)>,
    /// What was decided.
    pub outcome: String,
    /// What would have changed the outcome.
    pub counterfactual: String,
}

static TABLE: Table = Table {
    name: "decisions",
    columns: &[
        Column::new("decided_at", Kind::Integer),
        Column::new("decision_id", Kind::Bytes),
        Column::new("subject_id", Kind::Bytes),
        Column::new("kind", Kind::Text),
        Column::new("subject", Kind::Text),
        Column::new("rule", Kind::Text),
        Column::new("inputs", Kind::Text),
        Column::new("outcome", Kind::Text),
        Column::new("counterfactual", Kind::Text),
    ],
    key: 2,
};

impl DecisionRow {
    /// Asks for the newest decisions, the last one first.
    pub fn newest(count: u32) -> Rows<Self> {
        Rows::all().descending().limit(count)
    }

    /// Asks for the newest decisions about one subject, the last one first.
    pub fn about(subject: &str, count: u32) -> Rows<Self> {
        Self::newest(count).with("subject_id", text::key(&[subject]))
    }
}

impl Row for DecisionRow {
    const TABLE: &'static Table = &TABLE;

    fn cells(&self) -> Vec<Cell> {
        let inputs = text::from_pairs(&self.inputs);
        let parts = [
            self.kind.as_str(),
            &self.subject,
            &self.rule,
            &inputs,
            &self.outcome,
            &self.counterfactual,
        ];
        let subject = text::key(&[&self.subject]);
        let mut cells = vec![self.at.into(), text::key(&parts).into(), subject.into()];
        cells.extend(parts.map(Cell::from));
        cells
    }

    fn from_cells(cells: &mut Cells) -> Result<Self> {
        let at = cells.time()?;
        cells.bytes()?;
        cells.bytes()?;
        Ok(Self {
            at,
            kind: cells.text()?,
            subject: cells.text()?,
            rule: cells.text()?,
            inputs: {
                let found = cells.text()?;
                text::to_pairs(&found).map_err(|wrong| cells.damaged(wrong))?
            },
            outcome: cells.text()?,
            counterfactual: cells.text()?,
        })
    }
}
