//! The store as its users see it: through `Appender` and `Queryable`, on simulated and on real disks.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests are tests, but clippy looks at #[test] only"
)]

mod cardinality;
mod copying;
mod crash;
mod crowds;
mod deletions;
mod dump;
mod exact;
mod faults;
mod fixture;
mod index;
mod merging;
mod metering;
mod model;
mod opening;
mod parts;
mod read_only;
mod retention;
mod rot;
mod snapshots;
mod store;
mod summaries;
mod support;
mod tiers;
mod time;
mod upkeep;
mod verifying;
