//! A concurrency limit and the queue before it, as one machine.
//!
//! | request | event | guard | to | action |
//! |---|---|---|---|---|
//! | new | enters | nobody waits, a place is free | in flight | |
//! | new | enters | below the threshold, and others of its class wait | gone | refused: shed |
//! | new | enters | the queue has room, or somebody has to give way | waiting | that one is refused: full |
//! | new | enters | otherwise | gone | refused: full |
//! | waiting | another leaves, or the limit grows | it is next | in flight | its token is handed out |
//! | waiting | anything | it waited longer than `wait_max` | gone | refused: waited too long |
//! | waiting | cancelled | | gone | |
//! | in flight | leaves | | gone | the limit learns |
//!
//! Shedding meets only those who would make others wait, so a threshold that is lower than it had to be leaves no place
//! empty. And one of each class may always wait: so even a class that is shed gets its weight's share of the places, and
//! none starves.

use std::time::Duration;

use super::concurrency::{Limiter, Meaning};
use super::queue::{Joined, Left, Queue, Threshold, Ticket};
use super::{concurrency, queue};
use crate::{Criticality, Moment};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// How much it matters.
    pub class: Criticality,
    /// A hash of whom it is for, such as the client: under overload the same ones are shed for an hour, instead of some
    /// requests of everybody's. `None` leaves it to chance.
    pub key: Option<u64>,
}

/// What becomes of who asked.
#[derive(Debug, PartialEq, Eq)]
pub enum Entry<T> {
    /// It is counted as in flight and must be given back with [`Admission::left`].
    Entered,
    /// It waits. Its token comes back in [`Moved`], unless it is cancelled before.
    Waiting {
        /// For [`Admission::cancel`].
        ticket: Ticket,
        /// When it will have waited too long.
        until: Moment,
        /// Who has to go for it, because the queue is full.
        displaced: Option<(T, Refused)>,
    },
    /// It must go.
    Refused(Refused),
}

/// Why somebody must go, and when to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub why: Why,
    /// How long it waited; zero when it did not.
    pub waited: Duration,
    /// When it makes sense to try again, for Retry-After: whole seconds, 1 to 30.
    pub retry_after: Duration,
}

/// Why somebody must go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The queue is full, and nobody gives way.
    Full,
    /// It waited too long.
    WaitedTooLong,
    /// Waits are long, others of its class wait already, and those who matter as little as it are sent away.
    Shed,
}

/// Whose wait ended. Empty, it costs nothing.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "who entered counts as in flight and must be told"]
pub struct Moved<T> {
    /// They are counted as in flight now, in this order.
    pub entered: Vec<Left<T>>,
    /// They must go.
    pub refused: Vec<(T, Refused)>,
}

/// A concurrency limit and the queue before it. `T` is what the caller needs to wake who waits.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use plimsoll_traffic::limit::{admission::*, concurrency, queue};
/// use plimsoll_traffic::{Criticality, Moment, limit::concurrency::Meaning};
///
/// let now = Moment::ORIGIN;
/// let limit = concurrency::Options::Fixed(1);
/// let mut admission = Admission::new(limit, queue::Options::default(), 7, now);
/// let ask = Ask { class: Criticality::P1, key: None };
/// assert_eq!(admission.enter(ask, || "first", now), Entry::Entered);
/// assert!(matches!(admission.enter(ask, || "second", now), Entry::Waiting { .. }));
/// let moved = admission.left(Duration::from_millis(3), Meaning::Served, now);
/// assert_eq!(moved.entered[0].token, "second");
/// ```
#[derive(Debug)]
pub struct Admission<T> {
    limiter: Limiter,
    queue: Queue<T>,
    threshold: Threshold,
}

/// What an admission looks like, for whoever asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// The kind of the limit: a name of [`concurrency::ALL`].
    pub kind: &'static str,
    /// The limit of this moment.
    pub limit: u32,
    /// Whether the limit is low for a moment, to measure.
    pub is_measuring: bool,
    /// Requests in flight.
    pub in_flight: u32,
    /// Who wait, P0 to P3.
    pub waiting: [usize; 4],
    /// What share of P0 to P3 is not shed, 0 to 1.
    pub shares: [f64; 4],
    /// Mean wait in the last window.
    pub mean_wait: Duration,
    /// How long the one that waits longest has waited.
    pub longest_wait: Duration,
}

const RETRY_AFTER_MAX_SECONDS: u64 = 30;

impl<T> Admission<T> {
    /// Starts with nobody in. The seed spreads measurements of several limits over time.
    pub fn new(limit: concurrency::Options, queue: queue::Options, seed: u64, now: Moment) -> Self {
        Self {
            limiter: Limiter::new(limit, seed),
            threshold: Threshold::new(&queue, now),
            queue: Queue::new(queue),
        }
    }

    /// Takes other options. Who is in stays, who waits keeps its place, and a limit whose options are the same keeps what
    /// it learned.
    pub fn reconfigure(
        &mut self,
        limit: concurrency::Options,
        queue: queue::Options,
        now: Moment,
    ) -> Moved<T> {
        self.limiter.reconfigure(limit);
        self.queue.reconfigure(queue);
        self.advance(now)
    }

    /// Somebody asks to come in; `token` is made only when it has to wait.
    pub fn enter(&mut self, ask: Ask, token: impl FnOnce() -> T, now: Moment) -> Entry<T> {
        self.judge(now);
        let may_wait = self.threshold.admits(ask.class, ask.key, now);
        if self.queue.is_empty() && self.limiter.acquire() {
            self.threshold.waited(ask.class, Duration::ZERO);
            return Entry::Entered;
        }
        if !may_wait && self.queue.waiting(ask.class) > 0 {
            return Entry::Refused(self.refusal(Why::Shed, Duration::ZERO));
        }
        match self.queue.push(ask.class, token, now) {
            Ok(Joined {
                ticket,
                until,
                displaced,
            }) => Entry::Waiting {
                ticket,
                until,
                displaced: displaced.map(|left| {
                    self.threshold.waited(left.class, left.waited);
                    self.refuse(left, Why::Full)
                }),
            },
            Err(queue::Full) => Entry::Refused(self.refusal(Why::Full, Duration::ZERO)),
        }
    }

    /// Somebody who was in flight is not any more. `latency` is from when it entered until its answer's head.
    pub fn left(&mut self, latency: Duration, meaning: Meaning, now: Moment) -> Moved<T> {
        self.limiter.release(latency, meaning, now);
        self.advance(now)
    }

    /// Somebody does not want to wait any more. `None` when it does not wait any more already: then its token was handed out
    /// before, and when it had entered, it must be given back with [`left`](Self::left).
    pub fn cancel(&mut self, ticket: Ticket, now: Moment) -> Option<Left<T>> {
        let left = self.queue.cancel(ticket, now)?;
        self.threshold.waited(left.class, left.waited);
        Some(left)
    }

    /// Sends away who waited too long, and lets in who has a place. To be called when [`next_expiry`](Self::next_expiry)
    /// passed, unless those who wait cancel by themselves.
    pub fn advance(&mut self, now: Moment) -> Moved<T> {
        let mut moved = Moved {
            entered: Vec::new(),
            refused: Vec::new(),
        };
        self.judge(now);
        while let Some(left) = self.queue.expire(now) {
            self.threshold.waited(left.class, left.waited);
            moved.refused.push(self.refuse(left, Why::WaitedTooLong));
        }
        while !self.queue.is_empty() && self.limiter.acquire() {
            let left = self.queue.pop(now).expect("the queue is not empty");
            self.threshold.waited(left.class, left.waited);
            moved.entered.push(left);
        }
        moved
    }

    /// Returns when somebody will have waited too long next.
    pub fn next_expiry(&self) -> Option<Moment> {
        self.queue.next_expiry()
    }

    /// Returns how it is.
    pub fn view(&self, now: Moment) -> View {
        View {
            kind: self.limiter.options().kind().name,
            limit: self.limiter.limit(),
            is_measuring: self.limiter.is_measuring(),
            in_flight: self.limiter.in_flight(),
            waiting: Criticality::ALL.map(|class| self.queue.waiting(class)),
            shares: Criticality::ALL.map(|class| self.threshold.share(class)),
            mean_wait: self.threshold.mean_wait(),
            longest_wait: self.queue.longest_wait(now),
        }
    }

    fn judge(&mut self, now: Moment) {
        let longest = self.queue.longest_wait(now);
        self.threshold.judge(self.queue.options(), longest, now);
    }

    fn refuse(&self, left: Left<T>, why: Why) -> (T, Refused) {
        (left.token, self.refusal(why, left.waited))
    }

    /// Whoever comes again after about two waits finds the queue of now gone.
    fn refusal(&self, why: Why, waited: Duration) -> Refused {
        let wait = self.threshold.mean_wait().max(waited);
        let seconds = wait.saturating_mul(2).as_secs() + 1;
        Refused {
            why,
            waited,
            retry_after: Duration::from_secs(seconds.min(RETRY_AFTER_MAX_SECONDS)),
        }
    }
}

#[cfg(test)]
mod tests;
