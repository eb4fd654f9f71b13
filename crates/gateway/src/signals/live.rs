//! What is configured at the moment, and what else tells gauges.

use std::sync::Arc;

use plimsoll_traffic::{EndpointId, breaker};

use crate::names::{BackendId, RouteId};

/// What the configuration in force has. Series of anything else end once nothing happens to them any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// The names of listeners, at the places that [`Record::listener`](crate::record::Record::listener) tells.
    pub listeners: Vec<Arc<str>>,
    /// Routes.
    pub routes: Vec<RouteId>,
    /// Backends.
    pub backends: Vec<LiveBackend>,
}

/// A backend and its endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveBackend {
    /// The backend.
    pub id: BackendId,
    /// Its endpoints by the ids and names of its upstream.
    pub endpoints: Vec<(EndpointId, Arc<str>)>,
}

/// Tells what is not counted but can be looked at.
pub trait Gauges: Send + Sync {
    /// Returns what is at this moment; called before each export and each look at `/metrics`.
    fn read(&self) -> Readings;
}

/// What is at a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// Of each endpoint.
    pub endpoints: Vec<EndpointReading>,
    /// Of each limit of requests in flight.
    pub limits: Vec<LimitReading>,
    /// Retries that the shared budget has left.
    pub retry_budget: Option<f64>,
}

/// What an endpoint is at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EndpointReading {
    /// Its backend.
    pub backend: BackendId,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Whether it gets requests: checks, ejection and orders taken together, breakers left out.
    pub is_healthy: bool,
    /// Its effective share, slow start included.
    pub weight: f64,
    /// What its breaker lets through; `None` without one.
    pub breaker: Option<breaker::State>,
    /// Attempts that run.
    pub in_flight: u32,
}

/// What a limit of requests in flight is at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimitReading {
    /// The backend whose limit it is.
    pub backend: BackendId,
    /// How many may be in flight.
    pub limit: u32,
    /// How many are.
    pub in_flight: u32,
    /// How many wait.
    pub waiting: u32,
}
