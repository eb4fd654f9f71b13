//! `/api/v1/slos/{service}/{name}/verify`: counts the stored samples again and compares with the ledger.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use plimsoll_slo::view::{Verification, Verified};
use serde::Serialize;
use utoipa::ToSchema;

use super::figures::EventCounts;
use super::{Id, parameters, slos, success};
use crate::app::App;
use crate::error::ApiError;
use crate::openapi::values::{Labels, Time};
use crate::params::Params;

/// What is counted again when nothing is said.
const LENGTH: Duration = Duration::from_secs(24 * 3600);

/// What the stored samples give, beside what the ledger has.
#[derive(Serialize, ToSchema)]
#[schema(as = SloVerification)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown<'a> {
    from: Time,
    to: Time,
    agrees: bool,
    /// Samples that came too late to be counted since the process began: the usual reason of a difference.
    too_late_samples: u64,
    budgets: Vec<BudgetShown<'a>>,
}

/// One budget counted again.
#[derive(Serialize, ToSchema)]
#[schema(as = SloVerified)]
struct BudgetShown<'a> {
    objective: &'a str,
    /// `null` is the whole.
    group: Option<Labels<'a>>,
    ledger: EventCounts,
    recounted: EventCounts,
    /// How many slices differ.
    differing: u64,
    /// The first of them, at most 100.
    differences: Vec<Difference>,
}

/// A slice that differs.
#[derive(Serialize, ToSchema)]
#[schema(as = SloDifference)]
struct Difference {
    /// Its begin.
    at: Time,
    ledger: EventCounts,
    recounted: EventCounts,
}

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
    Ok(success(&Shown::from(&found)))
}

impl<'a> From<&'a Verification> for Shown<'a> {
    fn from(found: &'a Verification) -> Self {
        Self {
            from: Time(found.from),
            to: Time(found.to),
            agrees: found.agrees(),
            too_late_samples: found.too_late,
            budgets: found.budgets.iter().map(BudgetShown::from).collect(),
        }
    }
}

impl<'a> From<&'a Verified> for BudgetShown<'a> {
    fn from(budget: &'a Verified) -> Self {
        let differences = budget.differences.iter();
        let differences = differences.map(|(at, ledger, recounted)| Difference {
            at: Time(*at),
            ledger: (*ledger).into(),
            recounted: (*recounted).into(),
        });
        Self {
            objective: &budget.objective,
            group: budget.group.as_ref().map(Labels),
            ledger: budget.ledger.into(),
            recounted: budget.recounted.into(),
            differing: budget.differing,
            differences: differences.collect(),
        }
    }
}
