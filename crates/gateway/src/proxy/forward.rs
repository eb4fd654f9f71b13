//! A request that goes to a backend: attempts until one brings an answer or the gate says that it was the last.

use std::time::Duration;

use http::{Response, StatusCode};
use plimsoll_traffic::retry::{Again, Attempted, Refusal};
use plimsoll_traffic::{EndpointId, NoEndpoint, Outcome};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::answered::Answered;
use super::attempt::{Ended, Failed};
use super::body::Body;
use super::call::{Call, pick, too_large};
use super::exchange::{CLIENT_GONE, Exchange};
use super::own::Own;
use super::race::race;
use super::request_body::{BodyError, Source};
use super::{admit, outcome};
use crate::gateway::Running;
use crate::reason::Reason;
use crate::record::Attempt;
use crate::server::Reset;
use crate::upgrade::Upgrade;

/// Sends the request and returns the answer.
pub(super) async fn forward(
    mut call: Call,
    mut exchange: Box<Exchange>,
) -> Result<Response<Body>, Reset> {
    let is_grpc = call.is_grpc;
    let mut now = call.at;
    if let Some(door) = call.backend.door() {
        let left = call.deadline.left(now);
        // Boxed: who does not wait here need not be as large.
        let entering = Box::pin(admit::door(&mut exchange, door));
        match timeout_at(Instant::now() + left, entering).await {
            Ok(Ok(())) => {}
            Ok(Err(own)) => return Ok(own.answer(exchange, is_grpc)),
            Err(_) => return Ok(late().answer(exchange, is_grpc)),
        }
        now = exchange.now();
    }
    if let Some(upgrade) = call.upgrade.take() {
        return Ok(upgraded(call, exchange, upgrade).await);
    }
    call.worker.gateway.budget().deposit(now);
    let mut tried = Vec::new();
    let mut last: Option<Failed> = None;
    loop {
        let running = match pick(&call, now, &tried) {
            Ok(running) => running,
            Err(why) => {
                let own =
                    last.map_or_else(|| no_endpoint(why), |last| outcome::answer_of(last.kind));
                return Ok(own.answer(exchange, is_grpc));
            }
        };
        let ended = race(&call, &mut exchange, &mut tried, running).await;
        match again(&call, &mut exchange, &ended) {
            None => return Ok(deliver(call, exchange, ended)),
            Some(wait) => {
                mark(&mut tried, ended.running.pick().endpoint);
                last = give_up(ended);
                if !wait.is_zero() {
                    sleep_until(Instant::now() + wait).await;
                }
                now = exchange.now();
            }
        }
    }
}

async fn upgraded(call: Call, mut exchange: Box<Exchange>, upgrade: Upgrade) -> Response<Body> {
    let running = match pick(&call, exchange.now(), &[]) {
        Ok(running) => running,
        Err(why) => return no_endpoint(why).answer(exchange, call.is_grpc),
    };
    let place = exchange.attempt(attempt_of(&exchange, &running, false));
    // Boxed: upgrades are rare, and their state would be a part of each request's.
    Box::pin(crate::upgrade::forward(
        call, exchange, running, place, upgrade,
    ))
    .await
}

pub(super) fn attempt_of(exchange: &Exchange, running: &Running, is_hedge: bool) -> Attempt {
    let pick = running.pick();
    Attempt {
        endpoint: pick.endpoint,
        why: pick.why,
        is_hedge,
        is_reused: false,
        began_after: running.began.since(exchange.record.began),
        took: Duration::ZERO,
        outcome: Outcome::Cancelled,
    }
}

/// Asks the gate whether there is another attempt, and after which wait.
fn again(call: &Call, exchange: &mut Exchange, ended: &Ended) -> Option<Duration> {
    let outcome = ended.outcome();
    if matches!(outcome, Outcome::Success | Outcome::Cancelled) {
        return None;
    }
    let now = ended.at;
    let attempted = Attempted {
        is_repeatable: call.is_repeatable,
        is_body_replayable: call.source.as_ref().is_none_or(Source::is_replayable),
        retries: exchange.record.attempts.len().saturating_sub(1) as u32,
        outcome,
        left: call.deadline.left(now),
    };
    let budget = call.worker.gateway.budget();
    match call
        .route
        .gate
        .again(&attempted, budget, now, call.worker.chance())
    {
        Again::After(wait) => Some(wait),
        Again::No(Refusal::NotRetried | Refusal::Exhausted) => None,
        Again::No(refusal) => {
            exchange.record.retry_refused = Some(refusal.as_str());
            None
        }
    }
}

/// Tells the endpoint's judgement about an attempt that is followed by another one.
fn give_up(ended: Ended) -> Option<Failed> {
    let outcome = ended.outcome();
    ended.running.done(outcome, ended.took, ended.at);
    ended.result.err()
}

/// Takes note of an endpoint that was tried.
pub(super) fn mark(tried: &mut Vec<EndpointId>, endpoint: EndpointId) {
    if !tried.contains(&endpoint) {
        tried.push(endpoint);
    }
}

/// Makes the answer of what the last attempt brought.
fn deliver(call: Call, mut exchange: Box<Exchange>, ended: Ended) -> Response<Body> {
    let outcome = ended.outcome();
    let now = ended.at;
    if let Some(entered) = &mut exchange.held.entered {
        entered.answered(&outcome, now);
    }
    if let Some(source) = &call.source {
        exchange.record.bytes_in = source.bytes_read();
    }
    let answered = Answered {
        running: ended.running,
        place: ended.place,
        took: ended.took,
        at: now,
    };
    match ended.result {
        Ok(got) => answered.pass_on(call, exchange, got.response, got.outcome, Some(got.lease)),
        Err(failed) => {
            answered.running.done(outcome, answered.took, now);
            let own = match failed.client {
                Some(error) => client_failed(error),
                None => outcome::answer_of(failed.kind),
            };
            own.answer(exchange, call.is_grpc)
        }
    }
}

fn client_failed(error: BodyError) -> Own {
    match error {
        BodyError::TooLarge => too_large(),
        BodyError::Silent => Own::new(
            StatusCode::REQUEST_TIMEOUT,
            Reason::BadRequest,
            "nothing came of the request's body for too long",
        )
        .closing(),
        BodyError::Late => Own::new(
            StatusCode::REQUEST_TIMEOUT,
            Reason::BadRequest,
            "the request's body did not come within the time of the route",
        )
        .closing(),
        BodyError::Client | BodyError::Superseded => Own::new(
            StatusCode::from_u16(CLIENT_GONE).expect("it lies between 100 and 999"),
            Reason::ClientGone,
            "the request's body broke off",
        )
        .closing(),
    }
}

fn no_endpoint(why: NoEndpoint) -> Own {
    let own = Own::new(
        StatusCode::SERVICE_UNAVAILABLE,
        Reason::NoEndpoint,
        why.to_string(),
    );
    own.retry_after(Duration::from_secs(1))
}

fn late() -> Own {
    Own::new(
        StatusCode::SERVICE_UNAVAILABLE,
        Reason::QueueTimeout,
        "its time was over before its turn",
    )
}
