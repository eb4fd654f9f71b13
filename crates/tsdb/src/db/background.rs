//! The threads that sync and maintain. Everything they do is a method of [`Db`] that simulation calls itself.
//!
//! They are four, because sealing a large window takes minutes and what scrapes wrote must not wait for that, merging a
//! month takes longer and sealing must not wait for that, and scrubbing goes on all the time.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Db;
use super::pace::Pace;
use super::seal::Maintenance;
use crate::{Error, Result};

/// Periodic durability: what scrapes wrote is synced this often.
pub(super) const SYNC_INTERVAL: Duration = Duration::from_secs(1);
const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(30);
/// So often it is looked whether something is due; what is due is done to its end.
const MERGE_INTERVAL: Duration = Duration::from_secs(30);
const SCRUB_INTERVAL: Duration = Duration::from_secs(60);
/// A part is checked at no more than this; mostly it is far less, since a pass takes a week.
const SCRUB_BYTES_PER_SECOND: u64 = 16 << 20;

/// The running background threads of a store.
pub struct Background {
    stop: Arc<Stop>,
    threads: Vec<JoinHandle<()>>,
}

/// Ends the threads.
#[derive(Default)]
pub(super) struct Stop {
    is_set: Mutex<bool>,
    wake: Condvar,
}

impl Background {
    /// Until [`stop`](Self::stop), and at once for the first time: syncs `db` every second, seals and removes every 30
    /// seconds, merges what is due and checks parts, both slowly.
    ///
    /// # Errors
    /// `Io` when a thread cannot be started.
    pub fn start(db: Arc<Db>) -> Result<Self> {
        let mut background = Self {
            stop: Arc::new(Stop::default()),
            threads: Vec::new(),
        };
        // Both steps log and count their failures and are tried again.
        background.every(SYNC_INTERVAL, "tsdb-sync", &db, |db, _| drop(db.sync()))?;
        let tend = |db: &Db, _: &Stop| drop(db.tend());
        background.every(MAINTENANCE_INTERVAL, "tsdb-maintain", &db, tend)?;
        background.every(MERGE_INTERVAL, "tsdb-merge", &db, merge)?;
        background.every(SCRUB_INTERVAL, "tsdb-scrub", &db, scrub)?;
        Ok(background)
    }

    fn every(
        &mut self,
        interval: Duration,
        name: &str,
        db: &Arc<Db>,
        step: fn(&Db, &Stop),
    ) -> Result<()> {
        let (db, stop) = (db.clone(), self.stop.clone());
        // The first step is at once: a process that is restarted often must seal as well.
        let run = move || {
            loop {
                // After a panic the next step may do better, and no step at all would fill the disk.
                if panic::catch_unwind(AssertUnwindSafe(|| step(&db, &stop))).is_err() {
                    tracing::error!("a background step of the store panicked");
                }
                if stop.waits(interval) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name(name.into())
            .spawn(run)
            .map_err(|error| Error::io("start a thread of", "the store".as_ref(), error))?;
        self.threads.push(thread);
        Ok(())
    }

    /// Ends the threads and waits for the steps that they are in; a merge is given up at its next series.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        *self
            .stop
            .is_set
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.wake.notify_all();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a background thread of the store panicked");
            }
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.end();
    }
}

fn merge(db: &Db, stop: &Stop) {
    let rate = db.config.settings().merge_bytes_per_second.0;
    let mut pace = Pace::held_back(db, rate, stop);
    drop(db.merge_due(&mut pace, &mut Maintenance::default()));
}

fn scrub(db: &Db, stop: &Stop) {
    let mut pace = Pace::held_back(db, SCRUB_BYTES_PER_SECOND, stop);
    if let Err(error) = db.scrub_due(&mut pace) {
        tracing::warn!(error = %error.chain(), "checking parts failed");
    }
}

impl Stop {
    pub(super) fn is_set(&self) -> bool {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for `interval`, or until it is set; says whether it is.
    pub(super) fn waits(&self, interval: Duration) -> bool {
        let guard = self.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        let (is_set, _) = self
            .wake
            .wait_timeout_while(guard, interval, |is_set| !*is_set)
            .unwrap_or_else(PoisonError::into_inner);
        *is_set
    }
}
