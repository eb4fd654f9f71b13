//! A connection while an exchange runs on it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use plimsoll_traffic::{FailureKind, Moment};
use tokio::sync::OwnedSemaphorePermit;

use super::connect::{ConnectError, Purpose};
use super::idle::{Http1, Http2, STREAMS_MAX};
use super::io::Io;
use super::target::Target;
use super::waiting::Turn;
use crate::proxy::RequestBody;
use crate::worker::Spawner;

/// An HTTP/2 connection on which nothing came for this long while answers are awaited is asked whether it lives.
const PING_AFTER: Duration = Duration::from_secs(10);
/// A connection that was idle for this long may have been closed by its endpoint: it is looked at before it is used, since
/// a request that may not be repeated is lost when it meets a closed one.
const LOOKED_AT_AFTER: Duration = Duration::from_millis(100);
/// One stream's window: what an answer's body may be ahead of a slow client.
const STREAM_WINDOW_BYTES: u32 = 256 << 10;
/// The window of all streams of a connection together: with less, a few clients that take nothing of their answers would
/// leave nothing for those of all others.
const CONNECTION_WINDOW_BYTES: u32 = STREAM_WINDOW_BYTES * STREAMS_MAX as u32;

/// A connection while an exchange runs on it. Dropping it closes an HTTP/1 connection.
#[derive(Debug)]
pub struct Lease {
    target: Arc<Target>,
    worker: usize,
    kind: Kind,
    is_reused: bool,
    opened: Moment,
}

#[derive(Debug)]
enum Kind {
    Http1(http1::SendRequest<RequestBody>),
    Http2(
        http2::SendRequest<RequestBody>,
        #[expect(dead_code, reason = "dropping it ends the stream's count")] Stream,
    ),
}

/// Counts a stream while it lives.
#[derive(Debug)]
struct Stream(Arc<AtomicUsize>);

impl Stream {
    fn new(streams: &Arc<AtomicUsize>) -> Self {
        streams.fetch_add(1, Relaxed);
        Self(Arc::clone(streams))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// The exchange failed before the answer's head.
#[derive(Debug)]
pub struct SendError {
    /// What failed.
    pub kind: FailureKind,
    /// The request, when nothing of it was sent.
    pub unsent: Option<Request<RequestBody>>,
    /// Nothing of the request was sent.
    pub is_unsent: bool,
    /// The connection had ended, or took leave before this request: the endpoint said nothing about the request itself.
    pub is_connections_end: bool,
    /// What hyper said.
    pub source: hyper::Error,
}

impl Lease {
    /// Says whether exchanges ran on the connection before.
    pub fn is_reused(&self) -> bool {
        self.is_reused
    }

    /// Says whether the connection is HTTP/2.
    pub fn is_http2(&self) -> bool {
        matches!(self.kind, Kind::Http2(..))
    }

    /// Returns the endpoint.
    pub fn target(&self) -> &Arc<Target> {
        &self.target
    }

    /// Sends a request and waits for the head of its answer.
    ///
    /// # Errors
    /// The exchange failed before.
    ///
    /// # Cancel safety
    /// Dropping the future cancels the exchange: HTTP/1 closes the connection, HTTP/2 resets the stream.
    pub async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, SendError> {
        let sent = match &mut self.kind {
            Kind::Http1(sender) => sender.try_send_request(request).await,
            Kind::Http2(sender, _) => sender.try_send_request(request).await,
        };
        sent.map_err(SendError::from)
    }

    /// Gives the connection back after an exchange that ended whole.
    pub fn give_back(self, now: Moment) {
        let is_kept = !self.target.settings().sends_proxy_header
            && !self.target.is_closed()
            && !self.target.waiting().is_place_needed(self.worker);
        if let (Kind::Http1(sender), true) = (self.kind, is_kept)
            && !sender.is_closed()
        {
            self.target.idle_of(self.worker).put_http1(Http1 {
                sender,
                opened: self.opened,
                idle_since: now,
            });
            self.target.waiting().came_back(self.worker);
        }
    }
}

impl Target {
    /// Returns a connection for one exchange: one that is open, unless `is_fresh`, or else a new one. `header` is sent
    /// first on a new one.
    ///
    /// # Errors
    /// No connection in time.
    pub async fn lease(
        self: &Arc<Self>,
        worker: usize,
        spawner: &Spawner,
        is_fresh: bool,
        header: &[u8],
        now: Moment,
    ) -> Result<Lease, ConnectError> {
        let may_reuse = !is_fresh && !self.waiting().has_line(worker);
        if may_reuse && let Some(lease) = self.reuse(worker, now).await {
            return Ok(lease);
        }
        // Boxed: opening is rare, and its state would be a part of each request's.
        match self.speaks_http2() {
            Some(true) => Box::pin(self.lease_http2(worker, spawner, header, now)).await,
            _ => Box::pin(self.lease_new(worker, spawner, is_fresh, header, now)).await,
        }
    }

    /// Opens a connection; where there are as many as may be, waits for a place, or for one that comes back.
    async fn lease_new(
        self: &Arc<Self>,
        worker: usize,
        spawner: &Spawner,
        is_fresh: bool,
        header: &[u8],
        now: Moment,
    ) -> Result<Lease, ConnectError> {
        if is_fresh || self.settings().sends_proxy_header {
            let place = self.place().await?;
            return self
                .open_connection(worker, spawner, place, header, now)
                .await;
        }
        loop {
            if let Turn::Place(place) = self.turn(worker).await? {
                return self
                    .open_connection(worker, spawner, place, header, now)
                    .await;
            }
            if let Some(lease) = self.reuse(worker, now).await {
                return Ok(lease);
            }
        }
    }

    async fn reuse(self: &Arc<Self>, worker: usize, now: Moment) -> Option<Lease> {
        if self.speaks_http2() == Some(true) {
            let found = self.idle_of(worker).find_http2(self.settings(), now)?;
            return Some(self.lease_of(worker, found, true));
        }
        loop {
            let idle = self.idle_of(worker).take_http1(self.settings(), now)?;
            let is_long = now.since(idle.idle_since) >= LOOKED_AT_AFTER;
            if is_long || !idle.sender.is_ready() {
                // What reads the connection may not have run since the last exchange ended, or may not have been told yet
                // that the endpoint closed it: the runtime asks the system before it goes on here.
                tokio::task::yield_now().await;
            }
            if idle.sender.is_ready() {
                return Some(Lease {
                    target: Arc::clone(self),
                    worker,
                    kind: Kind::Http1(idle.sender),
                    is_reused: true,
                    opened: idle.opened,
                });
            }
        }
    }

    /// Opens one HTTP/2 connection for all who wait for it.
    async fn lease_http2(
        self: &Arc<Self>,
        worker: usize,
        spawner: &Spawner,
        header: &[u8],
        now: Moment,
    ) -> Result<Lease, ConnectError> {
        // Whoever waits here has no connection either: he is told so in the same time, since his request is untouched then.
        let timeout = self.settings().connect_timeout;
        let turn = tokio::time::timeout(timeout, self.opening_of(worker).lock()).await;
        let _one_at_a_time = turn.map_err(|_| {
            let what = format!("none within {timeout:?}, while another one was opened");
            ConnectError::new(FailureKind::ConnectTimeout, what)
        })?;
        let found = self.idle_of(worker).find_http2(self.settings(), now);
        if let Some(found) = found {
            return Ok(self.lease_of(worker, found, true));
        }
        let place = self.place().await?;
        self.open_connection(worker, spawner, place, header, now)
            .await
    }

    async fn open_connection(
        self: &Arc<Self>,
        worker: usize,
        spawner: &Spawner,
        place: OwnedSemaphorePermit,
        header: &[u8],
        now: Moment,
    ) -> Result<Lease, ConnectError> {
        let io = self.connect_at(place, Purpose::Exchanges, header).await?;
        let is_http2 = match &self.settings().tls {
            None => self.speaks_http2() == Some(true),
            Some(_) => io.speaks_http2(),
        };
        if !is_http2 && self.settings().protocol == crate::model::Protocol::Http2 {
            let what = "the endpoint does not speak HTTP/2, which its backend asks for";
            return Err(ConnectError::new(FailureKind::Tls, what));
        }
        self.learned(is_http2);
        match is_http2 {
            false => self.start_http1(worker, spawner, io, now).await,
            true => self.start_http2(worker, spawner, io, now).await,
        }
    }

    async fn start_http1(
        self: &Arc<Self>,
        worker: usize,
        spawner: &Spawner,
        io: Io,
        now: Moment,
    ) -> Result<Lease, ConnectError> {
        let started = http1::Builder::new().handshake(TokioIo::new(io)).await;
        let (sender, connection) = started.map_err(|error| not_started(&error))?;
        spawner.spawn("upstream connection", async move {
            // Who waits for an answer is told why it ended; nobody else wants to know.
            let _ = connection.await;
        });
        Ok(Lease {
            target: Arc::clone(self),
            worker,
            kind: Kind::Http1(sender),
            is_reused: false,
            opened: now,
        })
    }

    async fn start_http2(
        self: &Arc<Self>,
        worker: usize,
        spawner: &Spawner,
        io: Io,
        now: Moment,
    ) -> Result<Lease, ConnectError> {
        let started = http2::Builder::new(Executor(spawner.clone()))
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .keep_alive_interval(PING_AFTER)
            .keep_alive_timeout(PING_AFTER)
            .handshake(TokioIo::new(io))
            .await;
        let (sender, connection) = started.map_err(|error| not_started(&error))?;
        spawner.spawn("upstream connection", async move {
            let _ = connection.await;
        });
        let connection = Http2 {
            sender,
            opened: now,
            used: now,
            streams: Arc::default(),
        };
        let lease = self.lease_of(worker, connection.clone(), false);
        if !self.settings().sends_proxy_header && !self.is_closed() {
            self.idle_of(worker).put_http2(connection);
        }
        Ok(lease)
    }

    fn lease_of(self: &Arc<Self>, worker: usize, connection: Http2, is_reused: bool) -> Lease {
        let stream = Stream::new(&connection.streams);
        Lease {
            target: Arc::clone(self),
            worker,
            kind: Kind::Http2(connection.sender, stream),
            is_reused,
            opened: connection.opened,
        }
    }
}

fn not_started(error: &hyper::Error) -> ConnectError {
    ConnectError::new(FailureKind::Closed, format!("the HTTP handshake: {error}"))
}

impl From<TrySendError<Request<RequestBody>>> for SendError {
    fn from(mut error: TrySendError<Request<RequestBody>>) -> Self {
        let unsent = error.take_message();
        let source = error.into_error();
        let kind = match unsent.is_some() {
            true => FailureKind::NotProcessed,
            false => kind_of(&source),
        };
        let of_stream = h2_error(&source).is_some_and(h2::Error::is_reset);
        Self {
            kind,
            is_unsent: unsent.is_some(),
            unsent,
            is_connections_end: !of_stream
                && !source.is_timeout()
                && kind != FailureKind::Malformed,
            source,
        }
    }
}

/// What hyper's error says about the endpoint.
pub(crate) fn kind_of(error: &hyper::Error) -> FailureKind {
    if error.is_parse() {
        return FailureKind::Malformed;
    }
    match h2_error(error) {
        // h2 ends with this the streams above the number that the endpoint's GOAWAY names, which it never looked at (RFC
        // 9113, 6.8). Those below go on, and break with the connection if it does.
        Some(error) if error.is_go_away() && error.is_remote() => FailureKind::NotProcessed,
        Some(error) if error.is_reset() => match error.reason() {
            Some(h2::Reason::REFUSED_STREAM) => FailureKind::NotProcessed,
            Some(h2::Reason::PROTOCOL_ERROR | h2::Reason::FRAME_SIZE_ERROR)
                if error.is_library() =>
            {
                FailureKind::Malformed
            }
            _ => FailureKind::Closed,
        },
        Some(error) if error.is_library() => FailureKind::Malformed,
        _ => FailureKind::Closed,
    }
}

fn h2_error(error: &hyper::Error) -> Option<&h2::Error> {
    std::error::Error::source(error)?.downcast_ref()
}

/// Runs the tasks of HTTP/2 connections on the worker's thread.
#[derive(Clone, Debug)]
struct Executor(Spawner);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Executor {
    fn execute(&self, future: F) {
        self.0.spawn("upstream stream", future);
    }
}
