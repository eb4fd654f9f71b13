//! One request: its route, its limits, its attempts, its answer, its record.
//!
//! ```text
//! head --route--> maintenance, faults, limits --> backend's door --> attempt --> answer's head --> body --> recorded
//!   |                |                              |  ^   |                                         |
//!   '----------------'------- own answer <----------'  |   '-- failed, and the gate says again       '-- client left
//!                                                      '-------'
//! ```
//!
//! Nothing here is started as a task of its own: when the client leaves, the connection drops the future, and with it
//! the attempt, the place it took and the record, which is counted then.

mod admit;
mod answered;
mod attempt;
mod body;
mod call;
mod exchange;
mod forward;
pub(crate) mod headers;
mod outcome;
mod own;
pub(crate) mod pump;
mod race;
mod refuse;
mod request_body;
mod target;
mod tunnel;

use std::sync::Arc;

use http::request::Parts;
use http::{Request, Response, StatusCode};
use plimsoll_traffic::Criticality;

pub use body::{Body, Broken};
pub use own::REASON;
pub use refuse::{broken, refuse};
pub use request_body::{BodyError, Reader, RequestBody, Source};
pub use tunnel::tunnel;

pub(crate) use answered::Answered;
pub(crate) use call::Call;
pub(crate) use exchange::Exchange;

use crate::fault::Injected;
use crate::forwarded;
use crate::gateway::{Route, Snapshot, Worker};
use crate::model::Action;
use crate::reason::Reason;
use crate::router::{Found, Miss};
use crate::server::{ClientBody, ConnectionInfo, Reset};
use own::Own;

/// Answers a request.
///
/// # Errors
/// A fault of the route resets the connection or stream.
///
/// # Cancel safety
/// Dropping the future cancels the request: it is recorded as left by its client.
pub async fn answer(
    worker: Arc<Worker>,
    connection: Arc<ConnectionInfo>,
    mut request: Request<ClientBody>,
) -> Result<Response<Body>, Reset> {
    let upgrade = crate::upgrade::asked(&mut request);
    let (parts, body) = request.into_parts();
    let snapshot = worker.gateway.snapshot();
    let mut exchange = begin(&worker, &connection, &snapshot, &parts);
    let is_grpc = headers::is_grpc(&parts.headers);
    let found = match find(&snapshot, &connection, &parts) {
        Ok(found) => found,
        Err(own) => return Ok(own.answer(exchange, is_grpc)),
    };
    let route = Arc::clone(&snapshot.routes[found.entry.index]);
    settle(&mut exchange, &route, &connection, &parts);
    match hurdles(&mut exchange, &route, &parts).await {
        Ok(()) => {}
        Err(Hurdle::Own(own)) => return Ok(own.answer(exchange, is_grpc)),
        Err(Hurdle::Reset) => return Err(reset(exchange)),
    }
    let path = match &found.entry.route.action {
        Action::Forward(_) => target::path_and_query(&found, &parts),
        Action::Redirect { .. } => {
            return Ok(target::redirect(exchange, &found, &parts, &connection));
        }
        Action::Answer { .. } => return Ok(target::fixed(exchange, &found.entry.route)),
    };
    let Some(path) = path else {
        return Ok(no_path().answer(exchange, is_grpc));
    };
    drop(found);
    drop(snapshot);
    let asked = call::Asked {
        worker,
        connection,
        route,
        parts,
        body,
        path,
        is_grpc,
        upgrade,
    };
    match Call::new(asked, &mut exchange) {
        Ok(call) => forward::forward(call, exchange).await,
        Err(own) => Ok(own.answer(exchange, is_grpc)),
    }
}

fn begin(
    worker: &Arc<Worker>,
    connection: &ConnectionInfo,
    snapshot: &Snapshot,
    parts: &Parts,
) -> Box<Exchange> {
    let listener = snapshot.listener(&connection.listener);
    let listener = listener.and_then(|place| snapshot.config.listeners.get(place));
    let trusted = listener.map_or(&[][..], |listener| &listener.trusted);
    let client = forwarded::client(&parts.headers, connection, trusted);
    Exchange::begin(worker, connection, parts, client)
}

fn find<'s>(
    snapshot: &'s Snapshot,
    connection: &ConnectionInfo,
    parts: &Parts,
) -> Result<Found<'s>, Own> {
    let listener = snapshot.listener(&connection.listener);
    let listener = listener.ok_or_else(leaving)?;
    snapshot.router.find(listener, parts).map_err(missed)
}

/// Settles route and class of a request.
fn settle(exchange: &mut Exchange, route: &Arc<Route>, connection: &ConnectionInfo, parts: &Parts) {
    let said = parts.headers.get(&forwarded::CRITICALITY);
    let said = said.map(http::HeaderValue::as_bytes);
    let configured = route.entry.route.criticality;
    let criticality = Criticality::of(said, connection.is_trusted, configured);
    exchange.settle(Some(route), criticality);
}

/// What ends a request before it goes anywhere.
enum Hurdle {
    Own(Own),
    Reset,
}

impl From<Own> for Hurdle {
    fn from(own: Own) -> Self {
        Self::Own(own)
    }
}

/// Meets maintenance, faults and limits.
async fn hurdles(exchange: &mut Exchange, route: &Route, parts: &Parts) -> Result<(), Hurdle> {
    if let Some(own) = maintenance(route) {
        return Err(own.into());
    }
    match crate::fault::inject(route, &exchange.worker, &parts.headers).await {
        None => {}
        Some(Injected::Abort(status)) => {
            return Err(Own::new(status, Reason::Fault, "a fault was injected here").into());
        }
        Some(Injected::Reset) => return Err(Hurdle::Reset),
    }
    Ok(admit::limits(exchange, route, &parts.headers)?)
}

fn reset(mut exchange: Box<Exchange>) -> Reset {
    exchange.record.status = 0;
    exchange.end(Reason::Fault);
    Reset
}

fn no_path() -> Own {
    let text = "the path cannot be rewritten as the route says";
    Own::new(StatusCode::BAD_REQUEST, Reason::BadRequest, text)
}

/// The answer at a listener that is not there any more.
fn leaving() -> Own {
    let text = "this listener is closing; connect again";
    Own::new(StatusCode::SERVICE_UNAVAILABLE, Reason::Draining, text).closing()
}

fn missed(miss: Miss) -> Own {
    match miss {
        Miss::NoRoute => Own::new(
            StatusCode::NOT_FOUND,
            Reason::NoRoute,
            "no route matches this request",
        ),
        Miss::BadHost => Own::new(
            StatusCode::BAD_REQUEST,
            Reason::BadRequest,
            "the request has no host, more than one, or one that is none",
        ),
        Miss::BadPath(error) => Own::new(
            StatusCode::BAD_REQUEST,
            Reason::BadRequest,
            format!("the path {error}"),
        ),
    }
}

fn maintenance(route: &Route) -> Option<Own> {
    let ordered = route.state.maintenance.load();
    let said = match &*ordered {
        Some(ordered) => Some(&**ordered),
        None => route.entry.route.maintenance.as_ref(),
    };
    let (status, text) = said?;
    Some(Own::new(*status, Reason::Maintenance, text.clone()))
}

/// Returns what an answer's head says about its endpoint.
pub(crate) fn outcome_of<B>(response: &Response<B>) -> plimsoll_traffic::Outcome {
    // The wall time matters for dates in Retry-After alone, which nobody waits for here.
    outcome::of_head(response, false, || 0)
}
