use std::time::Duration;

use plimsoll_gateway::model::{Listener, Network, ProxyProtocol};
use plimsoll_gateway::proxy_protocol::encode;

use super::client::Client;
use super::handler::World;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn network(text: &str, bits: u8) -> Network {
    Network {
        address: text.parse().unwrap(),
        bits,
    }
}

fn behind_balancer(listener: &mut Listener) {
    listener.proxy_protocol = Some(ProxyProtocol {
        from: vec![network("127.0.0.0", 8)],
        timeout: Duration::from_millis(100),
    });
    listener.trusted = vec![network("198.51.100.0", 24)];
}

#[tokio::test]
async fn the_header_says_whom_it_is_for() {
    let world = World::one(behind_balancer);
    let (from, to) = ("198.51.100.7:51234", "203.0.113.9:443");
    let text = b"PROXY TCP4 198.51.100.7 203.0.113.9 51234 443\r\n".to_vec();
    for header in [text, encode(from.parse().unwrap(), to.parse().unwrap())] {
        let mut client = Client::connect(world.address()).await;
        client.say([&header, REQUEST].concat()).await;
        assert_eq!(client.answer().await.status, 200);
        let seen = world.echo.seen.lock().unwrap();
        let info = &seen.requests.last().unwrap().0;
        assert_eq!(
            (info.client.to_string(), info.local.to_string()),
            (from.into(), to.into())
        );
        assert_eq!(info.peer, client.stream.local_addr().unwrap());
        assert!(info.is_trusted, "trust is in whom it is for");
    }
}

#[tokio::test]
async fn an_address_is_the_same_however_it_is_written() {
    let world = World::one(behind_balancer);
    let mut client = Client::connect(world.address()).await;
    client
        .say("PROXY TCP6 ::ffff:198.51.100.7 ::ffff:203.0.113.9 51234 443\r\n")
        .await;
    assert_eq!(client.get("/").await.status, 200);
    let seen = world.echo.seen.lock().unwrap();
    let info = &seen.requests[0].0;
    assert_eq!(info.client, "198.51.100.7:51234".parse().unwrap());
    assert_eq!(info.local, "203.0.113.9:443".parse().unwrap());
    assert!(info.is_trusted);
}

#[tokio::test]
async fn the_header_may_come_in_pieces() {
    let world = World::one(behind_balancer);
    let mut client = Client::connect(world.address()).await;
    let header = encode(
        "[2001:db8::1]:1".parse().unwrap(),
        "[2001:db8::2]:2".parse().unwrap(),
    );
    for byte in &header {
        client.say([*byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(client.get("/").await.status, 200);
}

#[tokio::test]
async fn the_balancers_own_connection_is_its_own() {
    let world = World::one(behind_balancer);
    let mut client = Client::connect(world.address()).await;
    client.say([b"PROXY UNKNOWN\r\n", REQUEST].concat()).await;
    assert_eq!(client.answer().await.status, 200);
    let seen = world.echo.seen.lock().unwrap();
    let info = &seen.requests[0].0;
    assert_eq!((info.client, info.is_trusted), (info.peer, false));
}

#[tokio::test]
async fn from_a_balancer_it_must_be_there() {
    let world = World::one(behind_balancer);
    for bytes in [REQUEST, b"PROXY TCP4 1.1.1.1\r\n", b"PROXY TCP4 1.1", b""] {
        let mut client = Client::connect(world.address()).await;
        client.say(bytes).await;
        assert_eq!(client.rest().await, "");
    }
    assert!(world.echo.paths().is_empty());
}

#[tokio::test]
async fn from_others_none_is_taken() {
    let world = World::one(|listener| {
        behind_balancer(listener);
        let proxy = listener.proxy_protocol.as_mut().unwrap();
        proxy.from = vec![network("10.0.0.0", 8)];
    });
    let mut client = Client::connect(world.address()).await;
    client
        .say([b"PROXY TCP4 198.51.100.7 203.0.113.9 1 2\r\n", REQUEST].concat())
        .await;
    assert_eq!(client.answer().await.status, 400);
    let mut client = Client::connect(world.address()).await;
    assert_eq!(client.get("/").await.status, 200);
}
