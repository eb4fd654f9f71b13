//! Limits of requests in flight: fixed, or found out from latency; each is a file, [`ALL`] lists them.
//!
//! An adaptive limit is moved by the answers. Those of a short window are taken together, so that one slow answer moves
//! nothing, and it only grows while it binds: nothing is known about what was never tried. What latency is without a
//! queue is measured now and then by letting in fewer for a moment (`baseline`).
//!
//! One limiter needs to see all of a backend's traffic that goes through this process; with `n` gateways each finds its
//! share.

mod aimd;
mod baseline;
mod fixed;
mod gradient2;
mod vegas;
mod window;
mod windowed;

use std::fmt;
use std::time::Duration;

use crate::{FailureKind, Moment, Outcome};
use windowed::Windowed;

/// How the limit is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Options {
    /// It is given.
    Fixed(u32),
    /// Netflix' gradient2: grows while the short average of latency stays near the long one.
    Gradient2(Bounds),
    /// Vegas: grows while the queue that latency tells of is short.
    Vegas(Bounds),
    /// Grows by one, shrinks by a tenth at each failure or when latency exceeds `latency_max`.
    Aimd {
        /// Where it may be.
        bounds: Bounds,
        /// Above this an answer counts as a drop. Netflix: 5 s.
        latency_max: Duration,
    },
}

/// Where an adaptive limit may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Where it starts.
    pub initial: u32,
    /// The least, 1 or more.
    pub min: u32,
    /// The most.
    pub max: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            initial: 20,
            min: 4,
            max: 1000,
        }
    }
}

/// A way to find the limit.
#[derive(Debug)]
pub struct Kind {
    /// As it is written in files and views.
    pub name: &'static str,
    /// What it does, for whoever chooses: one sentence.
    pub summary: &'static str,
    /// Its options, for a limit that may be where these bounds say and starts at their `initial`.
    pub options: fn(Bounds) -> Options,
}

/// All ways, the default first.
pub const ALL: &[&Kind] = &[&gradient2::KIND, &vegas::KIND, &aimd::KIND, &fixed::KIND];

impl Options {
    /// Returns the entry of [`ALL`] that these are options of.
    pub fn kind(&self) -> &'static Kind {
        match self {
            Self::Fixed(_) => &fixed::KIND,
            Self::Gradient2(_) => &gradient2::KIND,
            Self::Vegas(_) => &vegas::KIND,
            Self::Aimd { .. } => &aimd::KIND,
        }
    }

    fn start(&self, seed: u64) -> Box<dyn Law> {
        match *self {
            Self::Fixed(limit) => Box::new(fixed::Fixed::new(limit)),
            Self::Gradient2(bounds) => Box::new(Windowed::new(gradient2::Gradient2, bounds, seed)),
            Self::Vegas(bounds) => Box::new(Windowed::new(vegas::Vegas, bounds, seed)),
            Self::Aimd {
                bounds,
                latency_max,
            } => Box::new(aimd::Aimd::new(bounds, latency_max)),
        }
    }
}

impl Bounds {
    fn clamp(&self, limit: f64) -> f64 {
        let min = self.min.max(1);
        limit.clamp(f64::from(min), f64::from(self.max.max(min)))
    }
}

/// What an answer tells about the load of whoever gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It was worked on: its latency counts.
    Served,
    /// It was too much, or took too long.
    Dropped,
    /// Nothing: it failed at once for another reason, or somebody else ended it.
    Nothing,
}

impl From<&Outcome> for Meaning {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Success => Self::Served,
            Outcome::Throttled { .. }
            | Outcome::ServerError {
                status: 503 | 504, ..
            }
            | Outcome::Failed(
                FailureKind::TryTimeout | FailureKind::ConnectTimeout | FailureKind::NotProcessed,
            ) => Self::Dropped,
            Outcome::ServerError { .. } | Outcome::Failed(_) | Outcome::Cancelled => Self::Nothing,
        }
    }
}

/// An answer that a law learns from.
#[derive(Clone, Copy, Debug)]
struct Answer {
    /// When its request was let in.
    began: Moment,
    now: Moment,
    latency: Duration,
    is_dropped: bool,
    /// Requests that were running until now, this one too.
    in_flight: u32,
}

/// What moves a limit.
trait Law: fmt::Debug + Send {
    fn answered(&mut self, answer: &Answer);

    /// Returns the limit of this moment, 1 or more unless somebody asked for 0.
    fn limit(&self) -> u32;

    /// Says whether the limit is low for a moment to measure.
    fn is_measuring(&self) -> bool {
        false
    }
}

/// Counts requests in flight and limits them.
#[derive(Debug)]
pub struct Limiter {
    options: Options,
    seed: u64,
    law: Box<dyn Law>,
    in_flight: u32,
}

impl Limiter {
    /// Starts where the options say. The seed spreads measurements of several limiters over time.
    pub fn new(options: Options, seed: u64) -> Self {
        Self {
            law: options.start(seed),
            options,
            seed,
            in_flight: 0,
        }
    }

    /// Takes other options: the limit starts anew unless they are the same; what is in flight stays.
    pub fn reconfigure(&mut self, options: Options) {
        if options != self.options {
            self.law = options.start(self.seed);
            self.options = options;
        }
    }

    /// Counts one request in, if there is a place.
    #[must_use = "a request that was counted in must be released"]
    pub fn acquire(&mut self) -> bool {
        let has_place = self.has_place();
        self.in_flight += u32::from(has_place);
        has_place
    }

    /// Says whether there is a place.
    pub fn has_place(&self) -> bool {
        self.in_flight < self.law.limit()
    }

    /// Counts one request out and learns from it. `latency` is from when it was counted in until its answer's head.
    ///
    /// # Panics
    /// In debug builds, when nothing is in flight.
    pub fn release(&mut self, latency: Duration, meaning: Meaning, now: Moment) {
        debug_assert!(self.in_flight > 0, "released more than was acquired");
        if meaning != Meaning::Nothing {
            let latency_nanos = Moment::from_origin(latency).nanos();
            self.law.answered(&Answer {
                began: Moment::from_nanos(now.nanos().saturating_sub(latency_nanos)),
                now,
                latency,
                is_dropped: meaning == Meaning::Dropped,
                in_flight: self.in_flight,
            });
        }
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Returns the limit of this moment.
    pub fn limit(&self) -> u32 {
        self.law.limit()
    }

    /// Returns how many are in flight.
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Says whether the limit is low for a moment, to measure latency without a queue.
    pub fn is_measuring(&self) -> bool {
        self.law.is_measuring()
    }

    /// Returns what it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }
}

#[cfg(test)]
mod tests;
