//! Integration tests of the crate.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests are tests"
)]

mod config;
mod prometheus_yml;
mod scrape;
