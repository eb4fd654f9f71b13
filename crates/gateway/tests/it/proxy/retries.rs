//! Further attempts: after failures, and beside attempts that take long.

use std::time::Duration;

use http::HeaderValue;
use http_body_util::Full;
use plimsoll_traffic::{FailureKind, Outcome, hedge};

use super::client::{Client, get_once, request};
use super::endpoint::{Endpoint, Peer, status};
use super::world::World;

/// Fails its first `failures` requests with 503, then answers with the body it got.
async fn recovering(failures: usize) -> Endpoint {
    let left = std::sync::atomic::AtomicUsize::new(failures);
    Endpoint::answering(move |_, body| {
        use std::sync::atomic::Ordering::SeqCst;
        let next = |left: usize| left.checked_sub(1);
        match left.fetch_update(SeqCst, SeqCst, next) {
            Ok(_) => status(503),
            Err(_) => http::Response::new(Full::new(body)),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_is_gone_is_followed_by_another() {
    let well = Endpoint::named("well").await;
    let gone = Endpoint::nowhere().await;
    let mut world = World::to(&[gone, well.address], |_| {}).await;
    let mut client = Client::connect(world.address).await;
    let mut tried_both = 0;
    for _ in 0..20 {
        // Not one fails, not even those that may not be repeated: nothing was sent.
        let answer = client.send(request("POST", "/", "body")).await;
        assert_eq!(answer.text(), "well");
        let record = world.record().await.record;
        tried_both += usize::from(record.attempts.len() == 2);
        if let [first, second] = record.attempts[..] {
            assert_eq!(first.outcome, Outcome::Failed(FailureKind::Refused));
            assert_eq!(second.outcome, Outcome::Success);
        }
    }
    assert!(tried_both > 0, "one of two endpoints was never tried");
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_may_be_repeated_is_tried_again() {
    for (method, key, expected) in [
        ("GET", false, 200),
        ("PUT", false, 200),
        ("POST", false, 503),
        ("POST", true, 200),
    ] {
        let endpoint = recovering(1).await;
        let mut world = World::to(&[endpoint.address], |_| {}).await;
        let mut client = Client::connect(world.address).await;
        let mut asked = request(method, "/", "the body");
        if key {
            let value = HeaderValue::from_static("\"7\"");
            asked.headers_mut().insert("idempotency-key", value);
        }
        let answer = client.send(asked).await;
        assert_eq!(answer.status.as_u16(), expected, "{method}");
        let record = world.record().await.record;
        if expected == 200 {
            assert_eq!((answer.text(), record.attempts.len()), ("the body", 2));
        } else {
            assert_eq!(record.attempts.len(), 1);
            assert_eq!(record.retry_refused, Some("not_repeatable"));
        }
        drop(client);
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_kept_is_not_sent_again() {
    let endpoint = recovering(1).await;
    let mut world = World::to(&[endpoint.address], |config| {
        config.routes[0].retry.body_max = 3;
    })
    .await;
    let mut client = Client::connect(world.address).await;
    let answer = client.send(request("PUT", "/", "four")).await;
    assert_eq!(answer.status.as_u16(), 503);
    assert_eq!(world.record().await.record.retry_refused, Some("body_gone"));
    let answer = client.send(request("PUT", "/", "four")).await;
    assert_eq!(answer.text(), "four");
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spent_budget_ends_retries() {
    let endpoint = recovering(usize::MAX).await;
    let mut world = World::to(&[endpoint.address], |config| {
        config.retry_budget.reserve_per_second = 0;
        config.retry_budget.ratio = 0.2;
        config.backends[0].judgement.passive = None;
        config.backends[0].judgement.breaker = None;
    })
    .await;
    let mut client = Client::connect(world.address).await;
    for _ in 0..100 {
        assert_eq!(client.get("/").await.status.as_u16(), 503);
    }
    let mut refused = 0;
    for _ in 0..100 {
        let record = world.record().await.record;
        refused += usize::from(record.retry_refused == Some("budget_spent"));
    }
    assert_eq!((endpoint.requests(), refused), (120, 80));
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_try_is_given_up_for_another() {
    let silent = Endpoint::raw(|mut peer: Peer, _| async move { peer.rest().await }).await;
    let well = Endpoint::named("well").await;
    let mut world = World::to(&[silent.address, well.address], |config| {
        config.routes[0].retry.try_timeout = Some(Duration::from_millis(100));
        config.backends[0].judgement.policy = plimsoll_traffic::balance::Policy::RoundRobin;
    })
    .await;
    for _ in 0..4 {
        assert_eq!(get_once(world.address, "/").await.text(), "well");
    }
    let mut timeouts = 0;
    for _ in 0..4 {
        let record = world.record().await.record;
        let first = record.attempts[0].outcome;
        timeouts += usize::from(first == Outcome::Failed(FailureKind::TryTimeout));
    }
    assert!(timeouts > 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hedge_wins_against_an_endpoint_that_hangs() {
    let silent = Endpoint::raw(|mut peer: Peer, _| async move { peer.rest().await }).await;
    let well = Endpoint::named("well").await;
    let mut world = World::to(&[silent.address, well.address], |config| {
        config.routes[0].hedge = Some(hedge::Options::After(Duration::from_millis(30)));
        config.backends[0].judgement.policy = plimsoll_traffic::balance::Policy::RoundRobin;
    })
    .await;
    let mut hedged = 0;
    for _ in 0..6 {
        assert_eq!(get_once(world.address, "/").await.text(), "well");
        let record = world.record().await.record;
        if let [first, second] = record.attempts[..] {
            hedged += 1;
            assert!(!first.is_hedge && second.is_hedge);
            assert_eq!(
                (first.outcome, second.outcome),
                (Outcome::Cancelled, Outcome::Success)
            );
            assert!(first.took >= Duration::from_millis(30));
        }
    }
    assert!(hedged >= 3, "{hedged}");
    let view = &world.gateway.backends()[0].upstream;
    assert!(
        view.endpoints
            .iter()
            .all(|endpoint| endpoint.in_flight == 0)
    );
    // What may not be repeated is not hedged: it waits for its answer.
    world.stop().await;
}
