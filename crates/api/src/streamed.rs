//! Bodies that are written on a blocking thread while the client reads them.

use axum::body::{Body, Bytes};
use plimsoll_runtime::tasks::OnPanic;
use tokio::sync::mpsc;

use crate::app::App;

/// Where the pieces go; the writer waits while `waiting_max` of them wait for the client.
pub(crate) type Pieces = mpsc::Sender<Result<Bytes, std::io::Error>>;

/// Runs `write` on a blocking thread. The status is sent by then, so what goes wrong breaks the body off. A client that
/// goes away closes the channel, so that the writer ends with its request.
pub(crate) fn streamed(
    app: &App,
    name: &'static str,
    waiting_max: usize,
    write: impl FnOnce(&Pieces) -> Result<(), String> + Send + 'static,
) -> Body {
    let (pieces, written) = mpsc::channel(waiting_max);
    let tasks = app.parts.tasks.clone();
    let run = async move |_| {
        let into = pieces.clone();
        let reason = match tasks.run_blocking(name, move || write(&into)).await {
            Ok(Ok(())) => return,
            Ok(Err(reason)) => reason,
            Err(panicked) => panicked.to_string(),
        };
        tracing::warn!(reason, name, "an answer was broken off");
        let _ = pieces.send(Err(std::io::Error::other(reason))).await;
    };
    app.parts.tasks.spawn(name, OnPanic::Report, run);
    let stream = futures_util::stream::unfold(written, |mut written| async move {
        written.recv().await.map(|piece| (piece, written))
    });
    Body::from_stream(stream)
}
