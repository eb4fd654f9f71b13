//! What is counted together: of requests, of attempts and endpoints, of routes.
//!
//! The same cells hold what a worker recorded since the last look (endpoints by their id) and what the process counted
//! since it began (endpoints by their name, which outlives ids).

use std::time::Duration;

use plimsoll_traffic::{Criticality, EventKind, FailureKind, Outcome};
use plimsoll_types::Timestamp;

use super::class::Class;
use super::counts::Counts;
use super::distribution::Distribution;
use super::recorder::Mirrored;
use crate::names::{BackendId, RouteId};
use crate::reason::Reason;

/// What a request is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RequestKey<E> {
    pub(super) route: Option<RouteId>,
    pub(super) backend: Option<BackendId>,
    pub(super) endpoint: Option<E>,
    pub(super) criticality: Criticality,
    pub(super) class: Class,
}

/// What an attempt, and all else about an endpoint, is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct EndpointKey<E> {
    pub(super) backend: BackendId,
    pub(super) endpoint: E,
}

/// What is counted of a request wherever it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RouteKey {
    pub(super) route: Option<RouteId>,
    pub(super) criticality: Criticality,
}

impl<E> RequestKey<E> {
    /// Returns the same key with another kind of name for its endpoint.
    pub(super) fn named<N>(&self, endpoint: Option<N>) -> RequestKey<N> {
        RequestKey {
            route: self.route,
            backend: self.backend,
            endpoint,
            criticality: self.criticality,
            class: self.class,
        }
    }
}

/// What cells of all kinds can do.
pub(super) trait Cell: Default {
    /// Adds what another one counted.
    fn add(&mut self, other: &Self);
    /// Forgets everything but the memory it took.
    fn clear(&mut self);
    /// Says whether there is nothing in it.
    fn is_empty(&self) -> bool;
}

/// One request of many, to look at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Example {
    pub(super) trace_id: [u8; 16],
    pub(super) took: Duration,
    /// When it ended.
    pub(super) at: Timestamp,
}

/// Requests that ended.
#[derive(Debug, Default)]
pub(super) struct RequestCell {
    pub(super) reasons: Counts<Reason>,
    pub(super) took: Distribution,
    /// The one that took longest since the last look.
    pub(super) slowest: Option<Example>,
    /// The last one that ended so since the last look; only of reasons that somebody will ask about.
    pub(super) last: Vec<(Reason, Example)>,
}

/// Attempts at an endpoint, and what became of it.
#[derive(Debug, Default)]
pub(super) struct EndpointCell {
    outcomes: [u64; OUTCOMES.len()],
    pub(super) took: Distribution,
    /// Attempts over a new connection, and over one that was open.
    pub(super) connections: [u64; 2],
    events: [u64; EVENTS.len()],
    /// Checks that failed, and that passed.
    pub(super) checks: [u64; 2],
}

/// What happened on a route.
#[derive(Debug, Default)]
pub(super) struct RouteCell {
    /// Begun less ended; a worker's may be negative.
    pub(super) in_flight: i64,
    pub(super) queue_wait: Distribution,
    pub(super) sheds: Counts<Reason>,
    /// Bodies: read from clients, sent to clients.
    pub(super) bytes: [u64; 2],
    pub(super) retries: Counts<&'static str>,
    pub(super) hedges: Counts<&'static str>,
    pub(super) retries_refused: Counts<&'static str>,
    /// By the name of the limit.
    pub(super) dry_run: Counts<Box<str>>,
    pub(super) mirrored: Counts<Mirrored>,
    /// Something was counted, perhaps zero bytes.
    touched: bool,
}

/// How attempts end, as it is written in labels.
pub(crate) const OUTCOMES: [&str; 13] = [
    "success",
    "throttled",
    "server_error",
    "refused",
    "connect_timeout",
    "unresolved",
    "tls",
    "not_processed",
    "try_timeout",
    "closed",
    "malformed",
    "truncated",
    "cancelled",
];

/// What happens to endpoints, as it is written in labels.
const EVENTS: [&str; 9] = [
    "up",
    "down",
    "ejected",
    "returned",
    "breaker_opened",
    "breaker_half_opened",
    "breaker_closed",
    "ordered",
    "weighted",
];

/// Returns an outcome as it is written in labels and logs.
pub(crate) const fn outcome_name(outcome: Outcome) -> &'static str {
    OUTCOMES[outcome_index(outcome)]
}

/// Returns the place of an outcome in [`OUTCOMES`].
const fn outcome_index(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Success => 0,
        Outcome::Throttled { .. } => 1,
        Outcome::ServerError { .. } => 2,
        Outcome::Failed(FailureKind::Refused) => 3,
        Outcome::Failed(FailureKind::ConnectTimeout) => 4,
        Outcome::Failed(FailureKind::Unresolved) => 5,
        Outcome::Failed(FailureKind::Tls) => 6,
        Outcome::Failed(FailureKind::NotProcessed) => 7,
        Outcome::Failed(FailureKind::TryTimeout) => 8,
        Outcome::Failed(FailureKind::Closed) => 9,
        Outcome::Failed(FailureKind::Malformed) => 10,
        Outcome::Failed(FailureKind::Truncated) => 11,
        Outcome::Cancelled => 12,
    }
}

const fn event_index(kind: EventKind) -> usize {
    match kind {
        EventKind::Up => 0,
        EventKind::Down => 1,
        EventKind::Ejected(_) => 2,
        EventKind::Returned => 3,
        EventKind::BreakerOpened(_) => 4,
        EventKind::BreakerHalfOpened => 5,
        EventKind::BreakerClosed => 6,
        EventKind::Ordered(_) => 7,
        EventKind::Weighted(_) => 8,
    }
}

impl RequestCell {
    pub(super) fn observe(&mut self, reason: Reason, example: Example) {
        self.reasons.add(&reason, 1);
        self.took.observe(example.took);
        if self.slowest.is_none_or(|known| known.took <= example.took) {
            self.slowest = Some(example);
        }
        if !matches!(reason, Reason::Ok | Reason::Answered) {
            self.remember(reason, example);
        }
    }

    fn remember(&mut self, reason: Reason, example: Example) {
        match self.last.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, known)) if known.at <= example.at => *known = example,
            Some(_) => {}
            None => self.last.push((reason, example)),
        }
    }
}

impl Cell for RequestCell {
    fn add(&mut self, other: &Self) {
        self.reasons.add_all(&other.reasons);
        self.took.add(&other.took);
        let is_slower = |other: &Example| self.slowest.is_none_or(|own| own.took <= other.took);
        if let Some(slowest) = other.slowest.filter(is_slower) {
            self.slowest = Some(slowest);
        }
        for (reason, example) in &other.last {
            self.remember(*reason, *example);
        }
    }

    fn clear(&mut self) {
        self.reasons.clear();
        self.took.clear();
        self.slowest = None;
        self.last.clear();
    }

    fn is_empty(&self) -> bool {
        self.took.count() == 0
    }
}

impl EndpointCell {
    pub(super) fn attempt(&mut self, outcome: Outcome, is_reused: bool, took: Duration) {
        self.outcomes[outcome_index(outcome)] += 1;
        self.connections[usize::from(is_reused)] += 1;
        // How long somebody waited who was called off says nothing about the endpoint.
        if outcome != Outcome::Cancelled {
            self.took.observe(took);
        }
    }

    pub(super) fn event(&mut self, kind: EventKind) {
        self.events[event_index(kind)] += 1;
    }

    /// Walks outcomes that occurred.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        named(&OUTCOMES, &self.outcomes)
    }

    /// Walks events that occurred.
    pub(super) fn events(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        named(&EVENTS, &self.events)
    }

    pub(super) fn ejections(&self) -> u64 {
        self.events[2]
    }
}

impl Cell for EndpointCell {
    fn add(&mut self, other: &Self) {
        add_each(&mut self.outcomes, &other.outcomes);
        self.took.add(&other.took);
        add_each(&mut self.connections, &other.connections);
        add_each(&mut self.events, &other.events);
        add_each(&mut self.checks, &other.checks);
    }

    fn clear(&mut self) {
        self.outcomes = Default::default();
        self.took.clear();
        self.connections = Default::default();
        self.events = Default::default();
        self.checks = Default::default();
    }

    fn is_empty(&self) -> bool {
        let mut all = self.outcomes.iter().chain(&self.events).chain(&self.checks);
        all.all(|count| *count == 0)
    }
}

impl RouteCell {
    pub(super) fn touch(&mut self) -> &mut Self {
        self.touched = true;
        self
    }
}

impl Cell for RouteCell {
    fn add(&mut self, other: &Self) {
        self.in_flight += other.in_flight;
        self.queue_wait.add(&other.queue_wait);
        self.sheds.add_all(&other.sheds);
        add_each(&mut self.bytes, &other.bytes);
        self.retries.add_all(&other.retries);
        self.hedges.add_all(&other.hedges);
        self.retries_refused.add_all(&other.retries_refused);
        self.dry_run.add_all(&other.dry_run);
        self.mirrored.add_all(&other.mirrored);
        self.touched |= other.touched;
    }

    fn clear(&mut self) {
        self.in_flight = 0;
        self.queue_wait.clear();
        self.sheds.clear();
        self.bytes = Default::default();
        self.retries.clear();
        self.hedges.clear();
        self.retries_refused.clear();
        self.dry_run.clear();
        self.mirrored.clear();
        self.touched = false;
    }

    fn is_empty(&self) -> bool {
        !self.touched
    }
}

fn named<'a, const N: usize>(
    names: &'static [&'static str; N],
    counts: &'a [u64; N],
) -> impl Iterator<Item = (&'static str, u64)> + 'a {
    let all = names.iter().zip(counts);
    all.filter(|(_, count)| **count > 0)
        .map(|(name, count)| (*name, *count))
}

fn add_each<const N: usize>(own: &mut [u64; N], other: &[u64; N]) {
    for (own, other) in own.iter_mut().zip(other) {
        *own += other;
    }
}
