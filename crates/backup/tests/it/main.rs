//! Backups of real stores, in repositories that fail, and what is restored of them.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do, but the lint only knows functions marked as tests"
)]

mod damage;
mod equality;
mod faulty;
mod kills;
mod large;
mod meeting;
mod pruning;
mod support;
mod unfinished;
