//! `/api/v1/slos/{service}/{name}/history`: what was counted slice by slice, and what was left of the budget.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use plimsoll_slo::Span;
use plimsoll_slo::view::{Address, HistoryQuestion};
use serde::Serialize;
use utoipa::ToSchema;

use super::figures::EventCounts;
use super::{Id, group, parameters, slos, success};
use crate::app::App;
use crate::error::ApiError;
use crate::openapi::values::Time;
use crate::params::Params;

/// As for a range query.
const POINTS_MAX: u128 = 11_000;
/// What is shown when nothing is said.
const LENGTH: Duration = Duration::from_secs(24 * 3600);
const STEP: Duration = Duration::from_secs(300);

/// What was counted of a budget, slice by slice.
#[derive(Serialize, ToSchema)]
#[schema(as = SloHistory)]
pub(super) struct History<'a> {
    id: &'a str,
    slices: Vec<Slice>,
}

/// What was counted in a slice of time, with corrections.
#[derive(Serialize, ToSchema)]
#[schema(as = SloSlice)]
struct Slice {
    /// Its begin.
    at: Time,
    #[serde(flatten)]
    counts: EventCounts,
    /// The share of the first window's budget that was left at its end.
    remaining: Option<f64>,
}

/// Shows slices of `step` from `start` to `end`, of an `objective` and of the group of every `label=<name>=<value>`.
pub(super) async fn history(
    State(app): State<Arc<App>>,
    Path((service, name)): Id,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    let slos = slos(&app)?;
    parameters::check(&uri, &["start", "end", "step", "objective", "label"])?;
    let now = app.parts.clock.now();
    let to = params.time("end", now)?;
    let question = HistoryQuestion {
        from: params.time("start", to - LENGTH)?,
        to,
        step: params.duration("step")?.unwrap_or(STEP),
    };
    check(&question)?;
    let address = Address {
        id: format!("{service}/{name}"),
        objective: params.get("objective").map(str::to_owned),
        group: group(&params)?,
    };
    app.ask(None, move |_, _| {
        let points = slos.history(&address, &question)?;
        let slices = points.iter().map(|point| Slice {
            at: Time(point.at),
            counts: point.counts.into(),
            remaining: point.remaining,
        });
        Ok(success(&History {
            id: &address.id,
            slices: slices.collect(),
        }))
    })
    .await
}

fn check(question: &HistoryQuestion) -> Result<(), ApiError> {
    let length = question.to.millis_since(question.from);
    let Ok(length) = u128::try_from(length) else {
        return Err(ApiError::parameter("end", "it lies before start"));
    };
    let (step, slice) = (question.step.as_millis(), Span::SLICE.as_millis());
    if step == 0 || !step.is_multiple_of(slice) {
        let reason = "wanted a multiple of 10s, the length of a slice";
        return Err(ApiError::parameter("step", reason));
    }
    if length / step > POINTS_MAX {
        let reason = format!("more than {POINTS_MAX} slices: ask for longer ones");
        return Err(ApiError::parameter("step", reason));
    }
    Ok(())
}
