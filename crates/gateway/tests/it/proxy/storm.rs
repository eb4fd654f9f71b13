//! Many clients, two workers, endpoints that misbehave in turns: what clients saw is what was counted, to the request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use http::StatusCode;
use tokio::sync::mpsc;

use super::client::{Client, Client2, request};
use super::endpoint::{Endpoint, Peer};
use super::world::{World, spawn};

const CLIENTS: usize = 24;
const REQUESTS: usize = 40;

/// Answers well, fails, breaks off, talks nonsense and hangs up, one after the other.
async fn moody() -> Endpoint {
    let turn = Arc::new(AtomicUsize::new(0));
    Endpoint::raw(move |mut peer: Peer, _| {
        let turn = Arc::clone(&turn);
        async move {
            while let Some(head) = peer.head().await {
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                let length = length.map_or(0, |text| text.parse().unwrap());
                let mut body = vec![0; length];
                let read = tokio::io::AsyncReadExt::read_exact(&mut peer.stream, &mut body).await;
                if read.is_err() {
                    return;
                }
                match turn.fetch_add(1, SeqCst) % 7 {
                    0..=2 => {
                        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                            .await
                    }
                    3 => {
                        peer.write("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n")
                            .await
                    }
                    4 => {
                        peer.write("HTTP/1.1 404 No\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n")
                            .await
                    }
                    5 => return peer.write("nonsense\r\n\r\n").await,
                    _ => return,
                }
            }
        }
    })
    .await
}

async fn ask(address: std::net::SocketAddr, number: usize, seen: mpsc::Sender<StatusCode>) {
    let is_http2 = number.is_multiple_of(3);
    let mut one = Client::connect(address).await;
    let mut two = Client2::connect(address).await;
    for turn in 0..REQUESTS {
        let (method, body) = match (number + turn) % 4 {
            0 => ("POST", "a body"),
            1 => ("PUT", "another body"),
            _ => ("GET", ""),
        };
        let status = if is_http2 {
            let mut asked = request(method, "http://shop.example/a", body);
            asked.headers_mut().remove("host");
            two.send(asked).await.status
        } else {
            one.send(request(method, "/a", body)).await.status
        };
        seen.send(status).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_is_counted_once() {
    let endpoints = [moody().await, moody().await, moody().await];
    let addresses = endpoints.each_ref().map(|endpoint| endpoint.address);
    let mut world = World::to(&addresses, |config| {
        config.threads = Some(2);
        config.backends[0].judgement.passive = None;
        config.backends[0].judgement.breaker = None;
    })
    .await;
    let (tx, mut seen) = mpsc::channel(64);
    for number in 0..CLIENTS {
        spawn(ask(world.address, number, tx.clone()));
    }
    drop(tx);
    let mut classes: BTreeMap<u16, usize> = BTreeMap::new();
    while let Some(status) = seen.recv().await {
        *classes.entry(status.as_u16() / 100).or_default() += 1;
    }
    assert_eq!(
        classes.values().sum::<usize>(),
        CLIENTS * REQUESTS,
        "{classes:?}"
    );
    assert!(classes[&2] > 0 && classes[&5] > 0, "{classes:?}");
    // The last ones are counted when their connections have taken the answer.
    let total = (CLIENTS * REQUESTS) as f64;
    world
        .until(|world| world.metric("gateway_requests_total", "") == total)
        .await;
    for (class, count) in classes {
        let label = format!("class=\"{class}xx\"");
        assert_eq!(
            world.metric("gateway_requests_total", &label),
            count as f64,
            "{label}"
        );
    }
    let attempts = endpoints.iter().map(Endpoint::requests).sum::<usize>() as f64;
    let counted = world.metric("gateway_attempts_total", "");
    // Connections that had ended before are replaced without an attempt of their own, and an endpoint may have read a
    // request on one.
    assert!(
        counted <= attempts && counted >= total,
        "{counted} of {attempts}"
    );
    assert_eq!(world.metric("in_flight", ""), 0.0);
    let view = world.gateway.backends().remove(0).upstream;
    assert!(
        view.endpoints
            .iter()
            .all(|endpoint| endpoint.in_flight == 0)
    );
    world.stop().await;
}
