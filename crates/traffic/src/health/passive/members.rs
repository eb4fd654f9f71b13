//! What is counted of each endpoint.

use std::time::Duration;

use super::Change;
use crate::{EndpointId, FailureKind, Moment, Outcome};

/// The endpoints, in the order of their ids.
#[derive(Clone, Debug, Default)]
pub(super) struct Members(Vec<Member>);

/// What is counted of one endpoint.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) endpoint: EndpointId,
    /// Failures in a row.
    pub(super) row: u32,
    /// Of this interval.
    pub(super) counts: Counts,
    pub(super) ejected_until: Option<Moment>,
    /// Whether it was ejected at some time of this interval.
    rested: bool,
    /// How many times `base` its last rest was; every interval that it serves takes one off.
    pub(super) times: u32,
    /// Why it was ejected last.
    pub(super) reason: String,
}

/// What attempts came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) successes: u32,
    pub(super) failures: u32,
    /// Attempts whose time says how fast the endpoint is.
    pub(super) timed: u32,
    /// All their time.
    pub(super) time: Duration,
}

impl Members {
    pub(super) fn insert(&mut self, endpoint: EndpointId) {
        if let Err(place) = self.place(endpoint) {
            self.0.insert(place, Member::new(endpoint));
        }
    }

    pub(super) fn remove(&mut self, endpoint: EndpointId) {
        if let Ok(place) = self.place(endpoint) {
            self.0.remove(place);
        }
    }

    pub(super) fn get(&self, endpoint: EndpointId) -> Option<&Member> {
        self.place(endpoint).ok().map(|place| &self.0[place])
    }

    pub(super) fn get_mut(&mut self, endpoint: EndpointId) -> Option<&mut Member> {
        self.place(endpoint).ok().map(|place| &mut self.0[place])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Member> {
        self.0.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.0.iter_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn ejected(&self) -> usize {
        self.iter()
            .filter(|member| member.ejected_until.is_some())
            .count()
    }

    fn place(&self, endpoint: EndpointId) -> Result<usize, usize> {
        self.0
            .binary_search_by_key(&endpoint, |member| member.endpoint)
    }
}

impl Member {
    fn new(endpoint: EndpointId) -> Self {
        Self {
            endpoint,
            row: 0,
            counts: Counts::default(),
            ejected_until: None,
            rested: false,
            times: 0,
            reason: String::new(),
        }
    }

    /// Takes note of an attempt while it serves.
    pub(super) fn count(&mut self, outcome: Outcome, latency: Duration) {
        match outcome {
            Outcome::Success => {
                self.row = 0;
                self.counts.successes = self.counts.successes.saturating_add(1);
                self.counts.add_time(latency);
            }
            Outcome::ServerError { .. } | Outcome::Failed(_) => {
                self.row = self.row.saturating_add(1);
                self.counts.failures = self.counts.failures.saturating_add(1);
                // It is at least this slow; other failures are fast for reasons of their own.
                if outcome == Outcome::Failed(FailureKind::TryTimeout) {
                    self.counts.add_time(latency);
                }
            }
            Outcome::Throttled { .. } | Outcome::Cancelled => {}
        }
    }

    /// Ejects it.
    pub(super) fn put_aside(&mut self, until: Moment, reason: &str) {
        self.ejected_until = Some(until);
        self.rested = true;
        reason.clone_into(&mut self.reason);
    }

    /// Lets it return; what was counted before says nothing about it now.
    pub(super) fn put_back(&mut self, reason: String) -> Change {
        self.ejected_until = None;
        self.row = 0;
        self.counts = Counts::default();
        Change {
            endpoint: self.endpoint,
            ejected_for: None,
            reason,
        }
    }

    pub(super) fn begin_interval(&mut self) {
        self.counts = Counts::default();
        if !self.rested {
            self.times = self.times.saturating_sub(1);
        }
        self.rested = self.ejected_until.is_some();
    }
}

impl Counts {
    pub(super) fn requests(&self) -> u32 {
        self.successes.saturating_add(self.failures)
    }

    fn add_time(&mut self, latency: Duration) {
        self.timed = self.timed.saturating_add(1);
        self.time = self.time.saturating_add(latency);
    }
}
