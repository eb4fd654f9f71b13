//! A connection that speaks HTTP/2.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::http2::{Builder, Connection};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};

use super::drive::{End, Protocol, drive};
use super::exchange::Service;
use super::handler::Handler;
use super::serve::Greeted;
use super::stall::{Next, Watched};
use super::stream::ClientStream;
use crate::worker::Spawner;

/// Streams of a connection at a time: what RFC 9113, 6.5.2 recommends as the least.
const STREAMS_MAX: u32 = 100;
/// Bytes of bodies that wait to be read, per stream and per connection: what bounds the memory of slow backends.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;
/// Bytes of answers that wait to be sent, per stream.
const SEND_BUFFER: usize = 256 << 10;
/// A client is asked whether it is still there when a stream has been quiet for this long, and has this long to say so.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Serves a connection to its end.
pub(super) async fn serve<H: Handler>(greeted: Greeted<H>) {
    let Greeted {
        worker,
        spawner,
        settings,
        info,
        progress,
        stream,
    } = greeted;
    progress.without_heads();
    let stalls = Next::default();
    let service = Service::<H> {
        worker,
        connection: Arc::clone(&info),
        progress: Arc::clone(&progress),
        settings: Arc::clone(&settings),
        stalls: Some(stalls.clone()),
    };
    let streams = Streams {
        spawner,
        stalls,
        send_max: settings.listener.timeouts.send,
    };
    let headers_max = u32::try_from(settings.listener.headers_max).unwrap_or(u32::MAX);
    let mut connection = Builder::new(streams)
        .timer(TokioTimer::new())
        .max_header_list_size(headers_max)
        .max_concurrent_streams(STREAMS_MAX)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(move |request| service.call(request)),
        );
    if let End::Over(Err(error)) = drive(&mut connection, &progress, settings.limits()).await {
        let error: &dyn Error = &error;
        tracing::debug!(listener = %info.listener.name, peer = %info.peer, error, "a connection broke");
    }
}

/// Runs each stream as a task of the worker.
#[derive(Clone)]
struct Streams {
    spawner: Spawner,
    stalls: Next,
    /// How long a client may take nothing of an answer.
    send_max: Duration,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, future: F) {
        match self.stalls.take() {
            Some(stall) => {
                let watched = Watched::new(future, stall, self.send_max);
                self.spawner.spawn("stream", watched);
            }
            None => self.spawner.spawn("stream", future),
        }
    }
}

impl<S, F, B> Protocol for Connection<TokioIo<ClientStream>, S, Streams>
where
    S: hyper::service::Service<Request<Incoming>, Response = Response<B>, Future = F>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    F: Future<Output = Result<Response<B>, S::Error>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    Self: Future<Output = hyper::Result<()>> + Unpin,
{
    const CLOSES_SAFELY: bool = true;
    const RESTS: bool = false;

    fn wind_down(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}
