//! A request's body, whose client may not be silent for longer than the listener says.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::progress::Exchange;

/// A request's body.
pub struct ClientBody {
    source: Source,
    silence_max: Duration,
    /// Made when the first part is waited for: most bodies come with their head.
    silence: Option<Pin<Box<Sleep>>>,
    /// Whether `silence` runs for the part that is waited for.
    is_waiting: bool,
    /// Tells the connection that it is read.
    _exchange: Option<Exchange>,
}

enum Source {
    Client(Incoming),
    Memory(Option<Bytes>),
}

/// Why a request's body broke off.
#[derive(Debug, thiserror::Error)]
pub enum ClientBodyError {
    /// The client sent nothing for the listener's `body` timeout.
    #[error("the client sent nothing of the body for {0:?}")]
    Silent(Duration),
    /// The client left, or what it sent is not HTTP.
    #[error("the body broke off")]
    Broken(#[source] hyper::Error),
}

impl ClientBody {
    /// Wraps what hyper reads.
    pub(crate) fn new(
        incoming: Incoming,
        silence_max: Duration,
        exchange: Option<Exchange>,
    ) -> Self {
        Self {
            _exchange: exchange,
            ..Self::from_source(Source::Client(incoming), silence_max)
        }
    }

    /// Makes a body of bytes that are there already.
    pub fn from_bytes(bytes: Bytes) -> Self {
        let some = (!bytes.is_empty()).then_some(bytes);
        Self::from_source(Source::Memory(some), Duration::MAX)
    }

    fn from_source(source: Source, silence_max: Duration) -> Self {
        Self {
            source,
            silence_max,
            silence: None,
            is_waiting: false,
            _exchange: None,
        }
    }

    /// Begins to measure the silence when it has just begun, and says whether it is over its limit.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.is_waiting {
            let Some(deadline) = Instant::now().checked_add(self.silence_max) else {
                return Poll::Pending;
            };
            match &mut self.silence {
                Some(silence) => silence.as_mut().reset(deadline),
                None => self.silence = Some(Box::pin(tokio::time::sleep_until(deadline))),
            }
            self.is_waiting = true;
        }
        match &mut self.silence {
            Some(silence) => silence.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

impl Body for ClientBody {
    type Data = Bytes;
    type Error = ClientBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ClientBodyError>>> {
        let incoming = match &mut self.source {
            Source::Client(incoming) => incoming,
            Source::Memory(bytes) => {
                return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes))));
            }
        };
        if let Poll::Ready(frame) = Pin::new(incoming).poll_frame(context) {
            self.is_waiting = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(ClientBodyError::Broken)));
        }
        ready!(self.poll_silence(context));
        Poll::Ready(Some(Err(ClientBodyError::Silent(self.silence_max))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Client(incoming) => incoming.is_end_stream(),
            Source::Memory(bytes) => bytes.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Client(incoming) => incoming.size_hint(),
            Source::Memory(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64)
            }
        }
    }
}

impl fmt::Debug for ClientBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBody")
            .field("size_hint", &self.size_hint())
            .finish_non_exhaustive()
    }
}
