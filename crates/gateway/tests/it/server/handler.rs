//! A handler that answers by the path, and remembers what it saw.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use plimsoll_gateway::model::{Config, Listener};
use plimsoll_gateway::server::{
    ClientBody, ClientBodyError, ConnectionInfo, Handler, Needs, Refusal, Reset, Server, Tunnel,
};
use plimsoll_gateway::worker::Spawner;
use plimsoll_runtime::clock::SystemClock;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use tokio::io::copy_bidirectional;
use tokio::sync::{Semaphore, watch};

type Body = BoxBody<Bytes, std::io::Error>;

/// What was seen, and what requests wait for.
pub(super) struct Echo {
    /// Requests to `/gate` wait for one of these.
    pub(super) gate: Semaphore,
    pub(super) seen: Mutex<Seen>,
    /// How much was seen, to be waited for.
    pub(super) count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) requests: Vec<(Arc<ConnectionInfo>, String, HeaderMap)>,
    pub(super) refused: Vec<Refusal>,
    pub(super) broken: Vec<Refusal>,
    /// Requests whose client left before the answer.
    pub(super) dropped: usize,
    /// What became of bodies that broke off.
    pub(super) bodies: Vec<String>,
    pub(super) tunnels: usize,
}

impl Echo {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            gate: Semaphore::new(0),
            seen: Mutex::default(),
            count: watch::Sender::new(0),
        })
    }

    pub(super) fn see(&self, see: impl FnOnce(&mut Seen)) {
        see(&mut self.seen.lock().unwrap());
        self.count.send_modify(|count| *count += 1);
    }

    /// Waits until what was seen is so.
    pub(super) async fn until(&self, is_so: impl Fn(&Seen) -> bool) {
        let mut count = self.count.subscribe();
        let seen = count.wait_for(|_| is_so(&self.seen.lock().unwrap()));
        let waited = tokio::time::timeout(Duration::from_secs(20), seen).await;
        assert!(waited.is_ok(), "{:?}", self.seen.lock().unwrap());
    }

    pub(super) fn paths(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.requests
            .iter()
            .map(|(_, path, _)| path.clone())
            .collect()
    }
}

/// Tells when a request's client leaves.
struct Watched(Arc<Echo>, bool);

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.1 {
            self.0.see(|seen| seen.dropped += 1);
        }
    }
}

fn full(text: impl Into<Bytes>) -> Body {
    Full::new(text.into())
        .map_err(|never| match never {})
        .boxed()
}

impl Echo {
    async fn answered(
        self: &Arc<Self>,
        spawner: &Spawner,
        mut request: Request<ClientBody>,
    ) -> Result<Response<Body>, Reset> {
        let mut response = Response::new(full("hello\n"));
        match request.uri().path() {
            "/gate" => self.gate.acquire().await.unwrap().forget(),
            "/reset" => return Err(Reset),
            "/panic" => panic!("as it was asked to"),
            "/large" => *response.body_mut() = full(vec![b'x'; 64 << 20]),
            "/late" => {
                let seen = Arc::clone(self);
                spawner.spawn("late", async move {
                    let read = request.into_body().collect().await;
                    let word = if read.is_ok() { "whole" } else { "broken" };
                    seen.see(|seen| seen.bodies.push(word.into()));
                });
            }
            "/endless" => *response.body_mut() = self.endless(),
            "/echo" => match request.into_body().collect().await {
                Ok(body) => *response.body_mut() = full(body.to_bytes()),
                Err(error) => {
                    let word = match error {
                        ClientBodyError::Silent(_) => "silent",
                        ClientBodyError::Broken(_) => "broken",
                    };
                    self.see(|seen| seen.bodies.push(word.into()));
                    *response.status_mut() = StatusCode::BAD_REQUEST;
                }
            },
            "/upgrade" => {
                let upgraded = hyper::upgrade::on(&mut request);
                let seen = Arc::clone(self);
                spawner.spawn("upgraded", async move {
                    let mut client = TokioIo::new(upgraded.await.unwrap());
                    echo(&mut client).await;
                    seen.see(|seen| seen.tunnels += 1);
                });
                *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
                *response.body_mut() = Empty::new().map_err(|never| match never {}).boxed();
                let headers = response.headers_mut();
                headers.insert(UPGRADE, "echo".parse().unwrap());
                headers.insert(CONNECTION, "upgrade".parse().unwrap());
            }
            _ => {}
        }
        Ok(response)
    }

    /// A body that never ends, and tells when nobody wants it any more.
    fn endless(self: &Arc<Self>) -> Body {
        let watched = Watched(Arc::clone(self), false);
        let stream = futures_util::stream::repeat_with(move || {
            let _ = &watched;
            Ok(Frame::data(Bytes::from_static(&[b'x'; 64 << 10])))
        });
        BodyExt::boxed(StreamBody::new(stream.map_sync()))
    }
}

/// Streams of tests are polled by one thread.
trait MapSync: Sized {
    fn map_sync(self) -> SyncStream<Self> {
        SyncStream(Mutex::new(self))
    }
}

impl<S> MapSync for S {}

struct SyncStream<S>(Mutex<S>);

impl<S: futures_util::Stream + Unpin> futures_util::Stream for SyncStream<S> {
    type Item = S::Item;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        ctx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<S::Item>> {
        let stream = self.get_mut().0.get_mut().unwrap();
        std::pin::Pin::new(stream).poll_next(ctx)
    }
}

async fn echo(client: &mut (impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin)) {
    let (mut near, far) = tokio::io::duplex(1 << 10);
    let (mut read, mut write) = tokio::io::split(far);
    // Ends with an error when the connection is ended.
    let _ = tokio::join!(
        async {
            let copied = copy_bidirectional(client, &mut near).await;
            drop(near);
            copied
        },
        async {
            let _ = tokio::io::copy(&mut read, &mut write).await;
            let _ = tokio::io::AsyncWriteExt::shutdown(&mut write).await;
        }
    );
}

impl Handler for Echo {
    type Worker = (Arc<Self>, Spawner);
    type Body = Body;

    fn worker(self: &Arc<Self>, _index: usize, spawner: Spawner) -> Arc<Self::Worker> {
        Arc::new((Arc::clone(self), spawner))
    }

    fn answer(
        worker: Arc<Self::Worker>,
        connection: Arc<ConnectionInfo>,
        request: Request<ClientBody>,
    ) -> impl Future<Output = Result<Response<Body>, Reset>> + Send + 'static {
        let (echo, spawner) = (Arc::clone(&worker.0), worker.1.clone());
        let target = request.uri().path().to_owned();
        let headers = request.headers().clone();
        echo.see(|seen| seen.requests.push((connection, target, headers)));
        let watched = Watched(Arc::clone(&echo), false);
        async move {
            // Moved as a whole: it tells when it is dropped.
            let mut watched = watched;
            let answered = echo.answered(&spawner, request).await;
            watched.1 = true;
            answered
        }
    }

    fn refuse(
        worker: &Arc<Self::Worker>,
        _: &Arc<ConnectionInfo>,
        _: &Parts,
        refusal: Refusal,
    ) -> Response<Body> {
        worker.0.see(|seen| seen.refused.push(refusal));
        let mut response = Response::new(full(refusal.explanation()));
        *response.status_mut() = refusal.status();
        response
    }

    fn broken(worker: &Arc<Self::Worker>, _: &Arc<ConnectionInfo>, refusal: Refusal) {
        worker.0.see(|seen| seen.broken.push(refusal));
    }

    async fn tunnel(worker: Arc<Self::Worker>, _: Arc<ConnectionInfo>, mut tunnel: Tunnel) {
        echo(&mut tunnel.client).await;
        worker.0.see(|seen| seen.tunnels += 1);
    }
}

/// A server with its echo.
pub(super) struct World {
    pub(super) echo: Arc<Echo>,
    pub(super) server: Arc<Server<Echo>>,
    pub(super) config: Config,
    pub(super) metrics: Registry,
}

impl World {
    pub(super) fn new(listeners: Vec<Listener>) -> Self {
        let config = Config {
            listeners,
            drain_timeout: Duration::from_secs(20),
            ..Config::default()
        };
        Self::with(config, Vec::new())
    }

    pub(super) fn with(config: Config, inherited: Vec<std::net::TcpListener>) -> Self {
        let (echo, metrics) = (Echo::new(), Registry::new());
        let clock = Arc::new(SystemClock::new());
        let needs = Needs {
            clock: clock.clone(),
            tasks: Tasks::new(Shutdown::new(), clock, &metrics),
            metrics: &metrics,
            inherited,
        };
        let server = Server::start(Arc::clone(&echo), 2, &config, needs).unwrap();
        Self {
            echo,
            server,
            config,
            metrics,
        }
    }

    /// One listener, changed as the test needs it.
    pub(super) fn one(change: impl FnOnce(&mut Listener)) -> Self {
        let mut listener = listener("web");
        change(&mut listener);
        Self::new(vec![listener])
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.server.listeners()[0].address
    }

    /// Waits until this many connections are open on the first listener.
    pub(super) async fn until_open(&self, connections: usize) {
        let opened = async {
            while self.server.listeners()[0].connections != connections {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), opened).await;
        assert!(waited.is_ok(), "{:?}", self.server);
    }
}

pub(super) fn listener(name: &str) -> Listener {
    Listener::new(name, "127.0.0.1:0".parse().unwrap())
}

/// Says how a request's length was told.
pub(super) fn lengths(headers: &HeaderMap) -> (bool, bool) {
    (
        headers.contains_key(CONTENT_LENGTH),
        headers.contains_key(TRANSFER_ENCODING),
    )
}
