//! What the server needs from whoever answers: the seam between connections and requests.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};

use super::body::ClientBody;
use super::connection::ConnectionInfo;
use super::stream::ClientStream;
use crate::signals::ListenerSignals;
use crate::worker::Spawner;

/// Answers what connections bring. The server is generic over it, so nothing is boxed per request and connections can
/// be tested without backends.
pub trait Handler: Send + Sync + 'static {
    /// What a worker thread has for itself.
    type Worker: Send + Sync + 'static;
    /// The body of answers.
    type Body: http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>
        + Send
        + Unpin
        + 'static;

    /// Makes what the worker thread at this place has for itself; called once per thread, in the thread.
    fn worker(self: &Arc<Self>, index: usize, spawner: Spawner) -> Arc<Self::Worker>;

    /// Returns what counts the connections of a listener, if anything does.
    fn listener(&self, name: &str) -> Option<Arc<ListenerSignals>> {
        let _ = name;
        None
    }

    /// Answers a request, or resets its connection (HTTP/1) or stream (HTTP/2).
    ///
    /// # Cancel safety
    /// The future is dropped when the client leaves.
    fn answer(
        worker: Arc<Self::Worker>,
        connection: Arc<ConnectionInfo>,
        request: Request<ClientBody>,
    ) -> impl Future<Output = Result<Response<Self::Body>, Reset>> + Send + 'static;

    /// Answers a request that was read but must not be passed on. The connection is closed after it.
    fn refuse(
        worker: &Arc<Self::Worker>,
        connection: &Arc<ConnectionInfo>,
        parts: &Parts,
        refusal: Refusal,
    ) -> Response<Self::Body>;

    /// Takes note of bytes that never became a request; the server has answered them already.
    fn broken(worker: &Arc<Self::Worker>, connection: &Arc<ConnectionInfo>, refusal: Refusal);

    /// Carries a connection of a TCP listener to a backend until one of them ends it.
    fn tunnel(
        worker: Arc<Self::Worker>,
        connection: Arc<ConnectionInfo>,
        tunnel: Tunnel,
    ) -> impl Future<Output = ()> + Send + 'static;
}

/// A connection of a TCP listener.
#[derive(Debug)]
pub struct Tunnel {
    /// The backend's name.
    pub backend: Arc<str>,
    /// After this long without a byte in either direction it ends.
    pub idle: Duration,
    /// The client.
    pub client: ClientStream,
}

/// The connection or the stream is reset without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stream is reset on purpose")]
pub struct Reset;

/// Why a request is refused before anybody looks at where it should go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// What came is not HTTP.
    Malformed,
    /// The head is larger than the listener allows.
    HeadTooLarge,
    /// The head did not come in time.
    HeadTimeout,
    /// HTTP/1.1 wants one Host, and this has none, two or one that is not a host.
    BadHost,
    /// CONNECT, or a target that is no path.
    BadTarget,
}

impl Refusal {
    /// Returns what it is answered with.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::HeadTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Malformed | Self::BadHost | Self::BadTarget => StatusCode::BAD_REQUEST,
        }
    }

    /// Returns one sentence about it for the client, without a final stop.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Malformed => "this is not HTTP",
            Self::HeadTooLarge => "the head of the request is too large",
            Self::HeadTimeout => "the head of the request took too long",
            Self::BadHost => "HTTP/1.1 wants exactly one Host header that names a host",
            Self::BadTarget => "the target of the request must be a path, a URL or *",
        }
    }
}
