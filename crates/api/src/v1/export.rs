//! `/api/v1/export`: raw samples as VictoriaMetrics JSON lines, one series at a time.
//!
//! The status is sent before the first series is read, so what goes wrong later breaks the body off: a client that got
//! to its end has everything that was asked for.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use plimsoll_runtime::tasks::OnPanic;
use plimsoll_types::{Matcher, Queryable, SampleColumns, StorageError, TimeRange};
use plimsoll_wire::vm_json;
use tokio::sync::mpsc;

use crate::account::Account;
use crate::app::App;
use crate::error::{ApiError, Kind};
use crate::params::Params;

/// Lines that wait for a slow client; the reader of the store waits with them, until the connection's patience ends.
const LINES_WAITING_MAX: usize = 16;

type Line = Result<Bytes, std::io::Error>;

/// Writes every series that fulfils one of the selectors; counts as a query.
pub(crate) async fn vm_json(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    let range = params.range()?;
    if params.all("match[]").next().is_none() {
        return Err(ApiError::new(
            Kind::BadData,
            "no match[] parameter provided",
        ));
    }
    let turn = app.turn().await?;
    // Compiling regular expressions takes time and memory, so it has its turn, too.
    let tasks = &app.parts.tasks;
    let read = tasks.run_blocking("selectors", move || params.selectors());
    let selectors = read.await.unwrap_or_else(|_| Err(ApiError::fault()))?;
    let (lines, written) = mpsc::channel::<Line>(LINES_WAITING_MAX);
    let queryable = app.parts.queryable.clone();
    let (into, account) = (lines.clone(), Account::open(&app));
    let work = move || {
        let _turn = turn;
        export_all(&*queryable, (&selectors, range), &account, &into)
    };
    let tasks = app.parts.tasks.clone();
    // The task ends with its request: a client that goes away closes the channel.
    app.parts
        .tasks
        .spawn("export", OnPanic::Report, |_| async move {
            let reason = match tasks.run_blocking("export", work).await {
                Ok(Ok(())) => return,
                Ok(Err(reason)) => reason,
                Err(panicked) => panicked.to_string(),
            };
            tracing::warn!(reason, "an export was broken off");
            let _ = lines.send(Err(std::io::Error::other(reason))).await;
        });
    let stream = futures_util::stream::unfold(written, |mut written| async move {
        written.recv().await.map(|line| (line, written))
    });
    Ok((
        [(header::CONTENT_TYPE, "application/stream+json")],
        Body::from_stream(stream),
    )
        .into_response())
}

/// Says why it is not complete when it is not.
fn export_all(
    queryable: &dyn Queryable,
    (selectors, range): (&[Vec<Matcher>], TimeRange),
    account: &Account,
    lines: &mpsc::Sender<Line>,
) -> Result<(), String> {
    let mut warnings = Vec::new();
    for matchers in selectors {
        let missing = export(queryable, (matchers, range), account, lines);
        warnings.extend(missing.map_err(|error| error.to_string())?);
    }
    match warnings.is_empty() {
        true => Ok(()),
        false => Err(warnings.join("; ")),
    }
}

/// Returns what the reader should know.
fn export(
    queryable: &dyn Queryable,
    (matchers, range): (&[Matcher], TimeRange),
    account: &Account,
    lines: &mpsc::Sender<Line>,
) -> Result<Vec<String>, StorageError> {
    let mut selection = queryable.select_metered(matchers, range, account)?;
    let mut columns = SampleColumns::default();
    for (index, labels) in selection.labels.iter().enumerate() {
        selection.source.read(index, &mut columns)?;
        let mut line = Vec::new();
        let samples = vm_json::encode(labels, &columns, &mut line);
        if samples > 0 && lines.blocking_send(Ok(line.into())).is_err() {
            return Ok(Vec::new());
        }
    }
    Ok(selection.warnings)
}
