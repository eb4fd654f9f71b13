//! `/api/v1`: Prometheus' query API, the push protocols, and what operators ask about the server.

mod active_queries;
mod admin;
mod alerting;
mod cardinality;
mod changes;
mod decisions;
mod export;
mod features;
mod files;
mod format;
mod gateway;
mod import;
mod labels;
mod live;
mod maintenance;
mod metadata;
mod notifications;
mod push;
mod query;
mod read;
mod rules;
mod search;
mod series;
mod services;
mod slos;
mod status;
mod targets;
mod ui_state;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{delete, get, post};

use crate::app::App;
use crate::openapi::{self, Described};
use crate::origin;
use crate::ui::Desk;

pub(crate) use alerting::routes as alerting_routes;
pub(crate) use live::Live;
pub use notifications::Subscribers;
pub(crate) use query::instant as instant_query;
pub(crate) use services::{Detected, ServiceView, all as services};
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
        .route("/openapi.json", get(openapi::openapi))
        .route("/read", post(read::remote_read))
        .route("/export", get(export::vm_json).post(export::vm_json))
        .merge(changes())
}

/// Describes what is below `/api/v1`.
pub(crate) fn describe(to: &mut Described) {
    ui_state::describe(to);
    live::describe(to);
    services::describe(to);
    changes::describe(to);
    files::describe(to);
    slos::describe(to);
    gateway::describe(to);
    alerting::describe(to);
    rules::describe(to);
    decisions::describe(to);
    targets::describe(to);
    status::describe(to);
    cardinality::describe(to);
    active_queries::describe(to);
    metadata::describe(to);
    query::describe(to);
    format::describe(to);
    series::describe(to);
    labels::describe(to);
    search::describe(to);
}

/// What screens ask, whole paths: a server that does nothing but alerting answers most of it, too.
pub(crate) fn screen_routes(desk: Arc<Desk>) -> Router {
    let router = Router::new()
        .route("/api/v1/ui/state", get(ui_state::state))
        .route("/api/v1/live", get(live::live))
        .route("/api/v1/changes", get(changes::changes))
        .route("/api/v1/status/files", get(files::files));
    let router = match desk.is_server() {
        true => router
            .route("/api/v1/services", get(services::list))
            .route("/api/v1/services/{name}", get(services::show)),
        false => router,
    };
    router.with_state(desk)
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
