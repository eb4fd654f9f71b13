//! An attempt whose answer is the request's: it is passed on, or its failure is told.

use std::time::Duration;

use http::Response;
use http::header::{self, HeaderValue};
use hyper::body::Incoming;
use plimsoll_traffic::{FailureKind, Moment, Outcome};

use super::body::{Body, Idle, Passed};
use super::call::Call;
use super::exchange::Exchange;
use super::{headers, outcome};
use crate::affinity;
use crate::gateway::Running;
use crate::mirror::mirror;
use crate::model::Affinity;
use crate::pool::Lease;

/// An attempt whose answer is the request's.
pub(crate) struct Answered {
    pub(crate) running: Running,
    /// Its place in the record.
    pub(crate) place: usize,
    /// How long the head took.
    pub(crate) took: Duration,
    /// When it came, or when the attempt failed.
    pub(crate) at: Moment,
}

impl Answered {
    /// Passes on an answer whose connection is not used again.
    pub(crate) fn pass(
        self,
        call: Call,
        exchange: Box<Exchange>,
        response: Response<Incoming>,
    ) -> Response<Body> {
        let outcome = call.outcome_of(&response);
        self.pass_on(call, exchange, response, outcome, None)
    }

    /// Answers that the attempt failed.
    pub(crate) fn fail(
        self,
        call: Call,
        mut exchange: Box<Exchange>,
        kind: FailureKind,
    ) -> Response<Body> {
        self.end(&mut exchange, Outcome::Failed(kind));
        outcome::answer_of(kind).answer(exchange, call.is_grpc)
    }

    /// Tells judgement and record how the attempt ended.
    pub(crate) fn end(self, exchange: &mut Exchange, outcome: Outcome) {
        exchange.attempted(self.place, outcome, self.took);
        self.running.done(outcome, self.took, exchange.now());
    }

    /// Passes an answer on; its connection is used again after the last byte.
    pub(super) fn pass_on(
        self,
        call: Call,
        mut exchange: Box<Exchange>,
        response: Response<Incoming>,
        outcome: Outcome,
        lease: Option<Lease>,
    ) -> Response<Body> {
        let comparing = mirror(&call, exchange.record.criticality, &response);
        let (mut parts, incoming) = response.into_parts();
        headers::remove_hop_by_hop(&mut parts.headers);
        let model = &call.route.entry.route;
        headers::rewrite(&mut parts.headers, &model.rewrite.response_headers);
        if let Some(cookie) = sticky_cookie(&call, &self.running) {
            parts.headers.append(header::SET_COOKIE, cookie);
        }
        parts.version = http::Version::HTTP_11;
        let record = &mut exchange.record;
        record.status = parts.status.as_u16();
        if call.is_grpc {
            record.grpc_status = outcome::grpc_status(&parts.headers);
        }
        exchange.record.head_after = self.at.since(exchange.record.began);
        let is_hurried = call.is_hurried();
        let body = Body::passed(Box::new(Passed {
            incoming,
            exchange,
            running: Some(self.running),
            place: self.place,
            outcome,
            latency: self.took,
            lease,
            source: call.source,
            idle_timeout: model.idle_timeout,
            is_grpc: call.is_grpc,
            is_hurried,
            idle: Idle::default(),
            comparing,
        }));
        Response::from_parts(parts, body)
    }
}

/// The cookie for a client that does not have the one of this endpoint.
fn sticky_cookie(call: &Call, running: &Running) -> Option<HeaderValue> {
    let Some(Affinity::Cookie(cookie)) = &call.route.entry.route.affinity else {
        return None;
    };
    let endpoint = running.pick().endpoint;
    if call.sticky == Some(endpoint) {
        return None;
    }
    let signer = call.route.signer.as_ref()?;
    let token = signer.token(&call.backend, endpoint, running.target.name());
    affinity::set_cookie(cookie, &token, call.connection.tls.is_some())
}
