//! `/api/v1/slos/{service}/{name}/verify`: counts the stored samples again and compares with the ledger.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use plimsoll_slo::view::{Verification, Verified};
use serde_json::{Value, json};

use super::{Id, figures, object, parameters, slos, success};
use crate::app::App;
use crate::error::ApiError;
use crate::number::rfc3339;
use crate::params::Params;

/// What is counted again when nothing is said.
const LENGTH: Duration = Duration::from_secs(24 * 3600);

/// Counts the time from `start` to `end` again.
pub(super) async fn verify(
    State(app): State<Arc<App>>,
    Path((service, name)): Id,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    let slos = slos(&app)?;
    parameters::check(&uri, &["start", "end"])?;
    let to = params.time("end", app.parts.clock.now())?;
    let from = params.time("start", to - LENGTH)?;
    if to < from {
        return Err(ApiError::parameter("end", "it lies before start"));
    }
    // Among the exports: it reads raw samples, possibly many.
    let _turn = app.turn().await?;
    let found = slos.verify(&format!("{service}/{name}"), from, to).await?;
    Ok(success(&view(&found)))
}

fn view(found: &Verification) -> Value {
    let budgets: Vec<Value> = found.budgets.iter().map(verified).collect();
    json!({
        "from": rfc3339(found.from),
        "to": rfc3339(found.to),
        "agrees": found.agrees(),
        "tooLateSamples": found.too_late,
        "budgets": budgets,
    })
}

fn verified(budget: &Verified) -> Value {
    let differences = budget.differences.iter().map(|(at, ledger, recounted)| {
        json!({
            "at": rfc3339(*at),
            "ledger": figures::counts(*ledger),
            "recounted": figures::counts(*recounted),
        })
    });
    json!({
        "objective": &*budget.objective,
        "group": budget.group.as_ref().map(object),
        "ledger": figures::counts(budget.ledger),
        "recounted": figures::counts(budget.recounted),
        "differing": budget.differing,
        "differences": differences.collect::<Vec<_>>(),
    })
}
