//! Simulation: a clock moved by hand, a disk with power loss and seeded faults.
//!
//! # What it is for
//! Storage and judgement take time, disk and randomness as arguments; this crate provides the ones that tests
//! control. It is a development dependency only.
//!
//! # Model
//! A [`FakeClock`] stands still until it is advanced. A [`SimulatedDisk`] keeps, beside what a program sees, what would
//! be left after the power failed: a file's bytes since its last sync and a directory's names since its last sync are
//! kept or lost at random, and a lost sync is never made good by a later one, as on Linux. A [`StoreUnderTest`] lives
//! and dies on both, and a ledger says what it must then hold. A [`Postgres`] is Debian's, started for one test.
//!
//! # Invariants
//! - One seed, one run: nothing here asks the machine for time or randomness; only a [`Postgres`] is a real process.
//! - After [`SimulatedDisk::power_loss`] or [`SimulatedDisk::kill`] every file handle of the dead process fails.
//!
//! # How to extend
//! A new fault is a variant of [`Fault`] and one place in `disk/` that obeys it.
//!
//! # Sources
//! "All File Systems Are Not Created Equal" (Pillai et al., OSDI 2014) for what a crash may leave; "Can Applications
//! Recover from fsync Failures?" (Rebello et al., ATC 2020) for what a failed sync means.

mod clock;
mod commit;
mod crash;
mod disk;
mod fields;
mod node_exporter;
mod postgres;
mod seed;
mod store;

pub use clock::FakeClock;
pub use commit::wait;
pub use crash::{Health, Opening, RETENTION, Schedule, Shown, StoreUnderTest, random_samples};
pub use disk::{Fault, Operation, SimulatedDisk};
pub use fields::check_fields;
pub use node_exporter::NodeExporter;
pub use postgres::Postgres;
pub use seed::{Seed, for_each_seed};
pub use store::MemoryStore;
