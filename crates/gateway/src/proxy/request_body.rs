//! The request's body on its way to an endpoint: kept up to a limit, so that another attempt can send it again.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::server::{ClientBody, ClientBodyError};

/// Parts of a body that are kept, each of which costs more than its bytes: a body in very small ones is not kept.
const PARTS_MAX: usize = 1024;

/// Why a request's body ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The client left, or broke the rules of HTTP.
    #[error("the client's body broke off")]
    Client,
    /// The client sent nothing of it for too long.
    #[error("the client sent nothing of the body for too long")]
    Silent,
    /// The client was still sending it when the time of the request was over.
    #[error("the client was still sending the body when its time was over")]
    Late,
    /// It has more bytes than the route allows.
    #[error("the body is larger than the route allows")]
    TooLarge,
    /// Another attempt took over.
    #[error("another attempt sends the body")]
    Superseded,
}

/// What one attempt sends.
#[derive(Debug)]
pub enum RequestBody {
    /// Nothing.
    Empty,
    /// The client's body.
    Client(Reader),
    /// A copy of it.
    Memory(Option<Bytes>),
}

/// The client's body, shared by the attempts of a request.
#[derive(Clone, Debug)]
pub struct Source(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Bytes that were read from the client.
    read: AtomicU64,
}

#[derive(Debug)]
struct State {
    incoming: ClientBody,
    /// What was read, for another attempt; what is beyond the limit is not kept.
    kept: Vec<Kept>,
    kept_bytes: u64,
    keep_max: u64,
    body_max: u64,
    /// Something was read and not kept: no other attempt can send the body.
    is_lossy: bool,
    is_ended: bool,
    /// An endpoint waits for what the client sends next.
    is_waiting: bool,
    error: Option<BodyError>,
    /// Counts the attempts; only the latest reads.
    generation: u32,
}

#[derive(Clone, Debug)]
enum Kept {
    Data(Bytes),
    Trailers(http::HeaderMap),
}

/// One attempt's way through the body.
#[derive(Debug)]
pub struct Reader {
    source: Source,
    next: usize,
    generation: u32,
    is_ended: bool,
    size: SizeHint,
}

impl Source {
    /// Wraps what the client sends; `keep_max` bytes of it are kept for another attempt, and a body with more than
    /// `body_max` bytes is an error.
    pub fn new(incoming: ClientBody, keep_max: u64, body_max: Option<u64>) -> Self {
        // What is known to be too large is not kept at all.
        let keep_max = match incoming.size_hint().lower() > keep_max {
            true => 0,
            false => keep_max,
        };
        Self(Arc::new(Shared {
            state: Mutex::new(State {
                incoming,
                kept: Vec::new(),
                kept_bytes: 0,
                keep_max,
                body_max: body_max.unwrap_or(u64::MAX),
                is_lossy: false,
                is_ended: false,
                is_waiting: false,
                error: None,
                generation: 0,
            }),
            read: AtomicU64::new(0),
        }))
    }

    /// Returns the body from its beginning, for one attempt; earlier readers end with [`BodyError::Superseded`].
    pub fn reader(&self) -> Reader {
        let mut state = self.state();
        state.generation += 1;
        state.is_waiting = false;
        let size = match state.kept.is_empty() && state.generation == 1 {
            true => state.incoming.size_hint(),
            false => state.whole_size(),
        };
        let generation = state.generation;
        drop(state);
        Reader {
            source: self.clone(),
            next: 0,
            generation,
            is_ended: false,
            size,
        }
    }

    /// Says whether another attempt can send the body.
    pub fn is_replayable(&self) -> bool {
        let state = self.state();
        !state.is_lossy && state.error.is_none()
    }

    /// Says whether the client's body was read to its end: two attempts may then send it at the same time.
    pub fn is_whole(&self) -> bool {
        self.state().is_ended
    }

    /// Says whether it is the client for whom the attempt waits.
    pub fn is_waiting(&self) -> bool {
        self.state().is_waiting
    }

    /// Returns what was read, if all of it was read and kept: the body of a mirrored copy.
    pub fn whole(&self) -> Option<Bytes> {
        let state = self.state();
        if !state.is_ended || state.is_lossy {
            return None;
        }
        let mut bytes = bytes::BytesMut::with_capacity(state.kept_bytes as usize);
        for kept in &state.kept {
            if let Kept::Data(data) = kept {
                bytes.extend_from_slice(data);
            }
        }
        Some(bytes.freeze())
    }

    /// Returns why reading from the client failed, if it did.
    pub fn error(&self) -> Option<BodyError> {
        self.state().error
    }

    /// Returns the bytes that were read from the client.
    pub fn bytes_read(&self) -> u64 {
        self.0.read.load(Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The size from the beginning, when part of the body was read already.
    fn whole_size(&self) -> SizeHint {
        let rest = self.incoming.size_hint();
        let mut size = SizeHint::new();
        match rest.exact() {
            Some(rest) => size.set_exact(self.kept_bytes + rest),
            None => size.set_lower(self.kept_bytes + rest.lower()),
        }
        size
    }

    fn keep(&mut self, frame: &Frame<Bytes>) {
        if self.is_lossy {
            return;
        }
        if let Some(data) = frame.data_ref() {
            let bytes = self.kept_bytes + data.len() as u64;
            if bytes > self.keep_max || self.kept.len() >= PARTS_MAX {
                self.is_lossy = true;
                self.kept = Vec::new();
                return;
            }
            self.kept_bytes = bytes;
            self.kept.push(Kept::Data(data.clone()));
        } else if let Some(trailers) = frame.trailers_ref() {
            self.kept.push(Kept::Trailers(trailers.clone()));
        }
    }

    /// Reads the next frame from the client.
    fn poll_client(
        &mut self,
        ctx: &mut Context<'_>,
        read: &AtomicU64,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(error) = self.error {
            return Poll::Ready(Some(Err(error)));
        }
        if self.is_ended {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut self.incoming).poll_frame(ctx);
        self.is_waiting = polled.is_pending();
        match std::task::ready!(polled) {
            None => {
                self.is_ended = true;
                Poll::Ready(None)
            }
            Some(Err(ClientBodyError::Silent(_))) => self.fail(BodyError::Silent),
            Some(Err(ClientBodyError::Broken(_))) => self.fail(BodyError::Client),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    let total = read.fetch_add(data.len() as u64, Relaxed) + data.len() as u64;
                    if total > self.body_max {
                        return self.fail(BodyError::TooLarge);
                    }
                }
                self.keep(&frame);
                self.is_ended = self.incoming.is_end_stream();
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn fail(&mut self, error: BodyError) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.error = Some(error);
        Poll::Ready(Some(Err(error)))
    }
}

impl Reader {
    fn poll(&mut self, ctx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let shared = Arc::clone(&self.source.0);
        let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.generation != self.generation && !state.is_ended {
            return Poll::Ready(Some(Err(BodyError::Superseded)));
        }
        if let Some(kept) = state.kept.get(self.next) {
            let frame = match kept.clone() {
                Kept::Data(data) => Frame::data(data),
                Kept::Trailers(trailers) => Frame::trailers(trailers),
            };
            self.next += 1;
            self.is_ended = state.is_ended && self.next == state.kept.len();
            return Poll::Ready(Some(Ok(frame)));
        }
        let polled = std::task::ready!(state.poll_client(ctx, &shared.read));
        self.next = state.kept.len();
        self.is_ended = state.is_ended;
        Poll::Ready(polled)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Client(reader) => reader.poll(ctx),
            Self::Memory(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Client(reader) => reader.is_ended,
            Self::Memory(bytes) => bytes.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Client(reader) => reader.size,
            Self::Memory(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    fn source(text: &'static str, keep_max: u64, body_max: Option<u64>) -> Source {
        let body = ClientBody::from_bytes(Bytes::from_static(text.as_bytes()));
        Source::new(body, keep_max, body_max)
    }

    async fn read(reader: Reader) -> Result<String, BodyError> {
        let whole = RequestBody::Client(reader).collect().await?;
        Ok(String::from_utf8(whole.to_bytes().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn each_attempt_sends_it_from_the_beginning() {
        let source = source("the body", 100, None);
        assert!(source.is_replayable() && !source.is_whole());
        for _ in 0..3 {
            let reader = source.reader();
            assert_eq!(reader.size.exact(), Some(8));
            assert_eq!(read(reader).await.unwrap(), "the body");
        }
        assert!(source.is_whole());
        assert_eq!(source.bytes_read(), 8, "it was read once");
        assert_eq!(source.whole().unwrap(), "the body");
    }

    #[tokio::test]
    async fn what_is_larger_is_not_kept() {
        let source = source("the body", 7, None);
        assert!(source.is_replayable(), "nothing was sent yet");
        assert_eq!(read(source.reader()).await.unwrap(), "the body");
        assert!(!source.is_replayable() && source.whole().is_none());
    }

    #[tokio::test]
    async fn an_attempt_that_was_given_up_reads_no_more() {
        let source = source("the body", 100, None);
        let given_up = source.reader();
        let latest = source.reader();
        assert_eq!(read(given_up).await, Err(BodyError::Superseded));
        assert_eq!(read(latest).await.unwrap(), "the body");
    }

    #[tokio::test]
    async fn what_is_too_large_is_an_error() {
        let source = source("the body", 100, Some(7));
        assert_eq!(read(source.reader()).await, Err(BodyError::TooLarge));
        assert_eq!(source.error(), Some(BodyError::TooLarge));
        assert!(!source.is_replayable());
    }

    #[test]
    fn a_body_in_very_small_parts_is_not_kept() {
        let source = source("the body", u64::MAX, None);
        let mut state = source.state();
        for _ in 0..=PARTS_MAX {
            state.keep(&Frame::data(Bytes::from_static(b"x")));
        }
        assert!(state.is_lossy && state.kept.is_empty());
    }
}
