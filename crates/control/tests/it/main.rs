//! Rules on the clock: a simulated one, with stores in memory that fail when they are told to.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do, but the lint only knows functions marked as tests"
)]

mod alerting;
mod failures;
mod reload;
mod replicas;
mod slo;
mod slots;
mod turns;
mod world;
