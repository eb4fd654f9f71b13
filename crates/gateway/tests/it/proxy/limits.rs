//! Who is let in.

use std::time::Duration;

use http::HeaderName;
use plimsoll_gateway::model::{Concurrency, LimitKey, RateLimit};
use plimsoll_gateway::reason::Reason;
use plimsoll_traffic::limit::{concurrency, queue, rate};
use tokio::sync::mpsc;

use super::client::{Client, get, get_once};
use super::endpoint::{Endpoint, Peer};
use super::world::{World, spawn};

fn limit(key: LimitKey, count: u64) -> RateLimit {
    RateLimit {
        name: "few".into(),
        key,
        rate: rate::Rate {
            count,
            per: Duration::from_secs(3600),
            burst: count,
            keys_max: 100,
        },
        dry_run: false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rates_are_limited_by_key() {
    let endpoint = Endpoint::named("well").await;
    let mut world = World::to(&[endpoint.address], |config| {
        let name = HeaderName::from_static("x-tenant");
        config.routes[0].limits = vec![limit(LimitKey::Header(name), 2)];
    })
    .await;
    let mut client = Client::connect(world.address).await;
    for (tenant, expected) in [("a", 200), ("a", 200), ("a", 429), ("b", 200), ("a", 429)] {
        let mut asked = get("/");
        asked
            .headers_mut()
            .insert("x-tenant", tenant.parse().unwrap());
        let answer = client.send(asked).await;
        assert_eq!(answer.status.as_u16(), expected);
        let reason = world.record().await.record.reason;
        if expected == 429 {
            assert_eq!(
                (answer.reason(), reason),
                ("rate_limited", Reason::RateLimited)
            );
            let wait: u64 = answer.header("retry-after").parse().unwrap();
            assert!((1700..=1800).contains(&wait), "{wait}");
        }
    }
    assert_eq!(endpoint.requests(), 3);
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_lets_all_in() {
    let endpoint = Endpoint::named("well").await;
    let world = World::to(&[endpoint.address], |config| {
        let mut limit = limit(LimitKey::Client, 1);
        limit.dry_run = true;
        config.routes[0].limits = vec![limit];
    })
    .await;
    for _ in 0..3 {
        assert_eq!(get_once(world.address, "/").await.status.as_u16(), 200);
    }
    world.stop().await;
}

/// An endpoint that answers a request when it is told to, and tells that it came.
async fn held() -> (Endpoint, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (came, arrivals) = mpsc::channel(10);
    let (go, gone) = mpsc::channel::<()>(10);
    let gone = std::sync::Arc::new(tokio::sync::Mutex::new(gone));
    let endpoint = Endpoint::raw(move |mut peer: Peer, _| {
        let (came, gone) = (came.clone(), gone.clone());
        async move {
            while peer.head().await.is_some() {
                came.send(()).await.unwrap();
                gone.lock().await.recv().await;
                peer.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone")
                    .await;
            }
        }
    })
    .await;
    (endpoint, arrivals, go)
}

fn door(length_max: usize) -> Option<Concurrency> {
    Some(Concurrency {
        limit: concurrency::Options::Fixed(1),
        queue: queue::Options {
            length_max,
            wait_max: Duration::from_secs(20),
            ..queue::Options::default()
        },
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_finds_the_door_full_waits_for_its_turn() {
    let (endpoint, mut arrivals, go) = held().await;
    let mut world = World::to(&[endpoint.address], |config| {
        config.backends[0].concurrency = door(1);
    })
    .await;
    let address = world.address;
    let (tx, mut answers) = mpsc::channel(10);
    let asking = |tx: mpsc::Sender<String>| async move {
        let answer = get_once(address, "/").await;
        let text = format!("{} {}", answer.status.as_u16(), answer.reason());
        tx.send(text).await.unwrap();
    };
    spawn(asking(tx.clone()));
    arrivals.recv().await.unwrap();
    spawn(asking(tx.clone()));
    world.until(|world| waiting(world) == 1).await;
    // A third one finds the queue full.
    let third = get_once(address, "/").await;
    assert_eq!((third.status.as_u16(), third.reason()), (503, "queue_full"));
    assert_eq!(third.header("x-plimsoll-shed"), "P1;reason=queue_full");
    assert!(third.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert_eq!(endpoint.requests(), 1);
    for _ in 0..2 {
        go.send(()).await.unwrap();
        assert_eq!(answers.recv().await.unwrap(), "200 ");
    }
    let waits = [
        world.record().await.record.queue_wait,
        world.record().await.record.queue_wait,
        world.record().await.record.queue_wait,
    ];
    assert_eq!(
        waits.iter().filter(|wait| !wait.is_zero()).count(),
        1,
        "{waits:?}"
    );
    world
        .until(|world| world.gateway.backends()[0].door.unwrap().in_flight == 0)
        .await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_the_queue_takes_no_place() {
    let (endpoint, mut arrivals, go) = held().await;
    let mut world = World::to(&[endpoint.address], |config| {
        config.backends[0].concurrency = door(5);
    })
    .await;
    let address = world.address;
    let (tx, mut answers) = mpsc::channel(10);
    spawn(async move {
        tx.send(get_once(address, "/").await.status.as_u16())
            .await
            .unwrap();
    });
    arrivals.recv().await.unwrap();
    let mut leaver = tokio::net::TcpStream::connect(address).await.unwrap();
    use tokio::io::AsyncWriteExt;
    leaver
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    world.until(|world| waiting(world) == 1).await;
    drop(leaver);
    world.until(|world| waiting(world) == 0).await;
    assert_eq!(world.record().await.record.reason, Reason::ClientGone);
    go.send(()).await.unwrap();
    assert_eq!(answers.recv().await, Some(200));
    world
        .until(|world| world.gateway.backends()[0].door.unwrap().in_flight == 0)
        .await;
    assert_eq!(endpoint.requests(), 1);
    world.stop().await;
}

fn waiting(world: &World) -> usize {
    world.gateway.backends()[0]
        .door
        .unwrap()
        .waiting
        .iter()
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulkhead_keeps_a_route_from_taking_everything() {
    let (endpoint, mut arrivals, go) = held().await;
    let world = World::to(&[endpoint.address], |config| {
        config.routes[0].in_flight_max = Some(1);
    })
    .await;
    let address = world.address;
    let (tx, mut answers) = mpsc::channel(10);
    spawn(async move {
        tx.send(get_once(address, "/").await.status.as_u16())
            .await
            .unwrap();
    });
    arrivals.recv().await.unwrap();
    assert_eq!(get_once(address, "/").await.status.as_u16(), 503);
    go.send(()).await.unwrap();
    assert_eq!(answers.recv().await, Some(200));
    world.stop().await;
}
