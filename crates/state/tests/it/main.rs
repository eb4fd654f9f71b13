//! What stores promise, of each of the three, and what each of them does when the machine fails it.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests are tests, but clippy looks at #[test] only"
)]

mod alerting;
mod contract;
mod leases;
mod postgres;
mod postgres_faults;
mod proxy;
mod simulation;
mod slo;
mod sqlite;
mod sqlite_faults;
mod stores;
