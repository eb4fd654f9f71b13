//! `/api/v1/gateway/orders`: what a person ordered, and more of it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use plimsoll_traffic::AdminState;
use plimsoll_traffic::surface::{
    BackendView, EndpointView, FaultEffect, FaultOrder, Gateway, HeaderWanted, Order, RouteView,
};
use plimsoll_types::{ByteCount, parse_duration};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shown::{Admin, EndpointShown, FaultShown, MaintenanceShown, RouteShown};
use super::{answered, gateway, parameters, success};
use crate::app::App;
use crate::body;
use crate::caller::Caller;
use crate::error::{ApiError, Kind};
use crate::v1::changes;

/// An order is a few words, and the answer of a route in maintenance.
const BODY_MAX: ByteCount = ByteCount::KIB.times(256);

/// Lists the orders that are in force.
pub(super) async fn list(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ApiError> {
    parameters::check(&uri, &[])?;
    answered(&app, |gateway| {
        let (backends, routes) = (gateway.backends(), gateway.routes());
        Ok(success(&Orders::in_force(&backends, &routes)))
    })
    .await
}

/// Takes an order; answers with what it is about when it is in force.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    uri: Uri,
    caller: Caller,
    body: Body,
) -> Result<Response, ApiError> {
    // Before the body is read: a server without a gateway takes none.
    gateway(&app)?;
    parameters::check(&uri, &[])?;
    let read = body::read(&app, body, BODY_MAX).await;
    let (bytes, _share) = read.map_err(|unread| ApiError::new(unread.kind, unread.reason))?;
    let order = serde_json::from_slice::<Asked>(&bytes)
        .map_err(|error| error.to_string())
        .and_then(Order::try_from)
        .map_err(|reason| ApiError::new(Kind::BadData, reason))?;
    let noting = app.clone();
    answered(&app, move |gateway| {
        gateway.order(&order)?;
        changes::note_order(&noting, gateway, &order, &caller);
        Ok(about(gateway, &order))
    })
    .await
}

/// The orders that are in force.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayOrders)]
pub(super) struct Orders<'a> {
    endpoints: Vec<EndpointOrders<'a>>,
    routes: Vec<RouteOrders<'a>>,
}

/// An endpoint of which something was ordered.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayEndpointOrders)]
#[serde(rename_all = "camelCase")]
struct EndpointOrders<'a> {
    backend: &'a str,
    endpoint: &'a str,
    admin: Admin,
    weight: u32,
    weight_declared: u32,
    in_flight: u32,
}

/// A route of which something was ordered.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayRouteOrders)]
struct RouteOrders<'a> {
    route: &'a str,
    maintenance: Option<MaintenanceShown<'a>>,
    faults: Vec<FaultShown<'a>>,
}

/// What an order is about as it is now; `null` when a reload took it away meanwhile.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayOrdered)]
#[serde(untagged)]
pub(super) enum Ordered<'a> {
    Endpoint { endpoint: Option<EndpointShown<'a>> },
    Route { route: Option<RouteShown<'a>> },
}

impl<'a> Orders<'a> {
    fn in_force(backends: &'a [BackendView], routes: &'a [RouteView]) -> Self {
        let endpoints = backends.iter().flat_map(|backend| {
            let all = backend.endpoints.iter();
            let ordered = all
                .filter(|one| one.admin != AdminState::Auto || one.weight != one.weight_declared);
            ordered.map(|endpoint| EndpointOrders::of(&backend.name, endpoint))
        });
        Self {
            endpoints: endpoints.collect(),
            routes: routes.iter().filter_map(RouteOrders::of).collect(),
        }
    }
}

impl<'a> EndpointOrders<'a> {
    fn of(backend: &'a str, endpoint: &'a EndpointView) -> Self {
        Self {
            backend,
            endpoint: &endpoint.name,
            admin: endpoint.admin.into(),
            weight: endpoint.weight,
            weight_declared: endpoint.weight_declared,
            in_flight: endpoint.in_flight,
        }
    }
}

impl<'a> RouteOrders<'a> {
    fn of(route: &'a RouteView) -> Option<Self> {
        let maintenance = route.maintenance.as_ref().filter(|one| one.is_ordered);
        let faults = route.faults.iter().filter(|fault| fault.is_ordered);
        let faults: Vec<FaultShown<'_>> = faults.map(FaultShown::from).collect();
        (maintenance.is_some() || !faults.is_empty()).then(|| Self {
            route: &route.name,
            maintenance: maintenance.map(MaintenanceShown::from),
            faults,
        })
    }
}

/// Answers with what an order is about as it is now.
fn about(gateway: &dyn Gateway, order: &Order) -> Response {
    match order {
        Order::Admin {
            backend, endpoint, ..
        }
        | Order::Weight {
            backend, endpoint, ..
        }
        | Order::Pardon { backend, endpoint } => {
            let all = gateway.backends();
            let found = all.iter().find(|one| one.name == *backend);
            let mut endpoints = found.iter().flat_map(|one| &one.endpoints);
            let found = endpoints.find(|one| one.name == *endpoint);
            let endpoint = found.map(|endpoint| EndpointShown::of(backend, endpoint));
            success(&Ordered::Endpoint { endpoint })
        }
        Order::Maintenance { route, .. }
        | Order::EndMaintenance { route }
        | Order::Fault { route, .. }
        | Order::EndFaults { route } => {
            let all = gateway.routes();
            let route = all.iter().find(|one| one.name == *route);
            let route = route.map(RouteShown::from);
            success(&Ordered::Route { route })
        }
    }
}

/// An order as it is written.
#[derive(Deserialize, ToSchema)]
#[schema(as = GatewayOrder)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Asked {
    Drain {
        backend: String,
        endpoint: String,
    },
    Undrain {
        backend: String,
        endpoint: String,
    },
    ForceUp {
        backend: String,
        endpoint: String,
    },
    ForceDown {
        backend: String,
        endpoint: String,
    },
    Auto {
        backend: String,
        endpoint: String,
    },
    Weight {
        backend: String,
        endpoint: String,
        weight: u32,
    },
    Pardon {
        backend: String,
        endpoint: String,
    },
    Maintenance {
        route: String,
        /// Default 503.
        #[schema(nullable = false)]
        status: Option<u16>,
        #[schema(nullable = false)]
        body: Option<String>,
    },
    EndMaintenance {
        route: String,
    },
    Fault(AskedFault),
    EndFaults {
        route: String,
    },
}

/// A fault: exactly one of `delay`, `abort` and `reset`.
#[derive(Deserialize, ToSchema)]
#[schema(as = GatewayFaultOrder)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedFault {
    route: String,
    /// Of requests, 0 to 1; default 1.
    #[schema(nullable = false)]
    share: Option<f64>,
    /// Only requests with this header.
    #[schema(nullable = false)]
    header: Option<AskedHeader>,
    /// A duration, at most `5m`.
    #[schema(nullable = false)]
    delay: Option<String>,
    /// The status that is answered, 400 to 599.
    #[schema(nullable = false)]
    abort: Option<u16>,
    /// `true`.
    #[schema(nullable = false)]
    reset: Option<bool>,
    /// A duration, at most `1d`.
    #[serde(rename = "for")]
    lasts: String,
}

/// A header of a request.
#[derive(Deserialize, ToSchema)]
#[schema(as = GatewayHeaderWanted)]
#[serde(deny_unknown_fields)]
struct AskedHeader {
    name: String,
    /// Any value without it.
    #[schema(nullable = false)]
    value: Option<String>,
}

impl TryFrom<Asked> for Order {
    type Error = String;

    fn try_from(asked: Asked) -> Result<Self, String> {
        let admin = |backend, endpoint, state| Self::Admin {
            backend,
            endpoint,
            state,
        };
        Ok(match asked {
            Asked::Drain { backend, endpoint } => admin(backend, endpoint, AdminState::Draining),
            Asked::ForceUp { backend, endpoint } => admin(backend, endpoint, AdminState::ForcedUp),
            Asked::ForceDown { backend, endpoint } => {
                admin(backend, endpoint, AdminState::ForcedDown)
            }
            Asked::Auto { backend, endpoint } | Asked::Undrain { backend, endpoint } => {
                admin(backend, endpoint, AdminState::Auto)
            }
            Asked::Weight {
                backend,
                endpoint,
                weight,
            } => Self::Weight {
                backend,
                endpoint,
                weight,
            },
            Asked::Pardon { backend, endpoint } => Self::Pardon { backend, endpoint },
            Asked::Maintenance {
                route,
                status,
                body,
            } => Self::Maintenance {
                route,
                status: status.unwrap_or(503),
                body: body.unwrap_or_else(|| "in maintenance".to_owned()),
            },
            Asked::EndMaintenance { route } => Self::EndMaintenance { route },
            Asked::Fault(fault) => fault.order()?,
            Asked::EndFaults { route } => Self::EndFaults { route },
        })
    }
}

impl AskedFault {
    fn order(self) -> Result<Order, String> {
        let effect = match (self.delay, self.abort, self.reset) {
            (Some(delay), None, None) => FaultEffect::Delay(duration("delay", &delay)?),
            (None, Some(status), None) => FaultEffect::Abort(status),
            (None, None, Some(true)) => FaultEffect::Reset,
            _ => return Err("a fault is one of delay, abort and reset: true".to_owned()),
        };
        let header = self.header.map(|header| HeaderWanted {
            name: header.name,
            value: header.value,
        });
        Ok(Order::Fault {
            route: self.route,
            fault: FaultOrder {
                share: self.share.unwrap_or(1.0),
                header,
                effect,
                lasts: duration("for", &self.lasts)?,
            },
        })
    }
}

fn duration(field: &str, text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|_| format!("`{field}` is a duration such as 10m, found {text:?}"))
}
