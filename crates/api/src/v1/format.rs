//! `/api/v1/format_query` and `/api/v1/parse_query`: an expression in canonical form, or as a tree.

mod tree;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::ApiError;
use crate::openapi::Described;
use crate::params::Params;

/// An expression that is written canonically.
#[derive(Serialize, ToSchema)]
#[schema(as = FormattedQuery)]
struct Formatted(String);

/// Describes the paths.
pub(super) fn describe(to: &mut Described) {
    to.get_or_post("/api/v1/format_query", "Writes an expression canonically.")
        .needs("query", "The expression.")
        .answers::<Formatted>();
    to.get_or_post(
        "/api/v1/parse_query",
        "Shows the syntax tree of an expression.",
    )
    .needs("query", "The expression.")
    .answers::<tree::Node>();
}

/// Returns the expression written canonically, long ones over several lines.
pub(crate) async fn format(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    app.ask(None, move |_, _| {
        let text = Formatted(plimsoll_promql::pretty(&params.plain_query()?));
        Ok(envelope::success(&text, &Notes::default()))
    })
    .await
}

/// Returns the syntax tree.
pub(crate) async fn parse(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    app.ask(None, move |_, _| {
        let tree = plimsoll_promql::tree_json(&params.plain_query()?);
        Ok(envelope::raw(&tree, &Notes::default()))
    })
    .await
}
