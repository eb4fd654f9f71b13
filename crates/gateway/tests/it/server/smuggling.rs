//! Requests that two proxies in a row could read differently.

use super::client::Client;
use super::handler::{World, lengths};

/// Sends a request that hides another one in its body; returns the paths that were seen as requests.
async fn paths(head: &str, body: &str) -> (Vec<String>, u16) {
    let world = World::one(|_| {});
    let mut client = Client::connect(world.address()).await;
    client
        .say(format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n{body}"
        ))
        .await;
    let status = client.answer().await.status;
    (world.echo.paths(), status)
}

#[tokio::test]
async fn a_length_that_is_not_sure_is_refused() {
    for head in [
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: 4, 5",
        "Content-Length: +4",
        "Content-Length: -4",
        "Content-Length: 0x4",
        "Content-Length: 4 4",
        "Content-Length:",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: chunked\r\n continued: x",
        "Content-Length: 4\r\nTransfer-Encoding: identity",
    ] {
        let body = "0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
        let (paths, status) = paths(head, body).await;
        assert_eq!((paths, status), (Vec::new(), 400), "{head:?}");
    }
}

#[tokio::test]
async fn chunks_go_before_a_length_which_nobody_sees_then() {
    for head in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "transfer-encoding: CHUNKED\r\ncontent-length: 5",
    ] {
        let world = World::one(|_| {});
        let mut client = Client::connect(world.address()).await;
        client
            .say(format!(
                "POST /echo HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            ))
            .await;
        let answer = client.answer().await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (200, "abc"),
            "{head:?}"
        );
        // RFC 9112, 6.3: whoever is before us may have read it otherwise, so nothing more is taken from it.
        assert!(answer.says_close(), "{head:?}");
        let seen = world.echo.seen.lock().unwrap();
        assert_eq!(lengths(&seen.requests[0].2), (false, true), "{head:?}");
    }
}

#[tokio::test]
async fn http_1_0_has_no_chunks() {
    let world = World::one(|_| {});
    let mut client = Client::connect(world.address()).await;
    client
        .say("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.status, 400);
    assert!(world.echo.paths().is_empty());
}

#[tokio::test]
async fn chunks_that_are_none_break_the_body() {
    for body in [
        "zz\r\nabc\r\n0\r\n\r\n",
        "-3\r\nabc\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "3;\nabc\r\n0\r\n\r\n",
    ] {
        let (paths, status) = paths("Transfer-Encoding: chunked", body).await;
        assert_eq!((paths, status), (vec!["/echo".into()], 400), "{body:?}");
    }
}

#[tokio::test]
async fn both_lengths_are_noticed_however_the_head_comes() {
    let world = World::one(|_| {});
    let tail = "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    for first in ["", "abc"] {
        let mut client = Client::connect(world.address()).await;
        let length = first.len();
        // The second head begins in the bytes of the first request, and ends in others.
        client
            .say(format!(
                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{first}\
                 POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
            ))
            .await;
        assert!(!client.answer().await.says_close());
        client.say(tail).await;
        assert!(client.answer().await.says_close(), "{first:?}");
    }
}

#[tokio::test]
async fn chunks_alone_are_no_reason_to_close() {
    let world = World::one(|_| {});
    let mut client = Client::connect(world.address()).await;
    for _ in 0..3 {
        client
            .say("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await;
        client.say("3\r\nabc\r\n").await;
        client.say("0\r\n\r\n").await;
        assert!(!client.answer().await.says_close());
    }
}
