//! PromQL: lexer, parser, printer, and an engine that streams by series.
//!
//! # What it is for
//! Answers PromQL over anything that implements [`plimsoll_types::Queryable`], with the results of Prometheus 3, sample
//! for sample, inside a memory limit that is counted and not hoped for.
//!
//! # Model
//! [`parse`] turns text into an [`Expr`], every node of which knows its [`Span`]; types are checked on the way.
//! [`Features`] switch on what Prometheus hides behind flags; [`resolve()`] turns `[step() * 5]` into milliseconds. Trees are
//! printed on one line (`Display`), on several ([`pretty`]) and as JSON ([`tree_json()`]). [`parse_series`] reads the
//! notation in which tests write samples.
//!
//! An [`Engine`] plans the tree into operators. An operator first tells the labels of all its series, then gives one
//! *column* (a series' values at all steps) at a time, so `sum by (x)` holds one input series plus its groups. A range
//! vector function walks a series' samples once with two moving indices. A [`Control`] can stop a running
//! query; a [`QueryResult`] carries the [`Value`], annotations with their place, and [`Stats`].
//!
//! Before it is planned an expression is rewritten where that shows in nothing but time, and what is written twice in it
//! is evaluated once; [`Options::optimizes`] turns both off. Every query has an account ([`QueryMemory`]) that takes
//! from what all queries may hold ([`MemoryBudget`]). With [`Control::with_plan`] each operator is measured, and the
//! result tells the operators as a tree of [`PlanNode`]s.
//!
//! Where a store keeps windows in the place of samples that are gone, or where a long query is the same from windows for
//! less, selectors and range functions are answered from these, and an info annotation says so (`evaluate/tiers`).
//!
//! # Invariants
//! - A selector reads each series once per query, however many steps there are.
//! - Results do not depend on timing: sums are compensated and run in label order.
//! - Every buffer that grows with the data is accounted, those of the store included, and the result for as long as its
//!   account is open; over a limit the query fails and names the limit.
//! - No walk over a tree overflows the stack: it recurses at most 200 levels deep and follows the left sides of binary
//!   operators in a loop ([`Expr::chain`]); a chain of thousands is evaluated on a stack made for its height.
//! - The staleness marker is never a value of a result; inside a column its bits mean "no sample at this step".
//! - Deliberately absent: HTTP, the limit of points per series (the API's), caches, and any clock: time comes from
//!   the [`Control`].
//! - A result has the same bits on every run: series are added in the order of their labels, and how a large
//!   aggregation is cut for several threads depends on the query and the number of series only (`evaluate/shards.rs`).
//! - Floats never wait for histograms: what native histograms need is made when the first one is met.
//!
//! # How to extend
//! A function is one row in `functions::FUNCTIONS` and one body: `docs/adding/promql-function.md`.
//!
//! # Sources
//! The Prometheus documentation of the query language; Prometheus' promqltest scripts as the oracle; Mimir's query
//! engine for "labels first, then one series at a time"; Neumaier 1974 for compensated sums; Welford 1962 for variance.

mod annotation;
mod ast;
mod engine;
mod error;
mod evaluate;
mod explain;
mod extra_matchers;
mod features;
mod functions;
mod helpers;
mod lexer;
mod memory;
mod number;
mod optimize;
mod parser;
mod printer;
mod resolve;
mod series_notation;
mod span;
mod stack;
mod tree_json;
mod value;

pub use ast::{
    Aggregate, AggregateOp, At, Binary, BinaryOp, Call, Cardinality, DurationExpr, DurationKind,
    Expr, ExprKind, Extension, Length, Matching, Modifiers, Number, Selector, Subquery, ValueType,
};
pub use engine::{Control, Engine, Options, Progress};
pub use error::{ParseError, QueryError, QueryErrorKind};
pub use explain::{Cost, PlanNode};
pub use extra_matchers::with_extra_matchers;
pub use features::Features;
pub use functions::{Function, all_functions};
pub use memory::{MemoryBudget, QueryMemory};
pub use number::quoted;
pub use parser::{parse, parse_selector, parse_with};
pub use printer::pretty;
pub use resolve::resolve;
pub use series_notation::{
    SeriesDescription, SeriesPoint, histogram_notation, parse_metric, parse_points, parse_series,
    stored_reset_hint,
};
pub use span::{Position, Span};
pub use tree_json::tree_json;
pub use value::{InstantSample, QueryResult, RangeSeries, Stats, Timings, Value};
