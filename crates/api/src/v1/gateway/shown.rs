//! Listeners, routes, backends and endpoints as JSON.

mod limits;
mod routes;

use plimsoll_traffic::AdminState;
use plimsoll_traffic::LevelView;
use plimsoll_traffic::surface::{BackendView, EndpointView, ListenerView};
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::values::Time;
use crate::openapi::words::{BreakerState, CheckStatus, EndpointState};

pub(super) use self::limits::{ActivityShown, ConcurrencyShown, LimitsShown};
pub(super) use self::routes::{FaultShown, MaintenanceShown, RouteShown};

/// A place where requests come in.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayListener)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListenerShown<'a> {
    name: &'a str,
    /// Address and port.
    address: String,
    /// The backend that gets the bytes of its connections; `null` for HTTP.
    tcp_backend: Option<&'a str>,
    is_tls: bool,
    /// Connections that are open.
    connections: usize,
    connections_max: usize,
    /// Connections since the listener began.
    connections_total: u64,
}

/// A backend, its endpoints counted only.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayBackend)]
#[serde(rename_all = "camelCase")]
pub(super) struct BackendShown<'a> {
    name: &'a str,
    /// How an endpoint is chosen.
    policy: &'static str,
    /// How endpoints are checked, in words; `null` is not at all.
    check: Option<&'a str>,
    /// The routes that send requests there.
    routes: &'a [String],
    /// The priority that is used first comes first.
    levels: Vec<LevelShown>,
    /// How often an endpoint was not ejected because enough others were.
    ejections_withheld: u64,
    /// `null` is no limit.
    concurrency: Option<ConcurrencyShown>,
    /// How many there are.
    endpoints: usize,
    endpoints_usable: usize,
    in_flight: u64,
}

/// A priority and what it gets.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayLevel)]
#[serde(rename_all = "camelCase")]
pub(super) struct LevelShown {
    /// 0 is used first.
    priority: u8,
    /// The part of requests that goes there, 0 to 1.
    share: f64,
    /// Whether health is ignored because too few are healthy.
    is_panicking: bool,
    /// Endpoints that may be chosen.
    candidates: usize,
}

/// An endpoint of a backend.
#[derive(Serialize, ToSchema)]
#[schema(as = Endpoint)]
#[serde(rename_all = "camelCase")]
pub(super) struct EndpointShown<'a> {
    backend: &'a str,
    name: &'a str,
    /// 0 is used first.
    priority: u8,
    state: EndpointState,
    is_usable: bool,
    /// Why it stands so, with numbers; empty when there is nothing to say.
    reason: &'a str,
    admin: Admin,
    /// `null` when it is not checked.
    checks: Option<CheckStatus>,
    /// Why the last check failed.
    check_error: Option<&'a str>,
    checked_at: Option<Time>,
    next_check: Option<Time>,
    /// Attempts that run.
    in_flight: u32,
    /// Connections that are open.
    connections: usize,
    /// The average that policies see.
    latency_seconds: f64,
    /// `null` when it has none.
    breaker: Option<BreakerState>,
    breaker_open_until: Option<Time>,
    /// Until when it rests.
    ejected_until: Option<Time>,
    weight_declared: u32,
    /// The weight that counts: declared, or ordered since.
    weight: u32,
    /// What slow start leaves of it now.
    weight_effective: f64,
}

/// What a person ordered; `auto` is nothing.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(as = EndpointOrdered)]
#[serde(rename_all = "snake_case")]
pub(super) enum Admin {
    Auto,
    ForcedUp,
    ForcedDown,
    Draining,
}

impl<'a> From<&'a ListenerView> for ListenerShown<'a> {
    fn from(view: &'a ListenerView) -> Self {
        Self {
            name: &view.name,
            address: view.address.to_string(),
            tcp_backend: view.tcp_backend.as_deref(),
            is_tls: view.is_tls,
            connections: view.connections,
            connections_max: view.connections_max,
            connections_total: view.connections_total,
        }
    }
}

impl<'a> From<&'a BackendView> for BackendShown<'a> {
    fn from(view: &'a BackendView) -> Self {
        let endpoints = view.endpoints.iter();
        let usable = endpoints.filter(|endpoint| endpoint.standing.is_usable());
        let in_flight = view.endpoints.iter().map(|one| u64::from(one.in_flight));
        Self {
            name: &view.name,
            policy: view.policy,
            check: view.check.as_deref(),
            routes: &view.routes,
            levels: levels(&view.levels),
            ejections_withheld: view.ejections_withheld,
            concurrency: view.door.as_ref().map(ConcurrencyShown::from),
            endpoints: view.endpoints.len(),
            endpoints_usable: usable.count(),
            in_flight: in_flight.sum(),
        }
    }
}

/// Priorities and what they get.
pub(super) fn levels(levels: &[LevelView]) -> Vec<LevelShown> {
    let shown = levels.iter().map(|level| LevelShown {
        priority: level.priority,
        share: level.share,
        is_panicking: level.is_panicking,
        candidates: level.candidates,
    });
    shown.collect()
}

impl<'a> EndpointShown<'a> {
    pub(super) fn of(backend: &'a str, view: &'a EndpointView) -> Self {
        Self {
            backend,
            name: &view.name,
            priority: view.priority,
            state: EndpointState(view.standing),
            is_usable: view.standing.is_usable(),
            reason: &view.reason,
            admin: view.admin.into(),
            checks: view.checks.map(CheckStatus),
            check_error: view.check_error.as_deref(),
            checked_at: view.checked_at.map(Time),
            next_check: view.next_check.map(Time),
            in_flight: view.in_flight,
            connections: view.connections,
            latency_seconds: view.latency.as_secs_f64(),
            breaker: view.breaker.map(BreakerState),
            breaker_open_until: view.breaker_open_until.map(Time),
            ejected_until: view.ejected_until.map(Time),
            weight_declared: view.weight_declared,
            weight: view.weight,
            weight_effective: view.weight_effective,
        }
    }

    /// Says something else of why it stands so.
    pub(super) fn because(self, reason: &'a str) -> Self {
        Self { reason, ..self }
    }
}

impl From<AdminState> for Admin {
    fn from(state: AdminState) -> Self {
        match state {
            AdminState::Auto => Self::Auto,
            AdminState::ForcedUp => Self::ForcedUp,
            AdminState::ForcedDown => Self::ForcedDown,
            AdminState::Draining => Self::Draining,
        }
    }
}
