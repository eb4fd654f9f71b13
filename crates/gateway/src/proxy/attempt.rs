//! One attempt at one endpoint: a connection, the request, the head of its answer.

use std::future::Future;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Request, Response, Uri, header};
use http_body::Body as _;
use hyper::body::Incoming;
use plimsoll_traffic::{FailureKind, Moment, Outcome, deadline};
use tokio::time::{Instant, timeout_at};

use super::call::Call;
use super::outcome;
use super::request_body::{BodyError, RequestBody, Source};
use crate::forwarded;
use crate::gateway::Running;
use crate::pool::{Lease, SendError, Target};

/// An endpoint may close a connection at the moment when it is used again. Over HTTP/2 others may have done so before.
const STALE_MAX: u32 = 3;

/// How an attempt ended.
pub(super) struct Ended {
    pub(super) running: Running,
    /// Its place in the record.
    pub(super) place: usize,
    pub(super) took: Duration,
    /// When it ended.
    pub(super) at: Moment,
    pub(super) is_reused: bool,
    pub(super) result: Result<Got, Failed>,
}

/// An answer's head.
pub(super) struct Got {
    pub(super) response: Response<Incoming>,
    pub(super) lease: Lease,
    pub(super) outcome: Outcome,
}

/// No answer's head.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) kind: FailureKind,
    /// The client's body failed, and nothing is the endpoint's fault.
    pub(super) client: Option<BodyError>,
    /// The time that ran out was shorter than what the route gives, since the caller wanted that or most of it was gone
    /// before: the endpoint was not late.
    pub(super) is_short: bool,
}

impl From<FailureKind> for Failed {
    fn from(kind: FailureKind) -> Self {
        Self {
            kind,
            client: None,
            is_short: false,
        }
    }
}

impl Ended {
    /// Returns what it says about the endpoint.
    pub(super) fn outcome(&self) -> Outcome {
        match &self.result {
            Ok(got) => got.outcome,
            Err(failed) if failed.client.is_some() || failed.is_short => Outcome::Cancelled,
            Err(failed) => Outcome::Failed(failed.kind),
        }
    }
}

/// Makes one attempt.
pub(super) async fn attempt(call: &Call, running: Running, place: usize) -> Ended {
    let mut is_reused = false;
    let sent = exchange(call, &running, &mut is_reused);
    let result = in_time(call, running.began, sent).await;
    let at = call.worker.gateway.now();
    Ended {
        took: at.since(running.began),
        at,
        running,
        place,
        is_reused,
        result,
    }
}

/// Gives an attempt the time of one try, and of the request at most. A try's time is the endpoint's: while the client
/// still sends the body, another one begins.
async fn in_time(
    call: &Call,
    began: Moment,
    sent: impl Future<Output = Result<Got, Failed>>,
) -> Result<Got, Failed> {
    let now = Instant::now();
    let left = call.deadline.left(began);
    let full = call.try_time();
    let last = now + left;
    let mut until = now + full.min(left);
    tokio::pin!(sent);
    loop {
        if let Ok(result) = timeout_at(until, &mut sent).await {
            return result;
        }
        let is_clients = call.source.as_ref().is_some_and(Source::is_waiting);
        if !is_clients || until >= last {
            return Err(Failed {
                client: is_clients.then_some(BodyError::Late),
                is_short: call.is_callers_deadline && full >= left || left < full / 2,
                ..Failed::from(FailureKind::TryTimeout)
            });
        }
        until = last.min(Instant::now() + full);
    }
}

/// Sends the request over a connection that is open already if there is one. When that one turns out to be closed, a new
/// one is opened, as if the other had never been there: this is not a retry.
async fn exchange(call: &Call, running: &Running, is_reused: &mut bool) -> Result<Got, Failed> {
    let target = &running.target;
    let mut now = running.began;
    let mut stale = 0;
    loop {
        let header = match target.settings().sends_proxy_header {
            true => crate::pool::proxy_header(&call.connection),
            false => Vec::new(),
        };
        let worker = &call.worker;
        let leased = target
            .lease(worker.index, &worker.spawner, stale > 0, &header, now)
            .await;
        let mut lease = leased.map_err(|error| {
            tracing::debug!(endpoint = %target.name(), %error, "no connection to an endpoint");
            Failed::from(error.kind)
        })?;
        *is_reused = lease.is_reused();
        if !lease.is_reused() {
            // Opening it took time, of which the endpoint is told what is left.
            now = worker.gateway.now();
        }
        match lease.send(call.request(&lease, now)).await {
            Ok(response) => return got(call, response, lease),
            Err(mut error) => {
                stale += 1;
                if let Some(unsent) = error.unsent.take() {
                    call.take_back(unsent);
                }
                if !is_stale(call, &lease, &error) || stale >= STALE_MAX {
                    return Err(failed(call, &error));
                }
                now = worker.gateway.now();
            }
        }
    }
}

fn got(call: &Call, response: Response<Incoming>, lease: Lease) -> Result<Got, Failed> {
    // Nobody asked for another protocol here.
    if response.status() == http::StatusCode::SWITCHING_PROTOCOLS {
        return Err(FailureKind::Malformed.into());
    }
    let outcome = call.outcome_of(&response);
    Ok(Got {
        response,
        lease,
        outcome,
    })
}

/// Says whether it was the connection that had ended before, and the request can be sent again without doubt or harm.
fn is_stale(call: &Call, lease: &Lease, error: &SendError) -> bool {
    let is_replayable = call.source.as_ref().is_none_or(Source::is_replayable);
    let is_harmless =
        error.is_unsent || error.kind == FailureKind::NotProcessed || call.is_repeatable;
    lease.is_reused() && error.is_connections_end && is_harmless && is_replayable
}

fn failed(call: &Call, error: &SendError) -> Failed {
    tracing::debug!(error = %error.source, "an attempt failed");
    let client = call.source.as_ref().and_then(Source::error);
    Failed {
        client: client.filter(|error| *error != BodyError::Superseded),
        ..Failed::from(error.kind)
    }
}

impl Call {
    /// What an endpoint has for the head of its answer.
    fn try_time(&self) -> Duration {
        let route = self.route.entry.route.timeout;
        self.route.gate.options().try_timeout.unwrap_or(route)
    }

    /// Returns what an answer's head says about its endpoint.
    pub(super) fn outcome_of<B>(&self, response: &Response<B>) -> Outcome {
        let clock = self.worker.gateway.clock();
        let now_seconds = || clock.now().millis().div_euclid(1000);
        let outcome = outcome::of_head(response, self.is_grpc, now_seconds);
        match self.is_hurried() {
            true => outcome::of_hurried(outcome),
            false => outcome,
        }
    }

    /// Says whether an endpoint that says it was too late may have been asked to hurry by the caller.
    pub(super) fn is_hurried(&self) -> bool {
        self.is_grpc && self.is_callers_deadline
    }

    /// Makes the request as the endpoint sees it.
    fn request(&self, lease: &Lease, now: Moment) -> Request<RequestBody> {
        let headers = self.sent_headers(lease.is_http2(), lease.is_reused());
        self.request_of(headers, lease.is_http2(), lease.target(), now)
    }

    /// The headers: themselves when this is the last time that they are asked for, else a copy.
    fn sent_headers(&self, is_http2: bool, is_reused: bool) -> HeaderMap {
        let model = &self.route.entry.route;
        // In HTTP/2 an endpoint may say after all that it did not look at the request.
        let may_come_back = self.is_repeatable || is_http2;
        let is_again = is_reused || model.retry.retries_max > 0 || model.hedge.is_some();
        let is_needed = model.mirror.is_some() || (may_come_back && is_again);
        let mut headers = self.headers();
        match is_needed {
            true => headers.clone(),
            false => std::mem::take(&mut headers),
        }
    }

    /// Takes back a request of which nothing was sent.
    fn take_back(&self, unsent: Request<RequestBody>) {
        let mut headers = self.headers();
        if headers.is_empty() {
            *headers = unsent.into_parts().0.headers;
        }
    }

    /// Makes a request with these headers as the endpoint sees it.
    pub(crate) fn request_of(
        &self,
        headers: HeaderMap,
        is_http2: bool,
        target: &Target,
        now: Moment,
    ) -> Request<RequestBody> {
        let body = match &self.source {
            None => RequestBody::Empty,
            Some(source) => RequestBody::Client(source.reader()),
        };
        let is_chunked = body.size_hint().exact().is_none();
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.headers_mut() = headers;
        self.tell_time(request.headers_mut(), now);
        let host = match &self.host {
            Some(host) => host.clone(),
            None => target.host_header().clone(),
        };
        let sent = request.headers_mut();
        if !is_http2 {
            // It is about this hop, which the connection would have to say; HTTP/1 endpoints send trailers anyway.
            sent.remove(header::TE);
            if is_chunked && !sent.contains_key(header::CONTENT_LENGTH) {
                // hyper would send GET without its body.
                sent.insert(
                    header::TRANSFER_ENCODING,
                    HeaderValue::from_static("chunked"),
                );
            }
        }
        *request.uri_mut() = Uri::from(self.path.clone());
        target.address(&mut request, host, is_http2);
        request
    }

    /// Writes how much time the next hop has: to the head of its answer, and for a call of gRPC that has a deadline to its
    /// end. A stream without one is not given any, since the route's is about the head.
    fn tell_time(&self, headers: &mut HeaderMap, now: Moment) {
        let left = deadline::for_next_hop(self.deadline.left(now));
        let text = deadline::format_millis(left);
        if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
            headers.insert(forwarded::TIMEOUT, value);
        }
        if let Some(deadline) = self.grpc_deadline {
            let text = deadline::format_grpc(deadline::for_next_hop(deadline.left(now)));
            if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
                headers.insert(forwarded::GRPC_TIMEOUT, value);
            }
        }
    }
}
