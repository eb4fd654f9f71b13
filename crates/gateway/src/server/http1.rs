//! A connection that speaks HTTP/1.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1::{Builder, UpgradeableConnection};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::connection::ConnectionInfo;
use super::drive::{End, Limits, Protocol, drive};
use super::exchange::Service;
use super::handler::{Handler, Refusal};
use super::progress::Progress;
use super::rest::rest;
use super::serve::Greeted;
use super::stream::ClientStream;
use crate::listener::Settings;

/// How long a client may go on sending what nobody reads any more.
const LINGER: Duration = Duration::from_secs(1);
/// How much of it is read.
const LINGER_MAX: usize = 256 << 10;
/// What is read at a time, at most: large bodies need not many reads, and many connections not much memory.
const BUFFER_MAX: usize = 64 << 10;

/// Makes what the connections of a listener are served with; heads have at most `headers_max` bytes.
pub(crate) fn builder(headers_max: usize) -> Builder {
    let mut builder = Builder::new();
    builder
        .timer(TokioTimer::new())
        // The time of heads is kept in `progress`, where it does not run while a connection is idle.
        .header_read_timeout(None)
        .max_header_size(headers_max)
        .max_buf_size(headers_max.max(BUFFER_MAX));
    builder
}

/// Serves a connection to its end, or until it is something else than HTTP.
pub(super) async fn serve<H: Handler>(greeted: Greeted<H>) {
    let limits = greeted.settings.limits();
    let talk = Talk::<H> {
        worker: greeted.worker,
        settings: greeted.settings,
        info: greeted.info,
        progress: greeted.progress,
        limits,
    };
    let mut stream = greeted.stream;
    // Boxed: one that rests has no room for what one that works needs, which is several times as much.
    while let Some(quiet) = Box::pin(talk.work(stream)).await {
        match rest(quiet, &talk.progress, limits).await {
            Some(resumed) => stream = resumed,
            None => return,
        }
    }
}

/// What a connection keeps while it rests.
struct Talk<H: Handler> {
    worker: Arc<H::Worker>,
    settings: Arc<Settings>,
    info: Arc<ConnectionInfo>,
    progress: Arc<Progress>,
    limits: Limits,
}

impl<H: Handler> Talk<H> {
    /// Serves requests; returns the connection when it is worth to be kept without buffers.
    async fn work(&self, stream: ClientStream) -> Option<ClientStream> {
        let service = Service::<H> {
            worker: Arc::clone(&self.worker),
            connection: Arc::clone(&self.info),
            progress: Arc::clone(&self.progress),
            settings: Arc::clone(&self.settings),
            stalls: None,
        };
        let service = service_fn(move |request| service.call(request));
        let builder = &self.settings.http1;
        let mut connection = builder
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let end = drive(&mut connection, &self.progress, self.limits).await;
        let refusal = match end {
            End::Over(Ok(())) => {
                // It may have been upgraded: then it is out of our hands.
                self.progress.detach();
                return None;
            }
            End::Over(Err(error)) => self.refusal(&error)?,
            End::HeadTimeout => Refusal::HeadTimeout,
            End::Cut => return None,
            End::Quiet => {
                let parts = connection.into_parts()?;
                let mut stream = parts.io.into_inner();
                // A head may have begun behind the request before. None of it still holds the memory of the buffer.
                if !parts.read_buf.is_empty() {
                    stream.read_again(parts.read_buf);
                }
                return Some(stream);
            }
        };
        self.refused(refusal);
        if let Some(parts) = connection.into_parts() {
            let mut stream = parts.io.into_inner();
            // Of the others hyper has answered what it understood to be a request.
            let answer = (refusal == Refusal::HeadTimeout).then(|| answer(refusal));
            let _ = timeout(LINGER, leave(&mut stream, answer)).await;
        }
        None
    }

    /// Says what was wrong with bytes that are no request; `None` when the connection broke.
    fn refusal(&self, error: &hyper::Error) -> Option<Refusal> {
        if error.is_parse_too_large() {
            return Some(Refusal::HeadTooLarge);
        }
        if error.is_parse() {
            return Some(Refusal::Malformed);
        }
        let (listener, peer) = (&self.info.listener.name, self.info.peer);
        let error: &dyn Error = error;
        tracing::debug!(%listener, %peer, error, "a connection broke");
        None
    }

    fn refused(&self, refusal: Refusal) {
        self.settings.failed(match refusal {
            Refusal::HeadTimeout => "head_timeout",
            _ => "malformed",
        });
        H::broken(&self.worker, &self.info, refusal);
    }
}

/// Returns the answer to bytes that never became a request.
fn answer(refusal: Refusal) -> String {
    let (status, why) = (refusal.status(), refusal.explanation());
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: text/plain\r\n\
         x-plimsoll-reason: bad_request\r\ncontent-length: {}\r\n\r\n{why}\n",
        why.len() + 1
    )
}

/// Answers and closes, and reads what the client still sends: closing before would take back the answer (RFC 9112, 9.6).
async fn leave(stream: &mut ClientStream, answer: Option<String>) -> std::io::Result<()> {
    if let Some(answer) = answer {
        stream.write_all(answer.as_bytes()).await?;
    }
    stream.shutdown().await?;
    let mut sink = [0; 2048];
    let mut left = LINGER_MAX;
    while left > 0 {
        match stream.read(&mut sink).await? {
            0 => break,
            read => left = left.saturating_sub(read),
        }
    }
    Ok(())
}

impl<S, F, B> Protocol for UpgradeableConnection<TokioIo<ClientStream>, S>
where
    S: hyper::service::Service<Request<Incoming>, Response = Response<B>, Future = F>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    F: Future<Output = Result<Response<B>, S::Error>>,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    Self: Future<Output = hyper::Result<()>> + Unpin,
{
    const CLOSES_SAFELY: bool = false;
    const RESTS: bool = true;

    fn wind_down(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}
