use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use plimsoll_runtime::http::{
    Authorization, Client, ClientConfig, Error, ErrorKind, OAuth2, Proxy, Request, SecretSource,
    TlsConfig,
};

use crate::peer::{Answer, Peer, ok};

const PATIENT: Duration = Duration::from_secs(30);

fn client(tokens: &Peer, secret: SecretSource) -> Client {
    let oauth2 = OAuth2 {
        client_id: "me & you".into(),
        client_secret: Some(secret),
        token_url: tokens.url("/token"),
        scopes: vec!["read".into(), "write".into()],
        parameters: vec![("audience".into(), "api".into())],
        tls: TlsConfig::default(),
        proxy: Proxy::None,
    };
    Client::new(ClientConfig {
        authorization: Some(Authorization::OAuth2(Box::new(oauth2))),
        ..ClientConfig::default()
    })
    .unwrap()
}

fn token(number: usize, expires_in: &str) -> Answer {
    ok(&format!(
        "{{\"access_token\":\"t{number}\",\"token_type\":\"bearer\"{expires_in}}}"
    ))
}

/// A server whose tokens are `t0`, `t1` and so on.
async fn token_server(expires_in: &'static str) -> Peer {
    let given = AtomicUsize::new(0);
    Peer::start(move |_| token(given.fetch_add(1, Ordering::Relaxed), expires_in)).await
}

async fn fetch(client: &Client, peer: &Peer) -> Result<u16, Error> {
    let response = client.send(Request::get(peer.url("/"), PATIENT)).await?;
    Ok(response.status().as_u16())
}

fn tokens_seen(peer: &Peer) -> Vec<String> {
    let requests = peer.requests();
    let lines = requests.iter().flat_map(|request| request.lines());
    lines
        .filter_map(|line| line.strip_prefix("authorization: Bearer "))
        .map(str::to_owned)
        .collect()
}

fn answer(status: &str) -> Answer {
    Answer::Bytes(format!(
        "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    ))
}

#[tokio::test]
async fn a_token_is_used_until_its_end() {
    let peer = Peer::start(|_| ok("")).await;
    let lasting = token_server(",\"expires_in\":3600").await;
    let own = client(&lasting, SecretSource::inline("s=1"));
    let (first, second) = tokio::join!(fetch(&own, &peer), fetch(&own, &peer));
    assert_eq!((first.unwrap(), second.unwrap()), (200, 200));
    assert_eq!(tokens_seen(&peer), ["t0", "t0"]);
    let asked = lasting.requests();
    assert_eq!(asked.len(), 1, "two who need one wait for one request");
    // "me+%26+you:s%3D1"
    assert!(asked[0].contains("authorization: Basic bWUrJTI2K3lvdTpzJTNEMQ=="));
    let form = "grant_type=client_credentials&scope=read+write&audience=api";
    assert!(
        asked[0].ends_with(&format!("\r\n\r\n{form}")),
        "{}",
        asked[0]
    );

    // One that ends within the margin is never used twice.
    let short = token_server(",\"expires_in\":9").await;
    let own = client(&short, SecretSource::inline("s"));
    for _ in 0..2 {
        fetch(&own, &peer).await.unwrap();
    }
    assert_eq!(tokens_seen(&peer)[2..], ["t0", "t1"]);
}

#[tokio::test]
async fn a_token_that_a_peer_does_not_accept_is_forgotten() {
    let peer = Peer::start(|head| match head.contains("Bearer t0") {
        true => answer("401 Unauthorized"),
        false => ok(""),
    })
    .await;
    let tokens = token_server("").await;
    let own = client(&tokens, SecretSource::inline("s"));
    assert_eq!(fetch(&own, &peer).await.unwrap(), 401);
    assert_eq!(fetch(&own, &peer).await.unwrap(), 200);
    assert_eq!(tokens_seen(&peer), ["t0", "t1"]);
}

#[tokio::test]
async fn a_server_that_wants_the_credentials_in_the_body_gets_them_there() {
    let peer = Peer::start(|_| ok("")).await;
    let tokens = Peer::start(|head| match head.contains("authorization: Basic") {
        true => answer("400 Bad Request"),
        false => token(7, ""),
    })
    .await;
    let own = client(&tokens, SecretSource::inline("s=1"));
    fetch(&own, &peer).await.unwrap();
    assert_eq!(tokens_seen(&peer), ["t7"]);
    let asked = tokens.requests();
    assert!(asked[1].contains("client_id=me+%26+you&client_secret=s%3D1"));
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let peer = Peer::start(|_| ok("")).await;
    let bodies = [
        ("", "holds no token"),
        ("{\"access_token\":5}", "holds no token"),
        ("{\"access_token\":\"a\\nb\"}", "no header may have"),
    ];
    for (body, wanted) in bodies {
        let tokens = Peer::start(move |_| ok(body)).await;
        let error = fetch(&client(&tokens, SecretSource::inline("hush")), &peer).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Secret);
        assert!(error.chain().contains(wanted), "{}", error.chain());
    }
    let tokens = Peer::start(|_| {
        let body = "{\"error\":\"invalid_client\"}";
        let length = body.len();
        Answer::Bytes(format!(
            "HTTP/1.1 401 No\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ))
    })
    .await;
    let error = fetch(&client(&tokens, SecretSource::inline("hush")), &peer).await;
    let wanted = "the token server answered 401 (invalid_client)";
    assert_eq!(error.unwrap_err().chain(), wanted);
    let missing = client(&tokens, SecretSource::File("/nonexistent/secret".into()));
    assert!(fetch(&missing, &peer).await.unwrap_err().is_retryable());
    assert!(peer.requests().is_empty());
}
