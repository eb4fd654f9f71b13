//! The closed loop: the shell that runs the pure engines of judgement on the clock and carries out what they decide.
//!
//! # What it is for
//! A rule group is a pure state machine; somebody has to read its file, wake it at its slot, ask its queries, keep its
//! state durable, write its samples and hand its notices on. This crate is that somebody, and the only one that joins
//! engines.
//!
//! # Model
//! [`Rules`] runs groups. [`Rules::prepare`] reads and checks all rule files of a configuration, [`Rules::apply`] changes
//! what runs into it. Each group is a task: it reads its alerts back from a [store of state](plimsoll_state::Store), and
//! at each slot asks its queries with the [`Asker`], steps its engine, makes the changes durable, stores the samples and
//! hands the notices to an [`AlertSink`]. Where several replicas share the store, a group is evaluated by who holds its
//! lease. [`sender`] is the sink that speaks to Alertmanagers; [`unit_test`] and [`backfill`] drive the same engines
//! without a clock. [`alerting`] runs the engine of alerting: its loop, its outbox, its inbox.
//!
//! # Invariants
//! - What an engine decided is durable before its samples are stored and before its notices leave. The exception is a
//!   store of state that is away: then they leave all the same, counted (`ledger`).
//! - No alert and no `ALERTS` before the rows of the group were read back.
//! - A configuration with an error in any rule file changes nothing.
//! - Time comes from the injected clock, so a test can run a day of slots in a second.
//! - A panic, a hang or a slow query of one group takes turns from others only up to a bound (`lane`).
//! - Deliberately absent: any judgement. Whether an alert fires is said by `plimsoll_rules`.
//!
//! # How to extend
//! See `docs/adding/README.md`.
//!
//! # Sources
//! The rule manager of Prometheus (semantics of slots, reload and shutdown).

pub mod alerting;
mod alive;
mod append;
mod asker;
pub mod backfill;
mod context;
mod evaluate;
mod group;
mod lane;
mod lease;
mod ledger;
mod load;
mod metrics;
mod orphans;
mod rows;
mod rules;
pub mod sender;
mod settings;
mod shown;
mod sink;
pub mod slo;
pub mod unit_test;

pub use asker::Asker;
pub use load::{LoadedGroup, RuleSet};
pub use metrics::Metrics;
pub use rules::{Options, Parts, Prepared, Rules};
pub use sink::{AlertSink, NoSink};
