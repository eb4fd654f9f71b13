//! `/api/v1/metadata`: what metrics mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use plimsoll_types::Metadata;
use serde::Serialize;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::ApiError;
use crate::params::Params;

#[derive(Serialize)]
struct View<'a> {
    #[serde(rename = "type")]
    metric_type: &'static str,
    help: &'a str,
    unit: &'a str,
}

impl<'a> From<&'a Metadata> for View<'a> {
    fn from(metadata: &'a Metadata) -> Self {
        Self {
            metric_type: metadata.metric_type.as_str(),
            help: &metadata.help,
            unit: &metadata.unit,
        }
    }
}

/// Returns type, unit and help by metric name.
pub(crate) async fn metadata(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    let limit = params.limit()?;
    let per_metric = match params.get("limit_per_metric").map(str::parse::<usize>) {
        None | Some(Ok(0)) => usize::MAX,
        Some(Ok(limit)) => limit,
        Some(Err(_)) => {
            let reason = "it must be a whole number of 0 or more";
            return Err(ApiError::parameter("limit_per_metric", reason));
        }
    };
    let metric = params.get("metric").map(String::from);
    let found = app
        .ask(None, move |app, _| {
            Ok(app.parts.queryable.metadata(metric.as_deref(), limit)?)
        })
        .await?;
    let view: BTreeMap<&str, Vec<View<'_>>> = found
        .iter()
        .map(|(name, entries)| {
            (
                &**name,
                entries.iter().take(per_metric).map(View::from).collect(),
            )
        })
        .collect();
    Ok(envelope::success(&view, &Notes::default()))
}
