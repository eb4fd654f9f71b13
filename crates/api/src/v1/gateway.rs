//! `/api/v1/gateway`: what the gateway of this server does, and what it is ordered to do.

mod checks;
mod explain;
mod orders;
mod shown;
mod taken;
mod tap;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{get, post};
use plimsoll_traffic::Standing;
use plimsoll_traffic::surface::Gateway;
use serde_json::{Value, json};

use super::slos::parameters;
use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::params::Params;

/// What is read.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/listeners", get(listeners))
        .route("/routes", get(list_routes))
        .route("/backends", get(backends))
        .route("/endpoints", get(endpoints))
        .route("/limits", get(limits))
        .route("/activity", get(activity))
        .route("/explain", get(explain::explain))
        .route("/orders", get(orders::list))
        .route("/tap", get(tap::tap))
}

/// What changes something, or makes the server connect to something.
pub(super) fn changes() -> Router<Arc<App>> {
    Router::new()
        .route("/orders", post(orders::add))
        .route("/checks", post(checks::check))
}

/// Lists where requests come in.
async fn listeners(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ApiError> {
    parameters::check(&uri, &[])?;
    answered(&app, |gateway| {
        let all: Vec<Value> = gateway.listeners().iter().map(shown::listener).collect();
        Ok(json!({"listeners": all}))
    })
    .await
}

/// Lists routes, or the one of a `name`.
async fn list_routes(
    State(app): State<Arc<App>>,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    parameters::check(&uri, &["name"])?;
    answered(&app, move |gateway| {
        let name = params.get("name");
        let mut all = gateway.routes();
        all.retain(|route| name.is_none_or(|name| route.name == name));
        if let Some(name) = name.filter(|_| all.is_empty()) {
            return Err(unknown("route", name));
        }
        let all: Vec<Value> = all.iter().map(shown::route).collect();
        Ok(json!({"routes": all}))
    })
    .await
}

/// Lists backends, or the one of a `name`.
async fn backends(
    State(app): State<Arc<App>>,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    parameters::check(&uri, &["name"])?;
    answered(&app, move |gateway| {
        let all = backends_of(gateway, params.get("name"))?;
        let all: Vec<Value> = all.iter().map(shown::backend).collect();
        Ok(json!({"backends": all}))
    })
    .await
}

/// Lists endpoints, or those of a `backend`, or those in a `state`.
async fn endpoints(
    State(app): State<Arc<App>>,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    parameters::check(&uri, &["backend", "state"])?;
    let state = params.get("state").map(standing).transpose()?;
    answered(&app, move |gateway| {
        let mut listed = Vec::new();
        for backend in backends_of(gateway, params.get("backend"))? {
            let endpoints = backend.endpoints.iter();
            let wanted =
                endpoints.filter(|endpoint| state.is_none_or(|state| state == endpoint.standing));
            listed.extend(wanted.map(|endpoint| shown::endpoint(&backend.name, endpoint)));
        }
        Ok(json!({"endpoints": listed}))
    })
    .await
}

/// Shows how much is let in, and how much of it is used.
async fn limits(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ApiError> {
    parameters::check(&uri, &[])?;
    answered(&app, |gateway| Ok(shown::limits(&gateway.limits()))).await
}

/// Shows what was counted since the process began.
async fn activity(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ApiError> {
    parameters::check(&uri, &[])?;
    answered(&app, |gateway| {
        let all: Vec<Value> = gateway.activity().iter().map(shown::activity).collect();
        Ok(json!({"activity": all}))
    })
    .await
}

/// Returns the backends, or the one of a name.
fn backends_of(
    gateway: &dyn Gateway,
    name: Option<&str>,
) -> Result<Vec<plimsoll_traffic::surface::BackendView>, ApiError> {
    let mut all = gateway.backends();
    all.retain(|backend| name.is_none_or(|name| backend.name == name));
    match name.filter(|_| all.is_empty()) {
        Some(name) => Err(unknown("backend", name)),
        None => Ok(all),
    }
}

fn standing(text: &str) -> Result<Standing, ApiError> {
    let known = Standing::ALL.into_iter().find(|one| one.as_str() == text);
    known.ok_or_else(|| {
        let all = Standing::ALL.map(Standing::as_str).join(", ");
        ApiError::parameter("state", format!("wanted one of {all}, found {text:?}"))
    })
}

/// Asks the gateway where blocking is allowed. It has no turn among the queries: what is asked in an incident must not
/// wait for dashboards.
async fn answered(
    app: &Arc<App>,
    ask: impl FnOnce(&dyn Gateway) -> Result<Value, ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    let gateway = gateway(app)?;
    let asked = app.parts.tasks.run_blocking("gateway", move || {
        let data = ask(&*gateway)?;
        Ok(envelope::success(&data, &Notes::default()))
    });
    asked.await.unwrap_or_else(|_| Err(ApiError::fault()))
}

/// Returns who takes requests in.
fn gateway(app: &App) -> Result<Arc<dyn Gateway>, ApiError> {
    app.parts.surface.gateway.clone().ok_or_else(|| {
        let reason =
            "this server has no gateway: start one with `plimsoll gateway` or --gateway-config";
        ApiError::new(Kind::NotFound, reason)
    })
}

fn unknown(noun: &str, name: &str) -> ApiError {
    ApiError::new(Kind::NotFound, format!("there is no {noun} {name:?}"))
}
