//! The demo: a small shop to watch Plimsoll with.
//!
//! # What it is for
//! `plimsoll demo` runs the real server and gateway on the files that an operator would write for this shop. This crate is
//! what stands around them: the services, their customers, what goes wrong, who is told, and whether that was right.
//!
//! # Model
//! - [`shop`]: three services and the routes to them. [`service`] runs their replicas, and breaks them on purpose.
//! - [`load`]: customers, who come when they want (open loop, Poisson).
//! - [`books`]: what callers saw and services answered, request by request.
//! - [`story`]: a YAML file of steps: what is said, what breaks, what must follow. [`scale`] says how fast it is told.
//! - [`receiver`]: takes the notices that would wake somebody.
//! - [`judge`]: pure; compares what happened with what had to.
//! - [`files`]: the configuration of this run. [`stage`] sets all of it up, [`show`] plays.
//!
//! # Invariants
//! - Everything is on loopback, and everything is bounded: requests under way, notices that wait, answers.
//! - When a request is sent does not depend on answers; how long it took counts from when it was wanted.
//! - Who calls never goes away first, so a request ends alike in all books: what callers saw, what services answered and
//!   what the ledger counted agree to the request.
//! - Nothing here prints or reads the environment: lines are handed to the binary. Nothing of the product is made again.
//!
//! # How to extend
//! A story is a file in `stories/` and a line in `story.rs`; a fault is a case of [`service::Fault`]. docs/demo.md has the
//! format.
//!
//! # Sources
//! Gil Tene on coordinated omission (wrk2's README), for latency from the intended start; k6's arrival-rate executors.

pub mod books;
pub mod files;
pub mod judge;
pub mod load;
pub mod receiver;
pub mod scale;
pub mod service;
pub mod shop;
pub mod show;
pub mod stage;
pub mod story;

mod ask;
mod caller;
mod http1;
mod meter;
