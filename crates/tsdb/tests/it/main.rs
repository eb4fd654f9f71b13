//! The store as its users see it: through `Appender` and `Queryable`, on simulated and on real disks.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests are tests, but clippy looks at #[test] only"
)]

mod crash;
mod deletions;
mod exact;
mod faults;
mod merging;
mod metering;
mod model;
mod opening;
mod parts;
mod read_only;
mod snapshots;
mod store;
mod summaries;
mod support;
mod time;
