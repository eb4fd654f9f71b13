//! `/api/v1/export`: raw samples as VictoriaMetrics JSON lines, one series at a time.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use plimsoll_types::{Matcher, Queryable, SampleColumns, StorageError, TimeRange};
use plimsoll_wire::vm_json;
use tokio::sync::mpsc;

use crate::app::App;
use crate::error::{ApiError, Kind};
use crate::params::Params;

/// Lines that wait for a slow client; the reader of the store waits with them.
const LINES_WAITING_MAX: usize = 16;

type Line = Result<Bytes, std::io::Error>;

/// Writes every series that fulfils one of the selectors.
pub(crate) async fn vm_json(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    let (selectors, range) = (params.selectors()?, params.range()?);
    if selectors.is_empty() {
        return Err(ApiError::new(
            Kind::BadData,
            "no match[] parameter provided",
        ));
    }
    let (lines, written) = mpsc::channel::<Line>(LINES_WAITING_MAX);
    let queryable = app.parts.queryable.clone();
    // The task ends with its request: a client that goes away closes the channel.
    drop(tokio::task::spawn_blocking(move || {
        for matchers in selectors {
            if let Err(error) = export(&*queryable, &matchers, range, &lines) {
                tracing::warn!(%error, "an export was broken off");
                let _ = lines.blocking_send(Err(std::io::Error::other(error)));
                return;
            }
        }
    }));
    let stream = futures_util::stream::unfold(written, |mut written| async move {
        written.recv().await.map(|line| (line, written))
    });
    Ok((
        [(header::CONTENT_TYPE, "application/stream+json")],
        Body::from_stream(stream),
    )
        .into_response())
}

fn export(
    queryable: &dyn Queryable,
    matchers: &[Matcher],
    range: TimeRange,
    lines: &mpsc::Sender<Line>,
) -> Result<(), StorageError> {
    let mut selection = queryable.select(matchers, range)?;
    let mut columns = SampleColumns::default();
    for (index, labels) in selection.labels.iter().enumerate() {
        selection.source.read(index, &mut columns)?;
        let mut line = Vec::new();
        let samples = vm_json::encode(labels, &columns, &mut line);
        if samples > 0 && lines.blocking_send(Ok(line.into())).is_err() {
            return Ok(());
        }
    }
    Ok(())
}
