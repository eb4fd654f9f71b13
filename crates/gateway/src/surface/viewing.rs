//! Routes, backends and limits as they are.

use std::collections::HashMap;

use plimsoll_traffic::surface::{
    ActionView, BackendView, BulkheadView, DoorView, EndpointView, FaultEffect, FaultView,
    LimitsView, MaintenanceView, RateView, RouteView, ShareView,
};
use plimsoll_types::Timestamp;

use super::{Times, words};
use crate::gateway::{self, Gateway, Limit, Route, Snapshot};
use crate::model::{self, Action, Effect, Fault};

/// A route; faults that are over by `now` are left out.
pub(super) fn route(route: &Route, now: Timestamp) -> RouteView {
    let model = &route.entry.route;
    let mirror = model.mirror.as_ref();
    let limits = model.limits.iter();
    RouteView {
        name: model.name.clone(),
        hosts: model.hosts.iter().map(words::host).collect(),
        listeners: model.listeners.clone(),
        matches: model.matches.iter().map(words::condition).collect(),
        action: action(route),
        timeout: model.timeout,
        criticality: model.criticality,
        limits: limits.map(|limit| limit.name.clone()).collect(),
        mirror: mirror.map(|mirror| (mirror.backend.clone(), mirror.share)),
        maintenance: maintenance(route),
        faults: faults(route, now),
    }
}

fn action(route: &Route) -> ActionView {
    match &route.entry.route.action {
        Action::Forward(_) => {
            let shares = route.shares().map(|(share, backend)| ShareView {
                backend: backend.name.to_string(),
                share,
            });
            ActionView::Forward(shares.collect())
        }
        Action::Redirect { status, .. } => ActionView::Redirect(status.as_u16()),
        Action::Answer { status, .. } => ActionView::Answer(status.as_u16()),
    }
}

fn maintenance(route: &Route) -> Option<MaintenanceView> {
    let ordered = route.state.maintenance.load();
    let is_ordered = ordered.is_some();
    let declared = route.entry.route.maintenance.as_ref();
    let (status, body) = ordered.as_deref().or(declared)?;
    Some(MaintenanceView {
        status: status.as_u16(),
        body: body.clone(),
        is_ordered,
    })
}

fn faults(route: &Route, now: Timestamp) -> Vec<FaultView> {
    let ordered = route.state.faults.load();
    let declared = route.entry.route.faults.iter().map(|fault| (fault, false));
    let ordered = ordered.iter().flat_map(|faults| faults.iter());
    let all = declared.chain(ordered.map(|fault| (fault, true)));
    let running = all.filter(|(fault, _)| fault.until.is_none_or(|until| now < until));
    running
        .map(|(one, is_ordered)| fault(one, is_ordered))
        .collect()
}

fn fault(fault: &Fault, is_ordered: bool) -> FaultView {
    FaultView {
        share: fault.share,
        only: fault.header.as_ref().map(words::header),
        effect: match fault.effect {
            Effect::Delay(delay) => FaultEffect::Delay(delay),
            Effect::Abort(status) => FaultEffect::Abort(status.as_u16()),
            Effect::Reset => FaultEffect::Reset,
        },
        until: fault.until,
        is_ordered,
    }
}

/// Returns which routes send requests to each backend, copies left out.
pub(super) fn senders(snapshot: &Snapshot) -> HashMap<&str, Vec<String>> {
    let mut senders: HashMap<&str, Vec<String>> = HashMap::new();
    for route in &snapshot.routes {
        for backend in route.backends() {
            let routes = senders.entry(&backend.name).or_default();
            routes.push(route.entry.route.name.clone());
        }
    }
    senders
}

/// A backend with its endpoints, and the routes that send requests there.
pub(super) fn backend(
    view: gateway::BackendView,
    model: &model::Backend,
    routes: Vec<String>,
    times: Times,
) -> BackendView {
    let interval = model.schedule().copied().unwrap_or_default().interval;
    let check = model.check.as_ref();
    let endpoints = view.upstream.endpoints.into_iter().zip(view.connections);
    BackendView {
        name: view.name,
        policy: model.judgement.policy.kind().name(),
        check: check.map(|check| words::check(check, interval)),
        routes,
        levels: view.upstream.levels,
        ejections_withheld: view.upstream.ejections_withheld,
        door: view.door,
        endpoints: endpoints
            .map(|(view, connections)| endpoint(view, connections, times))
            .collect(),
    }
}

/// An endpoint.
pub(super) fn endpoint(
    view: plimsoll_traffic::EndpointView,
    connections: usize,
    times: Times,
) -> EndpointView {
    let at = |moment: Option<_>| moment.map(|moment| times.at(moment));
    EndpointView {
        name: view.name,
        priority: view.priority,
        standing: view.standing,
        reason: view.reason,
        admin: view.admin,
        checks: view.checks,
        check_error: view.check_error,
        checked_at: at(view.checked_at),
        next_check: at(view.next_check),
        in_flight: view.in_flight,
        connections,
        latency: view.latency,
        breaker: view.breaker,
        breaker_open_until: at(view.breaker_open_until),
        ejected_until: at(view.ejected_until),
        weight_declared: view.weight_declared,
        weight: view.weight,
        weight_effective: view.weight_effective,
    }
}

/// How much is let in, and how much of it is used.
pub(super) fn limits(gateway: &Gateway) -> LimitsView {
    let snapshot = gateway.snapshot();
    let mut view = LimitsView {
        retry_budget: gateway.budget().balance(gateway.now()),
        rates: Vec::new(),
        bulkheads: Vec::new(),
        doors: Vec::new(),
    };
    for route in &snapshot.routes {
        let name = &route.entry.route.name;
        let limits = route.state.limits.iter();
        view.rates.extend(limits.map(|limit| rate(name, limit)));
        let bulkhead = route.state.bulkhead.as_ref();
        view.bulkheads.extend(bulkhead.map(|bulkhead| BulkheadView {
            route: name.clone(),
            max: bulkhead.places(),
            in_flight: bulkhead.taken(),
        }));
    }
    for declared in &snapshot.config.backends {
        let backend = snapshot.backends.get(&declared.name);
        let door = backend.and_then(|backend| backend.door());
        view.doors.extend(door.map(|door| DoorView {
            backend: declared.name.clone(),
            view: door.view(),
        }));
    }
    view
}

fn rate(route: &str, limit: &Limit) -> RateView {
    let rate = &limit.model.rate;
    RateView {
        route: route.to_owned(),
        name: limit.model.name.clone(),
        key: words::key(&limit.model.key),
        count: rate.count,
        per: rate.per,
        burst: rate.burst,
        is_dry_run: limit.model.dry_run,
        keys: limit.limiter.keys(),
        forgotten: limit.limiter.forgotten(),
    }
}
