//! The accept loop: bounded connections, bounded waits, and an end that lets running requests finish.

mod stream;

use std::borrow::Borrow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use stream::Watched;

use crate::caller::Peer;

/// Bounds of the listener.
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// Connections at the same time; more wait in the system's queue. Default 512, as in Prometheus.
    pub connections_max: usize,
    /// How long a client may take to send its headers, or stay idle between requests. Default 5 min, as in Prometheus.
    pub header_timeout: Duration,
    /// How long a client may read nothing of an answer that waits for it. Default 60 s.
    pub write_timeout: Duration,
    /// How long running requests may go on after shutdown; then their connections are closed. Default 10 s.
    pub drain_timeout: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections_max: 512,
            header_timeout: Duration::from_secs(300),
            write_timeout: Duration::from_secs(60),
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// Accepts connections until `stop`, then lets running requests finish; a listener that is handed over is closed first.
pub async fn serve(
    listener: impl Borrow<TcpListener>,
    router: Router,
    limits: ServeLimits,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    stop: Shutdown,
) {
    let graceful = GracefulShutdown::new();
    let abort = Shutdown::new();
    let room = Arc::new(Semaphore::new(limits.connections_max));
    loop {
        let next = async {
            let permit = room.clone().acquire_owned().await;
            let permit = permit.expect("the semaphore is never closed");
            (listener.borrow().accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            next = next => next,
            () = stop.wait() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Answers are small and whole; waiting for more bytes only adds latency.
                let _ = stream.set_nodelay(true);
                let stream = Watched::new(stream, clock.clone(), limits.write_timeout);
                let connection = graceful.watch(connection(stream, peer, &router, limits));
                let abort = abort.clone();
                tasks.spawn("http connection", OnPanic::Report, |_| async move {
                    let _permit = permit;
                    tokio::select! {
                        ended = connection => if let Err(error) = ended {
                            tracing::debug!(%error, "a connection ended early");
                        },
                        () = abort.wait() => {}
                    }
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: others must end before one more can begin.
                tracing::warn!(%error, "could not accept a connection");
                tokio::select! {
                    () = clock.sleep(Duration::from_millis(100)) => {}
                    () = stop.wait() => break,
                }
            }
        }
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = clock.sleep(limits.drain_timeout) => {
            tracing::warn!("requests were still running at the end of the drain time");
            abort.trigger();
        }
    }
}

fn connection(
    stream: Watched,
    peer: SocketAddr,
    router: &Router,
    limits: ServeLimits,
) -> http1::Connection<TokioIo<Watched>, WithPeer> {
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .serve_connection(
            TokioIo::new(stream),
            WithPeer {
                peer: Peer(peer.ip().to_canonical()),
                router: TowerToHyperService::new(router.clone()),
            },
        )
}

/// Tells the handlers who is at the other end of the connection.
struct WithPeer {
    peer: Peer,
    router: TowerToHyperService<Router>,
}

impl Service<Request<Incoming>> for WithPeer {
    type Response = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Error;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        self.router.call(request)
    }
}
