//! Bodies of requests: read within a limit of their own, the memory of all, and a bound on silence.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use plimsoll_runtime::clock::{Clock, Sleep};
use plimsoll_runtime::http::{BodyMemory, BodyShare, Error, ErrorKind, read_capped_within};
use plimsoll_types::ByteCount;

use crate::app::App;
use crate::error::Kind;

/// How long a client may be silent in the middle of a body.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// A body that could not be read.
#[derive(Debug)]
pub(crate) struct Unread {
    pub(crate) kind: Kind,
    pub(crate) reason: String,
}

/// Reads a body of at most `limit` bytes; the share is held as long as something of it is.
pub(crate) async fn read(
    app: &App,
    body: Body,
    limit: ByteCount,
) -> Result<(Bytes, BodyShare), Unread> {
    read_within(app.parts.receiver.memory(), &app.parts.clock, body, limit).await
}

/// Reads a body of at most `limit` bytes within a memory that it shares.
pub(crate) async fn read_within(
    memory: &BodyMemory,
    clock: &Arc<dyn Clock>,
    body: Body,
    limit: ByteCount,
) -> Result<(Bytes, BodyShare), Unread> {
    let heard = Heard {
        body,
        clock: clock.clone(),
        patience: None,
    };
    read_capped_within(heard, limit, memory)
        .await
        .map_err(|error| Unread {
            kind: kind(&error),
            reason: error.chain(),
        })
}

/// Silence is answered as overload is, because the same request may well succeed later.
fn kind(error: &Error) -> Kind {
    let is_silence = std::error::Error::source(error).is_some_and(|source| source.is::<Silence>());
    match error.kind() {
        ErrorKind::TooLarge => Kind::TooLarge,
        ErrorKind::Overloaded => Kind::Unavailable,
        _ if is_silence => Kind::Unavailable,
        _ => Kind::BadData,
    }
}

/// The client sent nothing for too long.
#[derive(Debug)]
struct Silence;

impl std::fmt::Display for Silence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "nothing came for {SILENCE_MAX:?}")
    }
}

impl std::error::Error for Silence {}

/// A body that breaks off when nothing of it comes for too long.
struct Heard {
    body: Body,
    clock: Arc<dyn Clock>,
    /// Runs while a frame is awaited.
    patience: Option<Sleep>,
}

impl http_body::Body for Heard {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(ctx) {
            this.patience = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let patience = this
            .patience
            .get_or_insert_with(|| this.clock.sleep(SILENCE_MAX));
        let silence = || Some(Err(axum::BoxError::from(Silence)));
        patience.as_mut().poll(ctx).map(|()| silence())
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
