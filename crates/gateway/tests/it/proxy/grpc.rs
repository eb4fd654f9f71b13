//! gRPC: HTTP/2 from end to end, and codes in trailers.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use plimsoll_gateway::model::Protocol;
use plimsoll_gateway::reason::Reason;
use plimsoll_traffic::Outcome;
use tokio::net::TcpListener;

use super::client::Client2;
use super::world::{World, spawn};

/// A service whose methods are codes: `/7` ends with `grpc-status: 7`; `/hang` says nothing.
async fn service() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            spawn(async move {
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                drop(
                    server
                        .serve_connection(TokioIo::new(stream), service_fn(answer))
                        .await,
                );
            });
        }
    });
    address
}

async fn answer(
    request: Request<Incoming>,
) -> Result<Response<impl http_body::Body<Data = Bytes, Error = hyper::Error>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    if parts.uri.path() == "/hang" {
        std::future::pending::<()>().await;
    }
    let body = body.collect().await?.to_bytes();
    let mut trailers = HeaderMap::new();
    let code = HeaderValue::from_str(&parts.uri.path()[1..]).unwrap();
    trailers.insert("grpc-status", code);
    let frames = [Frame::data(body), Frame::trailers(trailers)];
    let mut response = Response::new(StreamBody::new(stream::iter(frames.map(Ok))));
    let kind = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", kind);
    let te = parts.headers.get("te").cloned();
    response
        .headers_mut()
        .extend(te.map(|te| (http::header::VIA, te)));
    Ok(response)
}

fn call(path: &str) -> Request<Full<Bytes>> {
    Request::post(format!("http://shop.example{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-timeout", "300m")
        .body(Full::new(Bytes::from_static(b"\0\0\0\0\x01x")))
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_in_trailers_are_passed_on_and_counted() {
    let mut world = World::to(&[service().await], |config| {
        config.backends[0].protocol = Protocol::Http2;
        config.routes[0].retry.retries_max = 0;
    })
    .await;
    let mut client = Client2::connect(world.address).await;
    for (code, is_failure) in [(0, false), (5, false), (13, true), (14, true)] {
        let answer = client.send(call(&format!("/{code}"))).await;
        assert_eq!(answer.status.as_u16(), 200);
        assert_eq!(&answer.body[..], b"\0\0\0\0\x01x");
        assert_eq!(answer.header("via"), "trailers", "TE must arrive");
        let trailers = answer.trailers.unwrap();
        assert_eq!(trailers["grpc-status"], *code.to_string());
        let record = world.record().await.record;
        assert_eq!(
            (record.grpc_status, record.reason),
            (Some(code), Reason::Ok)
        );
        assert_eq!(
            record.attempts[0].outcome.is_failure(),
            is_failure,
            "{code}"
        );
    }
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_callers_deadline_ends_a_call() {
    let mut world = World::to(&[service().await], |config| {
        config.backends[0].protocol = Protocol::Http2;
    })
    .await;
    let mut client = Client2::connect(world.address).await;
    let answer = client.send(call("/hang")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("grpc-status")),
        (200, "4")
    );
    let record = world.record().await.record;
    assert_eq!(
        (record.grpc_status, record.reason),
        (Some(4), Reason::Timeout)
    );
    assert!(record.duration >= Duration::from_millis(300));
    // It was the caller who was in a hurry; the endpoint is not to blame.
    assert_eq!(record.attempts[0].outcome, Outcome::Cancelled);
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_to_blame_for_a_caller_in_a_hurry() {
    let mut world = World::to(&[service().await], |config| {
        config.backends[0].protocol = Protocol::Http2;
        config.routes[0].retry.retries_max = 0;
    })
    .await;
    let mut client = Client2::connect(world.address).await;
    for (hurries, is_failure) in [(true, false), (false, true)] {
        let mut asked = call("/4");
        if !hurries {
            asked.headers_mut().remove("grpc-timeout");
        }
        client.send(asked).await;
        let record = world.record().await.record;
        assert_eq!(record.grpc_status, Some(4));
        assert_eq!(record.attempts[0].outcome.is_failure(), is_failure);
    }
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_to_the_head_of_an_answer_is_not_that_of_a_stream() {
    let endpoint = super::endpoint::Endpoint::echoing().await;
    let world = World::to(&[endpoint.address], |config| {
        config.backends[0].protocol = Protocol::Http2;
    })
    .await;
    let mut client = Client2::connect(world.address).await;
    for (said, least) in [(None, None), (Some("1H"), Some(Duration::from_secs(3000)))] {
        let mut asked = call("/");
        *asked.body_mut() = Full::default();
        asked.headers_mut().remove("grpc-timeout");
        let value = said.map(HeaderValue::from_static);
        let name = http::HeaderName::from_static("grpc-timeout");
        asked.headers_mut().extend(value.map(|value| (name, value)));
        let answer = client.send(asked).await;
        let mut lines = answer.text().lines();
        let told = lines.find_map(|line| line.strip_prefix("grpc-timeout: "));
        let told = told.map(|text| plimsoll_traffic::deadline::parse_grpc(text.as_bytes()));
        let told = told.transpose().unwrap();
        assert_eq!(told.is_some(), least.is_some(), "{}", answer.text());
        let is_less = told < Some(Duration::from_secs(3600));
        assert!(told >= least && is_less, "{told:?}");
    }
    drop(client);
    world.stop().await;
}
