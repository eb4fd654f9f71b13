//! The engine: samples and answers go in as they come, judgement comes out at every tick.
//!
//! ```text
//! Interest  "does this series count?"    asked once per series, by any thread
//! series()  -> SeriesId                  observe(id, sample)          as samples are stored
//! questions(now) -> Question             answered(question, elements) SLIs that are PromQL
//! tick(now) -> Step                      alerts, transitions, decisions, samples to store
//! write_snapshot / restore, catch_up     a restart changes nothing
//! ```
//!
//! Time is what [`tick`](Engine::tick) and [`catch_up`](Engine::catch_up) say; it never goes back. The *horizon* lies the
//! lateness behind it: what is older is settled.
//!
//! # Starting
//! 1. [`Engine::new`], then [`restore`](Engine::restore) with the snapshot, when there is one.
//! 2. While [`catch_up`](Engine::catch_up) returns a range: read the samples of [`Interest::selectors`] in it from the
//!    store, [`observe`](Engine::observe) those that [`Interest::wants`], ask and answer
//!    [`questions`](Engine::questions). Samples that arrive meanwhile may be dropped: they are in the store.
//! 3. From then on observe what arrives. After a queue ran over, [`lose`](Engine::lose) and catch up again: what was
//!    counted already is not counted twice.

mod asking;
mod catalog;
mod catching_up;
mod composites;
mod edges;
pub mod exports;
mod groups;
mod interest;
mod judging;
mod observing;
mod options;
mod reading;
mod replaying;
mod rows;
mod series;
mod slot;
mod snapshot;
mod streams;
#[cfg(test)]
mod tests;
mod time;
mod verifying;
mod views;

use std::collections::HashMap;
use std::sync::Arc;

use plimsoll_types::Timestamp;

pub use asking::{Answer, Question};
pub use catalog::Changed;
pub use groups::{NONE, OTHER};
pub use interest::Interest;
pub use judging::Step;
pub use observing::{Observed, Revision};
pub use options::{Options, Tallies};
pub use replaying::{Replaying, TooMuch};
pub use rows::{BudgetKey, BudgetRow, Forgotten, StateChange};
pub use series::SeriesId;
pub use slot::Version;
pub use snapshot::SnapshotError;
pub use verifying::Recount;

use crate::Catalog;
use crate::burn::Burn;
use crate::ledger::MINUTE;
use crate::state::Standing;
use rows::Judged;
use series::SeriesTable;
use slot::Slots;
use streams::Streams;

/// All objectives of a catalogue, counted and judged.
#[derive(Debug)]
pub struct Engine {
    options: Options,
    catalog: Arc<Catalog>,
    interest: Arc<Interest>,
    slots: Slots,
    streams: Streams,
    series: SeriesTable,
    /// The time that has been reached, in milliseconds.
    now: i64,
    /// What is older is settled; in milliseconds, a multiple of a slice.
    horizon: i64,
    /// Where the fine slices of all streams begin, a whole minute.
    begin: i64,
    /// From which time on samples were not observed, while that is so.
    lost: Option<i64>,
    tallies: Tallies,
    revisions: Vec<Revision>,
    /// What went for good since the last tick.
    forgotten: Vec<Forgotten>,
    /// What was judged of composites.
    composites: HashMap<Arc<str>, Judged>,
    /// What is known from before a restart of budgets that are not there yet.
    waiting: HashMap<BudgetKey, (Burn, Option<Standing>)>,
    /// Since when they wait, in milliseconds.
    waiting_since: i64,
    /// Up to when series for the store were made, in milliseconds; `None` before the first tick.
    exported: Option<i64>,
}

impl Engine {
    /// Makes an engine that counts from `since` on, which is now unless the store has older samples that should count.
    /// In the second case [`catch_up`](Self::catch_up) comes next.
    pub fn new(catalog: Arc<Catalog>, options: Options, since: Timestamp) -> Self {
        let since = since.align_down(crate::ledger::SLICE);
        let now = since.millis();
        let begin = (since - options.fine()).align_down(MINUTE).millis();
        let mut engine = Self {
            options,
            catalog: Arc::new(Catalog::default()),
            interest: Arc::default(),
            slots: Slots::default(),
            streams: Streams::default(),
            series: SeriesTable::default(),
            now,
            horizon: now,
            begin,
            lost: Some(now),
            tallies: Tallies::default(),
            revisions: Vec::new(),
            forgotten: Vec::new(),
            composites: HashMap::new(),
            waiting: HashMap::new(),
            waiting_since: now,
            exported: None,
        };
        engine.reload(catalog, since);
        engine
    }

    /// Returns what is worth observing; another one after each reload.
    pub fn interest(&self) -> Arc<Interest> {
        self.interest.clone()
    }

    /// Returns the objectives in force.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Returns the time that has been reached. It never goes back: after a clock was ahead by more than the lateness,
    /// [`restore`](Self::restore) a snapshot into a new engine.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now)
    }

    /// Returns the time before which counts are settled.
    pub fn horizon(&self) -> Timestamp {
        Timestamp::from_millis(self.horizon)
    }

    /// Returns what happened to samples since the engine was made.
    pub fn tallies(&self) -> Tallies {
        Tallies {
            series: self.series.len() as u64,
            streams: self.streams.len() as u64,
            ..self.tallies
        }
    }

    /// Returns the bytes that ledgers and series hold, nearly.
    pub fn byte_count(&self) -> usize {
        self.streams.byte_count() + self.series.byte_count()
    }
}
