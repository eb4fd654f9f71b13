//! Worlds as they are drawn.

use std::time::Duration;

use plimsoll_runtime::random::{Random, SeededRandom};

/// When A begins to hiccup.
pub(super) const HICCUP_AT: Duration = Duration::from_secs(10);

/// How long a world goes on after the longest hiccup.
const AFTERWARDS: Duration = Duration::from_secs(60);

/// Callers give up an attempt after this.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// A world.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) seed: u64,
    /// Calls that A works on at a time.
    pub(super) workers: u32,
    /// What a call takes in the mean, in seconds.
    pub(super) work_seconds: f64,
    /// How many times as long it takes during the hiccup.
    pub(super) slowness: f64,
    /// How long it lasts.
    pub(super) hiccup: Duration,
    /// Calls that wait at A, at most.
    pub(super) backlog_max: usize,
    /// Requests per second, of all callers.
    pub(super) rate: f64,
    /// Callers: B, C, D and so on.
    pub(super) callers: usize,
    /// How often naive callers try again.
    pub(super) retries: u32,
}

impl Setup {
    pub(super) fn draw(seed: u64) -> Self {
        let mut random = SeededRandom::new(seed);
        let workers = 4 + random.below(5) as u32;
        let work_seconds = 0.02 + 0.03 * random.fraction();
        let capacity = f64::from(workers) / work_seconds;
        Self {
            seed,
            workers,
            work_seconds,
            slowness: 20.0 + 60.0 * random.fraction(),
            hiccup: Duration::from_secs_f64(3.0 + 5.0 * random.fraction()),
            // At least five seconds of work: less would be a limit, and end the storm by itself.
            backlog_max: (capacity * (5.0 + 10.0 * random.fraction())) as usize,
            rate: capacity * (0.55 + 0.15 * random.fraction()),
            callers: 3,
            retries: 3 + random.below(3) as u32,
        }
    }

    /// Returns when it ends.
    pub(super) fn end(&self) -> Duration {
        HICCUP_AT + self.hiccup + AFTERWARDS
    }
}
