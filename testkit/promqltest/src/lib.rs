//! Runs Prometheus' promqltest scripts against anything that answers PromQL.
//!
//! # What it is for
//! Prometheus keeps the meaning of PromQL in scripts: load these series, evaluate this query, expect that result. This
//! crate reads and runs them, so that our engine (in a test of `crates/promql` and in `cargo xtask conformance promql`)
//! and any server of Prometheus' HTTP API are judged by the same lines. It is a development dependency only.
//!
//! # Model
//! A script is a list of [`Command`]s: `clear`, [`Load`], [`Eval`]. A [`Subject`] takes samples and answers queries with
//! an [`Answer`]; [`EngineSubject`] is our engine over a store in memory. [`run()`] gives every eval to the subject, an
//! instant one several times: as it is written, with every selector pinned by `@` and asked at other times, and each of
//! these as the middle step of a range query. A [`Report`] says how many evals passed and, as [`Failure`]s, what the
//! others wanted and got.
//!
//! # Invariants
//! - A line that is not understood is a [`ScriptError`] with its number, never skipped.
//! - An eval counts once, however often it is asked; it passes when every way of asking passes.
//! - Floats agree to 1e-6 of their size, histograms bucket by bucket after empty ones were dropped, counter reset hints
//!   where the script names one, series in any order unless `expect ordered`.
//! - Without `expect warn`, `no_warn`, `info` or `no_info` annotations are not looked at; with one, each annotation of that
//!   kind must be expected and each expectation be met.
//! - The store in memory gives histograms the reset hints that Prometheus' store gives them, whatever a script loads.
//!
//! # How to extend
//! A command or an expectation is a variant in `script.rs` or `script/eval.rs` and its reader beside it; a new kind of
//! server is a [`Subject`].
//!
//! # Sources
//! The documentation of Prometheus' `promql/promqltest` and its scripts of 3.14.

mod answer;
mod check;
mod engine;
mod hints;
mod notation;
mod pin;
mod run;
mod script;
mod subject;

pub use answer::{Answer, AnswerValue, Bucket, Found, FoundHistogram};
pub use engine::{EngineSubject, engine_options};
pub use run::{Asked, Failure, Report, run};
pub use script::{
    Command, Eval, ExpectedSeries, ExpectedValue, Load, LoadedSeries, Message, ScriptError, When,
    read,
};
pub use subject::{Refusal, Subject};
