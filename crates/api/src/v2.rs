//! `/api/v2`: the API of Alertmanager, for amtool, for Prometheus that sends alerts, and for whoever shows them.
//!
//! | path | what |
//! |---|---|
//! | `GET /alerts`, `POST /alerts` | [`alerts`] |
//! | `GET /alerts/groups` | [`groups`] |
//! | `GET /silences`, `POST /silences`, `GET` and `DELETE /silence/<id>` | [`silences`] |
//! | `GET /status`, `GET /receivers` | [`status`] |
//!
//! Statuses, words and the order of fields are Alertmanager's: its clients read them.

mod alerts;
pub(crate) mod described;
mod desk;
mod filter;
mod groups;
mod refused;
mod shown;
mod silences;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::from_fn;
use axum::routing::{MethodFilter, MethodRouter, any, delete, get, post};

use crate::openapi::Described;
use crate::origin;

pub(crate) use desk::Desk;
pub(crate) use filter::Query;
pub(crate) use refused::Refused;
pub(crate) use shown::listed_alert;
pub(crate) use silences::draft;

/// Says whether a path is one of Alertmanager's API; one of Influx' begins likewise.
pub(crate) fn is_path(path: &str) -> bool {
    path.starts_with("/api/v2/") && path != "/api/v2/write"
}

/// All of its paths.
pub(crate) fn routes(desk: Arc<Desk>) -> Router {
    let silence = guarded(delete(silences::expire)).merge(get(silences::one));
    Router::new()
        .route(
            "/api/v2/alerts",
            named(
                get(alerts::list).merge(guarded(post(alerts::post))),
                "GET,POST",
            ),
        )
        .route("/api/v2/alerts/groups", named(get(groups::list), "GET"))
        .route(
            "/api/v2/silences",
            named(
                get(silences::list).merge(guarded(post(silences::post))),
                "GET,POST",
            ),
        )
        .route("/api/v2/silence/{id}", named(silence, "DELETE,GET"))
        .route("/api/v2/status", named(get(status::status), "GET"))
        .route("/api/v2/receivers", named(get(status::receivers), "GET"))
        .route("/api/v2/{*rest}", any(refused::no_such_path))
        .layer(from_fn(refused::unless_json_is_wanted))
        .layer(DefaultBodyLimit::disable())
        .with_state(desk)
}

/// Describes them.
pub(crate) fn describe(to: &mut Described) {
    described::describe(to);
}

/// What a page of another site may not do.
fn guarded(methods: MethodRouter<Arc<Desk>>) -> MethodRouter<Arc<Desk>> {
    methods.route_layer(from_fn(origin::refuse_other_sites))
}

/// Refuses other methods than those of a path; `HEAD` is one of them, as in Alertmanager.
fn named(methods: MethodRouter<Arc<Desk>>, allowed: &'static str) -> MethodRouter<Arc<Desk>> {
    let refuse = async move |method: Method| refused::method(&method, allowed);
    methods.on(MethodFilter::HEAD, refuse).fallback(refuse)
}
