//! `/api/v1/rules`, `/alerts`, `/alertmanagers`: empty while no rule is evaluated here, their parameters checked.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::go;
use crate::params::Params;

/// Returns rule groups: none.
pub(crate) async fn rules(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    app.ask(None, move |_, _| {
        check(&params)?;
        Ok(envelope::success(&json!({"groups": []}), &Notes::default()))
    })
    .await
}

/// Returns alerts: none.
pub(crate) async fn alerts() -> Response {
    envelope::success(&json!({"alerts": []}), &Notes::default())
}

/// Returns the Alertmanagers that alerts go to: none.
pub(crate) async fn alertmanagers() -> Response {
    let none = json!({"activeAlertmanagers": [], "droppedAlertmanagers": []});
    envelope::success(&none, &Notes::default())
}

/// Refuses what Prometheus refuses, in its order.
fn check(params: &Params) -> Result<(), ApiError> {
    params.selectors_named("match[]")?;
    if let Some(kind) = params.get("type")
        && !matches!(kind.to_ascii_lowercase().as_str(), "alert" | "record")
    {
        let reason = format!("not supported value {kind:?}");
        return Err(ApiError::parameter("type", reason));
    }
    if let Some(text) = params.get("exclude_alerts") {
        go::parse_bool(text).map_err(|reason| {
            let reason = format!("error converting exclude_alerts: {reason}");
            ApiError::parameter("exclude_alerts", reason)
        })?;
    }
    check_pages(params)
}

fn check_pages(params: &Params) -> Result<(), ApiError> {
    let token = params.get("group_next_token");
    let Some(limit) = params.get("group_limit") else {
        return match token {
            None => Ok(()),
            Some(_) => Err(ApiError::parameter(
                "group_next_token",
                "group_limit needs to be present in order to paginate over the groups",
            )),
        };
    };
    let limit = go::parse_int_64(limit).map_err(|reason| {
        let reason = format!("group_limit needs to be a valid number: {reason}");
        ApiError::parameter("group_limit", reason)
    })?;
    if limit <= 0 {
        let reason = "group_limit needs to be greater than 0";
        return Err(ApiError::parameter("group_limit", reason));
    }
    match token {
        None => Ok(()),
        // No page was ever given out, so no token is one of ours.
        Some(token) => Err(ApiError::new(
            Kind::BadData,
            format!(
                "invalid parameter \"group_next_token\": invalid group_next_token '{token}'. were rule groups changed?"
            ),
        )),
    }
}
