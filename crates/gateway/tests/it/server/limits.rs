use std::time::Duration;

use plimsoll_gateway::server::Refusal;

use super::client::Client;
use super::handler::World;

const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_head_that_does_not_end_is_answered_408() {
    let world = World::one(|listener| listener.timeouts.head = SHORT);
    let mut client = Client::connect(world.address()).await;
    client.say("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ").await;
    let rest = client.rest().await;
    assert!(
        rest.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
        "{rest:?}"
    );
    assert!(rest.ends_with("the head of the request took too long\n"));
    world
        .echo
        .until(|seen| seen.broken == [Refusal::HeadTimeout])
        .await;
}

#[tokio::test]
async fn the_second_head_has_its_time_too() {
    let world = World::one(|listener| listener.timeouts.head = SHORT);
    let mut client = Client::connect(world.address()).await;
    assert_eq!(client.get("/").await.status, 200);
    client.say("G").await;
    assert!(client.rest().await.starts_with("HTTP/1.1 408 "));
}

#[tokio::test]
async fn half_a_preface_is_not_waited_for() {
    let world = World::one(|listener| listener.timeouts.head = SHORT);
    let mut client = Client::connect(world.address()).await;
    client.say("PRI * HTTP/2.0\r\n").await;
    assert_eq!(client.rest().await, "");
    world.until_open(0).await;
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let world = World::one(|listener| listener.timeouts.idle = SHORT);
    let mut never = Client::connect(world.address()).await;
    assert_eq!(never.rest().await, "");
    let mut once = Client::connect(world.address()).await;
    assert_eq!(once.get("/").await.status, 200);
    assert_eq!(once.rest().await, "");
    world.until_open(0).await;
}

#[tokio::test]
async fn a_request_may_take_longer_than_silence() {
    let world = World::one(|listener| {
        listener.timeouts.idle = SHORT;
        listener.timeouts.head = SHORT;
    });
    let mut client = Client::connect(world.address()).await;
    client.say("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n").await;
    world.echo.until(|seen| seen.requests.len() == 1).await;
    // A connection that is silent meanwhile shows that the time has passed.
    assert_eq!(Client::connect(world.address()).await.rest().await, "");
    world.echo.gate.add_permits(1);
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test]
async fn a_body_that_stops_is_given_up() {
    let world = World::one(|listener| listener.timeouts.body = SHORT);
    let mut client = Client::connect(world.address()).await;
    client
        .say("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        .await;
    assert_eq!(client.answer().await.status, 400);
    assert_eq!(world.echo.seen.lock().unwrap().bodies, ["silent"]);
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_gone() {
    let world = World::one(|listener| listener.timeouts.send = SHORT);
    let mut client = Client::connect(world.address()).await;
    client.say("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n").await;
    world.echo.until(|seen| seen.dropped == 1).await;
    world.until_open(0).await;
}

#[tokio::test]
async fn a_large_head_is_answered_431() {
    let world = World::one(|listener| listener.headers_max = 1000);
    let mut client = Client::connect(world.address()).await;
    let fits = "x".repeat(900);
    client
        .say(format!("GET / HTTP/1.1\r\nHost: a\r\nX: {fits}\r\n\r\n"))
        .await;
    assert_eq!(client.answer().await.status, 200);
    let large = "x".repeat(1000);
    client
        .say(format!("GET / HTTP/1.1\r\nHost: a\r\nX: {large}\r\n\r\n"))
        .await;
    assert_eq!(client.answer().await.status, 431);
    assert_eq!(client.rest().await, "");
    world
        .echo
        .until(|seen| seen.broken == [Refusal::HeadTooLarge])
        .await;
}

#[tokio::test]
async fn a_head_that_does_not_end_is_not_kept() {
    let world = World::one(|_| {});
    let mut client = Client::connect(world.address()).await;
    client.say("GET / HTTP/1.1\r\nHost: a\r\nX: ").await;
    let endless = vec![b'x'; 1 << 20];
    // It may be closed before all of it is written.
    let _ = tokio::io::AsyncWriteExt::write_all(&mut client.stream, &endless).await;
    world
        .echo
        .until(|seen| seen.broken == [Refusal::HeadTooLarge])
        .await;
    world.until_open(0).await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let world = World::one(|listener| listener.connections_max = 2);
    let mut first = Client::connect(world.address()).await;
    let mut second = Client::connect(world.address()).await;
    assert_eq!(first.get("/").await.status, 200);
    assert_eq!(second.get("/").await.status, 200);
    let mut third = Client::connect(world.address()).await;
    third.say("GET /third HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(first.get("/").await.status, 200);
    assert_eq!(world.server.listeners()[0].connections, 2);
    assert!(!world.echo.paths().contains(&"/third".to_owned()));
    drop(second);
    assert_eq!(third.answer().await.status, 200);
}

#[tokio::test]
async fn an_old_connection_is_asked_to_close() {
    let world = World::one(|listener| listener.connection_age_max = Some(SHORT));
    let mut client = Client::connect(world.address()).await;
    let mut answers = 0;
    // It ends with an answer that says so, never in the middle of a request.
    loop {
        answers += 1;
        if client.get("/").await.says_close() {
            break;
        }
    }
    assert_eq!(client.rest().await, "");
    assert!(answers > 1);
}
