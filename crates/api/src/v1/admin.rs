//! `/api/v1/admin/tsdb/...`: deletion, clean-up and snapshots; answered only with `--web.enable-admin-api`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use plimsoll_types::{StorageError, StoreAdmin};
use serde_json::json;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::go;
use crate::params::Params;

/// Deletes the samples of the series that fulfil any one of the selectors.
pub(crate) async fn delete_series(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    check_enabled(&app)?;
    if params.all("match[]").next().is_none() {
        let reason = "no match[] parameter provided";
        return Err(ApiError::new(Kind::BadData, reason));
    }
    let range = params.range()?;
    // Compiling regular expressions may take its time.
    let tasks = &app.parts.tasks;
    let read = tasks.run_blocking("selectors", move || params.selectors());
    let selectors = read.await.unwrap_or_else(|_| Err(ApiError::fault()));
    let selectors = selectors.map_err(|error| error.about("match[]"))?;
    if range.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    on_store(&app, move |store| store.delete_series(&selectors, range)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Frees the space of what was deleted.
pub(crate) async fn clean_tombstones(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    check_enabled(&app)?;
    on_store(&app, |store| store.clean_tombstones()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Makes a copy of the store and returns its name.
pub(crate) async fn snapshot(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    check_enabled(&app)?;
    let skip_head = params.get("skip_head").map_or(Ok(false), go::parse_bool);
    let skip_head = skip_head.map_err(|reason| {
        ApiError::parameter("skip_head", format!("unable to parse boolean: {reason}"))
    })?;
    let name = on_store(&app, move |store| store.snapshot(skip_head)).await?;
    Ok(envelope::success(&json!({"name": name}), &Notes::default()))
}

pub(super) fn check_enabled(app: &App) -> Result<(), ApiError> {
    match app.parts.surface.is_admin_enabled {
        true => Ok(()),
        false => Err(ApiError::new(Kind::Disabled, "admin APIs disabled")),
    }
}

/// Works on the store on a blocking thread, to its end even when the caller goes away. Not among the queries: it
/// may take minutes, and queries must not wait for it.
pub(super) async fn on_store<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&dyn StoreAdmin) -> Result<T, StorageError> + Send + 'static,
) -> Result<T, ApiError> {
    let store = app.parts.surface.store.clone();
    let done = app
        .parts
        .tasks
        .run_blocking("store admin", move || work(&*store));
    match done.await {
        Ok(done) => Ok(done?),
        Err(_) => {
            let reason = "the store's work ended in a fault of ours; see the log";
            Err(ApiError::new(Kind::Internal, reason))
        }
    }
}
