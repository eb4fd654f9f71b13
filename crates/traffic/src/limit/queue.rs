//! Who waits for a place, in which order, and who is sent away.
//!
//! - **Order.** Weighted fair between the classes, first come first served within one. Self-clocked fair queueing (Golestani
//!   1994): the first of a class has the tag `start + 1 / weight`, the least tag goes next, and that tag is the clock and
//!   the next start of its class; a class that begins to wait starts at the clock. So a class that waits gets its share of
//!   the places, and none starves. Whoever goes without a place takes nothing from its class.
//! - **Length.** When the queue is full, the last one of the least critical class that waits makes room for somebody more
//!   critical. The only one of its class stays, though, and somebody whose class does not wait at all takes a place from
//!   any that has more: or a class would starve behind a queue that is always full.
//! - **Time.** Nobody waits longer than `wait_max`.
//! - **Shedding.** While the mean wait is above `wait_target`, ever more of the least critical are sent away at once, before
//!   they wait: see [`Threshold`].

mod shedding;

use std::collections::VecDeque;
use std::time::Duration;

use crate::{Criticality, Moment};
pub use shedding::Threshold;

/// The queue before a concurrency limit: weighted fair between the classes of criticality, first come first served within.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Requests that wait, all classes together; beyond it the least critical one goes.
    pub length_max: usize,
    /// The longest wait; whoever waited longer is sent away.
    pub wait_max: Duration,
    /// Shares of P0 to P3.
    pub weights: [f64; 4],
    /// Mean wait above which the least critical class that is let in is shed (DAGOR: 20 ms).
    pub wait_target: Duration,
    /// How often the mean is judged.
    pub window: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            length_max: 1000,
            wait_max: Duration::from_secs(1),
            weights: [0.5, 0.3, 0.15, 0.05],
            wait_target: Duration::from_millis(20),
            window: Duration::from_secs(1),
        }
    }
}

/// Names somebody who waits; never given twice by one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// Those who wait.
#[derive(Debug)]
pub struct Queue<T> {
    options: Options,
    /// By class.
    lanes: [Lane<T>; 4],
    length: usize,
    /// The tag of who got a place last.
    clock: f64,
    next_ticket: u64,
}

#[derive(Debug)]
struct Lane<T> {
    waiting: VecDeque<Waiter<T>>,
    /// Where the tag of the first one begins.
    start: f64,
}

#[derive(Debug)]
struct Waiter<T> {
    ticket: Ticket,
    since: Moment,
    token: T,
}

/// Somebody who does not wait any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left<T> {
    /// What was pushed.
    pub token: T,
    /// Its class.
    pub class: Criticality,
    /// How long it waited.
    pub waited: Duration,
}

/// Somebody joined the queue.
#[derive(Debug, PartialEq, Eq)]
pub struct Joined<T> {
    /// For [`Queue::cancel`].
    pub ticket: Ticket,
    /// When it will have waited too long.
    pub until: Moment,
    /// Who had to go for it.
    pub displaced: Option<Left<T>>,
}

/// The queue is full and nobody has to give way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// A weight of nothing would make a tag that is never the least.
const WEIGHT_MIN: f64 = 1e-6;

impl<T> Queue<T> {
    /// Makes an empty queue.
    pub fn new(options: Options) -> Self {
        let lane = || Lane {
            waiting: VecDeque::new(),
            start: 0.0,
        };
        Self {
            options,
            lanes: std::array::from_fn(|_| lane()),
            length: 0,
            clock: 0.0,
            next_ticket: 0,
        }
    }

    /// Takes other options. Whoever waits keeps its place, even when the queue is shorter now.
    pub fn reconfigure(&mut self, options: Options) {
        self.options = options;
    }

    /// Lets somebody join; `token` is made only then.
    ///
    /// # Errors
    /// The queue is full and nobody has to give way.
    pub fn push(
        &mut self,
        class: Criticality,
        token: impl FnOnce() -> T,
        now: Moment,
    ) -> Result<Joined<T>, Full> {
        let displaced = if self.length < self.options.length_max {
            None
        } else {
            Some(self.displace(class, now).ok_or(Full)?)
        };
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let lane = &mut self.lanes[class.index()];
        if lane.waiting.is_empty() {
            lane.start = lane.start.max(self.clock);
        }
        lane.waiting.push_back(Waiter {
            ticket,
            since: now,
            token: token(),
        });
        self.length += 1;
        Ok(Joined {
            ticket,
            until: now.after(self.options.wait_max),
            displaced,
        })
    }

    /// Sends somebody away for one of `class`, if there is anybody who has to give way.
    fn displace(&mut self, class: Criticality, now: Moment) -> Option<Left<T>> {
        let class = self.gives_way(class.index())?;
        let waiter = self.lanes[class].waiting.pop_back()?;
        Some(self.left(class, waiter, now))
    }

    /// Returns the class that has to give way to `class`.
    fn gives_way(&self, class: usize) -> Option<usize> {
        let waiting = |class: usize| self.lanes[class].waiting.len();
        let less_critical = || (class + 1..self.lanes.len()).rev();
        // A queue that has no room for one of each keeps none for anybody.
        let kept = usize::from(self.options.length_max >= self.lanes.len());
        let found = less_critical().find(|&other| waiting(other) > kept);
        let any = || (0..=class).rev().find(|&other| waiting(other) > kept);
        found.or_else(|| any().filter(|_| waiting(class) < kept))
    }

    /// Returns who is next, whether it waited too long or not.
    pub fn pop(&mut self, now: Moment) -> Option<Left<T>> {
        let lanes = self.lanes.iter().zip(self.options.weights).enumerate();
        let waiting = lanes.filter(|(_, (lane, _))| !lane.waiting.is_empty());
        let tags = waiting
            .map(|(class, (lane, weight))| (class, lane.start + 1.0 / weight.max(WEIGHT_MIN)));
        // Of the same tags the most critical, which is the first.
        let (class, tag) = tags.min_by(|left, right| left.1.total_cmp(&right.1))?;
        let lane = &mut self.lanes[class];
        let waiter = lane.waiting.pop_front()?;
        (lane.start, self.clock) = (tag, tag);
        Some(self.left(class, waiter, now))
    }

    /// Returns somebody who waited longer than `wait_max`; to be called until there is nobody.
    pub fn expire(&mut self, now: Moment) -> Option<Left<T>> {
        let wait_max = self.options.wait_max;
        let is_late = |lane: &Lane<T>| {
            let first = lane.waiting.front();
            first.is_some_and(|waiter| now.since(waiter.since) >= wait_max)
        };
        let class = self.lanes.iter().position(is_late)?;
        let waiter = self.lanes[class].waiting.pop_front()?;
        Some(self.left(class, waiter, now))
    }

    /// Takes somebody out who does not want to wait any more; `None` when it waits no more already.
    pub fn cancel(&mut self, ticket: Ticket, now: Moment) -> Option<Left<T>> {
        for class in 0..self.lanes.len() {
            let waiting = &mut self.lanes[class].waiting;
            if let Ok(place) = waiting.binary_search_by_key(&ticket, |waiter| waiter.ticket) {
                let waiter = waiting.remove(place)?;
                return Some(self.left(class, waiter, now));
            }
        }
        None
    }

    fn left(&mut self, class: usize, waiter: Waiter<T>, now: Moment) -> Left<T> {
        self.length -= 1;
        if self.length == 0 {
            // Tags only mean something beside each other; begun anew they stay small and exact.
            self.clock = 0.0;
            for lane in &mut self.lanes {
                lane.start = 0.0;
            }
        }
        Left {
            token: waiter.token,
            class: Criticality::ALL[class],
            waited: now.since(waiter.since),
        }
    }

    /// Returns how long the one that waits longest has waited; zero when nobody waits.
    pub fn longest_wait(&self, now: Moment) -> Duration {
        let heads = self.lanes.iter().filter_map(|lane| lane.waiting.front());
        let waits = heads.map(|waiter| now.since(waiter.since));
        waits.max().unwrap_or_default()
    }

    /// Returns when [`expire`](Self::expire) will find somebody next.
    pub fn next_expiry(&self) -> Option<Moment> {
        let heads = self.lanes.iter().filter_map(|lane| lane.waiting.front());
        let since = heads.map(|waiter| waiter.since).min()?;
        Some(since.after(self.options.wait_max))
    }

    /// Returns how many wait.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Says whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Returns how many of a class wait.
    pub fn waiting(&self, class: Criticality) -> usize {
        self.lanes[class.index()].waiting.len()
    }

    /// Returns what it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }
}

#[cfg(test)]
mod tests;
