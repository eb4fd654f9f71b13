use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2::handshake;
use hyper_util::rt::{TokioExecutor, TokioIo};
use plimsoll_gateway::model::Config;
use tokio::net::TcpStream;

use super::client::Client;
use super::handler::{World, listener};

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn requests_that_run_are_finished() {
    let world = World::one(|_| {});
    let address = world.address();
    let mut client = Client::connect(address).await;
    client.say("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n").await;
    world.echo.until(|seen| seen.requests.len() == 1).await;
    let asking = async {
        // Nobody is let in any more, and the request that runs still does.
        while Client::try_connect(address).await {
            tokio::task::yield_now().await;
        }
        world.echo.gate.add_permits(1);
        let answer = client.answer().await;
        assert_eq!(answer.status, 200);
        assert!(answer.says_close());
        assert_eq!(client.rest().await, "");
    };
    let (drained, ()) = tokio::join!(world.server.drain(LONG, false), asking);
    assert_eq!(drained.cut, 0);
}

#[tokio::test]
async fn idle_connections_have_one_more_chance() {
    let world = World::one(|_| {});
    let address = world.address();
    let mut idle = Client::connect(address).await;
    assert_eq!(idle.get("/").await.status, 200);
    let mut never = Client::connect(address).await;
    world.until_open(2).await;
    let asking = async {
        while Client::try_connect(address).await {
            tokio::task::yield_now().await;
        }
        // A request that was on its way when the drain began.
        for client in [&mut idle, &mut never] {
            let answer = client.get("/").await;
            assert_eq!(answer.status, 200);
            assert!(answer.says_close());
        }
    };
    let (drained, ()) = tokio::join!(world.server.drain(LONG, false), asking);
    assert_eq!(drained.cut, 0);
}

#[tokio::test]
async fn silent_connections_are_not_waited_for_for_long() {
    let config = Config {
        listeners: vec![listener("web")],
        // Half of it, at most, is for requests that may still come.
        drain_timeout: Duration::from_millis(200),
        ..Config::default()
    };
    let world = World::with(config, Vec::new());
    let mut idle = Client::connect(world.address()).await;
    assert_eq!(idle.get("/").await.status, 200);
    let begun = tokio::time::Instant::now();
    let drained = world.server.drain(LONG, false).await;
    assert_eq!(drained.cut, 0);
    assert!(begun.elapsed() < LONG);
    assert_eq!(idle.rest().await, "");
}

#[tokio::test]
async fn what_does_not_end_is_cut() {
    let world = World::one(|_| {});
    let mut client = Client::connect(world.address()).await;
    client.say("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n").await;
    world.echo.until(|seen| seen.requests.len() == 1).await;
    let drained = world.server.drain(Duration::from_millis(50), false).await;
    assert_eq!(drained.cut, 1);
    assert_eq!(client.rest().await, "");
    assert_eq!(world.echo.seen.lock().unwrap().dropped, 1);
}

#[tokio::test]
async fn connections_that_wait_in_the_kernel_are_served() {
    let world = World::one(|listener| listener.connections_max = 1);
    let address = world.address();
    let mut first = Client::connect(address).await;
    first.say("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n").await;
    world.echo.until(|seen| seen.requests.len() == 1).await;
    // There is a place for it before the drain begins.
    world.echo.gate.add_permits(1);
    assert_eq!(first.answer().await.status, 200);
    drop(first);
    world.until_open(0).await;
    let mut waiting = Client::connect(address).await;
    waiting.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (drained, answer) = tokio::join!(world.server.drain(LONG, false), waiting.answer());
    assert_eq!((drained.cut, answer.status), (0, 200));
}

#[tokio::test]
async fn streams_of_http2_are_finished() {
    let world = World::one(|_| {});
    let stream = TcpStream::connect(world.address()).await.unwrap();
    let (mut sender, connection) =
        handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let request = Request::get("http://a.example/gate")
        .body(Empty::new())
        .unwrap();
    let asking = async {
        let answer = sender.send_request(request).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "hello\n");
    };
    let address = world.address();
    let draining = async {
        world.echo.until(|seen| seen.requests.len() == 1).await;
        let open = async {
            while Client::try_connect(address).await {
                tokio::task::yield_now().await;
            }
            world.echo.gate.add_permits(1);
        };
        tokio::join!(world.server.drain(LONG, false), open).0
    };
    let ((), connection, drained) = tokio::join!(asking, connection, draining);
    connection.unwrap();
    assert_eq!(drained.cut, 0);
}
