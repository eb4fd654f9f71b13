//! The tables of the domain, one file each.
//!
//! To add one: a file here with the noun, its [`Row`](crate::Row) and what is asked of it, a line below, and a migration
//! in each of `migrations/sqlite` and `migrations/postgres`.

mod alerts;
mod decisions;

pub use alerts::{AlertPhase, AlertRow};
pub use decisions::DecisionRow;

use crate::table::Table;

/// Every table that is written through [`Change`](crate::Change)s: tests compare them with the migrations.
pub const ALL: [&Table; 2] = [
    <AlertRow as crate::Row>::TABLE,
    <DecisionRow as crate::Row>::TABLE,
];
