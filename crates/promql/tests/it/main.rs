//! Integration tests of the engine: Prometheus' own scripts, other parsers, and limits.

#![allow(
    clippy::unwrap_used,
    reason = "all of this is test code, helpers included"
)]

mod bounds;
mod chains;
mod differential;
mod engine;
mod extended;
mod fast_paths;
mod governance;
mod hints;
mod histograms;
mod parallel;
mod promqltest;
mod properties;
mod semantics;
mod storage;
mod tiers;
