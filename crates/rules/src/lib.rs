//! Recording and alerting rules.
//!
//! # What it is for
//! Reads the rule files that Prometheus' users have, and says what is wrong with one before it is used.
//!
//! # Model
//! A [`RuleFile`] has [`Group`]s, a group has [`Rule`]s in the order in which they are evaluated. [`check`] makes one of a
//! text or tells everything that is wrong with it, each finding with file, line, column and caret.
//!
//! # Invariants
//! - Pure: no clock, no disk, no network. Whoever calls has read the file.
//! - A file is good as a whole or refused as a whole, by the rules of Prometheus.
//! - Deliberately absent: evaluation, state and templates.
//!
//! # How to extend
//! A field is a line in `file::RawRule` or `file::RawGroup`, one in the type that it becomes, and a check.
//!
//! # Sources
//! The Prometheus documentation of recording and alerting rules; `promtool check rules` for the verdicts.

mod duplicates;
mod file;
mod model;

pub use duplicates::{Duplicate, duplicates};
pub use file::check;
pub use model::{Group, Kind, Rule, RuleFile};
