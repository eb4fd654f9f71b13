//! The thread that calls maintenance. Everything it does is a method of [`Db`] that simulation calls itself.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Db;
use crate::{Error, Result};

/// Periodic durability: what scrapes wrote is synced this often.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// Maintenance is done once in this many syncs.
const SYNCS_PER_MAINTENANCE: u32 = 30;

/// The running background thread of a store.
pub struct Background {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    is_set: Mutex<bool>,
    wake: Condvar,
}

impl Background {
    /// Syncs `db` every second and maintains it every 30 seconds until [`stop`](Self::stop).
    ///
    /// # Errors
    /// `Io` when the thread cannot be started.
    pub fn start(db: Arc<Db>) -> Result<Self> {
        let stop = Arc::new(Stop::default());
        let shared = stop.clone();
        let thread = std::thread::Builder::new()
            .name("tsdb-maintain".into())
            .spawn(move || run(&db, &shared))
            .map_err(|error| {
                Error::io(
                    "start the thread that maintains",
                    "the store".as_ref(),
                    error,
                )
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }

    /// Ends the thread and waits for the step that it is in.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        *self
            .stop
            .is_set
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.wake.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that maintains the store panicked");
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.end();
    }
}

fn run(db: &Db, stop: &Stop) {
    for round in 1u32.. {
        let guard = stop.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        let (is_set, _) = stop
            .wake
            .wait_timeout_while(guard, SYNC_INTERVAL, |is_set| !*is_set)
            .unwrap_or_else(PoisonError::into_inner);
        if *is_set {
            return;
        }
        drop(is_set);
        // Both log and count their failures and are tried again.
        let _ = db.sync();
        if round % SYNCS_PER_MAINTENANCE == 0 {
            let _ = db.maintain();
        }
    }
}
