//! GCRA, the leaky bucket of ITU-T I.371 as one number per key.
//!
//! The number is the theoretical arrival time (TAT): when the bucket will be full of credit again. With `T = per / count`:
//!
//! | asked at | guard | to | answer |
//! |---|---|---|---|
//! | `now` | `max(now, TAT) + T - now <= T * burst` | `TAT = max(now, TAT) + T` | let in |
//! | `now` | otherwise | unchanged | refused, for `max(now, TAT) + T - now - T * burst` |
//!
//! A key whose TAT has passed is as good as one that was never seen, so forgetting it loses nothing: [`Limiter`] keeps a
//! bounded number of keys and forgets such ones first.

mod keys;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::Moment;
use keys::Keys;

/// A rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests per `per`, 1 or more.
    pub count: u64,
    /// More than zero.
    pub per: Duration,
    /// Requests at once, 1 or more; `count` when nothing is said.
    pub burst: u64,
    /// Keys that are remembered; the one that is full of credit, or else the least recently used, is forgotten.
    pub keys_max: usize,
}

/// Not now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// After this the same key is let in, unless it asks for more in between. More than zero.
    pub retry_after: Duration,
}

/// The arithmetic of one rate, without state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gcra {
    /// Nanoseconds between two requests at the full rate: `T`.
    step: u64,
    /// How far the TAT may lie ahead: `T * burst`.
    ahead_max: u64,
}

/// What is known of one key: its TAT. The default is full of credit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket(Moment);

impl Gcra {
    /// Prepares a rate. `T` is rounded up to nanoseconds, so that never more than the rate is let in: 0.1 % less at a
    /// million per second at most. Zeros count as one.
    pub fn new(rate: &Rate) -> Self {
        let nanos = Moment::from_origin(rate.per).nanos().max(1);
        let step = nanos.div_ceil(rate.count.max(1));
        Self {
            step,
            ahead_max: step.saturating_mul(rate.burst.max(1)),
        }
    }

    /// Returns the bucket after one request more.
    ///
    /// # Errors
    /// The bucket has no credit.
    pub fn take(&self, bucket: Bucket, now: Moment) -> Result<Bucket, Refused> {
        let next = bucket.0.max(now).nanos().saturating_add(self.step);
        let ahead = next - now.nanos();
        if ahead <= self.ahead_max {
            return Ok(Bucket(Moment::from_nanos(next)));
        }
        Err(Refused {
            retry_after: Duration::from_nanos(ahead - self.ahead_max),
        })
    }

    /// Returns the bucket as if one request less had been let in.
    pub fn give_back(&self, bucket: Bucket) -> Bucket {
        Bucket(Moment::from_nanos(
            bucket.0.nanos().saturating_sub(self.step),
        ))
    }

    /// Returns how many requests the bucket would let in at once.
    pub fn credit(&self, bucket: Bucket, now: Moment) -> u64 {
        let ahead = Moment::from_origin(bucket.0.since(now)).nanos();
        self.ahead_max.saturating_sub(ahead) / self.step
    }
}

impl Bucket {
    /// Says whether it is as if no request had ever been made.
    pub fn is_full(self, now: Moment) -> bool {
        self.0 <= now
    }
}

/// A rate for every key of its own, or one for everything; for any number of threads.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use plimsoll_traffic::{Moment, limit::rate::{Limiter, Rate}};
///
/// let second = Duration::from_secs(1);
/// let limiter = Limiter::keyed(Rate { count: 10, per: second, burst: 1, keys_max: 1000 });
/// let now = Moment::ORIGIN;
/// assert!(limiter.take(7, now).is_ok());
/// assert_eq!(limiter.take(7, now).unwrap_err().retry_after, second / 10);
/// assert!(limiter.take(8, now).is_ok());
/// ```
#[derive(Debug)]
pub struct Limiter {
    rate: Rate,
    gcra: Gcra,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The TAT in nanoseconds.
    Single(AtomicU64),
    Keyed(Keys),
}

impl Limiter {
    /// Makes one bucket, whatever the key.
    pub fn single(rate: Rate) -> Self {
        Self::with(rate, State::Single(AtomicU64::new(0)))
    }

    /// Makes a bucket per key. Memory grows with the keys that are seen, to about 48 bytes for each of `keys_max`.
    pub fn keyed(rate: Rate) -> Self {
        Self::with(rate, State::Keyed(Keys::new(rate.keys_max)))
    }

    fn with(rate: Rate, state: State) -> Self {
        Self {
            rate,
            gcra: Gcra::new(&rate),
            state,
        }
    }

    /// Returns the rate that it was made with, to tell after a reload whether it can stay.
    pub fn rate(&self) -> &Rate {
        &self.rate
    }

    /// Asks for one request. `key` is a hash of the key, with a secret seed when strangers choose keys: keys with the same
    /// hash share a bucket. Keys that are refused count as used.
    ///
    /// # Errors
    /// The key has no credit.
    ///
    /// # Complexity
    /// Constant; one lock of a sixteenth of the keys, or one atomic exchange of a single bucket.
    pub fn take(&self, key: u64, now: Moment) -> Result<(), Refused> {
        match &self.state {
            State::Single(due) => self.take_single(due, now),
            State::Keyed(keys) => keys.change(key, now, |bucket| {
                *bucket = self.gcra.take(*bucket, now)?;
                Ok(())
            }),
        }
    }

    fn take_single(&self, due: &AtomicU64, now: Moment) -> Result<(), Refused> {
        let mut before = due.load(Ordering::Relaxed);
        loop {
            let bucket = Bucket(Moment::from_nanos(before));
            let after = self.gcra.take(bucket, now)?.0.nanos();
            match due.compare_exchange_weak(before, after, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => before = other,
            }
        }
    }

    /// Gives one request back that was let in here and then refused by something else.
    pub fn give_back(&self, key: u64, now: Moment) {
        match &self.state {
            State::Single(due) => {
                let earlier = |nanos| {
                    let bucket = Bucket(Moment::from_nanos(nanos));
                    Some(self.gcra.give_back(bucket).0.nanos())
                };
                // The closure never declines, so there is always an update.
                let _ = due.fetch_update(Ordering::Relaxed, Ordering::Relaxed, earlier);
            }
            State::Keyed(keys) => keys.change(key, now, |bucket| {
                *bucket = self.gcra.give_back(*bucket);
            }),
        }
    }

    /// Returns how many requests the key could make at once.
    pub fn credit(&self, key: u64, now: Moment) -> u64 {
        let bucket = match &self.state {
            State::Single(due) => Bucket(Moment::from_nanos(due.load(Ordering::Relaxed))),
            State::Keyed(keys) => keys.get(key).unwrap_or_default(),
        };
        self.gcra.credit(bucket, now)
    }

    /// Returns how many keys are remembered; 1 of a single bucket.
    pub fn keys(&self) -> usize {
        match &self.state {
            State::Single(_) => 1,
            State::Keyed(keys) => keys.len(),
        }
    }

    /// Returns how many keys were forgotten that had less than their full credit: `keys_max` is too small when it grows.
    pub fn forgotten(&self) -> u64 {
        match &self.state {
            State::Single(_) => 0,
            State::Keyed(keys) => keys.forgotten(),
        }
    }
}

#[cfg(test)]
mod tests;
