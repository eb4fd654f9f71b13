//! Endpoints that answer garbage, half a head, nothing, or go away; clients that leave.

use std::time::Duration;

use plimsoll_gateway::reason::Reason;
use plimsoll_traffic::{FailureKind, Outcome};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::client::{Client, get_once};
use super::endpoint::{Endpoint, Peer};
use super::world::World;

const WHOLE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// One try, and one endpoint that is never given up: what it does is what the client sees.
async fn world(endpoint: &Endpoint) -> World {
    World::to(&[endpoint.address], |config| {
        config.routes[0].retry.retries_max = 0;
        config.routes[0].timeout = Duration::from_millis(700);
        config.routes[0].idle_timeout = Duration::from_millis(200);
        config.backends[0].judgement.passive = None;
        config.backends[0].judgement.breaker = None;
    })
    .await
}

/// Answers the first request with `bytes`, then ends the connection or stays silent; later connections are well.
async fn misbehaving(bytes: &'static str, stays: bool) -> Endpoint {
    Endpoint::raw(move |mut peer: Peer, number| async move {
        while peer.head().await.is_some() {
            if number > 0 {
                peer.write(WHOLE).await;
                continue;
            }
            peer.write(bytes).await;
            match stays {
                true => peer.rest().await,
                false => return,
            }
        }
    })
    .await
}

#[track_caller]
fn is_failed(outcome: Outcome, kind: FailureKind) {
    assert_eq!(outcome, Outcome::Failed(kind));
}

async fn check(bytes: &'static str, stays: bool, status: u16, reason: &str, kind: FailureKind) {
    let endpoint = misbehaving(bytes, stays).await;
    let mut world = world(&endpoint).await;
    let answer = get_once(world.address, "/").await;
    assert_eq!(
        (answer.status.as_u16(), answer.reason()),
        (status, reason),
        "{bytes:?}"
    );
    assert!(answer.text().ends_with('\n') && answer.text().len() > 10);
    let record = world.record().await.record;
    assert_eq!(record.reason.as_str(), reason);
    is_failed(record.attempts[0].outcome, kind);
    // The connection was not used again.
    let answer = get_once(world.address, "/").await;
    assert_eq!(
        (answer.status.as_u16(), answer.text()),
        (200, "ok"),
        "{bytes:?}"
    );
    assert_eq!(endpoint.connections(), 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_a_502() {
    check(
        "\x01\x02garbage\r\n\r\n",
        true,
        502,
        "upstream_malformed",
        FailureKind::Malformed,
    )
    .await;
    let two = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nok";
    check(two, true, 502, "upstream_malformed", FailureKind::Malformed).await;
    let switching = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    check(
        switching,
        true,
        502,
        "upstream_malformed",
        FailureKind::Malformed,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_head_or_nothing_is_a_502() {
    check("", false, 502, "upstream_closed", FailureKind::Closed).await;
    check(
        "HTTP/1.1 200 O",
        false,
        502,
        "upstream_closed",
        FailureKind::Closed,
    )
    .await;
    let half = "HTTP/1.1 200 OK\r\ncontent-le";
    check(half, false, 502, "upstream_closed", FailureKind::Closed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_a_504() {
    check("", true, 504, "timeout", FailureKind::TryTimeout).await;
    check(
        "HTTP/1.1 200 OK\r\n",
        true,
        504,
        "timeout",
        FailureKind::TryTimeout,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_breaks_off_is_no_whole_answer() {
    for (bytes, stays, reason) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
            false,
            Reason::UpstreamTruncated,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
            false,
            Reason::UpstreamTruncated,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
            true,
            Reason::Timeout,
        ),
    ] {
        let endpoint = misbehaving(bytes, stays).await;
        let mut world = world(&endpoint).await;
        let mut client = Client::connect(world.address).await;
        let answer = client.try_send(super::client::get("/")).await;
        assert!(
            answer.is_err(),
            "the client must see that it is not whole: {answer:?}"
        );
        let record = world.record().await.record;
        assert_eq!(
            (record.status, record.reason, record.bytes_out),
            (200, reason, 4)
        );
        assert!(record.attempts[0].outcome.is_failure());
        assert_eq!(get_once(world.address, "/").await.text(), "ok");
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_ended_between_requests_is_replaced() {
    // It says nothing about closing, and closes after the first answer.
    let endpoint = Endpoint::raw(|mut peer: Peer, _| async move {
        if peer.head().await.is_some() {
            peer.write(WHOLE).await;
        }
    })
    .await;
    let mut world = world(&endpoint).await;
    let mut client = Client::connect(world.address).await;
    for number in 1..=20 {
        let answer = client.get("/").await;
        assert_eq!(answer.text(), "ok");
        let record = world.record().await.record;
        assert_eq!(record.attempts.len(), 1, "it is no retry");
        assert_eq!(endpoint.connections(), number);
    }
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_cancels_its_request() {
    let (tx, mut rx) = mpsc::channel(1);
    let endpoint = Endpoint::raw(move |mut peer: Peer, _| {
        let tx = tx.clone();
        async move {
            drop(peer.head().await);
            tx.send("began").await.unwrap();
            // Ends when the gateway closes the connection.
            peer.rest().await;
            tx.send("cancelled").await.unwrap();
        }
    })
    .await;
    let mut world = World::to(&[endpoint.address], |_| {}).await;
    let mut client = TcpStream::connect(world.address).await.unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(rx.recv().await, Some("began"));
    drop(client);
    assert_eq!(rx.recv().await, Some("cancelled"));
    let record = world.record().await.record;
    assert_eq!((record.status, record.reason), (499, Reason::ClientGone));
    assert_eq!(record.attempts[0].outcome, Outcome::Cancelled);
    assert!(record.attempts[0].took > Duration::ZERO);
    let view = world.gateway.backends();
    assert_eq!(view[0].upstream.endpoints[0].in_flight, 0);
    world.stop().await;
}
