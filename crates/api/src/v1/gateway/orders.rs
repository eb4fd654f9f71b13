//! `/api/v1/gateway/orders`: what a person ordered, and more of it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use plimsoll_traffic::AdminState;
use plimsoll_traffic::surface::{FaultEffect, FaultOrder, Gateway, HeaderWanted, Order};
use plimsoll_types::{ByteCount, parse_duration};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{answered, gateway, parameters, shown};
use crate::app::App;
use crate::body;
use crate::error::{ApiError, Kind};

/// An order is a few words, and the answer of a route in maintenance.
const BODY_MAX: ByteCount = ByteCount::KIB.times(256);

/// Lists the orders that are in force.
pub(super) async fn list(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ApiError> {
    parameters::check(&uri, &[])?;
    answered(&app, |gateway| Ok(in_force(gateway))).await
}

/// Takes an order; answers with what it is about when it is in force.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    uri: Uri,
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
    answered(&app, move |gateway| {
        gateway.order(&order)?;
        Ok(about(gateway, &order))
    })
    .await
}

fn in_force(gateway: &dyn Gateway) -> Value {
    let (mut endpoints, mut routes) = (Vec::new(), Vec::new());
    for backend in gateway.backends() {
        let ordered = backend
            .endpoints
            .iter()
            .filter(|one| one.admin != AdminState::Auto || one.weight != one.weight_declared);
        endpoints.extend(ordered.map(|endpoint| {
            json!({
                "backend": backend.name,
                "endpoint": endpoint.name,
                "admin": shown::admin(endpoint.admin),
                "weight": endpoint.weight,
                "weightDeclared": endpoint.weight_declared,
                "inFlight": endpoint.in_flight,
            })
        }));
    }
    for route in gateway.routes() {
        let maintenance = route.maintenance.as_ref().filter(|one| one.is_ordered);
        let faults = route.faults.iter().filter(|fault| fault.is_ordered);
        let faults: Vec<Value> = faults.map(shown::fault).collect();
        if maintenance.is_some() || !faults.is_empty() {
            routes.push(json!({
                "route": route.name,
                "maintenance": maintenance.map(shown::maintenance),
                "faults": faults,
            }));
        }
    }
    json!({"endpoints": endpoints, "routes": routes})
}

/// Returns what an order is about as it is now; nothing of it when a reload took it away meanwhile.
fn about(gateway: &dyn Gateway, order: &Order) -> Value {
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
            json!({"endpoint": found.map(|endpoint| shown::endpoint(backend, endpoint))})
        }
        Order::Maintenance { route, .. }
        | Order::EndMaintenance { route }
        | Order::Fault { route, .. }
        | Order::EndFaults { route } => {
            let all = gateway.routes();
            let found = all.iter().find(|one| one.name == *route);
            json!({"route": found.map(shown::route)})
        }
    }
}

/// An order as it is written.
#[derive(Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
enum Asked {
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
        status: Option<u16>,
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
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedFault {
    route: String,
    share: Option<f64>,
    header: Option<AskedHeader>,
    delay: Option<String>,
    abort: Option<u16>,
    reset: Option<bool>,
    #[serde(rename = "for")]
    lasts: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedHeader {
    name: String,
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
