//! `/api/v1/alerting/routes`: the routing tree in force, and where a label set leads in it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use plimsoll_alerting::{GroupBy, Route, RouteId, matchers};
use serde::Serialize;
use utoipa::ToSchema;

use super::{answer, enveloped, labels};
use crate::error::ApiError;
use crate::openapi::values::Length;
use crate::v2::{Desk, Query};

/// The routing tree.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertRoutes)]
pub(super) struct Routes<'a> {
    /// Depth first, the root first.
    routes: Vec<RouteView<'a>>,
}

/// The routes that an alert takes.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertRoutesTaken)]
pub(super) struct Taken<'a> {
    /// Those of `routes`.
    receivers: Vec<&'a str>,
    routes: Vec<RouteView<'a>>,
}

/// A route with everything that it inherits.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertRoute)]
#[serde(rename_all = "camelCase")]
struct RouteView<'a> {
    id: &'a str,
    key: &'a str,
    /// The place of the route that this one is a child of; `null` for the root.
    parent: Option<usize>,
    matchers: Vec<String>,
    receiver: &'a str,
    /// Names of labels; `...` is all.
    group_by: Vec<&'a str>,
    group_wait: Length,
    group_interval: Length,
    repeat_interval: Length,
    resolve_interval: Length,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[schema(required = false)]
    mute_time_intervals: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[schema(required = false)]
    active_time_intervals: &'a [String],
    r#continue: bool,
}

/// Returns all routes, depth first, the root first.
pub(super) async fn tree(State(desk): State<Arc<Desk>>) -> Result<Response, ApiError> {
    answer(&desk, |desk| {
        let config = desk.alerting.status().config;
        let routes = config.route.iter().map(|(_, route)| view(route)).collect();
        Ok(enveloped(&Routes { routes }))
    })
    .await
}

/// Returns the routes that an alert with the labels of every `label=<name>=<value>` takes, and its receivers.
pub(super) async fn test(State(desk): State<Arc<Desk>>, uri: Uri) -> Result<Response, ApiError> {
    let query = uri.query().unwrap_or_default().to_owned();
    answer(&desk, move |desk| {
        let labels = labels(&Query::read(&query)?)?;
        let config = desk.alerting.status().config;
        let found = config.route.matching(&labels);
        let routes: Vec<_> = found
            .iter()
            .map(|id| view(config.route.route(*id)))
            .collect();
        let receivers = routes.iter().map(|route| route.receiver).collect();
        Ok(enveloped(&Taken { receivers, routes }))
    })
    .await
}

fn view(route: &Route) -> RouteView<'_> {
    RouteView {
        id: &route.id,
        key: &route.key,
        parent: route.parent.map(RouteId::index),
        matchers: route.matchers.iter().map(matchers::display_one).collect(),
        receiver: &route.receiver,
        group_by: match &route.group_by {
            GroupBy::All => vec!["..."],
            GroupBy::Labels(names) => names.iter().map(String::as_str).collect(),
        },
        group_wait: Length(route.group_wait),
        group_interval: Length(route.group_interval),
        repeat_interval: Length(route.repeat_interval),
        resolve_interval: Length(route.resolve_interval),
        mute_time_intervals: &route.mute_time_intervals,
        active_time_intervals: &route.active_time_intervals,
        r#continue: route.continues,
    }
}
