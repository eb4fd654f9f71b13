//! Durable rows: what must outlive the process, in SQLite by default and in PostgreSQL for replicas.
//!
//! # What it is for
//! An alert that pends, a notice on its way, a decision with its evidence, the right to evaluate a group: each is a row
//! that survives kill -9 and power loss, and that replicas share when there are several. One program with one file needs
//! nothing installed; two replicas meet in a PostgreSQL.
//!
//! # Model
//! A [`Row`] is a noun of the domain that becomes [`Cell`]s of a [`Table`]. [`Change`]s put and delete rows; a [`Store`]
//! commits some of them as one, and reads [`Rows`] back. A [`Lease`] is the right to write for a name: who commits under
//! one is refused once somebody else has it. [`open`] finds the store at a [`Location`]; a [`MemoryStore`] stands in for
//! it in simulations and fails when it is told to.
//!
//! # Invariants
//! - A commit is carried out whole or not at all, and when it says `Ok` it is durable.
//! - Carrying out a commit twice is the same as once: whoever does not know an outcome writes the same again.
//! - Fences grow: of two owners of a name the later one has the higher number, and only his commits are taken.
//! - Expiry is judged by the database's clock, and only safety's comfort depends on it: fences do not.
//! - A database of a newer version, of another program, or with another history is refused and left as it is.
//! - A password is in no error, log or report.
//! - Deliberately absent: what rows mean. Rules, silences and incidents know; here they are columns.
//!
//! # How to extend
//! A table is one file in `rows/`, one line in `rows.rs`, and one migration for each database; see `docs/formats/state.md`.
//!
//! # Sources
//! SQLite's documentation of write-ahead logging, result codes and `VACUUM INTO`; PostgreSQL's of explicit locking and
//! error codes; "How to do distributed locking" (Kleppmann, 2016) for fencing tokens.

mod change;
mod error;
mod lease;
mod lease_clock;
mod location;
mod memory;
mod metrics;
mod migrations;
mod postgres;
mod query;
mod retention;
pub mod rows;
mod sql;
mod sqlite;
mod store;
mod table;
mod text;

pub use change::Change;
pub use error::{Error, ErrorKind, Result};
pub use lease::{Holder, Lease};
pub use location::{Location, Server};
pub use memory::{Fault, MemoryStore};
pub use query::{Query, Rows};
pub use rows::{AlertPhase, AlertRow, DecisionRow};
pub use store::{Answer, Parts, Patience, Retention, Store, open};
pub use table::{Cell, Cells, Column, Kind, Row, Table};
