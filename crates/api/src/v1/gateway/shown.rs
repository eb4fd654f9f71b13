//! Listeners, routes, backends, endpoints and limits as JSON.

use std::time::Duration;

use plimsoll_traffic::limit::admission;
use plimsoll_traffic::surface::{
    ActionView, Activity, BackendView, EndpointView, FaultEffect, FaultView, LimitsView,
    ListenerView, MaintenanceView, RateView, RouteView,
};
use plimsoll_traffic::{AdminState, Criticality, LevelView};
use plimsoll_types::Timestamp;
use serde_json::{Value, json};

use crate::number::rfc3339;

/// A place where requests come in.
pub(super) fn listener(view: &ListenerView) -> Value {
    json!({
        "name": view.name,
        "address": view.address.to_string(),
        "tcpBackend": view.tcp_backend,
        "isTls": view.is_tls,
        "connections": view.connections,
        "connectionsMax": view.connections_max,
        "connectionsTotal": view.connections_total,
    })
}

/// A route.
pub(super) fn route(view: &RouteView) -> Value {
    let mirror = view.mirror.as_ref();
    json!({
        "name": view.name,
        "hosts": view.hosts,
        "listeners": view.listeners,
        "matches": view.matches,
        "action": action(&view.action),
        "timeoutSeconds": view.timeout.as_secs_f64(),
        "criticality": view.criticality.as_str(),
        "limits": view.limits,
        "mirror": mirror.map(|(backend, share)| json!({"backend": backend, "share": share})),
        "maintenance": view.maintenance.as_ref().map(maintenance),
        "faults": view.faults.iter().map(fault).collect::<Vec<_>>(),
    })
}

fn action(view: &ActionView) -> Value {
    match view {
        ActionView::Forward(shares) => {
            let shares = shares.iter();
            let shares = shares.map(|one| json!({"backend": one.backend, "share": one.share}));
            json!({"kind": "forward", "shares": shares.collect::<Vec<_>>()})
        }
        ActionView::Redirect(status) => json!({"kind": "redirect", "status": status}),
        ActionView::Answer(status) => json!({"kind": "answer", "status": status}),
    }
}

/// What is answered in maintenance.
pub(super) fn maintenance(view: &MaintenanceView) -> Value {
    json!({"status": view.status, "body": view.body, "isOrdered": view.is_ordered})
}

/// What is broken on purpose.
pub(super) fn fault(view: &FaultView) -> Value {
    let effect = match view.effect {
        FaultEffect::Delay(delay) => json!({"kind": "delay", "seconds": delay.as_secs_f64()}),
        FaultEffect::Abort(status) => json!({"kind": "abort", "status": status}),
        FaultEffect::Reset => json!({"kind": "reset"}),
    };
    json!({
        "share": view.share,
        "only": view.only,
        "effect": effect,
        "until": time(view.until),
        "isOrdered": view.is_ordered,
    })
}

/// A backend, its endpoints counted only.
pub(super) fn backend(view: &BackendView) -> Value {
    let endpoints = view.endpoints.iter();
    let usable = endpoints.filter(|endpoint| endpoint.standing.is_usable());
    let in_flight = view.endpoints.iter().map(|one| u64::from(one.in_flight));
    json!({
        "name": view.name,
        "policy": view.policy,
        "check": view.check,
        "routes": view.routes,
        "levels": levels(&view.levels),
        "ejectionsWithheld": view.ejections_withheld,
        "concurrency": view.door.as_ref().map(door),
        "endpoints": view.endpoints.len(),
        "endpointsUsable": usable.count(),
        "inFlight": in_flight.sum::<u64>(),
    })
}

/// Priorities and what they get.
pub(super) fn levels(levels: &[LevelView]) -> Value {
    let shown = levels.iter().map(|level| {
        json!({
            "priority": level.priority,
            "share": level.share,
            "isPanicking": level.is_panicking,
            "candidates": level.candidates,
        })
    });
    shown.collect()
}

/// An endpoint of a backend.
pub(super) fn endpoint(backend: &str, view: &EndpointView) -> Value {
    json!({
        "backend": backend,
        "name": view.name,
        "priority": view.priority,
        "state": view.standing.as_str(),
        "isUsable": view.standing.is_usable(),
        "reason": view.reason,
        "admin": admin(view.admin),
        "checks": view.checks.map(|status| status.as_str()),
        "checkError": view.check_error,
        "checkedAt": time(view.checked_at),
        "nextCheck": time(view.next_check),
        "inFlight": view.in_flight,
        "connections": view.connections,
        "latencySeconds": view.latency.as_secs_f64(),
        "breaker": view.breaker.map(|state| state.as_str()),
        "breakerOpenUntil": time(view.breaker_open_until),
        "ejectedUntil": time(view.ejected_until),
        "weightDeclared": view.weight_declared,
        "weight": view.weight,
        "weightEffective": view.weight_effective,
    })
}

/// What a person ordered, in a word.
pub(super) const fn admin(state: AdminState) -> &'static str {
    match state {
        AdminState::Auto => "auto",
        AdminState::ForcedUp => "forced_up",
        AdminState::ForcedDown => "forced_down",
        AdminState::Draining => "draining",
    }
}

/// How much is let in, and how much of it is used.
pub(super) fn limits(view: &LimitsView) -> Value {
    let bulkheads = view
        .bulkheads
        .iter()
        .map(|one| json!({"route": one.route, "max": one.max, "inFlight": one.in_flight}));
    let doors = view.doors.iter().map(|one| {
        let mut shown = door(&one.view);
        shown["backend"] = one.backend.as_str().into();
        shown
    });
    json!({
        "retryBudget": view.retry_budget,
        "rates": view.rates.iter().map(rate).collect::<Vec<_>>(),
        "inFlight": bulkheads.collect::<Vec<_>>(),
        "concurrency": doors.collect::<Vec<_>>(),
    })
}

fn rate(view: &RateView) -> Value {
    json!({
        "route": view.route,
        "name": view.name,
        "key": view.key,
        "count": view.count,
        "perSeconds": view.per.as_secs_f64(),
        "burst": view.burst,
        "isDryRun": view.is_dry_run,
        "keys": view.keys,
        "forgotten": view.forgotten,
    })
}

/// A limit of requests in flight, and who waits for a place.
pub(super) fn door(view: &admission::View) -> Value {
    let by_class = |value: &dyn Fn(usize) -> Value| -> Value {
        let classes = Criticality::ALL.into_iter();
        let shown = classes.map(|class| (class.as_str().to_owned(), value(class.index())));
        Value::Object(shown.collect())
    };
    json!({
        "kind": view.kind,
        "limit": view.limit,
        "isMeasuring": view.is_measuring,
        "inFlight": view.in_flight,
        "waiting": by_class(&|index| view.waiting[index].into()),
        "admitted": by_class(&|index| view.shares[index].into()),
        "meanWaitSeconds": seconds(view.mean_wait),
        "longestWaitSeconds": seconds(view.longest_wait),
    })
}

/// What was counted.
pub(super) fn activity(view: &Activity) -> Value {
    let classes = view.classes.iter();
    let classes = classes.map(|(class, count)| ((*class).to_owned(), (*count).into()));
    let buckets = view.buckets.iter();
    // JSON has no infinity: the last bucket ends nowhere.
    let buckets = buckets.map(|(end, count)| {
        let end = end.is_finite().then_some(*end);
        json!({"atMostSeconds": end, "count": count})
    });
    json!({
        "route": view.route.as_deref(),
        "backend": view.backend.as_deref(),
        "endpoint": view.endpoint.as_deref(),
        "classes": Value::Object(classes.collect()),
        "tookSeconds": view.took_seconds,
        "buckets": buckets.collect::<Vec<_>>(),
    })
}

/// A time, when there is one.
pub(super) fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| rfc3339(at).into())
}

fn seconds(duration: Duration) -> Value {
    duration.as_secs_f64().into()
}
