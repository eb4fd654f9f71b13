//! Routes as JSON, with maintenance and faults.

use plimsoll_traffic::surface::{
    ActionView, FaultEffect, FaultView, MaintenanceView, RouteView, ShareView,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::values::Time;
use crate::openapi::words::Criticality;

/// A route.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayRoute)]
#[serde(rename_all = "camelCase")]
pub(in crate::v1::gateway) struct RouteShown<'a> {
    name: &'a str,
    /// `*.shop.example` is all below one; empty is every host.
    hosts: &'a [String],
    /// Empty is all of HTTP.
    listeners: &'a [String],
    /// One of these conditions is enough, in words; empty is everything.
    matches: &'a [String],
    action: Action<'a>,
    /// From the request's head to the answer's.
    timeout_seconds: f64,
    criticality: Criticality,
    /// The names of its rate limits.
    limits: &'a [String],
    /// Who gets copies.
    mirror: Option<Share<'a>>,
    /// What is answered instead while it is in maintenance.
    maintenance: Option<MaintenanceShown<'a>>,
    /// What is broken on purpose.
    faults: Vec<FaultShown<'a>>,
}

/// What a route does.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayAction)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Action<'a> {
    /// Requests go to these.
    Forward { shares: Vec<Share<'a>> },
    /// The client is sent elsewhere.
    Redirect { status: u16 },
    /// The gateway answers.
    Answer { status: u16 },
}

/// A backend's share of requests.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayShare)]
struct Share<'a> {
    backend: &'a str,
    /// 0 to 1.
    share: f64,
}

/// What is answered in maintenance.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayMaintenance)]
#[serde(rename_all = "camelCase")]
pub(in crate::v1::gateway) struct MaintenanceShown<'a> {
    status: u16,
    body: &'a str,
    /// Whether a person ordered it; else the file says it.
    is_ordered: bool,
}

/// What is broken on purpose.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayFault)]
#[serde(rename_all = "camelCase")]
pub(in crate::v1::gateway) struct FaultShown<'a> {
    /// Of requests, 0 to 1.
    share: f64,
    /// Only requests of which this holds, in words.
    only: Option<&'a str>,
    effect: Effect,
    /// When it ends by itself.
    until: Option<Time>,
    /// Whether a person ordered it; else the file says it.
    is_ordered: bool,
}

/// What a fault does.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayFaultEffect)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Effect {
    Delay { seconds: f64 },
    Abort { status: u16 },
    Reset,
}

impl<'a> From<&'a RouteView> for RouteShown<'a> {
    fn from(view: &'a RouteView) -> Self {
        let mirror = view.mirror.as_ref();
        Self {
            name: &view.name,
            hosts: &view.hosts,
            listeners: &view.listeners,
            matches: &view.matches,
            action: (&view.action).into(),
            timeout_seconds: view.timeout.as_secs_f64(),
            criticality: Criticality(view.criticality),
            limits: &view.limits,
            mirror: mirror.map(|(backend, share)| Share {
                backend,
                share: *share,
            }),
            maintenance: view.maintenance.as_ref().map(MaintenanceShown::from),
            faults: view.faults.iter().map(FaultShown::from).collect(),
        }
    }
}

impl<'a> From<&'a ActionView> for Action<'a> {
    fn from(view: &'a ActionView) -> Self {
        match view {
            ActionView::Forward(shares) => Self::Forward {
                shares: shares.iter().map(Share::from).collect(),
            },
            ActionView::Redirect(status) => Self::Redirect { status: *status },
            ActionView::Answer(status) => Self::Answer { status: *status },
        }
    }
}

impl<'a> From<&'a ShareView> for Share<'a> {
    fn from(view: &'a ShareView) -> Self {
        Self {
            backend: &view.backend,
            share: view.share,
        }
    }
}

impl<'a> From<&'a MaintenanceView> for MaintenanceShown<'a> {
    fn from(view: &'a MaintenanceView) -> Self {
        Self {
            status: view.status,
            body: &view.body,
            is_ordered: view.is_ordered,
        }
    }
}

impl<'a> From<&'a FaultView> for FaultShown<'a> {
    fn from(view: &'a FaultView) -> Self {
        Self {
            share: view.share,
            only: view.only.as_deref(),
            effect: match view.effect {
                FaultEffect::Delay(delay) => Effect::Delay {
                    seconds: delay.as_secs_f64(),
                },
                FaultEffect::Abort(status) => Effect::Abort { status },
                FaultEffect::Reset => Effect::Reset,
            },
            until: view.until.map(Time),
            is_ordered: view.is_ordered,
        }
    }
}
