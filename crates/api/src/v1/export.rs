//! `/api/v1/export`: raw samples as VictoriaMetrics JSON lines, one series at a time.
//!
//! The status is sent before the first series is read, so what goes wrong later breaks the body off: a client that got
//! to its end has everything that was asked for.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use plimsoll_types::{Matcher, Queryable, SampleColumns, StorageError, TimeRange};
use plimsoll_wire::vm_json;

use crate::account::Account;
use crate::app::App;
use crate::error::{ApiError, Kind};
use crate::params::Params;
use crate::streamed::{Pieces, streamed};

/// Lines that wait for a slow client; the reader of the store waits with them, until the connection's patience ends.
const LINES_WAITING_MAX: usize = 16;

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
    let (queryable, account) = (app.parts.queryable.clone(), Account::open(&app));
    let body = streamed(&app, "export", LINES_WAITING_MAX, move |lines| {
        let _turn = turn;
        export_all(&*queryable, (&selectors, range), &account, lines)
    });
    Ok(([(header::CONTENT_TYPE, "application/stream+json")], body).into_response())
}

/// Says why it is not complete when it is not.
fn export_all(
    queryable: &dyn Queryable,
    (selectors, range): (&[Vec<Matcher>], TimeRange),
    account: &Account,
    lines: &Pieces,
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
    lines: &Pieces,
) -> Result<Vec<String>, StorageError> {
    let (mut selection, held) = account.select(queryable, matchers, range)?;
    let mut columns = SampleColumns::default();
    for (index, labels) in selection.labels.iter().enumerate() {
        selection.source.read(index, &mut columns)?;
        let mut line = Vec::new();
        let samples = vm_json::encode(labels, &columns, &mut line);
        if samples > 0 && lines.blocking_send(Ok(line.into())).is_err() {
            return Ok(Vec::new());
        }
    }
    let warnings = std::mem::take(&mut selection.warnings);
    drop(selection);
    account.release(held);
    Ok(warnings)
}
