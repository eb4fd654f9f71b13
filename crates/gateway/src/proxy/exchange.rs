//! One request's record from its head to the last byte of its answer, whoever leaves first.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use plimsoll_traffic::{Criticality, Moment, Outcome};

use super::attempt::Ended;
use crate::gateway::{Route, Worker};
use crate::reason::Reason;
use crate::record::{Attempt, Record};
use crate::server::ConnectionInfo;
use crate::trace::Trace;

/// The status of a request whose client left, as nginx logs it; nobody reads it.
pub(super) const CLIENT_GONE: u16 = 499;

/// Counts as a client that left, until something else is said; counted when it is dropped.
pub(crate) struct Exchange {
    pub(crate) worker: Arc<Worker>,
    pub(crate) route: Option<Arc<Route>>,
    pub(crate) record: Record,
    pub(crate) trace: Trace,
    /// What the request occupies until its answer is whole.
    pub(crate) held: Held,
    /// When it ended, if that is known before it is dropped.
    pub(crate) ended: Option<Moment>,
    /// Whether [`Record::criticality`] is settled and the request is counted as in flight.
    is_begun: bool,
}

/// What a request occupies until its answer is whole.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) place: Option<plimsoll_traffic::limit::bulkhead::Place>,
    pub(crate) entered: Option<crate::gateway::Entered>,
}

impl Exchange {
    /// Begins with a request's head. `client` is whom it is for.
    pub(crate) fn begin(
        worker: &Arc<Worker>,
        connection: &ConnectionInfo,
        parts: &Parts,
        client: SocketAddr,
    ) -> Box<Self> {
        let gateway = &worker.gateway;
        let trace =
            worker.with_random(|random| Trace::of(&parts.headers, connection.is_trusted, random));
        let record = Record {
            at: gateway.clock().now(),
            began: gateway.now(),
            client,
            listener: u16::try_from(connection.listener_index()).unwrap_or(u16::MAX),
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            host: super::headers::host(parts).into(),
            user_agent: parts.headers.get(http::header::USER_AGENT).cloned(),
            version: parts.version,
            route: None,
            backend: None,
            criticality: Criticality::default(),
            status: CLIENT_GONE,
            grpc_status: None,
            reason: Reason::ClientGone,
            duration: Duration::ZERO,
            head_after: Duration::ZERO,
            queue_wait: Duration::ZERO,
            bytes_in: 0,
            bytes_out: 0,
            trace_id: trace.trace_id,
            span_id: trace.span_id,
            attempts: Vec::new(),
            retry_refused: None,
        };
        Box::new(Self {
            worker: Arc::clone(worker),
            route: None,
            record,
            trace,
            held: Held::default(),
            ended: None,
            is_begun: false,
        })
    }

    /// Settles route and criticality: from here on the request is in flight.
    pub(crate) fn settle(&mut self, route: Option<&Arc<Route>>, criticality: Criticality) {
        self.record.route = route.map(|route| route.entry.id);
        self.record.criticality = criticality;
        self.route = route.cloned();
        self.worker.recorder.begin(self.record.route, criticality);
        self.is_begun = true;
    }

    pub(crate) fn now(&self) -> Moment {
        self.worker.gateway.now()
    }

    /// Takes note of an attempt that begins, and returns its place.
    pub(crate) fn attempt(&mut self, attempt: Attempt) -> usize {
        self.record.attempts.push(attempt);
        self.record.attempts.len() - 1
    }

    /// Takes note of how an attempt ended.
    pub(crate) fn attempted(&mut self, place: usize, outcome: Outcome, took: Duration) {
        if let Some(attempt) = self.record.attempts.get_mut(place) {
            attempt.outcome = outcome;
            attempt.took = took;
        }
    }

    /// Takes note of how an attempt went.
    pub(super) fn took(&mut self, ended: &Ended) {
        self.attempted(ended.place, ended.outcome(), ended.took);
        if let Some(attempt) = self.record.attempts.get_mut(ended.place) {
            attempt.is_reused = ended.is_reused;
        }
    }

    /// Says why the request ended.
    pub(crate) fn end(&mut self, reason: Reason) {
        self.record.reason = reason;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !self.is_begun {
            self.settle(None, self.record.criticality);
        }
        let now = self.ended.unwrap_or_else(|| self.now());
        let began = self.record.began;
        self.record.duration = now.since(began);
        for attempt in &mut self.record.attempts {
            if attempt.outcome == Outcome::Cancelled && attempt.took.is_zero() {
                attempt.took = self.record.duration.saturating_sub(attempt.began_after);
            }
        }
        self.worker.recorder.finish(&self.record);
    }
}
