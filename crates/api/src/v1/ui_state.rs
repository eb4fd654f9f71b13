//! `/api/v1/ui/state`: what runs here, so that screens show what there is and nothing else.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use plimsoll_types::{METRIC_NAME, Matcher, TimeRange};
use serde::Serialize;
use utoipa::ToSchema;

use super::slos::parameters;
use crate::envelope::{self, Notes};
use crate::error::ApiError;
use crate::openapi::Described;
use crate::openapi::values::Time;
use crate::ui::Desk;

/// What every host exporter tells; its presence says that there are hosts to show.
const OF_HOSTS: &str = "node_uname_info";
/// How far back a host counts as seen: as long as a screen looks back by default.
const HOSTS_SEEN_MILLIS: i64 = 60 * 60 * 1000;

/// What runs.
#[derive(Serialize, ToSchema)]
#[schema(as = UiState)]
#[serde(rename_all = "camelCase")]
struct StateView {
    version: &'static str,
    /// The commit, empty when it is not known.
    revision: &'static str,
    kind: ServerKind,
    has: HasView,
    started_at: Time,
    now: Time,
    external_url: String,
}

/// `alertmanager` for one that does nothing but alerting.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ServerKind {
    Server,
    Alertmanager,
}

/// Which parts run.
#[derive(Serialize, ToSchema)]
#[schema(as = UiParts)]
struct HasView {
    /// Alerts are routed and silenced here.
    alerting: bool,
    /// Objectives are counted here, and there is at least one.
    slos: bool,
    /// Requests are taken in here.
    gateway: bool,
    /// There is at least one rule group.
    rules: bool,
    /// A host was measured within the last hour.
    hosts: bool,
    /// Decisions of rules and objectives can be read.
    decisions: bool,
}

/// Describes the path.
pub(super) fn describe(to: &mut Described) {
    to.get("/api/v1/ui/state", "Says what runs here.")
        .answers::<StateView>();
}

/// Returns what runs here.
pub(super) async fn state(State(desk): State<Arc<Desk>>, uri: Uri) -> Result<Response, ApiError> {
    parameters::check(&uri, &[])?;
    desk.ask(|desk| Ok(envelope::success(&view(desk)?, &Notes::default())))
        .await
}

fn view(desk: &Desk) -> Result<StateView, ApiError> {
    let sources = &desk.sources;
    Ok(StateView {
        version: desk.build.version,
        revision: desk.build.revision,
        kind: match desk.is_server() {
            true => ServerKind::Server,
            false => ServerKind::Alertmanager,
        },
        has: HasView {
            alerting: sources.alerting.is_some(),
            slos: has_slos(desk),
            gateway: sources.gateway.is_some(),
            rules: sources
                .rules
                .as_ref()
                .is_some_and(|it| !it.groups().is_empty()),
            hosts: has_hosts(desk)?,
            decisions: desk.is_server(),
        },
        started_at: Time(desk.parts.started),
        now: Time(desk.clock.now()),
        external_url: desk.parts.external_url.to_string(),
    })
}

fn has_slos(desk: &Desk) -> bool {
    let slos = desk.sources.slos.as_ref();
    slos.is_some_and(|slos| !slos.list().0.is_empty())
}

fn has_hosts(desk: &Desk) -> Result<bool, ApiError> {
    let Some(store) = &desk.sources.store else {
        return Ok(false);
    };
    let now = desk.clock.now();
    let lately = TimeRange::new(now.saturating_add_millis(-HOSTS_SEEN_MILLIS), now);
    let of_hosts = vec![Matcher::equal(METRIC_NAME, OF_HOSTS)];
    Ok(!store.series(&[of_hosts], lately, 1)?.is_empty())
}
