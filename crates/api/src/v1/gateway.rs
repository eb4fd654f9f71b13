//! `/api/v1/gateway`: what the gateway of this server does, and what it is ordered to do.

mod checks;
mod explain;
mod orders;
mod shown;
mod taken;
mod tap;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{get, post};
use plimsoll_traffic::Standing;
use plimsoll_traffic::surface::Gateway;
use serde::Serialize;
use utoipa::ToSchema;

use self::shown::{
    ActivityShown, BackendShown, EndpointShown, LimitsShown, ListenerShown, RouteShown,
};
use super::slos::parameters;
use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::openapi::Described;
use crate::params::Params;

/// Describes the paths.
pub(super) fn describe(to: &mut Described) {
    to.get("/api/v1/gateway/listeners", "Lists where requests come in.")
        .answers::<Listeners<'static>>();
    to.get(
        "/api/v1/gateway/routes",
        "Lists the routes in the order of the file.",
    )
    .takes("name", "Only the one of this name.")
    .answers::<Routes<'static>>();
    to.get("/api/v1/gateway/backends", "Lists the backends.")
        .takes("name", "Only the one of this name.")
        .answers::<Backends<'static>>();
    to.get(
        "/api/v1/gateway/endpoints",
        "Lists endpoints and why they stand as they do.",
    )
    .takes("backend", "Only those of this backend.")
    .takes("state", "Only those in this state.")
    .answers::<Endpoints<'static>>();
    to.get(
        "/api/v1/gateway/limits",
        "Shows what is let in, and what of it is used.",
    )
    .answers::<LimitsShown<'static>>();
    to.get(
        "/api/v1/gateway/activity",
        "Shows what was counted since the process began.",
    )
    .answers::<Activities<'static>>();
    explain::describe(to);
    to.get(
        "/api/v1/gateway/orders",
        "Lists the orders that are in force.",
    )
    .answers::<orders::Orders<'static>>();
    to.post("/api/v1/gateway/orders", "Orders something.")
        .body::<orders::Asked>()
        .answers::<orders::Ordered<'static>>();
    to.post("/api/v1/gateway/checks", "Checks an endpoint once, now.")
        .needs("backend", "Its backend.")
        .needs("endpoint", "The endpoint.")
        .answers::<checks::Checked<'static>>();
    tap::describe(to);
}

/// Where requests come in.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayListeners)]
struct Listeners<'a> {
    listeners: Vec<ListenerShown<'a>>,
}

/// Routes, in the order of the file.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayRoutes)]
struct Routes<'a> {
    routes: Vec<RouteShown<'a>>,
}

/// Backends, in the order of the file.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayBackends)]
struct Backends<'a> {
    backends: Vec<BackendShown<'a>>,
}

/// Endpoints, backend by backend.
#[derive(Serialize, ToSchema)]
#[schema(as = Endpoints)]
struct Endpoints<'a> {
    endpoints: Vec<EndpointShown<'a>>,
}

/// What was counted, by route, backend and endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayActivities)]
struct Activities<'a> {
    activity: Vec<ActivityShown<'a>>,
}

/// What is read.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/listeners", get(listeners))
        .route("/routes", get(list_routes))
        .route("/backends", get(backends))
        .route("/endpoints", get(endpoints))
        .route("/limits", get(limits))
        .route("/activity", get(activity))
        .route("/explain", get(explain::explain))
        .route("/orders", get(orders::list))
        .route("/tap", get(tap::tap))
}

/// What changes something, or makes the server connect to something.
pub(super) fn changes() -> Router<Arc<App>> {
    Router::new()
        .route("/orders", post(orders::add))
        .route("/checks", post(checks::check))
}

/// Lists where requests come in.
async fn listeners(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ApiError> {
    parameters::check(&uri, &[])?;
    answered(&app, |gateway| {
        let all = gateway.listeners();
        let listeners = all.iter().map(ListenerShown::from).collect();
        Ok(success(&Listeners { listeners }))
    })
    .await
}

/// Lists routes, or the one of a `name`.
async fn list_routes(
    State(app): State<Arc<App>>,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    parameters::check(&uri, &["name"])?;
    answered(&app, move |gateway| {
        let name = params.get("name");
        let mut all = gateway.routes();
        all.retain(|route| name.is_none_or(|name| route.name == name));
        if let Some(name) = name.filter(|_| all.is_empty()) {
            return Err(unknown("route", name));
        }
        let routes = all.iter().map(RouteShown::from).collect();
        Ok(success(&Routes { routes }))
    })
    .await
}

/// Lists backends, or the one of a `name`.
async fn backends(
    State(app): State<Arc<App>>,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    parameters::check(&uri, &["name"])?;
    answered(&app, move |gateway| {
        let all = backends_of(gateway, params.get("name"))?;
        let backends = all.iter().map(BackendShown::from).collect();
        Ok(success(&Backends { backends }))
    })
    .await
}

/// Lists endpoints, or those of a `backend`, or those in a `state`.
async fn endpoints(
    State(app): State<Arc<App>>,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    parameters::check(&uri, &["backend", "state"])?;
    let state = params.get("state").map(standing).transpose()?;
    answered(&app, move |gateway| {
        let backends = backends_of(gateway, params.get("backend"))?;
        let endpoints = backends.iter().flat_map(|backend| {
            let all = backend.endpoints.iter();
            let wanted =
                all.filter(|endpoint| state.is_none_or(|state| state == endpoint.standing));
            wanted.map(|endpoint| EndpointShown::of(&backend.name, endpoint))
        });
        Ok(success(&Endpoints {
            endpoints: endpoints.collect(),
        }))
    })
    .await
}

/// Shows how much is let in, and how much of it is used.
async fn limits(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ApiError> {
    parameters::check(&uri, &[])?;
    answered(&app, |gateway| {
        let limits = gateway.limits();
        Ok(success(&LimitsShown::from(&limits)))
    })
    .await
}

/// Shows what was counted since the process began.
async fn activity(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ApiError> {
    parameters::check(&uri, &[])?;
    answered(&app, |gateway| {
        let all = gateway.activity();
        let activity = all.iter().map(ActivityShown::from).collect();
        Ok(success(&Activities { activity }))
    })
    .await
}

/// Returns the backends, or the one of a name.
fn backends_of(
    gateway: &dyn Gateway,
    name: Option<&str>,
) -> Result<Vec<plimsoll_traffic::surface::BackendView>, ApiError> {
    let mut all = gateway.backends();
    all.retain(|backend| name.is_none_or(|name| backend.name == name));
    match name.filter(|_| all.is_empty()) {
        Some(name) => Err(unknown("backend", name)),
        None => Ok(all),
    }
}

fn standing(text: &str) -> Result<Standing, ApiError> {
    let known = Standing::ALL.into_iter().find(|one| one.as_str() == text);
    known.ok_or_else(|| {
        let all = Standing::ALL.map(Standing::as_str).join(", ");
        ApiError::parameter("state", format!("wanted one of {all}, found {text:?}"))
    })
}

/// Asks the gateway where blocking is allowed. It has no turn among the queries: what is asked in an incident must not
/// wait for dashboards.
async fn answered(
    app: &Arc<App>,
    ask: impl FnOnce(&dyn Gateway) -> Result<Response, ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    let gateway = gateway(app)?;
    let tasks = &app.parts.tasks;
    let asked = tasks.run_blocking("gateway", move || ask(&*gateway));
    asked.await.unwrap_or_else(|_| Err(ApiError::fault()))
}

fn success(data: &impl Serialize) -> Response {
    envelope::success(data, &Notes::default())
}

/// Returns who takes requests in.
fn gateway(app: &App) -> Result<Arc<dyn Gateway>, ApiError> {
    app.parts.surface.gateway.clone().ok_or_else(|| {
        let reason =
            "this server has no gateway: start one with `plimsoll gateway` or --gateway-config";
        ApiError::new(Kind::NotFound, reason)
    })
}

fn unknown(noun: &str, name: &str) -> ApiError {
    ApiError::new(Kind::NotFound, format!("there is no {noun} {name:?}"))
}
