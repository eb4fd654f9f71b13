use std::time::Duration;

use plimsoll_gateway::server::Refusal;

use super::client::Client;
use super::handler::World;

#[tokio::test]
async fn a_connection_carries_many_requests() {
    let world = World::one(|_| {});
    let mut client = Client::connect(world.address()).await;
    for _ in 0..3 {
        let answer = client.get("/").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "hello\n"));
        assert!(!answer.says_close());
    }
    let view = &world.server.listeners()[0];
    assert_eq!((view.connections, view.connections_total), (1, 1));
}

#[tokio::test]
async fn requests_may_come_before_answers_go() {
    let world = World::one(|_| {});
    let mut client = Client::connect(world.address()).await;
    let request = |path: &str, body: &str| {
        let length = body.len();
        format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}")
    };
    let all = [
        request("/echo", "one"),
        request("/echo", "two"),
        request("/last", ""),
    ]
    .concat();
    client.say(all).await;
    for expected in ["one", "two", "hello\n"] {
        assert_eq!(client.answer().await.body, expected);
    }
    assert_eq!(world.echo.paths(), ["/echo", "/echo", "/last"]);
}

#[tokio::test]
async fn bytes_of_a_head_may_come_one_by_one() {
    let world = World::one(|_| {});
    let mut client = Client::connect(world.address()).await;
    for byte in b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" {
        client.say([*byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test]
async fn what_is_not_http_is_answered_400() {
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nA B: c\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nA: \0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
    ] {
        let world = World::one(|_| {});
        let mut client = Client::connect(world.address()).await;
        client.say(bytes).await;
        let rest = client.rest().await;
        let shown = String::from_utf8_lossy(bytes);
        assert!(rest.starts_with("HTTP/1.1 400 "), "{shown:?}: {rest:?}");
        world.echo.until(|seen| !seen.broken.is_empty()).await;
        let seen = world.echo.seen.lock().unwrap();
        assert_eq!(seen.broken, [Refusal::Malformed], "{shown:?}");
        assert!(seen.requests.is_empty());
    }
}

#[tokio::test]
async fn a_target_must_be_a_path() {
    let world = World::one(|_| {});
    for (line, status) in [
        ("OPTIONS * HTTP/1.1", 200),
        ("GET http://a.example/x HTTP/1.1", 200),
        ("GET * HTTP/1.1", 400),
        ("CONNECT a.example:443 HTTP/1.1", 400),
    ] {
        let mut client = Client::connect(world.address()).await;
        client
            .say(format!("{line}\r\nHost: a.example\r\n\r\n"))
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.status, status, "{line}");
        assert_eq!(answer.says_close(), status == 400, "{line}");
    }
    let seen = world.echo.seen.lock().unwrap();
    assert_eq!(seen.refused, [Refusal::BadTarget; 2]);
}

#[tokio::test]
async fn there_must_be_one_host() {
    let world = World::one(|_| {});
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 200),
        ("GET / HTTP/1.0\r\n\r\n", 200),
    ] {
        let mut client = Client::connect(world.address()).await;
        client.say(request).await;
        assert_eq!(client.answer().await.status, status, "{request:?}");
    }
    let seen = world.echo.seen.lock().unwrap();
    assert_eq!(seen.refused, [Refusal::BadHost; 5]);
}

#[tokio::test]
async fn an_upgrade_is_out_of_the_hands_of_http() {
    let world = World::one(|listener| {
        // Shorter than the test: neither counts any more.
        listener.timeouts.idle = std::time::Duration::from_millis(200);
        listener.timeouts.head = std::time::Duration::from_millis(200);
    });
    let mut client = Client::connect(world.address()).await;
    client
        .say(
            "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nearly",
        )
        .await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 101);
    let mut first = Client::connect(world.address()).await;
    // Another connection that is silent is closed meanwhile, which shows that the time has passed.
    assert_eq!(first.rest().await, "");
    client.say(" and late").await;
    tokio::io::AsyncWriteExt::shutdown(&mut client.stream)
        .await
        .unwrap();
    assert_eq!(client.rest().await, "early and late");
    world.echo.until(|seen| seen.tunnels == 1).await;
    world.until_open(0).await;
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed() {
    let world = World::one(|_| {});
    let mut client = Client::connect(world.address()).await;
    client.say("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n").await;
    world.echo.until(|seen| seen.requests.len() == 1).await;
    drop(client);
    world.echo.until(|seen| seen.dropped == 1).await;
    world.until_open(0).await;
}

#[tokio::test]
async fn a_reset_and_a_panic_end_their_connection_alone() {
    let world = World::one(|_| {});
    let mut other = Client::connect(world.address()).await;
    assert_eq!(other.get("/").await.status, 200);
    for path in ["/reset", "/panic"] {
        let mut client = Client::connect(world.address()).await;
        client
            .say(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"))
            .await;
        assert_eq!(client.rest().await, "", "{path}");
    }
    assert_eq!(other.get("/").await.status, 200);
    let expected = "plimsoll_gateway_task_panics_total{task=\"connection\"} 1";
    // The connection is closed first, and counted then.
    let counted = async {
        while !world.metrics.render().contains(expected) {
            tokio::task::yield_now().await;
        }
    };
    let counted = tokio::time::timeout(Duration::from_secs(20), counted).await;
    assert!(counted.is_ok(), "{}", world.metrics.render());
}

#[tokio::test]
async fn half_a_head_is_no_request() {
    let world = World::one(|_| {});
    let mut client = Client::connect(world.address()).await;
    client.say("GET / HTTP/1.1\r\nHost: a").await;
    tokio::io::AsyncWriteExt::shutdown(&mut client.stream)
        .await
        .unwrap();
    client.rest().await;
    world.until_open(0).await;
    assert!(world.echo.paths().is_empty());
}
