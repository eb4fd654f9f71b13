//! What endpoints are told about a request, and HTTP/1 and HTTP/2 on either side.

use http::header::{HeaderName, HeaderValue};
use http::{Request, StatusCode};
use http_body_util::Full;
use plimsoll_gateway::model::{HeaderOperation, Network, PathMatch, PathRewrite, Protocol};

use super::client::{Client, Client2, request};
use super::endpoint::Endpoint;
use super::world::World;

const LOOPBACK: Network = Network {
    address: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
    bits: 8,
};

fn told() -> Request<Full<bytes::Bytes>> {
    Request::builder()
        .uri("/")
        .header("host", "shop.example:8080")
        .header("x-forwarded-for", "192.0.2.1, 192.0.2.2")
        .header("x-forwarded-proto", "https")
        .header("x-plimsoll-criticality", "P0")
        .header("x-plimsoll-timeout-ms", "5000")
        .header(
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )
        .header("connection", "keep-alive, x-hop")
        .header("x-hop", "1")
        .header("expect", "nothing")
        .body(Full::default())
        .unwrap()
}

fn line<'t>(text: &'t str, name: &str) -> &'t str {
    let prefix = format!("{name}: ");
    let found = text.lines().find_map(|line| line.strip_prefix(&*prefix));
    found.unwrap_or("")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_not_believed() {
    let endpoint = Endpoint::echoing().await;
    let mut world = World::to(&[endpoint.address], |_| {}).await;
    let mut client = Client::connect(world.address).await;
    let answer = client.send(told()).await;
    let text = answer.text();
    assert_eq!(line(text, "x-forwarded-for"), "127.0.0.1");
    assert_eq!(line(text, "x-forwarded-proto"), "http");
    assert_eq!(line(text, "x-forwarded-host"), "shop.example:8080");
    assert_eq!(line(text, "x-plimsoll-criticality"), "P1");
    assert!(
        line(text, "x-plimsoll-timeout-ms").parse::<u64>().unwrap() > 10_000,
        "{text}"
    );
    assert!(
        !line(text, "traceparent").contains("4bf92f3577b34da6a3ce929d0e0e4736"),
        "{text}"
    );
    assert_eq!(line(text, "traceparent").len(), 55);
    assert_eq!((line(text, "x-hop"), line(text, "connection")), ("", ""));
    let record = world.record().await.record;
    assert_eq!(record.client.ip(), LOOPBACK.address);
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_peer_is_believed() {
    let endpoint = Endpoint::echoing().await;
    let mut world = World::to(&[endpoint.address], |config| {
        config.listeners[0].trusted = vec![LOOPBACK];
    })
    .await;
    let mut client = Client::connect(world.address).await;
    let answer = client.send(told()).await;
    let text = answer.text();
    assert_eq!(
        line(text, "x-forwarded-for"),
        "192.0.2.1, 192.0.2.2, 127.0.0.1"
    );
    assert_eq!(line(text, "x-forwarded-proto"), "https");
    assert_eq!(line(text, "x-plimsoll-criticality"), "P0");
    // Less than the caller gave, by the margin of the way back.
    let left = line(text, "x-plimsoll-timeout-ms").parse::<u64>().unwrap();
    assert!((3000..=4750).contains(&left), "{left}");
    assert!(
        line(text, "traceparent").contains("4bf92f3577b34da6a3ce929d0e0e4736"),
        "{text}"
    );
    let record = world.record().await.record;
    assert_eq!(record.client.ip().to_string(), "192.0.2.2");
    assert_eq!(record.criticality.as_str(), "P0");
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_rewrites() {
    let endpoint = Endpoint::echoing().await;
    let world = World::to(&[endpoint.address], |config| {
        let route = &mut config.routes[0];
        route.matches = vec![plimsoll_gateway::model::Match {
            path: Some(PathMatch::Prefix("/shop".into())),
            ..Default::default()
        }];
        route.rewrite.path = Some(PathRewrite::Prefix("/v1".into()));
        route.rewrite.host = Some("inside.example".into());
        let name = |name: &'static str| HeaderName::from_static(name);
        let value = HeaderValue::from_static("gateway");
        route.rewrite.request_headers = vec![
            HeaderOperation::Set(name("x-by"), value.clone()),
            HeaderOperation::Remove(name("x-secret")),
        ];
        route.rewrite.response_headers = vec![HeaderOperation::Add(name("x-by"), value)];
    })
    .await;
    let mut client = Client::connect(world.address).await;
    let mut asked = request("GET", "/shop/cart?a=b", "");
    asked
        .headers_mut()
        .insert("x-secret", HeaderValue::from_static("1"));
    let answer = client.send(asked).await;
    let text = answer.text();
    assert!(text.starts_with("GET /v1/cart?a=b HTTP/1.1\n"), "{text}");
    assert_eq!(line(text, "host"), "inside.example");
    assert_eq!(
        (line(text, "x-by"), line(text, "x-secret")),
        ("gateway", "")
    );
    assert_eq!(answer.header("x-by"), "gateway");
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn speaks_either_version_on_either_side() {
    let endpoint = Endpoint::echoing().await;
    for (protocol, version) in [(Protocol::Http1, "HTTP/1.1"), (Protocol::Http2, "HTTP/2.0")] {
        let world = World::to(&[endpoint.address], |config| {
            config.backends[0].protocol = protocol;
        })
        .await;
        let mut first = Client::connect(world.address).await;
        let mut second = Client2::connect(world.address).await;
        let mut over_two = request("POST", "http://shop.example/a?b", "two");
        over_two.headers_mut().remove("host");
        for answer in [
            first.send(request("POST", "/a?b", "one")).await,
            second.send(over_two).await,
        ] {
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            let text = answer.text();
            let asked = text.lines().next().unwrap();
            assert!(asked.ends_with(version) && asked.contains("/a?b"), "{text}");
            let host = match protocol {
                Protocol::Http2 => asked.split("//").nth(1).unwrap().split('/').next().unwrap(),
                _ => line(text, "host"),
            };
            assert_eq!(host, "shop.example", "{text}");
            assert_eq!(line(text, "x-forwarded-host"), "shop.example");
            assert!(text.ends_with("one") || text.ends_with("two"), "{text}");
        }
        drop((first, second));
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_that_is_over_is_not_begun() {
    let endpoint = Endpoint::echoing().await;
    let world = World::to(&[endpoint.address], |config| {
        config.listeners[0].trusted = vec![LOOPBACK];
    })
    .await;
    let mut client = Client::connect(world.address).await;
    let mut asked = told();
    let none = HeaderValue::from_static("0");
    asked.headers_mut().insert("x-plimsoll-timeout-ms", none);
    let answer = client.send(asked).await;
    assert_eq!(
        (answer.status.as_u16(), answer.reason()),
        (504, "deadline_exceeded")
    );
    assert_eq!(endpoint.requests(), 0);
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_waits_for_100_gets_it_when_somebody_reads() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let endpoint = Endpoint::echoing().await;
    let world = World::to(&[endpoint.address], |_| {}).await;
    let mut client = tokio::net::TcpStream::connect(world.address).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\
                connection: close\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    client.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"body").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("body"),
        "{answer}"
    );
    assert_eq!(line(&answer, "expect"), "");
    world.stop().await;
}
