//! One request and its answer, as the connection sees them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::body::ClientBody;
use super::connection::ConnectionInfo;
use super::handler::{Handler, Refusal, Reset};
use super::progress::{Exchange, Progress};
use super::stall::{Next, Stall};
use crate::listener::Settings;

/// What requests of a connection have in common.
pub(super) struct Service<H: Handler> {
    pub(super) worker: Arc<H::Worker>,
    pub(super) connection: Arc<ConnectionInfo>,
    pub(super) progress: Arc<Progress>,
    pub(super) settings: Arc<Settings>,
    /// Hands what watches an answer to the task of its stream; `None` in HTTP/1, where the connection is watched.
    pub(super) stalls: Option<Next>,
}

impl<H: Handler> Service<H> {
    /// Answers a request.
    pub(super) fn call(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Answer<H::Body>>, Reset>> + Send + use<H> {
        let exchange = self.progress.begin();
        let stall = self.stalls.as_ref().map(Next::make);
        let progress = Arc::clone(&self.progress);
        let is_http1 = request.version() <= Version::HTTP_11;
        // RFC 9112, 6.3: whoever is before us may have seen its end elsewhere, and what follows would be a request to us
        // and a body to them.
        let is_last =
            is_http1 && progress.is_doubtful() && request.headers().contains_key(TRANSFER_ENCODING);
        let (parts, body) = request.into_parts();
        let answered = match refusal(&parts) {
            Some(refusal) => Err(self.refuse(&parts, refusal)),
            None => {
                let reading = (is_http1 && !body.is_end_stream()).then(|| self.progress.read());
                let silence_max = self.settings.listener.timeouts.body;
                let body = ClientBody::new(body, silence_max, reading);
                Ok(H::answer(
                    Arc::clone(&self.worker),
                    Arc::clone(&self.connection),
                    Request::from_parts(parts, body),
                ))
            }
        };
        async move {
            let mut response = match answered {
                Ok(answering) => answering.await?,
                Err(refused) => refused,
            };
            // Asked here and not before: the wish to close may have come while the request ran.
            if is_http1
                && (is_last || progress.is_closing())
                && response.status() != StatusCode::SWITCHING_PROTOCOLS
            {
                close_after(&mut response);
            }
            Ok(response.map(|body| Answer {
                body,
                stall,
                _exchange: exchange,
            }))
        }
    }

    fn refuse(&self, parts: &Parts, refusal: Refusal) -> Response<H::Body> {
        let mut response = H::refuse(&self.worker, &self.connection, parts, refusal);
        if parts.version <= Version::HTTP_11 {
            close_after(&mut response);
        }
        response
    }
}

fn close_after<B>(response: &mut Response<B>) {
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
}

/// Says why a request must not be passed on, if so. What hyper refuses by itself never comes here: bytes that are not
/// HTTP, Content-Length that is no number or two different ones, Transfer-Encoding that does not end in `chunked` or comes
/// with HTTP/1.0. Of a request with both Transfer-Encoding and Content-Length it drops the latter, so that nobody behind
/// us can read it differently; its connection is closed after it.
fn refusal(parts: &Parts) -> Option<Refusal> {
    if parts.version <= Version::HTTP_11 && !is_host_good(parts) {
        return Some(Refusal::BadHost);
    }
    let is_target_good = match parts.uri.path_and_query() {
        Some(target) => {
            let path = target.path();
            path.starts_with('/') || (path == "*" && parts.method == Method::OPTIONS)
        }
        None => false,
    };
    if parts.method == Method::CONNECT || !is_target_good {
        return Some(Refusal::BadTarget);
    }
    None
}

/// RFC 9112, 3.2: HTTP/1.1 has exactly one Host, which names a host or is empty.
fn is_host_good(parts: &Parts) -> bool {
    let mut hosts = parts.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => parts.version < Version::HTTP_11,
        (Some(host), None) => host.as_bytes().iter().all(is_host_byte),
        (Some(_), Some(_)) => false,
    }
}

/// What hosts and ports are made of (RFC 3986, 3.2.2), but for `@`: a user has no place in a Host.
fn is_host_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(byte)
}

/// An answer's body, whose end is the end of the exchange.
pub(super) struct Answer<B> {
    body: B,
    stall: Option<Arc<Stall>>,
    _exchange: Exchange,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Answer<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(context);
        if let Some(stall) = &this.stall {
            match polled {
                Poll::Ready(Some(Ok(_))) => stall.begin(),
                _ => stall.end(),
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
