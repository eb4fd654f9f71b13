//! `/api/v1`: Prometheus' query API, the push protocols, and what operators ask about the server.

mod active_queries;
mod admin;
mod alerting;
mod cardinality;
mod decisions;
mod export;
mod features;
mod format;
mod gateway;
mod import;
mod labels;
mod maintenance;
mod metadata;
mod notifications;
mod push;
mod query;
mod read;
mod rules;
mod search;
mod series;
mod slos;
mod status;
mod targets;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{delete, get, post};

use crate::app::App;
use crate::origin;

pub(crate) use alerting::routes as alerting_routes;
pub use notifications::Subscribers;
pub(crate) use status::version;

/// Everything below `/api/v1`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .merge(queries())
        .route("/metadata", get(metadata::metadata))
        .merge(targets::routes())
        .route("/rules", get(rules::rules))
        .route("/alerts", get(rules::alerts))
        .route("/alertmanagers", get(rules::alertmanagers))
        .route("/decisions", get(decisions::decisions))
        .nest("/status", status::routes())
        .route("/status/active_queries", get(active_queries::list))
        .route("/status/cardinality", get(cardinality::cardinality))
        .route("/status/top_queries", get(active_queries::top))
        .nest("/search", search::routes())
        .merge(slos::routes())
        .nest("/gateway", gateway::routes())
        .route("/features", get(features::features))
        .route("/notifications", get(notifications::list))
        .route("/notifications/live", get(notifications::live))
        .route("/read", post(read::remote_read))
        .route("/export", get(export::vm_json).post(export::vm_json))
        .merge(changes())
}

fn queries() -> Router<Arc<App>> {
    Router::new()
        .route("/query", get(query::instant).post(query::instant))
        .route("/query_range", get(query::range).post(query::range))
        .route(
            "/query_exemplars",
            get(query::exemplars).post(query::exemplars),
        )
        .route("/format_query", get(format::format).post(format::format))
        .route("/parse_query", get(format::parse).post(format::parse))
        .route("/series", get(series::series).post(series::series))
        .route("/labels", get(labels::names).post(labels::names))
        .route("/label/{name}/values", get(labels::values))
}

/// What a page of another site may not do.
fn changes() -> Router<Arc<App>> {
    Router::new()
        .route("/write", post(write::remote_write))
        .route("/import", post(import::vm_json))
        .route("/import/prometheus", post(import::prometheus_text))
        .route("/status/active_queries/{id}", delete(active_queries::kill))
        .merge(slos::changes())
        .nest("/gateway", gateway::changes())
        .route(
            "/admin/tsdb/delete_series",
            post(admin::delete_series).put(admin::delete_series),
        )
        .route(
            "/admin/tsdb/clean_tombstones",
            post(admin::clean_tombstones).put(admin::clean_tombstones),
        )
        .route(
            "/admin/tsdb/snapshot",
            post(admin::snapshot).put(admin::snapshot),
        )
        .route_layer(from_fn(origin::refuse_other_sites))
}

/// What VictoriaMetrics answers below `/internal`.
pub(crate) fn internal_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/internal/force_flush", post(maintenance::force_flush))
        .route("/internal/force_merge", post(maintenance::force_merge))
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
