//! What latency is when nothing queues.
//!
//! Averages of latency follow a queue that never empties, and a limit that trusts them creeps upwards. So while the limit
//! binds, only a *dip* raises the baseline: for a few round trips a quarter of the limit is let in, and what that takes
//! is the truth. Envoy pins the limit to 3 for this, which refuses what the others would have served; a quarter still
//! serves, and whoever waits, waits for a few round trips. All dips together take less than 3 % of the time.
//!
//! | phase | event | guard | to |
//! |---|---|---|---|
//! | idle | a window ended, the limit binds | the next dip is due, the rule distrusts the baseline, or it looks outdated | draining |
//! | draining | an answer | no more in flight than the dip lets in | measuring |
//! | draining | an answer | 1.5 latencies passed: some take much longer than the others | idle, baseline kept |
//! | measuring | an answer | 4 latencies passed, 3 answers or more began in the first two of them | idle, baseline set |
//! | measuring | an answer | 4 latencies passed, fewer did | idle, baseline kept |
//!
//! Only what began in the first half counts, and all of it: the first answers to arrive would be the fastest ones.

use std::time::Duration;

use super::Answer;
use super::window::{median, seconds};
use crate::Moment;

/// The share of the limit that is let in.
const DIP: f64 = 0.25;
/// Envoy measures its minimum every 60 s with a jitter of 15 %.
const INTERVAL: Duration = Duration::from_secs(30);
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
const OUTDATED_LATENCIES: f64 = 100.0;
/// A dip that something else changed in may bring anything: when it brings so much more or less than was known, another
/// one confirms it soon.
const SURPRISE: f64 = 1.25;
const CONFIRM_LATENCIES: f64 = 30.0;
/// How much of the difference to a window's latency the baseline follows.
const FOLLOWS: f64 = 0.05;

/// What latency is when nothing queues, as far as it is known.
#[derive(Debug)]
pub(super) struct Baseline {
    seconds: Option<f64>,
    phase: Phase,
    /// Before this the baseline is believed.
    dip_due: Moment,
    /// Before this a baseline that looks outdated is not measured again.
    young_until: Moment,
    /// Whether the next dip only confirms what the last one brought.
    confirms: bool,
    /// Windows in a row that were far below while the limit bound.
    outdated: u32,
    chance: u64,
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
            dip_due: Moment::ORIGIN,
            young_until: Moment::ORIGIN,
            confirms: false,
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

    /// Learns from a window that took `latency` seconds at the median. While the limit binds there may be a queue, so that
    /// only a lower latency tells something.
    pub(super) fn learn(&mut self, latency: f64, binds: bool, now: Moment) {
        let Some(seconds) = &mut self.seconds else {
            self.seconds = Some(latency);
            return;
        };
        let is_outdated = binds && latency < *seconds * OUTDATED;
        self.outdated = if is_outdated { self.outdated + 1 } else { 0 };
        if latency < *seconds || !binds {
            *seconds += (latency - *seconds) * FOLLOWS;
        }
        if !binds {
            self.dip_due = self.dip_due.max(now.after(self.interval(latency)));
            return;
        }
        if self.outdated >= OUTDATED_WINDOWS {
            self.dip_due = self.dip_due.min(self.young_until);
        }
        if now >= self.dip_due {
            self.dip(latency, now);
        }
    }

    /// Begins to measure at once, because what is known cannot be right any more. `latency` is what answers take.
    pub(super) fn distrust(&mut self, latency: f64, now: Moment) {
        if !self.is_measuring() {
            self.dip(latency, now);
        }
    }

    fn dip(&mut self, latency: f64, now: Moment) {
        self.outdated = 0;
        self.young_until = after(now, latency * OUTDATED_LATENCIES);
        self.phase = Phase::Draining {
            until: after(now, latency * DRAIN_LATENCIES),
        };
        self.dip_due = now.after(self.interval(latency));
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
            Phase::Draining { .. } => {}
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
                if latencies.len() >= ANSWERS_MIN {
                    let found = median(latencies);
                    self.believe(found, answer.now);
                }
            }
        }
        self.phase = Phase::Idle;
        true
    }

    fn believe(&mut self, found: Option<f64>, now: Moment) {
        let (Some(before), Some(found)) = (self.seconds, found) else {
            self.seconds = found;
            return;
        };
        self.seconds = Some(found);
        let is_surprise = !(1.0 / SURPRISE..=SURPRISE).contains(&(found / before));
        self.confirms = is_surprise && !self.confirms;
        if self.confirms {
            self.dip_due = self.dip_due.min(after(now, found * CONFIRM_LATENCIES));
        }
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

    /// Returns how long a dip's result is believed, spread so that several gateways do not dip together.
    fn interval(&mut self, latency: f64) -> Duration {
        // Weyl's sequence: steps of the golden ratio fill the range evenly.
        self.chance = self.chance.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let spread = (self.chance >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0;
        let seconds = INTERVAL.as_secs_f64().max(latency * INTERVAL_LATENCIES);
        Duration::try_from_secs_f64(seconds * (1.0 + spread * JITTER)).unwrap_or(Duration::MAX)
    }
}

fn after(now: Moment, seconds: f64) -> Moment {
    now.after(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}
