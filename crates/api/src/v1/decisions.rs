//! `/api/v1/decisions`: what was decided, from what, and what would have changed it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use plimsoll_types::Decision;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::openapi::Described;
use crate::openapi::values::Time;
use crate::params::Params;

/// Decisions of an answer where nothing is said.
const LIMIT_DEFAULT: i64 = 100;
/// The most decisions of an answer.
const LIMIT_MAX: i64 = 1000;

/// What was decided, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Decisions)]
struct View<'a> {
    decisions: Vec<DecisionView<'a>>,
}

/// What was decided, from what, and what would have changed it.
#[derive(Serialize, ToSchema)]
#[schema(as = Decision)]
struct DecisionView<'a> {
    /// The slot of the evaluation.
    at: Time,
    /// `alert.firing` and the like.
    kind: &'a str,
    /// About what: labels as they are printed.
    subject: &'a str,
    /// File, group and name.
    rule: &'a str,
    inputs: Vec<InputView<'a>>,
    outcome: &'a str,
    /// What would have changed the outcome.
    counterfactual: &'a str,
}

/// What a decision was made from.
#[derive(Serialize, ToSchema)]
#[schema(as = DecisionInput)]
struct InputView<'a> {
    name: &'a str,
    /// A number with its unit, or the query that reproduces it.
    value: &'a str,
}

/// Describes the path.
pub(super) fn describe(to: &mut Described) {
    to.get(
        "/api/v1/decisions",
        "Lists what was decided, the newest first.",
    )
    .takes("limit", "1 to 1000; default 100.")
    .takes("subject", "Only those about this.")
    .answers::<View<'static>>();
}

/// Returns the newest decisions, of all subjects or of one, the last one first.
pub(crate) async fn decisions(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    let limit = params.number("limit", LIMIT_DEFAULT)?;
    if !(1..=LIMIT_MAX).contains(&limit) {
        let reason = format!("wanted 1 to {LIMIT_MAX}, found {limit}");
        return Err(ApiError::parameter("limit", reason));
    }
    let subject = params.get("subject").filter(|subject| !subject.is_empty());
    let asked = (app.parts.surface.decisions)(subject.map(str::to_owned), limit as u32);
    let found = asked.await.map_err(|reason| {
        let reason = format!("the store of decisions cannot be read: {reason}");
        ApiError::new(Kind::Unavailable, reason)
    })?;
    let decisions = found.iter().map(view).collect();
    Ok(envelope::success(&View { decisions }, &Notes::default()))
}

fn view(decision: &Decision) -> DecisionView<'_> {
    DecisionView {
        at: Time(decision.at),
        kind: &decision.kind,
        subject: &decision.subject,
        rule: &decision.rule,
        inputs: decision
            .inputs
            .iter()
            .map(|(name, value)| InputView { name, value })
            .collect(),
        outcome: &decision.outcome,
        counterfactual: &decision.counterfactual,
    }
}
