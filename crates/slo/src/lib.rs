//! Service level objectives: what was promised, how much of it is used up, and when somebody should be told.
//!
//! # What it is for
//! Reads the files in which objectives are written (ours, and those of OpenSLO, Sloth and Pyrra), counts good and bad
//! events exactly, says how much of each error budget is left, and decides when its burning is worth a page.
//!
//! # Model
//! A [`Catalog`] has [`Slo`]s and [`Composite`]s. An [`Sli`](sli::Sli) says which samples are good or bad events; the
//! ledger counts them into slices, whole numbers per slice, so that any window is a difference of two sums. A
//! [`Method`] turns counts into a budget, a [`Window`] says which part of time it is of, and an [`AlertPolicy`] when its
//! burning is an alert.
//!
//! # Invariants
//! - Pure: no clock, no disk, no network. Whoever calls brings samples, answers of queries and the time.
//! - Counts are integers. No average of ratios, no extrapolation; what was not measured is neither good nor bad.
//! - The order in which samples arrive, within the lateness, changes no count; neither does a restart.
//!
//! # How to extend
//! A kind of SLI is a file in `sli/` and an entry in its list.
//!
//! # Sources
//! Google's SRE Workbook, chapters 2 and 5; the formats of OpenSLO v1, Sloth v1 and Pyrra v1alpha1.

pub mod budget;
pub mod burn;
pub mod composite;
pub mod correction;
mod count;
mod counts;
pub mod engine;
pub mod export;
pub mod file;
mod history;
pub mod import;
pub mod init;
mod ledger;
pub mod math;
pub mod method;
mod model;
pub mod projection;
pub mod schema;
pub mod state;
pub mod surface;
mod target;
pub mod view;
pub mod whatif;
mod window;

pub use budget::{Budget, Fraction};
pub use counts::Counts;
pub use history::History;
pub use method::Timeline;
pub use model::{
    AlertPolicy, Basis, BudgetPolicy, BudgetState, BurnRule, BurnWindow, CalendarUnit, Catalog,
    Component, Composite, CompositeKind, Correction, CorrectionKind, Dimensions, GroupTarget,
    Hysteresis, Method, NoData, Objective, Severity, Slo, Span, StateRule, Window,
};
pub use target::{Target, TargetError};
pub use window::Period;
pub mod sli;
