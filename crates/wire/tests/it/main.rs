//! The crate from outside, one binary.

#![allow(
    clippy::unwrap_used,
    reason = "clippy knows test functions but not their helpers"
)]

mod exposition_round_trip;
mod exposition_rules;
mod exposition_write;
mod openmetrics_conformance;
