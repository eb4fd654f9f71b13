//! `/api/v1/status/buildinfo`: what Grafana asks first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use crate::app::App;
use crate::envelope::{self, Notes};

/// Prometheus' field names; `goVersion` names what we were built with. There are no `features`, which tells Grafana
/// that this speaks plain Prometheus.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    version: &'static str,
    revision: &'static str,
    branch: &'static str,
    build_user: &'static str,
    build_date: &'static str,
    go_version: &'static str,
}

/// Returns what this build is.
pub(crate) async fn build_info(State(app): State<Arc<App>>) -> Response {
    let view = View {
        version: app.parts.build.version,
        revision: app.parts.build.revision,
        branch: "",
        build_user: "",
        build_date: "",
        go_version: "rust",
    };
    envelope::success(&view, &Notes::default())
}
