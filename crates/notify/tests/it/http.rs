//! Exchanges by HTTP.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_notify::{Integration, Verdict};
use plimsoll_runtime::http::{Authorization, ClientConfig, SecretSource};
use plimsoll_testkit::FakeClock;

use crate::bench::{Bench, LONG, NOW, Poster, notice};
use crate::peer::{Peer, Reply};

async fn verdict_of(reply: Reply) -> Verdict {
    let peer = Peer::start(vec![reply]);
    let integration = Poster::to(peer.url()).integration();
    Bench::with_clock(Arc::new(FakeClock::new(NOW)))
        .send(&integration)
        .await
}

fn is_unknown(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Unknown { .. })
}

fn is_retry(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Retry { .. })
}

#[tokio::test]
async fn requests_go_in_order_with_keys_of_their_own() {
    let peer = Peer::start(vec![
        Reply::status("200 OK", &[], "x"),
        Reply::status("204 No Content", &[], ""),
    ]);
    let poster = Poster {
        urls: vec![peer.url(), format!("{}/2", peer.url())],
        title: "{{ .Status }}".into(),
        body: "{{ .CommonAnnotations.summary }}".into(),
        ..Poster::default()
    };
    let bench = Bench::new();
    assert_eq!(bench.send(&poster.integration()).await, Verdict::sent());
    for (line, key) in [
        ("POST /hook HTTP/1.1", "key-1"),
        ("POST /hook/2 HTTP/1.1", "key-1-1"),
    ] {
        let request = peer.request();
        assert_eq!(request.line(), line);
        assert_eq!(request.header("Idempotency-Key"), Some(key));
        assert_eq!(request.header("Content-Type"), Some("application/json"));
        assert_eq!(request.body, "|firing|it burns");
    }
    let counted = bench.registry.render();
    let line = "plimsoll_notify_attempts_total{integration=\"poster\",receiver=\"team\",verdict=\"sent\"} 1";
    assert!(counted.contains(line), "{counted}");
}

#[tokio::test]
async fn the_first_request_that_is_not_taken_ends_the_attempt() {
    let peer = Peer::start(vec![Reply::status("403 Forbidden", &[], "no\nentry")]);
    let poster = Poster {
        urls: vec![peer.url(), "http://127.0.0.1:1/".into()],
        ..Poster::default()
    };
    let verdict = Bench::new().send(&poster.integration()).await;
    assert_eq!(verdict, Verdict::refused("the peer answered 403: no entry"));
}

#[tokio::test]
async fn a_status_is_a_verdict() {
    for status in ["500 x", "503 x", "408 x", "425 x", "429 x"] {
        let verdict = verdict_of(Reply::status(status, &[], "")).await;
        assert!(is_retry(&verdict), "{status}: {verdict:?}");
    }
    for status in ["502 x", "504 x"] {
        let verdict = verdict_of(Reply::status(status, &[], "")).await;
        assert!(is_unknown(&verdict), "{status}: {verdict:?}");
    }
    for status in ["400 x", "401 x", "403 x", "404 x", "413 x", "301 x"] {
        let verdict = verdict_of(Reply::status(status, &[], "")).await;
        assert!(
            matches!(verdict, Verdict::Refused { .. }),
            "{status}: {verdict:?}"
        );
    }
}

/// The fake clock shows 22:13:20.
#[tokio::test]
async fn retry_after_is_honoured_in_seconds_and_as_a_date() {
    let cases = [
        ("7", Some(7)),
        ("0", Some(0)),
        ("Tue, 14 Nov 2023 22:13:50 GMT", Some(30)),
        ("Tue, 14 Nov 2023 22:00:00 GMT", Some(0)),
        ("999999999", Some(3600)),
        ("Fri, 31 Dec 2999 23:59:59 GMT", Some(3600)),
        ("-5", None),
        ("NaN", None),
        ("soon", None),
    ];
    for status in ["429 Too Many Requests", "503 Busy"] {
        for (text, seconds) in cases {
            let reply = Reply::status(status, &[("Retry-After", text)], "");
            match verdict_of(reply).await {
                Verdict::Retry { after, .. } => {
                    assert_eq!(after, seconds.map(Duration::from_secs), "{text}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_silent_peer_ends_at_the_deadline() {
    let peer = Peer::start(vec![Reply::ThenSilence(Vec::new())]);
    let clock = FakeClock::new(NOW);
    let bench = Bench::with_clock(Arc::new(clock.clone()));
    let integration = Integration {
        timeout: Some(Duration::from_secs(9)),
        ..Poster::to(peer.url()).integration()
    };
    let time = async {
        while !peer.has_request() {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_secs(9));
    };
    let sending = bench.sender.send(&integration, Arc::new(notice()), LONG);
    let (verdict, ()) = tokio::join!(sending, time);
    assert_eq!(
        verdict,
        Verdict::unknown("the receiver did not answer within 9s")
    );
}

#[tokio::test]
async fn a_body_that_never_ends_does_not_unsend_a_notice() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok".to_vec();
    let peer = Peer::start(vec![Reply::ThenSilence(head)]);
    let integration = Poster::to(peer.url()).integration();
    let bench = Bench::new();
    let deadline = Duration::from_millis(300);
    let verdict = bench
        .sender
        .send(&integration, Arc::new(notice()), deadline);
    assert_eq!(verdict.await, Verdict::sent());
}

#[tokio::test]
async fn a_lying_peer_is_judged_by_its_status() {
    let short = |status: &str| {
        let text = format!("HTTP/1.1 {status}\r\nContent-Length: 99\r\n\r\nshort");
        Reply::Bytes(text.into_bytes())
    };
    assert_eq!(verdict_of(short("200 OK")).await, Verdict::sent());
    assert!(is_retry(&verdict_of(short("500 Oh")).await));
    let long = Reply::status("400 Bad", &[], &"é".repeat(1 << 20));
    match verdict_of(long).await {
        Verdict::Refused { reason } => {
            assert!(reason.len() < 500 && reason.ends_with("é..."), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    for garbage in [&b"\x15\x03\x01 what?\r\n\r\n"[..], b"", b"HTTP/1.1 2"] {
        let verdict = verdict_of(Reply::Bytes(garbage.to_vec())).await;
        assert!(is_unknown(&verdict), "{garbage:?}: {verdict:?}");
    }
}

#[tokio::test]
async fn nobody_there_and_broken_tls_are_tried_again() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}/", free.local_addr().unwrap());
    drop(free);
    let verdict = Bench::new().send(&Poster::to(nobody).integration()).await;
    assert!(is_retry(&verdict), "{verdict:?}");

    let peer = Peer::start(vec![Reply::Bytes(
        b"HTTP/1.1 400 speak TLS?\r\n\r\n".to_vec(),
    )]);
    let url = format!("https://127.0.0.1:{}/", peer.port);
    let verdict = Bench::new().send(&Poster::to(url).integration()).await;
    assert!(is_retry(&verdict), "{verdict:?}");
}

#[tokio::test]
async fn a_certificate_of_a_stranger_is_not_trusted() {
    let server = crate::tls::https_server();
    let url = format!("https://127.0.0.1:{}/secret-path", server.port);
    let stranger = Bench::new()
        .send(&Poster::to(url.as_str()).integration())
        .await;
    match stranger {
        Verdict::Retry { reason, .. } => {
            assert!(
                reason.contains("TLS") && !reason.contains("secret-path"),
                "{reason}"
            );
        }
        other => panic!("{other:?}"),
    }
    let http = ClientConfig {
        tls: server.trust(),
        ..ClientConfig::default()
    };
    let known = Poster::to(url).integration_with(http);
    assert_eq!(Bench::new().send(&known).await, Verdict::sent());
}

#[tokio::test]
async fn a_secret_in_a_file_is_read_for_each_attempt() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let peer = Peer::start(vec![
        Reply::status("200 OK", &[], ""),
        Reply::status("200 OK", &[], ""),
    ]);
    let http = ClientConfig {
        authorization: Some(Authorization::Scheme {
            scheme: "Bearer".into(),
            credentials: SecretSource::File(path.clone()),
        }),
        ..ClientConfig::default()
    };
    let integration = Poster::to(peer.url()).integration_with(http);
    let bench = Bench::new();
    assert!(is_retry(&bench.send(&integration).await));
    for token in ["one", "two"] {
        std::fs::write(&path, token).unwrap();
        assert!(bench.send(&integration).await.is_sent());
        let request = peer.request();
        let wanted = format!("Bearer {token}");
        assert_eq!(request.header("Authorization"), Some(wanted.as_str()));
    }
}

#[tokio::test]
async fn other_requests_may_take_the_place_after_an_answer() {
    let peer = Peer::start(vec![
        Reply::status("404 Not Found", &[], ""),
        Reply::status("200 OK", &[], ""),
    ]);
    let mut poster = Poster::to(peer.url());
    poster.instead = Some(peer.url());
    assert!(Bench::new().send(&poster.integration()).await.is_sent());
    peer.request();
    assert_eq!(peer.request().body, "instead");
}

#[tokio::test]
async fn the_integrations_proxy_is_used() {
    let proxy = Peer::start(vec![Reply::status("200 OK", &[], "")]);
    let text = format!(
        "global: {{http_config: {{proxy_url: 'http://127.0.0.1:{}'}}}}\n\
         receivers:\n- name: a\n  webhook_configs: [{{url: 'http://far.example/hook'}}]\n",
        proxy.port
    );
    let integration = crate::bench::only(&text);
    assert!(Bench::new().send(&integration).await.is_sent());
    let line = proxy.request().line().to_owned();
    assert_eq!(line, "POST http://far.example/hook HTTP/1.1");
}
