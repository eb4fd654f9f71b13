//! Answers that are passed on, and those of the gateway's own.

use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode};
use plimsoll_gateway::model::{Action, HeaderOperation, Match, PathMatch, PathRewrite, Route};
use plimsoll_gateway::reason::Reason;

use super::client::{Client, Client2, get, get_once, request};
use super::endpoint::{Endpoint, status};
use super::world::{World, forward};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passes_requests_and_answers_on() {
    let endpoint = Endpoint::echoing().await;
    let mut world = World::to(&[endpoint.address], |_| {}).await;
    let mut client = Client::connect(world.address).await;
    let answer = client.get("/a/b?c=d%20e").await;
    assert_eq!(answer.status, StatusCode::OK);
    let text = answer.text();
    assert!(text.starts_with("GET /a/b?c=d%20e HTTP/1.1\n"), "{text}");
    assert!(text.contains("\nhost: shop.example\n"), "{text}");
    let answer = client.send(request("POST", "/", "hello")).await;
    assert!(answer.text().ends_with("\n\nhello"), "{}", answer.text());
    // The connection to the endpoint was used again.
    assert_eq!((endpoint.connections(), endpoint.requests()), (1, 2));
    drop(client);
    let first = world.record().await.record;
    assert_eq!((first.status, first.reason), (200, Reason::Ok));
    assert_eq!((first.bytes_in, first.bytes_out), (0, text.len() as u64));
    assert!(!first.attempts[0].is_reused);
    let second = world.record().await.record;
    assert_eq!((&second.method, second.bytes_in), (&Method::POST, 5));
    assert!(second.attempts[0].is_reused);
    assert!(second.duration >= second.head_after);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passes_statuses_and_empty_bodies_on() {
    let endpoint = Endpoint::answering(|request, _| {
        let mut response = status(request.uri().path()[1..].parse().unwrap());
        let value = HeaderValue::from_static("1");
        response.headers_mut().insert("x-own", value.clone());
        response
            .headers_mut()
            .insert("connection", HeaderValue::from_static("x-hop"));
        response.headers_mut().insert("x-hop", value);
        response
    })
    .await;
    let mut world = World::to(&[endpoint.address], |_| {}).await;
    let mut client = Client::connect(world.address).await;
    for code in [200, 204, 304, 404, 500] {
        let answer = client.get(&format!("/{code}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("x-own")),
            (code, "1")
        );
        assert!(!answer.headers.contains_key("x-hop"), "{answer:?}");
        let record = world.record().await.record;
        assert_eq!((record.status, record.reason), (code, Reason::Ok));
    }
    let answer = client.send(request("HEAD", "/200", "")).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
    assert_eq!(world.record().await.record.reason, Reason::Ok);
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_by_itself_with_a_reason() {
    let endpoint = Endpoint::echoing().await;
    let mut world = World::to(&[endpoint.address], |config| {
        let on = |name: &str, path: &str, action| {
            let path = Some(PathMatch::Exact(path.into()));
            let mut route = Route::new(name, action);
            route.matches = vec![Match {
                path,
                ..Match::default()
            }];
            route
        };
        let mut resting = on("resting", "/rest", forward(&["app"]));
        resting.maintenance = Some((StatusCode::SERVICE_UNAVAILABLE, "back soon".into()));
        let fixed = Action::Answer {
            status: StatusCode::GONE,
            body: "it is gone".into(),
            content_type: HeaderValue::from_static("text/plain"),
        };
        let mut redirect = on(
            "moved",
            "/moved",
            Action::Redirect {
                status: StatusCode::PERMANENT_REDIRECT,
                scheme: Some("https".into()),
                authority: None,
                path: Some(PathRewrite::Full("/new".into())),
            },
        );
        let name = HeaderName::from_static("x-moved");
        redirect.rewrite.response_headers =
            vec![HeaderOperation::Set(name, HeaderValue::from_static("yes"))];
        let mut small = on("small", "/small", forward(&["app"]));
        small.body_max = Some(3);
        config.routes = vec![resting, on("gone", "/gone", fixed), redirect, small];
    })
    .await;
    let address = world.address;
    let missed = get_once(address, "/elsewhere").await;
    assert_eq!(
        (missed.status, missed.reason()),
        (StatusCode::NOT_FOUND, "no_route")
    );
    assert_eq!(missed.text(), "no route matches this request\n");
    assert_eq!(world.record().await.record.reason, Reason::NoRoute);
    let resting = get_once(address, "/rest").await;
    assert_eq!(
        (resting.status.as_u16(), resting.reason()),
        (503, "maintenance")
    );
    assert_eq!(resting.text(), "back soon\n");
    assert_eq!(world.record().await.record.reason, Reason::Maintenance);
    let gone = get_once(address, "/gone").await;
    assert_eq!((gone.status.as_u16(), gone.text()), (410, "it is gone"));
    assert_eq!(world.record().await.record.reason, Reason::Answered);
    let moved = get_once(address, "/moved?a=b").await;
    assert_eq!(moved.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(moved.header("location"), "https://shop.example/new?a=b");
    assert_eq!(moved.header("x-moved"), "yes");
    assert_eq!(world.record().await.record.status, 308);
    let mut client = Client::connect(address).await;
    let large = client.send(request("POST", "/small", "four")).await;
    assert_eq!(
        (large.status.as_u16(), large.reason()),
        (413, "bad_request")
    );
    assert_eq!(world.record().await.record.status, 413);
    assert_eq!(endpoint.requests(), 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tells_grpc_in_its_own_words() {
    let world = World::to(&[Endpoint::nowhere().await], |config| {
        config.routes[0].hosts = vec![plimsoll_gateway::model::HostPattern::Exact(
            "shop.example".into(),
        )];
    })
    .await;
    let mut client = Client2::connect(world.address).await;
    for (authority, code, reason) in [
        ("other.example", "12", "no_route"),
        ("shop.example", "14", "connect_failed"),
    ] {
        let mut asked = get(&format!("http://{authority}/pkg.Service/Method"));
        *asked.method_mut() = Method::POST;
        asked.headers_mut().remove("host");
        let value = HeaderValue::from_static("application/grpc+proto");
        asked.headers_mut().insert("content-type", value);
        let answer = client.send(asked).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(
            (answer.header("grpc-status"), answer.reason()),
            (code, reason)
        );
        assert_eq!(answer.header("content-type"), "application/grpc");
        assert!(!answer.header("grpc-message").is_empty());
    }
    drop(client);
    world.stop().await;
}
