//! What the handlers of alerting share: who is asked, and what their requests and answers may take together.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use plimsoll_alerting::Engine;
use plimsoll_alerting::rows::HistoryRow;
use plimsoll_alerting::surface::Alerting;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::http::{BodyMemory, BodyShare};
use plimsoll_runtime::tasks::Tasks;
use plimsoll_types::{ByteCount, Timestamp};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Refused;
use crate::app::BuildInfo;
use crate::body;
use crate::error::Kind;

/// Answers that are looked for and written at the same time; others wait.
const SHOWN_AT_ONCE: usize = 4;
/// Requests that wait for that.
const WAITING_MAX: usize = 100;
/// Reads of the history at the same time: each may hold thousands of rows, and all wait as long as the database is away,
/// so they have no turn among the others.
const HISTORIES_AT_ONCE: usize = 4;
/// What answers may take that their clients have not read yet.
const UNSENT_MAX: ByteCount = ByteCount::MIB.times(256);
/// What is sent at a time.
const PIECE_BYTES: usize = 64 << 10;
/// Longer bodies are parsed on blocking threads: parsing them takes more than half a millisecond.
const PARSED_AT_ONCE: usize = 16 << 10;

/// Who is asked about alerts, and by which means.
pub(crate) struct Desk {
    pub(crate) alerting: Arc<dyn Alerting>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) build: BuildInfo,
    tasks: Tasks,
    /// What bodies of requests take.
    received: BodyMemory,
    /// What answers take.
    unsent: BodyMemory,
    turns: Semaphore,
    waiting: Semaphore,
    histories: Semaphore,
}

impl Desk {
    pub(crate) fn new(
        alerting: Arc<dyn Alerting>,
        clock: Arc<dyn Clock>,
        tasks: Tasks,
        received: BodyMemory,
        build: BuildInfo,
    ) -> Arc<Self> {
        Arc::new(Self {
            alerting,
            clock,
            build,
            tasks,
            received,
            unsent: BodyMemory::new(UNSENT_MAX),
            turns: Semaphore::new(SHOWN_AT_ONCE),
            waiting: Semaphore::new(WAITING_MAX),
            histories: Semaphore::new(HISTORIES_AT_ONCE),
        })
    }

    /// Answers a question on a blocking thread: it waits for the engine, and there may be many alerts to write.
    ///
    /// # Cancel safety
    /// When the future is dropped, a question that has begun goes on to its end.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        question: impl FnOnce(&Self) -> Result<Vec<u8>, Refused> + Send + 'static,
    ) -> Result<Response, Refused> {
        let written = self.ask(question).await??;
        let share = self.unsent.take(written.len() as u64);
        let share = share.map_err(|error| Refused::Later(error.chain()))?;
        let kind = [(header::CONTENT_TYPE, "application/json")];
        Ok((kind, in_pieces(written, share)).into_response())
    }

    /// Runs a question on a blocking thread when its turn comes.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let Ok(place) = self.waiting.try_acquire() else {
            return Err(Refused::Later(format!(
                "{SHOWN_AT_ONCE} requests about alerts are answered and {WAITING_MAX} wait: try again later"
            )));
        };
        let _turn = self.turns.acquire().await;
        drop(place);
        let desk = self.clone();
        let asked = self.tasks.run_blocking("alerts", move || question(&desk));
        asked.await.map_err(|_| Refused::fault())
    }

    /// Reads at most `count` lines of the history, the newest first; they are to be let go of before the place among those
    /// who read is.
    pub(crate) async fn history(
        &self,
        count: u32,
    ) -> Result<(Vec<HistoryRow>, SemaphorePermit<'_>), Refused> {
        let Ok(place) = self.histories.try_acquire() else {
            return Err(Refused::Later(format!(
                "{HISTORIES_AT_ONCE} others read the history of notices: try again later"
            )));
        };
        let read = self.alerting.history(count).await;
        let rows = read.map_err(|error| {
            Refused::Later(format!("the history of notices cannot be read: {error}"))
        })?;
        Ok((rows, place))
    }

    /// Looks at the engine. Blocks.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Engine, Timestamp) -> T) -> T {
        let (mut look, mut seen) = (Some(look), None);
        self.alerting.read(&mut |engine, now| {
            if let Some(look) = look.take() {
                seen = Some(look(engine, now));
            }
        });
        seen.expect("whoever runs the engine shows it once")
    }

    /// Reads a body and parses it, on a blocking thread when it is long. The share of the memory of all bodies is to be
    /// held as long as what was parsed.
    pub(crate) async fn parse<T: Send + 'static>(
        &self,
        body: Body,
        limit: ByteCount,
        parse: impl FnOnce(&[u8]) -> Result<T, Refused> + Send + 'static,
    ) -> Result<(T, BodyShare), Refused> {
        let read = body::read_within(&self.received, &self.clock, body, limit).await;
        let (bytes, share) = read.map_err(|unread| match unread.kind {
            Kind::Unavailable => Refused::Later(unread.reason),
            kind => Refused::text(kind.status(), unread.reason),
        })?;
        if bytes.len() <= PARSED_AT_ONCE {
            return Ok((parse(&bytes)?, share));
        }
        // The share goes along: the work goes on to its end though the client may be gone.
        let work = move || Ok((parse(&bytes)?, share));
        let parsed = self.tasks.run_blocking("posted alerts", work).await;
        parsed.unwrap_or_else(|_| Err(Refused::fault()))
    }
}

/// Makes a body that keeps its share until it is sent.
fn in_pieces(written: Vec<u8>, share: BodyShare) -> Body {
    let rest = (Bytes::from(written), share);
    Body::from_stream(stream::unfold(rest, async |(mut rest, share)| {
        let piece = rest.split_to(rest.len().min(PIECE_BYTES));
        let is_more = !piece.is_empty();
        is_more.then_some((Ok::<_, std::convert::Infallible>(piece), (rest, share)))
    }))
}
