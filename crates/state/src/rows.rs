//! The tables of the domain, one file each.
//!
//! To add one: a file here with the noun, its [`Row`](crate::Row) and what is asked of it, a line below, and a migration
//! in each of `migrations/sqlite` and `migrations/postgres`.

pub mod alerting;
mod alerts;
mod decisions;
pub mod slo;

pub use alerts::{AlertPhase, AlertRow};
pub use decisions::DecisionRow;

use plimsoll_types::{Annotations, Labels};

use crate::error::Result;
use crate::table::{Cells, Table};
use crate::text;

/// Every table that is written through [`Change`](crate::Change)s: tests compare them with the migrations.
pub const ALL: [&Table; 14] = [
    <AlertRow as crate::Row>::TABLE,
    <DecisionRow as crate::Row>::TABLE,
    <alerting::ReceivedRow as crate::Row>::TABLE,
    <alerting::GroupRow as crate::Row>::TABLE,
    <alerting::ToldRow as crate::Row>::TABLE,
    <alerting::DeliveryRow as crate::Row>::TABLE,
    <alerting::SilenceRow as crate::Row>::TABLE,
    <alerting::HistoryRow as crate::Row>::TABLE,
    <alerting::InboxRow as crate::Row>::TABLE,
    <slo::CorrectionRow as crate::Row>::TABLE,
    <slo::VersionRow as crate::Row>::TABLE,
    <slo::BudgetRow as crate::Row>::TABLE,
    <slo::AlertRow as crate::Row>::TABLE,
    <slo::EventRow as crate::Row>::TABLE,
];

fn labels(cells: &mut Cells) -> Result<Labels> {
    let found = cells.text()?;
    text::to_labels(&found).map_err(|wrong| cells.damaged(wrong))
}

fn annotations(cells: &mut Cells) -> Result<Annotations> {
    let found = cells.text()?;
    text::to_annotations(&found).map_err(|wrong| cells.damaged(wrong))
}
