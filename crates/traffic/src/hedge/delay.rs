//! How long to wait for the first attempt before the second one goes.

use std::time::Duration;

use super::Options;
use super::histogram::Histogram;
use crate::Moment;

/// Answers are remembered for this long at least, for twice as long at most.
const ROTATION: Duration = Duration::from_secs(30);

/// The percentile is looked up again after this time: a look costs half a microsecond, which not every request should pay.
const LOOKUP: Duration = Duration::from_secs(1);

/// The delay before a hedge.
///
/// One belongs to each route: what is slow for one is fast for another. An attempt counts with the time until its answer's
/// head; one that was cancelled because its hedge was faster counts with the time that it had run, else the tail would hide
/// itself.
#[derive(Clone, Debug)]
pub struct Delay(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Fixed(Duration),
    Learned(Learned),
}

#[derive(Clone, Debug)]
struct Learned {
    share: f64,
    answers_min: u32,
    current: Histogram,
    previous: Histogram,
    rotates: Moment,
    looks_up: Moment,
    known: Option<Duration>,
}

impl Delay {
    /// Returns one that has seen no answers.
    pub fn new(options: Options, now: Moment) -> Self {
        Self(match options {
            Options::After(delay) => Kind::Fixed(delay),
            Options::Percentile { share, answers_min } => Kind::Learned(Learned {
                share,
                answers_min,
                current: Histogram::new(),
                previous: Histogram::new(),
                rotates: now.after(ROTATION),
                looks_up: now,
                known: None,
            }),
        })
    }

    /// Takes note of an attempt's time.
    pub fn record(&mut self, took: Duration, now: Moment) {
        if let Kind::Learned(learned) = &mut self.0 {
            learned.rotate(now);
            learned.current.add(took);
        }
    }

    /// Returns how long a request that begins now waits for its first attempt; `None` hedges nothing: too few answers are
    /// known.
    pub fn delay(&mut self, now: Moment) -> Option<Duration> {
        match &mut self.0 {
            Kind::Fixed(delay) => Some(*delay),
            Kind::Learned(learned) => learned.look_up(now),
        }
    }
}

impl Learned {
    fn rotate(&mut self, now: Moment) {
        if now < self.rotates {
            return;
        }
        std::mem::swap(&mut self.current, &mut self.previous);
        self.current.clear();
        if now.since(self.rotates) < ROTATION {
            self.rotates = self.rotates.after(ROTATION);
        } else {
            // After a pause of two rotations what was before is too old as well.
            self.previous.clear();
            self.rotates = now.after(ROTATION);
        }
    }

    fn look_up(&mut self, now: Moment) -> Option<Duration> {
        if now >= self.looks_up {
            self.rotate(now);
            self.looks_up = now.after(LOOKUP);
            let is_enough = self.current.all() + self.previous.all() >= u64::from(self.answers_min);
            let found = self.current.quantile(&self.previous, self.share);
            self.known = found.filter(|_| is_enough);
        }
        self.known
    }
}

#[cfg(test)]
mod tests;
