//! An attempt, and a second one beside it when the first takes long (a hedge): whoever answers first wins.

use std::sync::PoisonError;
use std::time::Duration;

use plimsoll_traffic::{EndpointId, Moment, Outcome};
use tokio::time::{Instant, sleep_until};

use super::attempt::{Ended, attempt};
use super::call::{Call, pick};
use super::exchange::Exchange;
use super::forward::{attempt_of, mark};
use super::request_body::Source;
use crate::gateway::Running;

/// Makes an attempt at an endpoint that was picked, with a hedge if the route says so. Of two, the one that is not
/// returned is over: its endpoint and the record know how it ended.
pub(super) async fn race(
    call: &Call,
    exchange: &mut Exchange,
    tried: &mut Vec<EndpointId>,
    running: Running,
) -> Ended {
    let place = exchange.attempt(attempt_of(exchange, &running, false));
    let Some(delay) = delay(call, running.began) else {
        let ended = attempt(call, running, place).await;
        exchange.took(&ended);
        return ended;
    };
    // Boxed: few routes hedge, and two attempts at once would make the state of all requests larger.
    Box::pin(hedged(call, exchange, tried, running, place, delay)).await
}

/// How long the first attempt has.
fn delay(call: &Call, now: Moment) -> Option<Duration> {
    let (_, delay) = call.route.state.hedge.as_ref()?;
    if !call.is_repeatable {
        return None;
    }
    let mut delay = delay.lock().unwrap_or_else(PoisonError::into_inner);
    delay.delay(now)
}

async fn hedged(
    call: &Call,
    exchange: &mut Exchange,
    tried: &mut Vec<EndpointId>,
    running: Running,
    place: usize,
    delay: Duration,
) -> Ended {
    let began = running.began;
    let first_endpoint = running.pick().endpoint;
    let first = attempt(call, running, place);
    tokio::pin!(first);
    let in_time = tokio::select! {
        biased;
        ended = &mut first => Some(ended),
        () = sleep_until(Instant::now() + delay) => None,
    };
    if let Some(ended) = in_time {
        return alone(call, exchange, ended);
    }
    mark(tried, first_endpoint);
    let Some(running) = second(call, exchange, tried) else {
        let ended = first.await;
        return alone(call, exchange, ended);
    };
    let hedge_began = running.began;
    let hedge_place = exchange.attempt(attempt_of(exchange, &running, true));
    let hedge = attempt(call, running, hedge_place);
    tokio::pin!(hedge);
    let (ended, is_first) = tokio::select! {
        biased;
        ended = &mut first => (ended, true),
        ended = &mut hedge => (ended, false),
    };
    exchange.took(&ended);
    if ended.outcome() == Outcome::Success {
        learn(call, ended.took, ended.at);
        let (place, began) = if is_first {
            (hedge_place, hedge_began)
        } else {
            (place, began)
        };
        lost(call, exchange, place, began);
        return ended;
    }
    // The other one may still save the request.
    let outcome = ended.outcome();
    ended.running.done(outcome, ended.took, ended.at);
    let last = if is_first { hedge.await } else { first.await };
    alone(call, exchange, last)
}

/// Picks another endpoint for a hedge, if the body can be sent twice and the budget pays.
fn second(call: &Call, exchange: &Exchange, tried: &mut Vec<EndpointId>) -> Option<Running> {
    let is_kept = |source: &Source| source.is_whole() && source.is_replayable();
    if !call.source.as_ref().is_none_or(is_kept) {
        return None;
    }
    let now = exchange.now();
    let running = pick(call, now, tried).ok()?;
    // The same endpoint again would not be faster.
    let endpoint = running.pick().endpoint;
    let is_other = !tried.contains(&endpoint);
    let is_paid = is_other && call.worker.gateway.budget().withdraw(now);
    is_paid.then(|| {
        mark(tried, endpoint);
        running
    })
}

/// An attempt that ended while no other one ran.
fn alone(call: &Call, exchange: &mut Exchange, ended: Ended) -> Ended {
    exchange.took(&ended);
    if ended.result.is_ok() {
        learn(call, ended.took, ended.at);
    }
    ended
}

/// An attempt that was slower than the other one. It is cancelled when its future is dropped.
fn lost(call: &Call, exchange: &mut Exchange, place: usize, began: Moment) {
    let now = exchange.now();
    let took = now.since(began);
    exchange.attempted(place, Outcome::Cancelled, took);
    learn(call, took, now);
}

fn learn(call: &Call, took: Duration, now: Moment) {
    if let Some((_, delay)) = &call.route.state.hedge {
        let mut delay = delay.lock().unwrap_or_else(PoisonError::into_inner);
        delay.record(took, now);
    }
}
