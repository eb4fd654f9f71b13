//! The threads that sync and maintain. Everything they do is a method of [`Db`] that simulation calls itself.
//!
//! They are two, because sealing a large window takes minutes, and what scrapes wrote must not wait for that.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Db;
use crate::{Error, Result};

/// Periodic durability: what scrapes wrote is synced this often.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(30);

/// The running background threads of a store.
pub struct Background {
    stop: Arc<Stop>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    is_set: Mutex<bool>,
    wake: Condvar,
}

impl Background {
    /// Syncs `db` every second and maintains it every 30 seconds, both at once for the first time, until
    /// [`stop`](Self::stop).
    ///
    /// # Errors
    /// `Io` when a thread cannot be started.
    pub fn start(db: Arc<Db>) -> Result<Self> {
        let mut background = Self {
            stop: Arc::new(Stop::default()),
            threads: Vec::new(),
        };
        // Both steps log and count their failures and are tried again.
        background.every(SYNC_INTERVAL, "tsdb-sync", &db, |db| drop(db.sync()))?;
        let maintain = |db: &Db| drop(db.maintain());
        background.every(MAINTENANCE_INTERVAL, "tsdb-maintain", &db, maintain)?;
        Ok(background)
    }

    fn every(&mut self, interval: Duration, name: &str, db: &Arc<Db>, step: fn(&Db)) -> Result<()> {
        let (db, stop) = (db.clone(), self.stop.clone());
        // The first step is at once: a process that is restarted often must seal as well.
        let run = move || {
            loop {
                // After a panic the next step may do better, and no step at all would fill the disk.
                if panic::catch_unwind(AssertUnwindSafe(|| step(&db))).is_err() {
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

    /// Ends the threads and waits for the steps that they are in.
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

impl Stop {
    /// Waits for `interval`, or until it is set; says whether it is.
    fn waits(&self, interval: Duration) -> bool {
        let guard = self.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        let (is_set, _) = self
            .wake
            .wait_timeout_while(guard, interval, |is_set| !*is_set)
            .unwrap_or_else(PoisonError::into_inner);
        *is_set
    }
}
