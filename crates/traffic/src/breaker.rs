//! A circuit breaker: after failures nothing is sent for a while, then one probe at a time asks whether it is over.
//!
//! | from     | event                                                     | guard                                  | to       | action                           |
//! |----------|-----------------------------------------------------------|----------------------------------------|----------|----------------------------------|
//! | Closed   | failure                                                   | `consecutive` reached in a row         | Open     | open time starts                 |
//! | Closed   | failure or 429                                            | share of them in `window` is `ratio` or more, of `volume_min` or more | Open | open time starts  |
//! | Closed   | success                                                   |                                        | Closed   | the row of failures ends         |
//! | Open     | [`begin_probe`](Breaker::begin_probe)                     | open time is over                      | HalfOpen | one probe runs                   |
//! | Open     | result of an attempt from before                          |                                        | Open     | ignored                          |
//! | HalfOpen | begin_probe                                               | none runs, or the one that runs is late | HalfOpen | one probe runs                  |
//! | HalfOpen | probe succeeds                                            | `probes` did, one after the other      | Closed   | window and row are emptied       |
//! | HalfOpen | probe fails, or is answered 429                           |                                        | Open     | open time doubles                |
//! | HalfOpen | probe is cancelled                                        |                                        | HalfOpen | it may be repeated               |
//! | HalfOpen | result of an attempt that is no probe                     |                                        | HalfOpen | ignored                          |
//!
//! Of linkerd come the two triggers in one machine, what 429 counts for, and the single probe; of Hystrix the defaults of the
//! ratio. A probe that has not ended after `open` is late: another one may go, so that a peer that never answers
//! keeps nothing shut.

mod window;

use std::time::Duration;

use self::window::Window;
use crate::health::told::{Told, retry_after};
use crate::{Moment, Outcome};

/// When a breaker opens and closes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Failures in a row that open it; `None` is off. 429 does not count here.
    pub consecutive: Option<u32>,
    /// Share of failures within `window` that opens it; `None` is off. 429 counts here. Hystrix: 0.5.
    pub ratio: Option<f64>,
    /// Over how long the share is taken, in ten buckets.
    pub window: Duration,
    /// Requests in the window that the share takes. Hystrix: 20.
    pub volume_min: u32,
    /// How long it is open the first time. It doubles with each probe that fails, and when it opens again before it was
    /// closed for as long as it had been open.
    pub open: Duration,
    /// The longest that it is open.
    pub open_max: Duration,
    /// Probes that must succeed one after the other until it closes; one at a time runs.
    pub probes: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            consecutive: Some(10),
            ratio: Some(0.5),
            window: Duration::from_secs(10),
            volume_min: 20,
            open: Duration::from_secs(10),
            open_max: Duration::from_secs(300),
            probes: 1,
        }
    }
}

/// What a breaker lets through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// Everything.
    #[default]
    Closed,
    /// Nothing.
    Open,
    /// One probe at a time.
    HalfOpen,
}

impl State {
    /// Returns it as it is written in metrics and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// Whether an attempt may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Yes,
    /// It may as a probe: whoever sends it calls [`Breaker::begin_probe`] first.
    Probe,
    /// It may not.
    No {
        /// When to ask again.
        until: Moment,
    },
}

/// The breaker's state changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it was.
    pub from: State,
    /// What it is.
    pub to: State,
    /// How long it is open; zero when `to` is another state.
    pub open_for: Duration,
    /// Why, with numbers: "10 failures in a row, the last one: status 503".
    pub reason: String,
}

/// One breaker.
///
/// # Example
/// ```
/// use plimsoll_traffic::breaker::{Admission, Breaker, Options, State};
/// use plimsoll_traffic::{FailureKind, Moment, Outcome};
///
/// let mut breaker = Breaker::new(Options { consecutive: Some(2), ..Options::default() });
/// let failed = Outcome::Failed(FailureKind::Refused);
/// let now = Moment::ORIGIN;
/// assert_eq!(breaker.done(failed, false, now), None);
/// let change = breaker.done(failed, false, now).expect("two in a row open it");
/// assert_eq!(change.to, State::Open);
/// assert_eq!(change.reason, "2 failures in a row, the last one: connection refused");
///
/// let later = now.after(change.open_for);
/// assert_eq!(breaker.admits(now), Admission::No { until: later });
/// assert_eq!(breaker.admits(later), Admission::Probe);
/// ```
#[derive(Clone, Debug)]
pub struct Breaker {
    options: Options,
    state: State,
    /// Failures in a row while closed.
    row: u32,
    window: Window,
    /// How often the open time doubled.
    doublings: u32,
    /// Since when the state is what it is.
    since: Moment,
    /// How long it is, or was last, open.
    open_for: Duration,
    /// When the probe that runs began.
    probe: Option<Moment>,
    /// Probes that succeeded one after the other.
    passed: u32,
    /// Why it opened last; empty while it never did.
    reason: String,
}

impl Breaker {
    /// Returns a closed one.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            state: State::Closed,
            row: 0,
            window: Window::new(options.window),
            doublings: 0,
            since: Moment::ORIGIN,
            open_for: Duration::ZERO,
            probe: None,
            passed: 0,
            reason: String::new(),
        }
    }

    /// Judges by other options from now on; the state stays, and so does when an open one may be probed.
    pub fn reconfigure(&mut self, options: Options) {
        if options.window != self.options.window {
            self.window = Window::new(options.window);
        }
        self.options = options;
    }

    /// Returns what it lets through. An open one stays so until a probe begins.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Returns since when it is so; the origin while it never changed.
    pub const fn since(&self) -> Moment {
        self.since
    }

    /// Returns why it opened last; empty while it never did.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns when an open one may be probed.
    pub fn open_until(&self) -> Option<Moment> {
        (self.state == State::Open).then(|| self.since.after(self.open_for))
    }

    /// Says whether an attempt may go now.
    pub fn admits(&self, now: Moment) -> Admission {
        let until = match (self.state, self.probe) {
            (State::Closed, _) => return Admission::Yes,
            (State::Open, _) => self.since.after(self.open_for),
            (State::HalfOpen, None) => return Admission::Probe,
            (State::HalfOpen, Some(began)) => began.after(self.options.open),
        };
        if now >= until {
            Admission::Probe
        } else {
            Admission::No { until }
        }
    }

    /// Takes note that a probe goes out, after [`admits`](Self::admits) said [`Admission::Probe`].
    pub fn begin_probe(&mut self, now: Moment) -> Option<Change> {
        self.probe = Some(now);
        if self.state != State::Open {
            return None;
        }
        let waited = now.since(self.since);
        self.passed = 0;
        let reason = format!("open for {:.1} s, now a probe asks", waited.as_secs_f64());
        Some(self.become_state(State::HalfOpen, reason, now))
    }

    /// Takes note of how an attempt ended; `is_probe` as it was when it went out.
    pub fn done(&mut self, outcome: Outcome, is_probe: bool, now: Moment) -> Option<Change> {
        match self.state {
            State::Closed => self.done_closed(outcome, now),
            State::HalfOpen if is_probe => self.done_probe(outcome, now),
            State::Open | State::HalfOpen => None,
        }
    }

    /// Closes it and forgets everything, as a person ordered.
    pub fn reset(&mut self, now: Moment) -> Option<Change> {
        let was = self.state;
        self.doublings = 0;
        self.forget();
        (was != State::Closed).then(|| self.become_state(State::Closed, "ordered".to_owned(), now))
    }

    fn done_closed(&mut self, outcome: Outcome, now: Moment) -> Option<Change> {
        match outcome {
            Outcome::Cancelled => return None,
            Outcome::Success => self.row = 0,
            Outcome::Throttled { .. } => {}
            Outcome::ServerError { .. } | Outcome::Failed(_) => {
                self.row = self.row.saturating_add(1)
            }
        }
        let is_bad = outcome.is_failure() || matches!(outcome, Outcome::Throttled { .. });
        self.window.add(is_bad, now);
        // A success cannot open it, and most results are successes: the window is not summed for them.
        if !is_bad {
            return None;
        }
        let reason = self.trigger(outcome, now)?;
        let was_closed_for = now.since(self.since);
        self.doublings = match self.reason.is_empty() || was_closed_for >= self.open_for {
            true => 0,
            false => self.doublings.saturating_add(1),
        };
        Some(self.open(outcome, reason, now))
    }

    /// Returns why it opens, if it does.
    fn trigger(&self, last: Outcome, now: Moment) -> Option<String> {
        let is_row = |most| last.is_failure() && self.row >= most;
        if self.options.consecutive.is_some_and(is_row) {
            let row = self.row;
            return Some(format!(
                "{row} failures in a row, the last one: {}",
                Told(last)
            ));
        }
        let ratio = self.options.ratio?;
        let (failures, all) = self.window.sum(now);
        let is_over = all >= u64::from(self.options.volume_min.max(1))
            && failures as f64 >= ratio * all as f64;
        is_over.then(|| {
            let window = self.options.window.as_secs_f64();
            format!(
                "{failures} of {all} requests failed within {window} s, the last one: {}",
                Told(last)
            )
        })
    }

    fn done_probe(&mut self, outcome: Outcome, now: Moment) -> Option<Change> {
        self.probe = None;
        match outcome {
            Outcome::Cancelled => None,
            Outcome::Success => {
                self.passed += 1;
                if self.passed < self.options.probes {
                    return None;
                }
                let reason = format!("{} probes succeeded", self.passed);
                self.forget();
                Some(self.become_state(State::Closed, reason, now))
            }
            Outcome::Throttled { .. } | Outcome::ServerError { .. } | Outcome::Failed(_) => {
                self.doublings = self.doublings.saturating_add(1);
                Some(self.open(outcome, format!("a probe failed: {}", Told(outcome)), now))
            }
        }
    }

    fn open(&mut self, outcome: Outcome, reason: String, now: Moment) -> Change {
        // Beyond 2^20 any open time is past any limit that makes sense.
        let doubled = self
            .options
            .open
            .saturating_mul(1 << self.doublings.min(20));
        let asked = retry_after(outcome).unwrap_or_default();
        self.open_for = doubled
            .max(asked)
            .min(self.options.open_max.max(self.options.open));
        self.forget();
        self.reason.clone_from(&reason);
        self.become_state(State::Open, reason, now)
    }

    fn forget(&mut self) {
        self.row = 0;
        self.passed = 0;
        self.probe = None;
        self.window.clear();
    }

    fn become_state(&mut self, to: State, reason: String, now: Moment) -> Change {
        let from = std::mem::replace(&mut self.state, to);
        self.since = now;
        let open_for = match to {
            State::Open => self.open_for,
            State::Closed | State::HalfOpen => Duration::ZERO,
        };
        Change {
            from,
            to,
            open_for,
            reason,
        }
    }
}

#[cfg(test)]
mod tests;
