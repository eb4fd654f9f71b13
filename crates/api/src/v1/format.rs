//! `/api/v1/format_query` and `/api/v1/parse_query`: an expression in canonical form, or as a tree.

use axum::response::Response;

use crate::envelope::{self, Notes};
use crate::error::ApiError;
use crate::params::Params;

/// Returns the expression written canonically, long ones over several lines.
pub(crate) async fn format(params: Params) -> Result<Response, ApiError> {
    let text = plimsoll_promql::pretty(&params.plain_query()?);
    Ok(envelope::success(&text, &Notes::default()))
}

/// Returns the syntax tree.
pub(crate) async fn parse(params: Params) -> Result<Response, ApiError> {
    let tree = plimsoll_promql::tree_json(&params.plain_query()?);
    Ok(envelope::raw(&tree, &Notes::default()))
}
