//! What a worker thread has for itself.

use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_runtime::random::{Random, SeededRandom};

use super::Gateway;
use crate::mirror::Copies;
use crate::signals::Recorder;
use crate::worker::Spawner;

/// What a worker thread has for itself: nobody else touches it while requests run, so its locks are free.
pub struct Worker {
    /// What all workers share.
    pub gateway: Arc<Gateway>,
    /// Its place among the workers, from 0: which connections to endpoints are its own.
    pub index: usize,
    /// Starts tasks on its thread.
    pub spawner: Spawner,
    /// Counts its requests.
    pub recorder: Recorder,
    /// Copies of requests that are under way.
    pub copies: Copies,
    random: Mutex<SeededRandom>,
}

impl Worker {
    /// Makes what the worker at this place has.
    pub fn new(gateway: &Arc<Gateway>, index: usize, spawner: Spawner) -> Arc<Self> {
        // Each worker has a sequence of its own.
        let seed = gateway.seed ^ (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Arc::new(Self {
            recorder: gateway.signals.recorder(),
            gateway: Arc::clone(gateway),
            copies: Copies::default(),
            index,
            spawner,
            random: Mutex::new(SeededRandom::new(seed)),
        })
    }

    /// Returns a number from 0 up to, but not including, 1.
    pub fn chance(&self) -> f64 {
        self.with_random(|random| random.fraction())
    }

    /// Works with the worker's source of chance.
    pub fn with_random<T>(&self, work: impl FnOnce(&mut SeededRandom) -> T) -> T {
        work(&mut self.random.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
