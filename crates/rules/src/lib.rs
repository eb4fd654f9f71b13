//! Recording and alerting rules, as Prometheus evaluates them, with a state that survives.
//!
//! # What it is for
//! Reads the rule files that Prometheus' users have, says what is wrong with one before it is used, and decides at every
//! evaluation what is stored and which alerts are pending, fire and are resolved.
//!
//! # Model
//! A [`RuleFile`] has [`Group`]s, a group has [`Rule`]s in the order in which they are evaluated. [`check`] makes one of a
//! text or tells everything that is wrong with it, each finding with file, line, column and caret.
//!
//! A [`GroupEngine`] evaluates a group at the slots of its [`Schedule`]: the [`Element`]s of a query go in, an [`Outcome`]
//! comes out with samples to store, notices to send, [`AlertChange`]s to make durable first, and a decision for every
//! transition. [`batches()`] say which rules may be evaluated at the same time. [`view`] is what an API shows.
//!
//! # Invariants
//! - Pure: no clock, no disk, no network. Whoever calls has read the file, asks the queries and knows the time.
//! - A file is good as a whole or refused as a whole, by the rules of Prometheus.
//! - Results are those of Prometheus 3.14, sample for sample, but for what it forgets in a restart: alerts go on from
//!   their [`AlertRow`]s as if nothing had happened, and series that vanished meanwhile are ended.
//! - Rows change when the state of an alert does, never because time passes or a value moves.
//! - An evaluation without results and without alerts costs no allocation.
//! - Deliberately absent: external labels in results (who sends or stores adds them), and the evaluation of PromQL.
//!
//! # How to extend
//! A field is a line in `file::RawRule` or `file::RawGroup`, one in the type that it becomes, and a check.
//!
//! # Sources
//! The Prometheus documentation of recording and alerting rules, and its behaviour (3.14, and Debian's 2.42 as the
//! oracle of tests); `promtool check rules` for the verdicts.

mod batches;
mod duplicates;
mod element;
mod engine;
mod file;
mod globals;
mod key;
mod link;
pub mod lint;
mod model;
mod outcome;
mod place;
mod schedule;
pub mod view;

pub use batches::batches;
pub use duplicates::{Duplicate, duplicates};
pub use element::{Ask, AskNothing, Element, NOT_A_VECTOR};
pub use engine::GroupEngine;
pub use file::check;
pub use globals::{Globals, RESOLVED_RETENTION};
pub use key::{GroupKey, RuleId};
pub use link::table_link;
pub use model::{
    ExprSpans, FieldSpan, FieldSpans, Group, GroupSpans, Kind, Rule, RuleFile, RuleSpans,
};
pub use outcome::{AlertChange, AlertRow, AlertState, Ending, Outcome};
pub use place::Place;
pub use schedule::{Schedule, Turn};
