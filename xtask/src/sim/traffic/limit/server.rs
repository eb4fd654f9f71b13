//! A server with so many hands: what they cannot take queues in it, in the order in which it came, up to a bound.

use std::collections::VecDeque;
use std::time::Duration;

use plimsoll_runtime::random::{Random, SeededRandom};

/// A server; who plays with it enters the ends of what it begins into an agenda.
pub(super) struct Server<R> {
    pub(super) hands: usize,
    /// The mean of what a request takes.
    pub(super) service: Duration,
    /// Each takes up to this share more or less, 0 to 1.
    pub(super) spread: f64,
    pub(super) queue_max: usize,
    queue: VecDeque<R>,
    busy: usize,
}

/// What becomes of a request that arrives.
pub(super) enum Arrival<R> {
    /// It is worked on.
    Begun(R),
    /// It waits in the server.
    Queued,
    /// The server has no place for it and says so at once.
    Refused(R),
}

impl<R> Server<R> {
    pub(super) fn new(hands: usize, service: Duration, spread: f64, queue_max: usize) -> Self {
        Self {
            hands,
            service,
            spread,
            queue_max,
            queue: VecDeque::new(),
            busy: 0,
        }
    }

    pub(super) fn arrive(&mut self, request: R) -> Arrival<R> {
        if self.busy < self.hands {
            self.busy += 1;
            return Arrival::Begun(request);
        }
        if self.queue.len() >= self.queue_max {
            return Arrival::Refused(request);
        }
        self.queue.push_back(request);
        Arrival::Queued
    }

    /// A hand is done; returns what it begins with next.
    pub(super) fn end(&mut self) -> Option<R> {
        self.busy -= 1;
        if self.busy >= self.hands {
            return None;
        }
        let next = self.queue.pop_front()?;
        self.busy += 1;
        Some(next)
    }

    /// Returns what waits although a hand is free, which happens when hands are added.
    pub(super) fn idle_hand_takes(&mut self) -> Option<R> {
        if self.busy >= self.hands {
            return None;
        }
        let next = self.queue.pop_front()?;
        self.busy += 1;
        Some(next)
    }

    /// Draws how long a request takes.
    pub(super) fn draw(&self, random: &mut SeededRandom) -> Duration {
        let factor = 1.0 + self.spread * (random.fraction() * 2.0 - 1.0);
        self.service.mul_f64(factor)
    }

    /// Returns what it can do at most, in requests per second.
    pub(super) fn capacity(&self) -> f64 {
        self.hands as f64 / self.service.as_secs_f64()
    }
}

/// Draws the time until the next of so many per second, independent of each other (Poisson).
pub(super) fn gap(per_second: f64, random: &mut SeededRandom) -> Duration {
    let gap = -(1.0 - random.fraction()).ln() / per_second;
    Duration::from_secs_f64(gap)
}

/// Draws a number between two, each order of magnitude as likely as another.
pub(super) fn between(least: f64, most: f64, random: &mut SeededRandom) -> f64 {
    least * (most / least).powf(random.fraction())
}
