//! Active checks: a state machine per endpoint. Who calls opens the connections.
//!
//! | from      | event        | guard            | to        | next check after                     |
//! |-----------|--------------|------------------|-----------|--------------------------------------|
//! | Unchecked | check passed | `rise` in a row  | Up        | `interval`                           |
//! | Unchecked | check passed | fewer            | Unchecked | `fast_interval`                      |
//! | Unchecked | check failed | `fall` in a row  | Down      | `down_interval`                      |
//! | Unchecked | check failed | fewer            | Unchecked | `fast_interval`                      |
//! | Up        | check passed |                  | Up        | `interval`; the row of failures ends |
//! | Up        | check failed | fewer than `fall` | Up       | `fast_interval`                      |
//! | Up        | check failed | `fall` in a row  | Down      | `down_interval`                      |
//! | Down      | check failed |                  | Down      | `down_interval`; the row of successes ends |
//! | Down      | check passed | fewer than `rise` | Down     | `fast_interval`                      |
//! | Down      | check passed | `rise` in a row  | Up        | `interval`                           |
//!
//! As in HAProxy an interval runs from the time when a check was due to the time when the next one is, so that slow checks
//! are no rarer than fast ones; the first checks of an upstream's endpoints are spread over an interval. Other than in
//! HAProxy an endpoint that was never checked is not up.

use std::time::Duration;

use crate::Moment;

/// Bytes of a check's error that are kept: it may quote what an endpoint sent.
const ERROR_MAX: usize = 512;

/// How often an endpoint is checked and how many results change its state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// Between checks of a healthy endpoint. HAProxy: 2 s.
    pub interval: Duration,
    /// While its state is about to change. The same as `interval` when nothing is said.
    pub fast_interval: Duration,
    /// While it is down. The same as `interval` when nothing is said.
    pub down_interval: Duration,
    /// For one check; no longer than `interval` when nothing is said.
    pub timeout: Duration,
    /// Failures in a row until it is down. HAProxy: 3.
    pub fall: u32,
    /// Successes in a row until it is up. HAProxy: 2.
    pub rise: u32,
    /// Each interval is longer or shorter by up to this share of it, 0 to 0.5.
    pub jitter: f64,
}

impl Default for Schedule {
    fn default() -> Self {
        let interval = Duration::from_secs(2);
        Self {
            interval,
            fast_interval: interval,
            down_interval: interval,
            timeout: interval,
            fall: 3,
            rise: 2,
            jitter: 0.1,
        }
    }
}

/// What checks found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// Too few checks to say; not up.
    #[default]
    Unchecked,
    /// It passes.
    Up,
    /// It fails.
    Down,
}

impl Status {
    /// Returns it as it is written in metrics and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// The status changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is.
    pub to: Status,
    /// Why, with numbers: "3 checks in a row failed, the last one: status 503, wanted 200-299".
    pub reason: String,
}

/// What the checks of one endpoint found, and when the next one is due.
#[derive(Clone, Debug)]
pub struct Health {
    schedule: Schedule,
    status: Status,
    /// Results in a row that say other than the status does: failures while it is up, successes while it is down.
    passed: u32,
    failed: u32,
    next: Moment,
    last: Option<(Moment, Result<(), String>)>,
}

impl Health {
    /// Returns that of an endpoint that was never checked. Its first check is due after `offset` of an interval, 0 to 1: the
    /// endpoints of an upstream get different ones, so that they are not checked all at once. An endpoint that is added to
    /// a running upstream gets 0.
    pub fn new(schedule: Schedule, offset: f64, now: Moment) -> Self {
        Self {
            schedule,
            status: Status::Unchecked,
            passed: 0,
            failed: 0,
            next: now.after(scaled(schedule.interval, offset.clamp(0.0, 1.0))),
            last: None,
        }
    }

    /// Checks by another schedule from now on; the status stays. A check that is due later than the new interval allows is
    /// brought forward.
    pub fn reconfigure(&mut self, schedule: Schedule, now: Moment) {
        self.schedule = schedule;
        self.next = self.next.min(now.after(self.interval()));
    }

    /// Returns what checks found.
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Says whether the endpoint may be used.
    pub fn is_up(&self) -> bool {
        self.status == Status::Up
    }

    /// Returns when the next check is due. It does not move while a check runs.
    pub const fn next_check(&self) -> Moment {
        self.next
    }

    /// Returns how long a check may take.
    pub const fn timeout(&self) -> Duration {
        self.schedule.timeout
    }

    /// Returns when the last check ended.
    pub fn last_check(&self) -> Option<Moment> {
        self.last.as_ref().map(|(at, _)| *at)
    }

    /// Returns why the last check failed; `None` when it passed or there was none.
    pub fn last_error(&self) -> Option<&str> {
        let (_, result) = self.last.as_ref()?;
        result.as_ref().err().map(String::as_str)
    }

    /// Brings the next check forward to what `fast_interval` allows: requests gave reason to ask.
    pub fn suspect(&mut self, now: Moment) {
        self.next = self.next.min(now.after(self.schedule.fast_interval));
    }

    /// Takes note of a check's result. `chance` from 0 to 1 jitters the next interval.
    pub fn checked(
        &mut self,
        result: Result<(), String>,
        chance: f64,
        now: Moment,
    ) -> Option<Change> {
        let result = result.map_err(shortened);
        match &result {
            Ok(()) => (self.passed, self.failed) = (self.passed.saturating_add(1), 0),
            Err(_) => (self.passed, self.failed) = (0, self.failed.saturating_add(1)),
        }
        let change = self.judge(&result);
        self.last = Some((now, result));
        let wanted = jittered(self.interval(), self.schedule.jitter, chance);
        // A check before it was due moves the others forward; after a late one the next is due at once, not all that were missed.
        self.next = self.next.min(now).after(wanted).max(now);
        change
    }

    fn judge(&mut self, result: &Result<(), String>) -> Option<Change> {
        let Schedule { fall, rise, .. } = self.schedule;
        let (to, reason) = match (self.status, result) {
            (Status::Unchecked | Status::Down, Ok(())) if self.passed >= rise => (
                Status::Up,
                format!("{} checks in a row passed", self.passed),
            ),
            (Status::Unchecked | Status::Up, Err(error)) if self.failed >= fall => {
                let failed = self.failed;
                (
                    Status::Down,
                    format!("{failed} checks in a row failed, the last one: {error}"),
                )
            }
            _ => return None,
        };
        self.status = to;
        Some(Change { to, reason })
    }

    fn interval(&self) -> Duration {
        match self.status {
            Status::Up if self.failed == 0 => self.schedule.interval,
            Status::Down if self.passed == 0 => self.schedule.down_interval,
            Status::Unchecked | Status::Up | Status::Down => self.schedule.fast_interval,
        }
    }
}

fn shortened(mut error: String) -> String {
    error.truncate(error.floor_char_boundary(ERROR_MAX));
    error
}

fn jittered(interval: Duration, jitter: f64, chance: f64) -> Duration {
    let share = jitter.clamp(0.0, 0.5) * (2.0 * chance.clamp(0.0, 1.0) - 1.0);
    scaled(interval, 1.0 + share)
}

/// Multiplies without a panic for durations that no float of seconds can hold.
fn scaled(duration: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests;
