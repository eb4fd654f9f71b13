//! `/api/v1/status/...`: what the server is, how it was started, what its store holds.

mod overview;
mod self_metrics;
mod store;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use plimsoll_types::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::openapi::Described;
use crate::openapi::values::Time;

/// Describes the paths.
pub(super) fn describe(to: &mut Described) {
    to.get("/api/v1/status/buildinfo", "Says what this build is.")
        .answers::<BuildView>();
    to.get(
        "/api/v1/status/config",
        "Shows the configuration that is in force.",
    )
    .answers::<Config<'static>>();
    to.get("/api/v1/status/flags", "Shows how the server was started.")
        .answers::<Flags<'static>>();
    to.get("/api/v1/status/runtimeinfo", "Shows how the server runs.")
        .answers::<RuntimeView>();
    to.get(
        "/api/v1/status/store",
        "Shows what the store promises, and how it is.",
    )
    .answers::<overview::View>();
    store::describe(to);
}

/// Everything below `/status`.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/buildinfo", get(build_info))
        .route("/config", get(config))
        .route("/flags", get(flags))
        .route("/runtimeinfo", get(runtime_info))
        .route("/self_metrics", get(self_metrics::self_metrics))
        .route("/store", get(overview::overview))
        .route("/tsdb", get(store::statistics))
        .route("/tsdb/blocks", get(store::blocks))
        .route("/walreplay", get(store::replay))
}

// Prometheus' field names; `goVersion` names what we were built with. There are no `features`, which tells Grafana
// that this speaks plain Prometheus.
/// What this build is.
#[derive(Serialize, ToSchema)]
#[schema(as = BuildInfo)]
#[serde(rename_all = "camelCase")]
struct BuildView {
    version: &'static str,
    revision: &'static str,
    branch: &'static str,
    build_user: &'static str,
    build_date: &'static str,
    go_version: &'static str,
}

impl BuildView {
    fn of(app: &App) -> Self {
        Self {
            version: app.parts.build.version,
            revision: app.parts.build.revision,
            branch: "",
            build_user: "",
            build_date: "",
            go_version: "rust",
        }
    }
}

/// Returns what this build is.
async fn build_info(State(app): State<Arc<App>>) -> Response {
    envelope::success(&BuildView::of(&app), &Notes::default())
}

/// Returns the same without its envelope: `/version`, older than the API.
pub(crate) async fn version(State(app): State<Arc<App>>) -> String {
    serde_json::to_string(&BuildView::of(&app)).expect("views of ours become JSON")
}

/// The configuration that is in force.
#[derive(Serialize, ToSchema)]
#[schema(as = ConfigInForce)]
struct Config<'a> {
    /// Without secrets.
    yaml: &'a str,
}

/// Returns the configuration that is in force, without secrets.
async fn config(State(app): State<Arc<App>>) -> Response {
    let yaml = app.parts.surface.status.in_force().yaml;
    envelope::success(&Config { yaml: &yaml }, &Notes::default())
}

/// Values by the names of flags.
#[derive(Serialize, ToSchema)]
struct Flags<'a>(&'a BTreeMap<String, String>);

/// Returns how the server was started, by Prometheus' names of flags where it has them.
async fn flags(State(app): State<Arc<App>>) -> Response {
    let flags = Flags(&app.parts.surface.status.flags);
    envelope::success(&flags, &Notes::default())
}

/// How the server runs. What only Go's runtime has is empty, and tasks stand for goroutines.
#[derive(Serialize, ToSchema)]
#[schema(as = RuntimeInfo)]
#[serde(rename_all = "camelCase")]
struct RuntimeView {
    start_time: Time,
    #[serde(rename = "CWD")]
    working_directory: String,
    hostname: String,
    server_time: Time,
    reload_config_success: bool,
    last_config_time: Time,
    corruption_count: u64,
    goroutine_count: usize,
    #[serde(rename = "GOMAXPROCS")]
    threads: usize,
    #[serde(rename = "GOMEMLIMIT")]
    memory_limit: i64,
    #[serde(rename = "GOGC")]
    collector: &'static str,
    #[serde(rename = "GODEBUG")]
    debug: &'static str,
    storage_retention: String,
}

/// Returns how the server runs.
async fn runtime_info(State(app): State<Arc<App>>) -> Response {
    let status = &app.parts.surface.status;
    let in_force = status.in_force();
    let seconds = |time: Timestamp| Timestamp::from_millis(time.millis().div_euclid(1000) * 1000);
    let view = RuntimeView {
        start_time: Time(status.started),
        working_directory: status.working_directory.clone(),
        hostname: status.host_name.clone(),
        server_time: Time(app.parts.clock.now()),
        reload_config_success: in_force.is_last_reload_successful,
        last_config_time: Time(seconds(in_force.since)),
        corruption_count: status.replay.damaged,
        goroutine_count: tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        memory_limit: i64::MAX,
        collector: "",
        debug: "",
        storage_retention: in_force.retention,
    };
    envelope::success(&view, &Notes::default())
}
