//! Connections that become something else than HTTP, and those that never were.

use plimsoll_gateway::model::ListenerKind;
use plimsoll_gateway::reason::Reason;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::raw;
use super::endpoint::{Endpoint, Peer};
use super::world::World;

/// Switches protocols when it is asked to, then says everything back.
async fn switching() -> Endpoint {
    Endpoint::raw(|mut peer: Peer, _| async move {
        let Some(head) = peer.head().await else {
            return;
        };
        let lower = head.to_ascii_lowercase();
        if !lower.contains("connection: upgrade\r\n") || !lower.contains("upgrade: websocket\r\n") {
            peer.write("HTTP/1.1 426 Upgrade Required\r\ncontent-length: 0\r\n\r\n")
                .await;
            return;
        }
        peer.write(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-accept: x\r\n\r\nhello",
        )
        .await;
        let (mut read, mut write) = peer.stream.split();
        drop(tokio::io::copy(&mut read, &mut write).await);
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_flow_after_an_upgrade() {
    let endpoint = switching().await;
    let mut world = World::to(&[endpoint.address], |_| {}).await;
    let mut client = TcpStream::connect(world.address).await.unwrap();
    let asked = "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
                 sec-websocket-key: k\r\n\r\n";
    client.write_all(asked.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(head.contains("upgrade: websocket\r\n") && head.contains("sec-websocket-accept: x"));
    let mut text = [0; 5];
    client.read_exact(&mut text).await.unwrap();
    assert_eq!(&text, b"hello");
    for word in [b"first", b"other"] {
        client.write_all(word).await.unwrap();
        client.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, word);
    }
    assert!(world.recorded().is_none(), "it is not over");
    drop(client);
    let record = world.record().await.record;
    assert_eq!((record.status, record.reason), (101, Reason::Ok));
    assert_eq!((record.bytes_in, record.bytes_out), (10, 15));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_that_is_refused_is_an_answer() {
    let endpoint = switching().await;
    let mut world = World::to(&[endpoint.address], |_| {}).await;
    let asked = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, close\r\nupgrade: other\r\n\r\n";
    let answer = raw(world.address, asked).await;
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    assert_eq!(world.record().await.record.status, 426);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tcp_listener_carries_bytes() {
    let endpoint = Endpoint::raw(|mut peer: Peer, _| async move {
        let (mut read, mut write) = peer.stream.split();
        drop(tokio::io::copy(&mut read, &mut write).await);
    })
    .await;
    let gone = Endpoint::nowhere().await;
    let world = World::to(&[gone, endpoint.address], |config| {
        config.listeners[0].kind = ListenerKind::Tcp {
            backend: "app".into(),
            idle: std::time::Duration::from_secs(20),
        };
        config.routes.clear();
    })
    .await;
    for _ in 0..4 {
        let mut client = TcpStream::connect(world.address).await.unwrap();
        client.write_all(b"\x00\x01 bytes").await.unwrap();
        client.shutdown().await.unwrap();
        let mut back = Vec::new();
        client.read_to_end(&mut back).await.unwrap();
        assert_eq!(back, b"\x00\x01 bytes");
    }
    world.stop().await;
}
