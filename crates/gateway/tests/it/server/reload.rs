use std::time::Duration;

use plimsoll_gateway::model::{Address, Config, ListenerKind};
use plimsoll_gateway::server::Error;

use super::client::Client;
use super::handler::{World, listener};

impl World {
    fn reload(&self, config: &Config) {
        let prepared = self.server.prepare(config).unwrap();
        self.server.commit(prepared);
    }
}

#[tokio::test]
async fn listeners_come_and_go_and_others_live_on() {
    let mut world = World::new(vec![listener("a"), listener("b")]);
    let [a, b] = [0, 1].map(|at| world.server.listeners()[at].address);
    let mut on_a = Client::connect(a).await;
    let mut on_b = Client::connect(b).await;
    assert_eq!(on_a.get("/").await.status, 200);
    on_b.say("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n").await;
    world.echo.until(|seen| seen.requests.len() == 2).await;

    world.config.listeners = vec![listener("c"), listener("a")];
    world.reload(&world.config);
    let views = world.server.listeners();
    let names: Vec<_> = views.iter().map(|view| &*view.name).collect();
    assert_eq!(names, ["c", "a"]);
    assert_eq!(views[1].address, a, "port 0 stays what it was");
    assert_eq!(
        Client::connect(views[0].address)
            .await
            .get("/")
            .await
            .status,
        200
    );

    // What is open on a listener that stays goes on, and knows its new place.
    let answer = on_a.get("/").await;
    assert_eq!((answer.status, answer.says_close()), (200, false));
    // What runs on one that is gone is finished, and no more.
    while Client::try_connect(b).await {
        tokio::task::yield_now().await;
    }
    world.echo.gate.add_permits(1);
    let answer = on_b.answer().await;
    assert_eq!((answer.status, answer.says_close()), (200, true));
    let seen = world.echo.seen.lock().unwrap();
    let place = |path: &str| {
        let of = |one: &&(_, String, _)| one.1 == path;
        seen.requests.iter().find(of).unwrap().0.listener_index()
    };
    assert_eq!((place("/"), place("/gate")), (1, usize::MAX));
}

#[tokio::test]
async fn another_setting_is_for_connections_that_come() {
    let mut world = World::one(|_| {});
    let mut before = Client::connect(world.address()).await;
    assert_eq!(before.get("/").await.status, 200);
    world.config.listeners[0].headers_max = 200;
    world.config.listeners[0].connections_max = 1;
    world.reload(&world.config);
    let large = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
        "x".repeat(300)
    );
    before.say(&large).await;
    assert_eq!(before.answer().await.status, 200);
    drop(before);
    let mut after = Client::connect(world.address()).await;
    after.say(&large).await;
    assert_eq!(after.answer().await.status, 431);
    assert_eq!(world.server.listeners()[0].connections_max, 1);
}

#[tokio::test]
async fn what_does_not_hold_changes_nothing() {
    let mut world = World::one(|_| {});
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut second = listener("second");
    second.address = Address(taken.local_addr().unwrap());
    world.config.listeners = vec![listener("first"), second];
    let error = world.server.prepare(&world.config).map(drop).unwrap_err();
    assert!(
        matches!(&error, Error::Bind { listener, .. } if listener == "second"),
        "{error}"
    );
    assert_eq!(
        error.to_string(),
        format!(
            "listener \"second\" cannot listen on {}",
            taken.local_addr().unwrap()
        )
    );
    assert_eq!(&*world.server.listeners()[0].name, "web");
    assert_eq!(
        Client::connect(world.address()).await.get("/").await.status,
        200
    );
}

#[tokio::test]
async fn a_listener_may_speak_something_else() {
    let mut world = World::one(|_| {});
    world.config.listeners[0].kind = ListenerKind::Tcp {
        backend: "database".into(),
        idle: Duration::from_secs(60),
    };
    world.reload(&world.config);
    let mut client = Client::connect(world.address()).await;
    client.say("GET / HTTP/1.1\r\n\r\n").await;
    tokio::io::AsyncWriteExt::shutdown(&mut client.stream)
        .await
        .unwrap();
    assert_eq!(client.rest().await, "GET / HTTP/1.1\r\n\r\n");
}

#[tokio::test]
async fn connections_of_a_listener_that_is_gone_end_in_time() {
    let mut world = World::one(|_| {});
    let mut client = Client::connect(world.address()).await;
    client.say("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n").await;
    world.echo.until(|seen| seen.requests.len() == 1).await;
    world.config.listeners.clear();
    world.config.drain_timeout = Duration::from_millis(50);
    world.reload(&world.config);
    assert_eq!(client.rest().await, "");
    world.echo.until(|seen| seen.dropped == 1).await;
}
