//! `/api/v1/gateway/checks`: an endpoint is checked at once, for whoever wants to know why it is down.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde_json::json;

use super::{gateway, parameters};
use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::ApiError;
use crate::params::Params;

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
    let data = json!({
        "backend": backend,
        "endpoint": endpoint,
        "hasPassed": checked.failure.is_none(),
        "error": checked.failure,
        "tookSeconds": checked.took.as_secs_f64(),
    });
    Ok(envelope::success(&data, &Notes::default()))
}
