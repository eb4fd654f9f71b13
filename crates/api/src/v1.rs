//! `/api/v1`: Prometheus' query API, and the push protocols.

mod export;
mod import;
mod labels;
mod metadata;
mod push;
mod query;
mod series;
mod status;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};

use crate::app::App;
use crate::origin;

/// Everything below `/api/v1`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/query", get(query::instant).post(query::instant))
        .route("/query_range", get(query::range).post(query::range))
        .route(
            "/query_exemplars",
            get(query::exemplars).post(query::exemplars),
        )
        .route("/series", get(series::series).post(series::series))
        .route("/labels", get(labels::names).post(labels::names))
        .route("/label/{name}/values", get(labels::values))
        .route("/metadata", get(metadata::metadata))
        .route("/status/buildinfo", get(status::build_info))
        .route("/export", get(export::vm_json).post(export::vm_json))
        .merge(pushes())
}

fn pushes() -> Router<Arc<App>> {
    Router::new()
        .route("/write", post(write::remote_write))
        .route("/import", post(import::vm_json))
        .route("/import/prometheus", post(import::prometheus_text))
        .route_layer(from_fn(origin::refuse_other_sites))
}

/// The spellings that Influx clients use, with and without VictoriaMetrics' prefix.
pub(crate) fn influx_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/write", post(import::influx))
        .route("/api/v2/write", post(import::influx))
        .route("/influx/write", post(import::influx))
        .route("/influx/api/v2/write", post(import::influx))
        .route_layer(from_fn(origin::refuse_other_sites))
}
