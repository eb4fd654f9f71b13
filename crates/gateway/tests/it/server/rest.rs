//! Connections that are quiet for so long that their buffers are given back.

use std::time::Duration;

use plimsoll_gateway::model::Listener;

use super::client::Client;
use super::handler::{World, listener};

/// Longer than a connection must be quiet.
const LONG: Duration = Duration::from_millis(1500);

/// A world with a second listener, whose silent connections tell that time has passed.
fn world(change: impl FnOnce(&mut Listener)) -> World {
    let (mut web, mut clock) = (listener("web"), listener("clock"));
    change(&mut web);
    clock.timeouts.idle = LONG;
    World::new(vec![web, clock])
}

/// Waits until all that is quiet now rests.
async fn until_at_rest(world: &World) {
    let clock = world.server.listeners()[1].address;
    assert_eq!(Client::connect(clock).await.rest().await, "");
}

#[tokio::test]
async fn a_connection_at_rest_goes_on() {
    let world = world(|_| {});
    let mut client = Client::connect(world.address()).await;
    for _ in 0..2 {
        assert_eq!(client.get("/").await.status, 200);
        until_at_rest(&world).await;
        assert_eq!(world.server.listeners()[0].connections, 1);
    }
    client
        .say("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
        .await;
    assert_eq!(client.answer().await.body, "abc");
    until_at_rest(&world).await;
    drop(client);
    world.until_open(0).await;
}

#[tokio::test]
async fn a_head_that_began_behind_another_request_is_not_lost() {
    let world = world(|_| {});
    let mut client = Client::connect(world.address()).await;
    client
        .say("GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /sec")
        .await;
    assert_eq!(client.answer().await.status, 200);
    until_at_rest(&world).await;
    client.say("ond HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 200);
    assert_eq!(world.echo.paths(), ["/first", "/second"]);
}

#[tokio::test]
async fn such_a_head_has_its_time() {
    let world = world(|listener| listener.timeouts.head = Duration::from_millis(100));
    let mut client = Client::connect(world.address()).await;
    client
        .say("GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /sec")
        .await;
    assert_eq!(client.answer().await.status, 200);
    assert!(client.rest().await.starts_with("HTTP/1.1 408 "));
}

#[tokio::test]
async fn the_rest_of_a_body_is_no_request() {
    let world = world(|_| {});
    let mut client = Client::connect(world.address()).await;
    let hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
    let length = hidden.len() + 1;
    client
        .say(format!(
            "POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\nx"
        ))
        .await;
    assert_eq!(client.answer().await.status, 200);
    until_at_rest(&world).await;
    client.say(hidden).await;
    until_at_rest(&world).await;
    assert_eq!(world.echo.paths(), ["/late"]);
}

#[tokio::test]
async fn silence_ends_a_connection_at_rest() {
    let world = world(|listener| listener.timeouts.idle = LONG);
    let mut client = Client::connect(world.address()).await;
    assert_eq!(client.get("/").await.status, 200);
    assert_eq!(client.rest().await, "");
    world.until_open(0).await;
}

#[tokio::test]
async fn a_drain_waits_for_what_a_connection_at_rest_brings() {
    let world = world(|_| {});
    let mut client = Client::connect(world.address()).await;
    let mut silent = Client::connect(world.address()).await;
    assert_eq!(client.get("/").await.status, 200);
    assert_eq!(silent.get("/").await.status, 200);
    until_at_rest(&world).await;
    let drain = world.server.drain(Duration::from_secs(20), false);
    let ask = async {
        assert!(client.get("/last").await.says_close());
        assert_eq!(client.rest().await, "");
        assert_eq!(silent.rest().await, "");
    };
    let (drained, ()) = tokio::join!(drain, ask);
    assert_eq!(drained.cut, 0);
}

#[tokio::test]
async fn a_connection_at_rest_can_be_cut() {
    let world = world(|_| {});
    let mut client = Client::connect(world.address()).await;
    assert_eq!(client.get("/").await.status, 200);
    until_at_rest(&world).await;
    let drained = world.server.drain(Duration::ZERO, false).await;
    assert_eq!(drained.cut, 1);
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn an_old_connection_at_rest_is_closed() {
    let world = world(|listener| listener.connection_age_max = Some(LONG));
    let mut client = Client::connect(world.address()).await;
    assert_eq!(client.get("/").await.status, 200);
    assert_eq!(client.rest().await, "");
    world.until_open(0).await;
}
