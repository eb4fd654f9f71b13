//! Passive ejection: endpoints that fail or lag behind the others get a rest.
//!
//! | from    | event                        | guard                                   | to      | action                              |
//! |---------|------------------------------|-----------------------------------------|---------|-------------------------------------|
//! | Serving | failure                      | `consecutive` in a row                  | Ejected | rests n times `base`, n more by one |
//! | Serving | success                      |                                         | Serving | the row of failures ends            |
//! | Serving | interval ends                | success rate below mean - deviations    | Ejected | as above                            |
//! | Serving | interval ends                | mean latency above factor times median  | Ejected | as above                            |
//! | Serving | interval ends                | it served all of the interval           | Serving | n less by one                       |
//! | Serving | one of the three ejections   | as many as may be are ejected           | Serving | counted as withheld                 |
//! | Ejected | rest is over                 |                                         | Serving | counts start anew                   |
//! | Ejected | [`restore`](Outliers::restore) | checks found it up again, or a person ordered | Serving | counts start anew |
//! | Ejected | result of an attempt from before |                                     | Ejected | ignored                             |
//!
//! 429 says that an endpoint protects itself: it neither adds to a row of failures nor ends it, and is in no rate. Rests and
//! rates are Envoy's (`outlier_detection`), with two guards of ours: a success rate is no outlier while it is within
//! [`RATE_MARGIN`] of the mean, because among perfect endpoints one failure in a thousand is past any deviation; and a single
//! endpoint is never ejected.

mod compare;
mod members;

use std::time::Duration;

use self::members::{Member, Members};
use crate::health::told::Told;
use crate::{EndpointId, Moment, Outcome};

/// Success rates that are less than this below the mean are no outliers.
pub const RATE_MARGIN: f64 = 0.02;

/// When an endpoint is ejected and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Failures in a row; `None` is off. Envoy: 5.
    pub consecutive: Option<u32>,
    /// Success rate far below that of the others; `None` is off.
    pub success_rate: Option<SuccessRate>,
    /// Latency far above that of the others; `None` is off.
    pub latency: Option<Latency>,
    /// How often rates are compared. Envoy: 10 s.
    pub interval: Duration,
    /// The first ejection; the nth lasts n times as long. Envoy: 30 s.
    pub base: Duration,
    /// The longest. Envoy: 300 s.
    pub max: Duration,
    /// At most this share of the endpoints is ejected at a time, one at least when there are two or more. Envoy: 0.1.
    pub max_ejected: f64,
}

/// Envoy's success-rate outlier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SuccessRate {
    /// Endpoints with enough requests that it takes. Envoy: 5.
    pub endpoints_min: u32,
    /// Requests of an interval that it takes of an endpoint. Envoy: 100.
    pub requests_min: u32,
    /// Standard deviations below the mean. Envoy: 1.9.
    pub deviations: f64,
}

/// Latency outlier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// Times the median of the endpoints' mean latencies.
    pub factor: f64,
    /// Requests of an interval that it takes of an endpoint.
    pub requests_min: u32,
    /// Below this no latency is an outlier.
    pub at_least: Duration,
}

impl Default for SuccessRate {
    fn default() -> Self {
        Self {
            endpoints_min: 5,
            requests_min: 100,
            deviations: 1.9,
        }
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            factor: 5.0,
            requests_min: 20,
            at_least: Duration::from_millis(50),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            consecutive: Some(5),
            success_rate: Some(SuccessRate::default()),
            latency: Some(Latency::default()),
            interval: Duration::from_secs(10),
            base: Duration::from_secs(30),
            max: Duration::from_secs(300),
            max_ejected: 0.5,
        }
    }
}

/// An endpoint was ejected, or returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which one.
    pub endpoint: EndpointId,
    /// For how long it rests; `None` when it returned.
    pub ejected_for: Option<Duration>,
    /// Why, with numbers: "5 failures in a row, the last one: status 503".
    pub reason: String,
}

/// What requests show of the endpoints of one upstream.
///
/// # Complexity
/// A result costs one binary search. [`tick`](Self::tick) looks at every endpoint, when a rest or an interval is over.
#[derive(Clone, Debug)]
pub struct Outliers {
    options: Options,
    members: Members,
    interval_ends: Moment,
    withheld: u64,
}

impl Outliers {
    /// Returns one that knows no endpoints yet.
    pub fn new(options: Options, now: Moment) -> Self {
        Self {
            options,
            members: Members::default(),
            interval_ends: now.after(options.interval),
            withheld: 0,
        }
    }

    /// Judges by other options from now on; who is ejected rests as long as was said.
    pub fn reconfigure(&mut self, options: Options, now: Moment) {
        self.interval_ends = self.interval_ends.min(now.after(options.interval));
        self.options = options;
    }

    /// Takes an endpoint in; nothing happens when it is in already.
    pub fn insert(&mut self, endpoint: EndpointId) {
        self.members.insert(endpoint);
    }

    /// Forgets an endpoint.
    pub fn remove(&mut self, endpoint: EndpointId) {
        self.members.remove(endpoint);
    }

    /// Returns until when an endpoint is ejected; `None` when it serves. It serves again from the [`tick`](Self::tick) at
    /// or after that time.
    pub fn ejected_until(&self, endpoint: EndpointId) -> Option<Moment> {
        self.members.get(endpoint)?.ejected_until
    }

    /// Returns why an endpoint was ejected last; empty when it never was.
    pub fn reason(&self, endpoint: EndpointId) -> &str {
        self.members
            .get(endpoint)
            .map_or("", |member| &member.reason)
    }

    /// Returns how many endpoints are ejected.
    pub fn ejected(&self) -> usize {
        self.members.ejected()
    }

    /// Returns how often an endpoint was not ejected because enough others were.
    pub const fn withheld(&self) -> u64 {
        self.withheld
    }

    /// Takes note of how an attempt ended.
    pub fn done(
        &mut self,
        endpoint: EndpointId,
        outcome: Outcome,
        latency: Duration,
        now: Moment,
    ) -> Option<Change> {
        let member = self.members.get_mut(endpoint)?;
        if member.ejected_until.is_some() {
            return None;
        }
        member.count(outcome, latency);
        let row = member.row;
        if !outcome.is_failure() || self.options.consecutive.is_none_or(|most| row < most) {
            return None;
        }
        let reason = format!("{row} failures in a row, the last one: {}", Told(outcome));
        self.eject(endpoint, reason, now)
    }

    /// Returns when [`tick`](Self::tick) has something to do.
    pub fn next_tick(&self) -> Moment {
        let first_return = self
            .members
            .iter()
            .filter_map(|member| member.ejected_until)
            .min();
        first_return.map_or(self.interval_ends, |at| at.min(self.interval_ends))
    }

    /// Lets return whose rest is over and, when an interval is, compares the endpoints. Appends what changed.
    pub fn tick(&mut self, now: Moment, changes: &mut Vec<Change>) {
        for member in self.members.iter_mut() {
            if member.ejected_until.is_some_and(|until| until <= now) {
                changes.push(member.put_back("its rest is over".to_owned()));
            }
        }
        if now >= self.interval_ends {
            self.interval_ends = now.after(self.options.interval);
            self.compare(now, changes);
        }
    }

    /// Lets an endpoint return because something better than requests says that it is well: checks that
    /// found it up again, or a person.
    pub fn restore(&mut self, endpoint: EndpointId, reason: &str) -> Option<Change> {
        let member = self.members.get_mut(endpoint)?;
        member.ejected_until?;
        Some(member.put_back(reason.to_owned()))
    }

    fn compare(&mut self, now: Moment, changes: &mut Vec<Change>) {
        let slow = self
            .options
            .latency
            .map(|options| compare::slow(&self.members, options));
        let failing = self
            .options
            .success_rate
            .map(|options| compare::failing(&self.members, options));
        // The worst first, because not all may be ejected: failing counts for more than slow.
        for (endpoint, reason) in failing.into_iter().chain(slow).flatten() {
            changes.extend(self.eject(endpoint, reason, now));
        }
        self.members.iter_mut().for_each(Member::begin_interval);
    }

    fn eject(&mut self, endpoint: EndpointId, reason: String, now: Moment) -> Option<Change> {
        let has_room = self.members.ejected() < self.ejected_max();
        let member = self.members.get_mut(endpoint)?;
        if member.ejected_until.is_some() {
            return None;
        }
        if !has_room {
            self.withheld += 1;
            return None;
        }
        member.times = member.times.saturating_add(1);
        let longest = self.options.max.max(self.options.base);
        let rest = self.options.base.saturating_mul(member.times).min(longest);
        member.put_aside(now.after(rest), &reason);
        Some(Change {
            endpoint,
            ejected_for: Some(rest),
            reason,
        })
    }

    fn ejected_max(&self) -> usize {
        match self.members.len() {
            0 | 1 => 0,
            count => ((count as f64 * self.options.max_ejected) as usize).clamp(1, count),
        }
    }
}

#[cfg(test)]
mod tests;
