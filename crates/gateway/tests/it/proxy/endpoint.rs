//! Endpoints: one that answers what it was asked, and raw ones that do what a test says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::world::spawn;

/// An endpoint and what came to it.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Endpoint {
    async fn bind() -> (TcpListener, Self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            requests: Arc::default(),
        };
        (listener, endpoint)
    }

    /// Starts one that answers with what `answer` makes of each request and its body.
    pub(super) async fn answering<F>(answer: F) -> Self
    where
        F: Fn(&Request<()>, Bytes) -> Response<Full<Bytes>> + Send + Sync + 'static,
    {
        let (listener, endpoint) = Self::bind().await;
        let (seen, answer) = (endpoint.clone(), Arc::new(answer));
        spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.connections.fetch_add(1, SeqCst);
                let (requests, answer) = (Arc::clone(&seen.requests), Arc::clone(&answer));
                let service = service_fn(move |request: Request<Incoming>| {
                    requests.fetch_add(1, SeqCst);
                    let answer = Arc::clone(&answer);
                    async move {
                        let (parts, body) = request.into_parts();
                        let body = body.collect().await?.to_bytes();
                        Ok::<_, hyper::Error>(answer(&Request::from_parts(parts, ()), body))
                    }
                });
                spawn(async move {
                    let server = auto::Builder::new(TokioExecutor::new());
                    let served =
                        server.serve_connection_with_upgrades(TokioIo::new(stream), service);
                    drop(served.await);
                });
            }
        });
        endpoint
    }

    /// Starts one that answers 200 with what it was asked: the first line, the headers, an empty line, the body.
    pub(super) async fn echoing() -> Self {
        Self::answering(|request, body| Response::new(Full::new(echo(request, &body)))).await
    }

    /// Starts one that answers with its name.
    pub(super) async fn named(name: &'static str) -> Self {
        Self::answering(move |_, _| Response::new(Full::new(Bytes::from_static(name.as_bytes()))))
            .await
    }

    /// Starts one that hands each connection, with its number from 0, to `serve`.
    pub(super) async fn raw<F, Served>(serve: F) -> Self
    where
        F: Fn(Peer, usize) -> Served + Send + Sync + 'static,
        Served: Future<Output = ()> + Send + 'static,
    {
        let (listener, endpoint) = Self::bind().await;
        let seen = endpoint.clone();
        spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = seen.connections.fetch_add(1, SeqCst);
                let peer = Peer {
                    stream,
                    requests: Arc::clone(&seen.requests),
                };
                spawn(serve(peer, number));
            }
        });
        endpoint
    }

    /// An address where nothing listens and nobody else will: its socket is bound for as long as the process lives.
    pub(super) async fn nowhere() -> SocketAddr {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        std::mem::forget(socket);
        address
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }

    pub(super) fn requests(&self) -> usize {
        self.requests.load(SeqCst)
    }
}

/// A connection to a raw endpoint.
pub(super) struct Peer {
    pub(super) stream: TcpStream,
    requests: Arc<AtomicUsize>,
}

impl Peer {
    /// Reads the head of a request; `None` when the connection ended.
    pub(super) async fn head(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            match self.stream.read_u8().await {
                Ok(byte) => bytes.push(byte),
                Err(_) => return None,
            }
        }
        self.requests.fetch_add(1, SeqCst);
        Some(String::from_utf8(bytes).unwrap())
    }

    pub(super) async fn write(&mut self, text: &str) {
        // The gateway may be gone by now, which is for the test to find out.
        let _ = self.stream.write_all(text.as_bytes()).await;
    }

    /// Reads until the other side ends.
    pub(super) async fn rest(&mut self) {
        let mut sink = [0; 1024];
        while matches!(self.stream.read(&mut sink).await, Ok(1..)) {}
    }
}

pub(super) fn echo(request: &Request<()>, body: &Bytes) -> Bytes {
    let mut text = format!(
        "{} {} {:?}\n",
        request.method(),
        request.uri(),
        request.version()
    );
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
    }
    text.push('\n');
    text.push_str(std::str::from_utf8(body).unwrap());
    text.into()
}

/// An answer with a status and nothing else.
pub(super) fn status(code: u16) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = code.try_into().unwrap();
    response
}
