//! What latency is when nothing queues.
//!
//! Averages of latency follow a queue that never empties, and a limit that trusts them creeps upwards. So while the limit
//! binds, only a *dip* raises the baseline: for a few round trips a quarter of the limit is let in, and what that takes
//! is the truth. Envoy pins the limit to 3 for this, which refuses what the others would have served; a quarter still
//! serves, and whoever waits, waits for a few round trips. All dips together take less than 3 % of the time, or 6 % while
//! none of them finds anything out.
//!
//! | phase | event | guard | to |
//! |---|---|---|---|
//! | idle | a window ended, the limit binds | the next dip is due, or the rule distrusts the baseline | draining |
//! | draining | an answer | no more in flight than the dip lets in | measuring |
//! | draining | an answer | 1.5 latencies passed: some take much longer than the others | idle, baseline kept |
//! | measuring | an answer | 4 latencies passed, 3 answers or more began in the first two of them | idle, baseline set |
//! | measuring | an answer | 4 latencies passed, fewer did | idle, baseline kept |
//!
//! Only what began in the first half counts, and all of it: the first answers to arrive would be the fastest ones.
//!
//! | the last dip | the next one is due |
//! |---|---|
//! | brought about what was known | after 30 s and 200 latencies |
//! | the same, and now the baseline looks outdated | after 100 latencies |
//! | was kept from measuring | after 100 latencies |
//! | brought a surprise, which something that changed in it may be | after 30 times what it brought |
//!
//! Latencies are those of now: what they were at the last dip would keep a baseline of much worse times for as many of
//! those.

use std::time::Duration;

use super::Answer;
use super::window::{median, seconds};
use crate::Moment;

/// The share of the limit that is let in.
const DIP: f64 = 0.25;
/// Envoy measures its minimum every 60 s with a jitter of 15 %.
const INTERVAL_SECONDS: f64 = 30.0;
const JITTER: f64 = 0.15;
/// A dip takes up to 5.5 latencies; so many between two of them make it less than 3 % of the time.
const INTERVAL_LATENCIES: f64 = 200.0;
const DRAIN_LATENCIES: f64 = 1.5;
const MEASURE_LATENCIES: f64 = 4.0;
/// What is kept of a dip at a very high limit: 32 KiB.
const ANSWERS_MAX: usize = 4096;
const ANSWERS_MIN: usize = 3;
/// While the limit binds, answers that take less than this share of the baseline so many windows in a row show that it is
/// a memory of worse times; chance shows it seldom, and a dip for it not soon after another.
const OUTDATED: f64 = 0.9;
const OUTDATED_WINDOWS: u32 = 3;
const SOON_LATENCIES: f64 = 100.0;
/// More than this much more or less than was known is a surprise.
const SURPRISE: f64 = 1.25;
const CONFIRM_LATENCIES: f64 = 30.0;
/// How much of the difference to a window's latency the baseline follows, where there is no queue.
const FOLLOWS: f64 = 0.05;

/// What latency is when nothing queues, as far as it is known.
#[derive(Debug)]
pub(super) struct Baseline {
    seconds: Option<f64>,
    phase: Phase,
    /// When the last dip began, or the limit did not bind; `None` at the start.
    dipped: Option<Moment>,
    next: Next,
    /// Windows in a row that were far below while the limit bound.
    outdated: u32,
    chance: u64,
}

/// What the next dip is for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Next {
    /// So much time passed, times this factor: several gateways must not dip together.
    Routine { spread: f64 },
    /// The baseline looks outdated, or could not be measured.
    Soon,
    /// To confirm what the last one brought.
    Confirm,
}

#[derive(Debug)]
enum Phase {
    Idle,
    Draining {
        until: Moment,
    },
    Measuring {
        since: Moment,
        half: Moment,
        until: Moment,
        latencies: Vec<f64>,
    },
}

impl Baseline {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seconds: None,
            phase: Phase::Idle,
            dipped: None,
            next: Next::Soon,
            outdated: 0,
            chance: seed,
        }
    }

    /// Returns the latency without a queue, in seconds.
    pub(super) fn seconds(&self) -> Option<f64> {
        self.seconds
    }

    pub(super) fn is_measuring(&self) -> bool {
        !matches!(self.phase, Phase::Idle)
    }

    /// Returns what is let in while `limit` is the limit.
    pub(super) fn let_in(&self, limit: f64) -> f64 {
        match self.phase {
            Phase::Idle => limit,
            Phase::Draining { .. } | Phase::Measuring { .. } => limit * DIP,
        }
    }

    /// Says whether a window that took `latency` seconds makes the baseline doubtful, while nothing is done about that yet:
    /// a limit that grew by it would soon have a queue that hides it.
    pub(super) fn is_doubtful(&self, latency: f64) -> bool {
        self.next != Next::Soon && self.looks_outdated(latency)
    }

    fn looks_outdated(&self, latency: f64) -> bool {
        self.seconds
            .is_some_and(|seconds| latency < seconds * OUTDATED)
    }

    /// Learns from a window that took `latency` seconds at the median. While the limit binds there may be a queue, so that
    /// only a lower latency tells something.
    pub(super) fn learn(&mut self, latency: f64, binds: bool, now: Moment) {
        let is_outdated = binds && self.looks_outdated(latency);
        self.outdated = if is_outdated { self.outdated + 1 } else { 0 };
        let Some(seconds) = &mut self.seconds else {
            self.seconds = Some(latency);
            return;
        };
        // To follow each lower window would be to follow the lowest of their noise.
        if is_outdated || !binds {
            *seconds += (latency - *seconds) * FOLLOWS;
        }
        if !binds {
            self.dipped = Some(now);
            self.next = self.routine();
            return;
        }
        if self.outdated >= OUTDATED_WINDOWS && self.next != Next::Confirm {
            self.next = Next::Soon;
        }
        if self.is_due(latency, now) {
            self.dip(latency, now);
        }
    }

    fn is_due(&self, latency: f64, now: Moment) -> bool {
        let Some(dipped) = self.dipped else {
            return true;
        };
        let least = match self.next {
            Next::Routine { spread } => INTERVAL_SECONDS.max(latency * INTERVAL_LATENCIES) * spread,
            Next::Soon => latency * SOON_LATENCIES,
            Next::Confirm => self.seconds.unwrap_or(latency) * CONFIRM_LATENCIES,
        };
        now.since(dipped).as_secs_f64() >= least
    }

    /// Begins to measure at once, because what is known cannot be right any more. `latency` is what answers take.
    pub(super) fn distrust(&mut self, latency: f64, now: Moment) {
        if !self.is_measuring() {
            self.dip(latency, now);
        }
    }

    fn dip(&mut self, latency: f64, now: Moment) {
        self.outdated = 0;
        self.dipped = Some(now);
        self.phase = Phase::Draining {
            until: after(now, latency * DRAIN_LATENCIES),
        };
    }

    /// Learns from an answer during a dip, which lets in `let_in`; says whether the dip ended.
    pub(super) fn answered(&mut self, answer: &Answer, let_in: f64) -> bool {
        match &mut self.phase {
            Phase::Idle => return false,
            Phase::Draining { .. } if f64::from(answer.in_flight - 1) <= let_in => {
                self.measure(answer);
                return false;
            }
            Phase::Draining { until } if answer.now < *until => return false,
            Phase::Draining { .. } => self.next = Next::Soon,
            Phase::Measuring {
                since,
                half,
                until,
                latencies,
            } => {
                let counts = (*since..*half).contains(&answer.began) && !answer.is_dropped;
                if counts && latencies.len() < ANSWERS_MAX {
                    latencies.push(seconds(answer.latency));
                }
                if answer.now < *until {
                    return false;
                }
                let is_enough = latencies.len() >= ANSWERS_MIN;
                let found = median(latencies).filter(|_| is_enough);
                self.believe(found);
            }
        }
        self.phase = Phase::Idle;
        true
    }

    /// Takes what a dip brought, if it brought something.
    fn believe(&mut self, found: Option<f64>) {
        let Some(found) = found else {
            self.next = Next::Soon;
            return;
        };
        let before = self.seconds.unwrap_or(found);
        let is_surprise = !(1.0 / SURPRISE..=SURPRISE).contains(&(found / before));
        // A few dozen answers are some percent off, which at a high limit is a queue; two dips are less so.
        self.seconds = Some(if is_surprise {
            found
        } else {
            f64::midpoint(before, found)
        });
        self.next = match self.next {
            Next::Routine { .. } | Next::Soon if is_surprise => Next::Confirm,
            _ => self.routine(),
        };
    }

    fn measure(&mut self, answer: &Answer) {
        let latency = seconds(answer.latency).max(self.seconds.unwrap_or(0.0));
        self.phase = Phase::Measuring {
            since: answer.now,
            half: after(answer.now, latency * MEASURE_LATENCIES / 2.0),
            until: after(answer.now, latency * MEASURE_LATENCIES),
            latencies: Vec::new(),
        };
    }

    fn routine(&mut self) -> Next {
        // Weyl's sequence: steps of the golden ratio fill the range evenly.
        self.chance = self.chance.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let fraction = (self.chance >> 11) as f64 / (1u64 << 53) as f64;
        Next::Routine {
            spread: 1.0 + (fraction * 2.0 - 1.0) * JITTER,
        }
    }
}

fn after(now: Moment, seconds: f64) -> Moment {
    now.after(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}
