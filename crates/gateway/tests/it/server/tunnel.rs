use std::time::Duration;

use plimsoll_gateway::model::ListenerKind;
use tokio::io::AsyncWriteExt;

use super::client::Client;
use super::handler::World;

fn tcp() -> World {
    World::one(|listener| {
        listener.kind = ListenerKind::Tcp {
            backend: "database".into(),
            idle: Duration::from_secs(60),
        };
        listener.timeouts.idle = Duration::from_millis(1);
        listener.timeouts.head = Duration::from_millis(1);
    })
}

#[tokio::test]
async fn bytes_go_as_they_are() {
    let world = tcp();
    let mut client = Client::connect(world.address()).await;
    client
        .say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\x01\x02")
        .await;
    client.stream.shutdown().await.unwrap();
    assert_eq!(
        client.rest().await,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\x01\x02"
    );
    world.echo.until(|seen| seen.tunnels == 1).await;
    world.until_open(0).await;
}

#[tokio::test]
async fn a_drain_ends_it_when_its_time_is_over() {
    let world = tcp();
    let mut client = Client::connect(world.address()).await;
    client.say("hello").await;
    world.until_open(1).await;
    let drained = world.server.drain(Duration::from_millis(50), false).await;
    assert_eq!(drained.cut, 1);
    assert_eq!(client.rest().await, "hello");
    assert_eq!(
        world.echo.seen.lock().unwrap().tunnels,
        1,
        "it was ended, not lost with its thread"
    );
}
