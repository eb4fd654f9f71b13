use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::handler::World;

type Sender = SendRequest<Full<Bytes>>;

/// Connects with prior knowledge; the second future is the connection.
async fn connect(address: SocketAddr) -> (Sender, impl Future<Output = hyper::Result<()>>) {
    let stream = TcpStream::connect(address).await.unwrap();
    handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap()
}

fn post(path: &str, body: &str) -> Request<Full<Bytes>> {
    Request::post(format!("http://a.example{path}"))
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap()
}

#[tokio::test]
async fn streams_run_side_by_side() {
    let world = World::one(|_| {});
    let (mut sender, connection) = connect(world.address()).await;
    let asking = async {
        let gated = sender.send_request(post("/gate", ""));
        let mut other = sender.clone();
        let echoed = other.send_request(post("/echo", "abc")).await.unwrap();
        let body = echoed.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "abc");
        world.echo.gate.add_permits(1);
        assert_eq!(gated.await.unwrap().status(), StatusCode::OK);
        drop((sender, other));
    };
    let (_, connection) = tokio::join!(asking, connection);
    connection.unwrap();
    world.until_open(0).await;
}

#[tokio::test]
async fn a_stream_is_reset_alone() {
    let world = World::one(|_| {});
    let (mut sender, connection) = connect(world.address()).await;
    let asking = async {
        for path in ["/reset", "/panic"] {
            assert!(sender.send_request(post(path, "")).await.is_err(), "{path}");
            let good = sender.send_request(post("/", "")).await.unwrap();
            assert_eq!(good.status(), StatusCode::OK);
            // Its connection keeps the stream's share of memory until it is read.
            good.into_body().collect().await.unwrap();
        }
        drop(sender);
    };
    let (_, connection) = tokio::join!(asking, connection);
    connection.unwrap();
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed() {
    let world = World::one(|_| {});
    let (mut sender, connection) = connect(world.address()).await;
    let asking = sender.send_request(post("/gate", ""));
    tokio::select! {
        _ = asking => panic!("nobody opened the gate"),
        _ = connection => panic!("nobody closed it"),
        () = world.echo.until(|seen| seen.requests.len() == 1) => {}
    }
    world.echo.until(|seen| seen.dropped == 1).await;
}

#[tokio::test]
async fn a_stream_of_which_nothing_is_taken_is_reset_alone() {
    let world = World::one(|listener| {
        listener.timeouts.send = std::time::Duration::from_millis(100);
    });
    let (mut sender, connection) = connect(world.address()).await;
    let asking = async {
        let stopped = sender.send_request(post("/endless", "")).await.unwrap();
        world.echo.until(|seen| seen.dropped == 1).await;
        let other = sender.send_request(post("/", "")).await.unwrap();
        assert_eq!(other.status(), StatusCode::OK);
        other.into_body().collect().await.unwrap();
        assert!(stopped.into_body().collect().await.is_err());
        drop(sender);
    };
    let (_, connection) = tokio::join!(asking, connection);
    connection.unwrap();
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let world = World::one(|listener| {
        listener.timeouts.idle = std::time::Duration::from_millis(100);
        // PINGs and SETTINGS begin no head.
        listener.timeouts.head = std::time::Duration::from_millis(1);
    });
    let (sender, connection) = connect(world.address()).await;
    connection.await.unwrap();
    assert!(sender.is_closed());
    world.until_open(0).await;
}

#[tokio::test]
async fn large_heads_are_refused() {
    let world = World::one(|listener| listener.headers_max = 1000);
    let stream = TcpStream::connect(world.address()).await.unwrap();
    let (mut sender, connection) =
        handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let asking = async {
        let request = Request::get("http://a.example/")
            .header("x", "x".repeat(2000))
            .body(Empty::new())
            .unwrap();
        // The client may know the limit by now, and then refuses to send it.
        match sender.send_request(request).await {
            Ok(answer) => assert_eq!(answer.status(), 431),
            Err(error) => assert!(error.is_user() || !error.is_closed(), "{error:?}"),
        }
        drop(sender);
    };
    let _ = tokio::join!(asking, connection);
    assert!(world.echo.paths().is_empty());
}
