//! Clients that know exactly what they send.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::world::{PATIENCE, spawn};

/// An answer that was read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) trailers: Option<HeaderMap>,
}

impl Answer {
    #[track_caller]
    pub(super) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(super) fn reason(&self) -> &str {
        self.header("x-plimsoll-reason")
    }
}

/// An HTTP/1.1 client with one connection.
pub(super) struct Client(http1::SendRequest<Full<Bytes>>);

/// An HTTP/2 client with one connection.
pub(super) struct Client2(http2::SendRequest<Full<Bytes>>);

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        spawn(async move { drop(connection.await) });
        Self(sender)
    }

    pub(super) async fn send(&mut self, request: Request<Full<Bytes>>) -> Answer {
        self.try_send(request).await.unwrap()
    }

    pub(super) async fn try_send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer, hyper::Error> {
        let exchange = async {
            self.0.ready().await?;
            read(self.0.send_request(request).await?).await
        };
        let in_time = tokio::time::timeout(PATIENCE, exchange).await;
        in_time.expect("an answer comes")
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send(get(path)).await
    }
}

impl Client2 {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (sender, connection) = handshake.await.unwrap();
        spawn(async move { drop(connection.await) });
        Self(sender)
    }

    pub(super) async fn send(&mut self, request: Request<Full<Bytes>>) -> Answer {
        let exchange = async { read(self.0.send_request(request).await?).await };
        let in_time = tokio::time::timeout(PATIENCE, exchange).await;
        in_time.expect("an answer comes").unwrap()
    }
}

async fn read(response: Response<hyper::body::Incoming>) -> Result<Answer, hyper::Error> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await?;
    let trailers = body.trailers().cloned();
    Ok(Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.to_bytes(),
        trailers,
    })
}

/// One request on a connection of its own.
pub(super) async fn get_once(address: SocketAddr, path: &str) -> Answer {
    Client::connect(address).await.get(path).await
}

pub(super) fn get(path: &str) -> Request<Full<Bytes>> {
    request("GET", path, "")
}

pub(super) fn request(method: &str, path: &str, body: &'static str) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "shop.example")
        .body(Full::new(Bytes::from_static(body.as_bytes())))
        .unwrap()
}

/// Sends bytes and returns all that comes back until the end.
pub(super) async fn raw(address: SocketAddr, bytes: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut text = String::new();
    let read = stream.read_to_string(&mut text);
    let in_time = tokio::time::timeout(PATIENCE, read).await;
    in_time.expect("the connection ends").unwrap();
    text
}
