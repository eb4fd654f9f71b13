//! Requests that never got as far as a route.

use std::sync::Arc;

use http::request::Parts;
use http::{Request, Response};

use super::body::Body;
use super::exchange::Exchange;
use super::headers;
use super::own::Own;
use crate::gateway::Worker;
use crate::reason::Reason;
use crate::server::{ConnectionInfo, Refusal};

/// Answers a request that was read but must not be passed on.
pub fn refuse(
    worker: &Arc<Worker>,
    connection: &ConnectionInfo,
    parts: &Parts,
    refusal: Refusal,
) -> Response<Body> {
    let exchange = Exchange::begin(worker, connection, parts, connection.client);
    let is_grpc = headers::is_grpc(&parts.headers);
    let own = Own::new(refusal.status(), Reason::BadRequest, refusal.explanation());
    own.closing().answer(exchange, is_grpc)
}

/// Records bytes that never became a request, which were answered already.
pub fn broken(worker: &Arc<Worker>, connection: &ConnectionInfo, refusal: Refusal) {
    let (parts, ()) = Request::new(()).into_parts();
    let mut exchange = Exchange::begin(worker, connection, &parts, connection.client);
    exchange.record.status = refusal.status().as_u16();
    exchange.end(Reason::BadRequest);
}
