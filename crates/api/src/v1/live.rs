//! `/api/v1/live`: says when something changed, so that screens load what they show again and only then.
//!
//! A stream of events (`text/event-stream`):
//!
//! | line | what |
//! |---|---|
//! | `event: pulse` with `data: {"at", "revisions", "counts"}` | one of the topics has another revision, or a count is another |
//! | `: still here` | nothing, for 15 s: shows whether the client is still there |
//!
//! Pulses are made by one task for all readers, at most every 2 s, and only while somebody reads. Each reader sees the
//! newest one when it is ready for it: who reads slowly misses pulses and slows nobody.

mod producer;
mod pulse;
mod state;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::shutdown::Shutdown;
use tokio::sync::OwnedSemaphorePermit;

use super::slos::parameters;
use crate::error::{ApiError, Kind};
use crate::openapi::Described;
use crate::params::Params;
use crate::ui::Desk;

use producer::{READERS_MAX, Subscription};
use pulse::{Pulse, Sent, Topic};

pub(crate) use producer::Live;

/// A client that is gone without a word is noticed after this time.
const SILENCE_MAX: Duration = Duration::from_secs(15);
const STILL_HERE: &str = ": still here\n\n";

/// Describes the path.
pub(super) fn describe(to: &mut Described) {
    to.get("/api/v1/live", "Streams events of the kind `pulse`.")
        .takes("topics", "Some topics with commas between; default all.")
        .streams::<pulse::PulseView<'static>>("text/event-stream");
}

/// Streams pulses until the client goes away or the server stops.
pub(super) async fn live(State(desk): State<Arc<Desk>>, uri: Uri) -> Result<Response, ApiError> {
    parameters::check(&uri, &["topics"])?;
    let topics = topics(&Params::from_query(uri.query()))?;
    let place = desk.live.place().ok_or_else(|| {
        let reason = format!("{READERS_MAX} readers follow already");
        ApiError::new(Kind::Unavailable, reason)
    })?;
    let reader = Reader {
        subscription: desk.live.subscribe(&desk, topics.contains(&Topic::Signals)),
        topics,
        last: None,
        clock: desk.clock.clone(),
        stop: desk.tasks.shutdown().clone(),
        _place: place,
    };
    let events = stream::unfold(reader, async |mut reader| {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), reader))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

/// Reads `topics`: some of them with commas between; all where nothing is said.
fn topics(params: &Params) -> Result<Vec<Topic>, ApiError> {
    let Some(text) = params.get("topics") else {
        return Ok(Topic::ALL.to_vec());
    };
    let topic = |name: &str| {
        Topic::from_name(name).ok_or_else(|| {
            let all = Topic::ALL.map(Topic::as_str).join(", ");
            ApiError::parameter("topics", format!("wanted some of {all}, found {name:?}"))
        })
    };
    text.split(',').map(topic).collect()
}

/// One client.
struct Reader {
    subscription: Subscription,
    topics: Vec<Topic>,
    /// What it saw last.
    last: Option<Sent>,
    clock: Arc<dyn Clock>,
    stop: Shutdown,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// Waits for the next thing to say; `None` when the server stops.
    async fn next(&mut self) -> Option<String> {
        let silence = self.clock.monotonic().after(SILENCE_MAX);
        loop {
            let seen = tokio::select! {
                seen = self.subscription.next() => seen?,
                () = self.clock.sleep_until(silence) => return Some(STILL_HERE.to_owned()),
                () = self.stop.wait() => return None,
            };
            if let Some(event) = self.event(&seen) {
                return Some(event);
            }
        }
    }

    /// Writes a pulse; `None` when nothing in it is new to this client, or not all of it is known yet.
    fn event(&mut self, pulse: &Pulse) -> Option<String> {
        let sent = pulse.of(&self.topics)?;
        if self.last.as_ref() == Some(&sent) {
            return None;
        }
        let event = sent.event(pulse.at);
        self.last = Some(sent);
        Some(event)
    }
}
