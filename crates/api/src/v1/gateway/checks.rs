//! `/api/v1/gateway/checks`: an endpoint is checked at once, for whoever wants to know why it is down.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::{gateway, parameters};
use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::ApiError;
use crate::params::Params;

/// What a check found that was asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayCheck)]
#[serde(rename_all = "camelCase")]
pub(super) struct Checked<'a> {
    backend: &'a str,
    endpoint: &'a str,
    has_passed: bool,
    /// What was done and what came of it; `null` when it passed.
    error: Option<String>,
    took_seconds: f64,
}

/// Checks the `endpoint` of a `backend` once; what is found does not count.
pub(super) async fn check(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ApiError> {
    let gateway = gateway(&app)?;
    parameters::check(&uri, &["backend", "endpoint"])?;
    let params = Params::from_query(uri.query());
    let named = |name: &str| {
        let value = params.get(name).map(str::to_owned);
        value.ok_or_else(|| ApiError::parameter(name, "wanted its name"))
    };
    let (backend, endpoint) = (named("backend")?, named("endpoint")?);
    let checked = gateway.check(&backend, &endpoint).await?;
    let data = Checked {
        backend: &backend,
        endpoint: &endpoint,
        has_passed: checked.failure.is_none(),
        error: checked.failure,
        took_seconds: checked.took.as_secs_f64(),
    };
    Ok(envelope::success(&data, &Notes::default()))
}
