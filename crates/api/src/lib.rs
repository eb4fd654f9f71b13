//! The HTTP API: Prometheus' query API, the push protocols, Alertmanager's API, and what operators ask.
//!
//! # What it is for
//! Clients of Prometheus (Grafana, promtool, curl, a Prometheus that remote-writes) and of Alertmanager (amtool, a Prometheus
//! that sends alerts) find here what they expect, in the same paths, parameters, JSON shapes and statuses.
//!
//! # Model
//! An [`App`] holds what the handlers need and nothing else; [`router`] maps paths to handlers, one file per noun; [`serve`]
//! accepts connections until shutdown. Handlers read parameters, ask a lower floor, and write the answer. What is about
//! alerts goes over a desk (`v2::Desk`) that asks whoever runs the engine
//! ([`Alerting`](plimsoll_alerting::surface::Alerting)); an [`AlertmanagerApp`] has nothing else.
//!
//! # Invariants
//! - HTTP statuses are assigned in this crate and nowhere below it.
//! - A push, posted alerts and silences are answered 2xx only after their commit; 4xx is never worth a retry, 5xx and 429
//!   are.
//! - Every body has a named limit and a share of the memory of all, every query and export a turn: too many at once are
//!   answered 503.
//! - A page of another site cannot write here, and read only when `--web.cors.origin` says so; on loopback it does not
//!   unless it is told.
//! - Queries and exports run on blocking threads, never on the network's; what takes long to parse is parsed there, too.
//! - What queries hold is counted until their answer is sent: from the first series that is found to the last byte that a
//!   slow client reads. A client that goes away ends its query, running or waiting.
//! - Light queries have turns, memory and processor time that heavy ones cannot take.
//! - The description of the API ([`openapi_json`]) is made from the structs that answers are written from; the tests compare
//!   every answer that they get with it.
//! - Deliberately absent: access control. Until it exists `plimsoll serve` refuses to listen off loopback.
//!
//! # How to extend
//! An endpoint is one file in `v1/` (or in `v2/`, for Alertmanager's), one line in its `routes` and one in its `describe`;
//! its answer is a struct that derives `Serialize` and `ToSchema`.
//!
//! # Sources
//! Prometheus' HTTP API documentation and its OpenAPI golden files; VictoriaMetrics' import and export documentation;
//! InfluxDB's write API; Alertmanager's OpenAPI file, and the answers of Debian's Alertmanager 0.25 to bad input.

mod account;
mod admission;
mod alertmanager;
mod app;
mod body;
mod caller;
mod caret;
mod compress;
mod envelope;
mod error;
mod federate;
mod go;
mod methods;
mod number;
mod openapi;
mod operations;
mod origin;
mod params;
mod queries;
mod query_log;
mod query_metrics;
mod selectors;
mod server;
mod streamed;
mod surface;
mod tenant;
mod ui;
mod v1;
mod v2;
mod value_json;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::get;

pub use alertmanager::{AlertmanagerApp, AlertmanagerParts, alertmanager_router};
pub use app::{App, BuildInfo, Parts, QueryLimits, ReloadError, ReloadRequest};
pub use openapi::openapi_json;
pub use operations::starting_router;
pub use query_metrics::QueryMetrics;
pub use server::{ServeLimits, serve};
pub use surface::{
    Alertmanagers, DecisionsRead, InForce, NoRules, ReadDecisions, ReadLimits, ServerStatus,
    Surface,
};
pub use ui::{
    Bundle, Change, ChangeKind, ChangesRead, ConfiguredObject, FileInForce, FilesInForce, Journal,
    RecentChanges, ReloadOutcome, UiParts,
};
pub use v1::Subscribers;

/// Returns the router of all paths.
pub fn router(app: Arc<App>) -> Router {
    let hosts = middleware::from_fn_with_state(app.parts.listen, origin::refuse_other_hosts);
    let origins = Arc::new(app.parts.surface.cors_origin.clone());
    let methods = middleware::from_fn_with_state(origins, methods::as_prometheus);
    let alerting = alerting_routes(&app);
    let desk = ui::Desk::of_server(&app);
    let pages = middleware::from_fn_with_state(desk.clone(), ui::before_the_api);
    let paths = Router::new()
        .nest("/api/v1", v1::routes())
        .merge(v1::influx_routes())
        .merge(v1::internal_routes())
        .merge(operations::routes::<App>())
        .route("/federate", get(federate::federate))
        .route("/version", get(v1::version))
        .fallback(|| async { (StatusCode::NOT_FOUND, "404 page not found\n") })
        // Handlers read bodies themselves, each with its own limit.
        .layer(DefaultBodyLimit::disable())
        .with_state(app)
        .merge(alerting)
        .merge(v1::screen_routes(desk));
    // Around the router as a whole, which knows the methods of its paths.
    let own = Router::new()
        .fallback_service(paths)
        .layer(middleware::from_fn(compress::for_who_asks))
        .layer(methods)
        .layer(pages)
        .layer(hosts);
    tenant::routes(&own).fallback_service(own)
}

/// The paths of Alertmanager and ours about alerting; none when this server does not route alerts.
fn alerting_routes(app: &App) -> Router {
    let parts = &app.parts;
    let Some(alerting) = &parts.surface.alerting else {
        return Router::new();
    };
    let desk = v2::Desk::new(
        alerting.clone(),
        parts.clock.clone(),
        parts.tasks.clone(),
        parts.receiver.memory().clone(),
        parts.build,
    );
    v2::routes(desk.clone()).merge(v1::alerting_routes(desk))
}
