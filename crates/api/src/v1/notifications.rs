//! `/api/v1/notifications` and `/notifications/live`: what the server wants to tell whoever looks at it; nothing yet.
//!
//! The live one is a stream of events that stays open. It holds a connection, so only a few are served at a time.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use plimsoll_runtime::tasks::OnPanic;
use tokio::sync::{Semaphore, mpsc};

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};

/// Streams at the same time, as in Prometheus.
const SUBSCRIBERS_MAX: usize = 16;

/// Who listens to notifications.
#[derive(Clone, Debug)]
pub struct Subscribers(Arc<Semaphore>);

impl Default for Subscribers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(SUBSCRIBERS_MAX)))
    }
}

/// Returns the notifications: none.
pub(crate) async fn list() -> Response {
    envelope::raw("[]", &Notes::default())
}

/// Streams notifications until the client goes away or the server stops.
pub(crate) async fn live(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let subscribers = Arc::clone(&app.parts.surface.subscribers.0);
    let place = subscribers.try_acquire_owned().map_err(|_| {
        let reason = format!("{SUBSCRIBERS_MAX} subscribers are served already");
        ApiError::new(Kind::Unavailable, reason)
    })?;
    let (events, received) = mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let tasks = &app.parts.tasks;
    tasks.spawn("notifications", OnPanic::Report, |stop| async move {
        let _place = place;
        tokio::select! {
            () = events.closed() => {}
            () = stop.wait() => {}
        }
    });
    let stream = futures_util::stream::unfold(received, |mut received| async move {
        received.recv().await.map(|event| (event, received))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}
