//! What changes from one hop to the next, and who waits for whom there.

use std::time::Duration;

use http::header::{COOKIE, HeaderValue};
use http::{Request, StatusCode};
use http_body_util::Full;
use plimsoll_gateway::model::{Action, Protocol};
use plimsoll_gateway::reason::Reason;
use plimsoll_traffic::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::client::{Client, Client2, get_once, raw};
use super::endpoint::{Endpoint, Peer};
use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_that_http2_split_are_one_in_http1() {
    let endpoint = Endpoint::echoing().await;
    for (protocol, expected) in [
        (Protocol::Http1, "\ncookie: a=1; b=2\n"),
        (Protocol::Http2, "\ncookie: a=1; b=2\n"),
    ] {
        let world = World::to(&[endpoint.address], |config| {
            config.backends[0].protocol = protocol;
        })
        .await;
        let mut client = Client2::connect(world.address).await;
        let mut asked = Request::get("http://shop.example/")
            .body(Full::default())
            .unwrap();
        let cookies = asked.headers_mut();
        cookies.append(COOKIE, HeaderValue::from_static("a=1"));
        cookies.append(COOKIE, HeaderValue::from_static("b=2"));
        let answer = client.send(asked).await;
        assert!(answer.text().contains(expected), "{}", answer.text());
        drop(client);
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_get_keeps_its_body_however_it_is_framed() {
    let endpoint = Endpoint::echoing().await;
    let world = World::to(&[endpoint.address], |_| {}).await;
    let asked = "GET /search HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                 transfer-encoding: chunked\r\n\r\n5\r\nquery\r\n0\r\n\r\n";
    let answer = raw(world.address, asked).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.ends_with("\n\nquery"), "{answer}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_length_beside_chunked_is_not_passed_on() {
    let endpoint = Endpoint::raw(|mut peer: Peer, _| async move {
        while peer.head().await.is_some() {
            peer.write(
                "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n\
                 5\r\nwhole\r\n0\r\n\r\n",
            )
            .await;
        }
    })
    .await;
    let world = World::to(&[endpoint.address], |_| {}).await;
    let answer = get_once(world.address, "/").await;
    assert_eq!(
        (answer.text(), answer.header("content-length")),
        ("whole", "")
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_before_the_host_goes_no_further() {
    let endpoint = Endpoint::echoing().await;
    let world = World::to(&[endpoint.address], |_| {}).await;
    let asked = "GET http://shop.example@other.example/ HTTP/1.1\r\nhost: a\r\n\
                 connection: close\r\n\r\n";
    let answer = raw(world.address, asked).await;
    assert!(answer.contains("\nhost: other.example\n"), "{answer}");
    assert!(!answer.contains("shop.example"), "{answer}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_scheme_has_another_port() {
    for (scheme, expected) in [
        (Some("https"), "https://shop.example/a?b"),
        (None, "http://shop.example:8080/a?b"),
        (Some("http"), "http://shop.example:8080/a?b"),
    ] {
        let world = World::to(&[], |config| {
            config.backends.clear();
            config.routes[0].action = Action::Redirect {
                status: StatusCode::PERMANENT_REDIRECT,
                scheme: scheme.map(Into::into),
                authority: None,
                path: None,
            };
        })
        .await;
        let mut client = Client::connect(world.address).await;
        let asked = Request::get("/a?b").header("host", "shop.example:8080");
        let answer = client.send(asked.body(Full::default()).unwrap()).await;
        assert_eq!(answer.header("location"), expected);
        drop(client);
        world.stop().await;
    }
}

/// Reads the whole body of each request, tells when a head came, and answers 200.
async fn patient() -> (Endpoint, mpsc::Receiver<()>) {
    let (came, arrivals) = mpsc::channel(10);
    let endpoint = Endpoint::raw(move |mut peer: Peer, _| {
        let came = came.clone();
        async move {
            while peer.head().await.is_some() {
                came.send(()).await.unwrap();
                let mut body = [0; 6];
                if peer.stream.read_exact(&mut body).await.is_err() {
                    return;
                }
                peer.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                    .await;
            }
        }
    })
    .await;
    (endpoint, arrivals)
}

const HALF: &str =
    "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 6\r\n\r\nabc";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_client_is_not_the_endpoints_fault() {
    let (endpoint, _arrivals) = patient().await;
    let mut world = World::to(&[endpoint.address], |config| {
        config.routes[0].timeout = Duration::from_millis(100);
    })
    .await;
    let answer = raw(world.address, HALF).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let record = world.record().await.record;
    assert_eq!((record.status, record.reason), (408, Reason::BadRequest));
    assert_eq!(record.attempts[0].outcome, Outcome::Cancelled);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_of_a_try_is_the_endpoints() {
    let (endpoint, mut arrivals) = patient().await;
    let try_timeout = Duration::from_millis(20);
    let mut world = World::to(&[endpoint.address], |config| {
        config.routes[0].retry.try_timeout = Some(try_timeout);
    })
    .await;
    let mut client = TcpStream::connect(world.address).await.unwrap();
    client.write_all(HALF.as_bytes()).await.unwrap();
    arrivals.recv().await.unwrap();
    // The client takes longer than several tries may.
    let until = world.gateway.now().after(try_timeout * 5);
    world.until(|world| world.gateway.now() >= until).await;
    client.write_all(b"def").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(world.record().await.record.attempts.len(), 1);
    world.stop().await;
}
