//! What service level objectives must remember beside their counts: corrections, versions of definitions, states of
//! budgets, alerts of burn rates, and what happened.
//!
//! The nouns are those of `plimsoll_slo`; what is a list or an inner state there is JSON here, which only the shell of
//! objectives (`control`) writes and reads. Counts are no rows: they are in a snapshot beside the samples they are made
//! of. See `docs/formats/state.md`.

mod alerts;
mod budgets;
mod corrections;
mod events;
mod versions;

use plimsoll_types::Labels;

use crate::error::Result;
use crate::table::{Cell, Cells};
use crate::text;

pub use alerts::AlertRow;
pub use budgets::BudgetRow;
pub use corrections::CorrectionRow;
pub use events::EventRow;
pub use versions::VersionRow;

/// Which budget: that of an objective, and of one group where it has dimensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The objective's SLO, or a composite: `service/name`.
    pub slo: String,
    /// The objective's name; empty when there is one.
    pub objective: String,
    /// The group's labels; empty for the whole.
    pub labels: Labels,
}

impl Budget {
    fn cells(&self) -> [Cell; 3] {
        [
            self.slo.as_str().into(),
            self.objective.as_str().into(),
            text::from_labels(&self.labels).into(),
        ]
    }

    /// Returns what identifies it together with `more`.
    fn key(&self, more: &[&str]) -> Vec<u8> {
        let labels = text::from_labels(&self.labels);
        let mut parts = vec![self.slo.as_str(), &self.objective, &labels];
        parts.extend(more);
        text::key(&parts)
    }

    fn from_cells(cells: &mut Cells) -> Result<Self> {
        Ok(Self {
            slo: cells.text()?,
            objective: cells.text()?,
            labels: super::labels(cells)?,
        })
    }
}
