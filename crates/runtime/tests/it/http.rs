use std::time::Duration;

use plimsoll_runtime::http::{
    Authorization, Client, ClientConfig, Error, ErrorKind, Header, Proxy, Request, SecretSource,
    read_response_capped,
};
use plimsoll_types::ByteCount;
use proptest::prelude::*;
use url::Url;

use crate::peer::{Answer, Peer, ok, redirect};

/// Long enough for a loaded machine where an answer is expected.
const PATIENT: Duration = Duration::from_secs(30);
/// Short where none is.
const IMPATIENT: Duration = Duration::from_millis(200);

async fn fetch(config: ClientConfig, url: Url, deadline: Duration) -> Result<String, Error> {
    fetch_with(&Client::new(config)?, url, deadline).await
}

async fn fetch_with(client: &Client, url: Url, deadline: Duration) -> Result<String, Error> {
    let response = client.send(Request::get(url, deadline)).await?;
    let body = read_response_capped(response, ByteCount(10_000)).await?;
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

fn header<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
        .collect()
}

#[tokio::test]
async fn reads_an_answer() {
    let peer = Peer::start(|_| ok("hello")).await;
    let body = fetch(ClientConfig::default(), peer.url("/metrics?a=b"), PATIENT).await;
    assert_eq!(body.unwrap(), "hello");
    let requests = peer.requests();
    assert!(requests[0].starts_with("GET /metrics?a=b HTTP/1.1\r\n"));
    assert!(header(&requests[0], "user-agent")[0].starts_with("Plimsoll/"));
    assert!(header(&requests[0], "authorization").is_empty());
}

#[tokio::test]
async fn a_silent_peer_meets_the_deadline() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe";
    for said in ["", "HTTP/1.1 200", head] {
        let peer = Peer::start(move |_| Answer::Silence(said.into())).await;
        let error = fetch(ClientConfig::default(), peer.url("/"), IMPATIENT).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Timeout, "{said:?}");
    }
}

#[tokio::test]
async fn a_lying_content_length_is_noticed() {
    let cases = [
        ("content-length: 50\r\n\r\nshort", ErrorKind::Broken),
        ("content-length: 10001\r\n\r\n", ErrorKind::TooLarge),
        (
            "content-length: 18446744073709551000\r\n\r\n",
            ErrorKind::TooLarge,
        ),
        ("content-length: -1\r\n\r\n", ErrorKind::Broken),
        (
            "content-length: 1\r\ncontent-length: 2\r\n\r\nab",
            ErrorKind::Broken,
        ),
    ];
    for (rest, expected) in cases {
        let peer = Peer::start(move |_| Answer::Bytes(format!("HTTP/1.1 200 OK\r\n{rest}"))).await;
        let error = fetch(ClientConfig::default(), peer.url("/"), PATIENT).await;
        assert_eq!(error.unwrap_err().kind(), expected, "{rest:?}");
    }
}

#[tokio::test]
async fn an_endless_body_hits_the_cap() {
    let peer = Peer::start(|_| Answer::Endless).await;
    let error = fetch(ClientConfig::default(), peer.url("/"), PATIENT)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(
        error.to_string(),
        "the body exceeds the limit of 10000 bytes"
    );
}

#[tokio::test]
async fn no_http_is_an_error() {
    for nonsense in ["", "SSH-2.0-OpenSSH_9.9\r\n", "\0\u{1}\u{2}"] {
        let peer = Peer::start(move |_| Answer::Bytes(nonsense.into())).await;
        let error = fetch(ClientConfig::default(), peer.url("/"), PATIENT).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Broken, "{nonsense:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_says_so_without_the_password() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("http://user:hunter2@127.0.0.1:{port}/")
        .parse()
        .unwrap();
    let error = fetch(ClientConfig::default(), url, PATIENT)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.is_retryable());
    assert!(error.chain().contains("refused"), "{}", error.chain());
    assert!(!error.chain().contains("hunter2") && !format!("{error:?}").contains("hunter2"));
}

#[tokio::test]
async fn follows_redirects_or_not() {
    let peer = Peer::start(|head| match head.starts_with("GET /old ") {
        true => redirect("/new"),
        false => ok("new"),
    })
    .await;
    let body = fetch(ClientConfig::default(), peer.url("/old"), PATIENT).await;
    assert_eq!(body.unwrap(), "new");
    let client = Client::new(ClientConfig {
        follows_redirects: false,
        ..ClientConfig::default()
    })
    .unwrap();
    let response = client.send(Request::get(peer.url("/old"), PATIENT)).await;
    assert_eq!(response.unwrap().status(), 302);
}

#[tokio::test]
async fn endless_redirects_end() {
    let peer = Peer::start(|_| redirect("/again")).await;
    let error = fetch(ClientConfig::default(), peer.url("/"), PATIENT)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Redirect);
    assert!(
        error.chain().contains("more than 10 in a row"),
        "{}",
        error.chain()
    );
    assert_eq!(peer.requests().len(), 11);
}

#[tokio::test]
async fn secrets_stay_with_their_host() {
    let stranger = Peer::start(|_| ok("thanks")).await;
    let to = stranger.url("/").to_string();
    let peer = Peer::start(move |_| redirect(&to)).await;
    let with_password = ClientConfig {
        authorization: Some(bearer(SecretSource::inline("token"))),
        ..ClientConfig::default()
    };
    let body = fetch(with_password, peer.url("/"), PATIENT).await;
    assert_eq!(body.unwrap(), "thanks");
    assert!(header(&stranger.requests()[0], "authorization").is_empty());
    let with_header = ClientConfig {
        headers: vec![Header {
            name: "x-api-key".parse().unwrap(),
            values: vec![SecretSource::inline("key")],
        }],
        ..ClientConfig::default()
    };
    let error = fetch(with_header, peer.url("/"), PATIENT).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Redirect);
    assert_eq!(stranger.requests().len(), 1);
}

fn bearer(credentials: SecretSource) -> Authorization {
    Authorization::Scheme {
        scheme: "Bearer".into(),
        credentials,
    }
}

#[tokio::test]
async fn a_rotated_password_is_used_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("password");
    let peer = Peer::start(|_| ok("")).await;
    let client = Client::new(ClientConfig {
        authorization: Some(Authorization::Basic {
            username: SecretSource::inline("Aladdin"),
            password: Some(SecretSource::File(file.clone())),
        }),
        ..ClientConfig::default()
    })
    .unwrap();
    let missing = fetch_with(&client, peer.url("/"), PATIENT).await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::Secret);
    for password in ["open sesame\n", "close sesame\n"] {
        std::fs::write(&file, password).unwrap();
        fetch_with(&client, peer.url("/"), PATIENT).await.unwrap();
    }
    let sent: Vec<String> = peer
        .requests()
        .iter()
        .map(|head| header(head, "authorization")[0].to_owned())
        .collect();
    // The first is the example of RFC 7617, section 2.
    assert_eq!(
        sent,
        [
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "Basic QWxhZGRpbjpjbG9zZSBzZXNhbWU="
        ]
    );
}

#[tokio::test]
async fn configured_headers_win_over_the_requests_own() {
    let peer = Peer::start(|_| ok("")).await;
    let client = Client::new(ClientConfig {
        headers: vec![Header {
            name: "x-scope".parse().unwrap(),
            values: vec![SecretSource::inline("a"), SecretSource::inline("b")],
        }],
        ..ClientConfig::default()
    })
    .unwrap();
    let request = Request::get(peer.url("/"), PATIENT)
        .with_header("x-scope".parse().unwrap(), "mine".parse().unwrap())
        .with_header("x-own".parse().unwrap(), "mine".parse().unwrap());
    client.send(request).await.unwrap();
    let head = &peer.requests()[0];
    assert_eq!(header(head, "x-scope"), ["a", "b"]);
    assert_eq!(header(head, "x-own"), ["mine"]);
}

#[tokio::test]
async fn goes_through_the_proxy_but_for_listed_hosts() {
    let proxy = Peer::start(|_| ok("proxied")).await;
    let mut url = proxy.url("/");
    url.set_username("me").unwrap();
    url.set_password(Some("hunter2")).unwrap();
    let through = |no_proxy: &str| ClientConfig {
        proxy: Proxy::Url {
            url: url.clone(),
            no_proxy: no_proxy.into(),
            headers: vec![Header {
                name: "x-route".parse().unwrap(),
                values: vec![SecretSource::inline("west")],
            }],
        },
        ..ClientConfig::default()
    };
    assert!(!format!("{:?}", through("")).contains("hunter2"));
    let far: Url = "http://peer.invalid/metrics".parse().unwrap();
    let body = fetch(through(""), far, PATIENT).await;
    assert_eq!(body.unwrap(), "proxied");
    let head = &proxy.requests()[0];
    assert!(
        head.starts_with("GET http://peer.invalid/metrics HTTP/1.1"),
        "{head}"
    );
    assert_eq!(header(head, "x-route"), ["west"]);
    assert_eq!(header(head, "proxy-authorization").len(), 1);
    let peer = Peer::start(|_| ok("straight")).await;
    let body = fetch(through("127.0.0.1"), peer.url("/"), PATIENT).await;
    assert_eq!(body.unwrap(), "straight");
}

#[test]
fn refuses_what_contradicts_itself() {
    let with_token = |token: &str| ClientConfig {
        authorization: Some(bearer(SecretSource::inline(token))),
        ..ClientConfig::default()
    };
    let error = Client::new(with_token("line\nbreak")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Secret);
    assert!(!error.chain().contains("line"), "{}", error.chain());
    let error = Client::new(ClientConfig {
        proxy: Proxy::Url {
            url: "socks5://127.0.0.1".parse().unwrap(),
            no_proxy: String::new(),
            headers: Vec::new(),
        },
        ..ClientConfig::default()
    });
    assert_eq!(
        error.unwrap_err().to_string(),
        "wanted an http or https proxy, found socks5"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a peer sends, the client ends with a value or an error, within the cap.
    #[test]
    fn hostile_answers_end(noise in "(HTTP/1\\.1 [0-9]{3} )?[ -~\r\n]{0,200}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let peer = Peer::start(move |_| Answer::Bytes(noise.clone())).await;
            let body = fetch(ClientConfig::default(), peer.url("/"), PATIENT).await;
            assert!(body.map_or(true, |body| body.len() <= 10_000));
        });
    }
}
