//! `/api/v1/decisions`: what was decided, from what, and what would have changed it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use plimsoll_types::Decision;
use serde::Serialize;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::number::rfc3339;
use crate::params::Params;

/// Decisions of an answer where nothing is said.
const LIMIT_DEFAULT: i64 = 100;
/// The most decisions of an answer.
const LIMIT_MAX: i64 = 1000;

#[derive(Serialize)]
struct View<'a> {
    decisions: Vec<DecisionView<'a>>,
}

#[derive(Serialize)]
struct DecisionView<'a> {
    at: String,
    kind: &'a str,
    subject: &'a str,
    rule: &'a str,
    inputs: Vec<InputView<'a>>,
    outcome: &'a str,
    counterfactual: &'a str,
}

#[derive(Serialize)]
struct InputView<'a> {
    name: &'a str,
    value: &'a str,
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
        at: rfc3339(decision.at),
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
