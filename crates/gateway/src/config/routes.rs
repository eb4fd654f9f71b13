//! `routes`: which requests go where.

use plimsoll_runtime::config::{Span, Spanned};
use plimsoll_traffic::Criticality;
use plimsoll_types::ByteCount;

use super::context::{Context, key, short};
use super::known::Known;
use super::raw::RawRoute;
use super::{actions, affinity, faults, ladder, limits, matches, retries, rewrites, shadowed};
use crate::model::{Action, Route};

/// Reads all of them; `section` is the place of what they are missing in.
pub(super) fn routes(
    raw: Vec<Spanned<RawRoute>>,
    section: Span,
    known: &mut Known,
    ctx: &mut Context<'_>,
) -> Vec<Route> {
    let mut routes = Vec::new();
    let mut places = Vec::new();
    for raw in raw {
        places.push(raw.name.span);
        routes.push(route(&raw, known, ctx));
    }
    shadowed::report(&routes, &places, ctx);
    if known.has_http && routes.is_empty() {
        let message = "there are no `routes`: every request is answered with 404";
        ctx.warning(section, message);
    }
    routes
}

fn route(raw: &Spanned<RawRoute>, known: &mut Known, ctx: &mut Context<'_>) -> Route {
    let name = ctx.name(&raw.name, raw.span, "a route", &mut known.route_names);
    for listener in &raw.listeners {
        known.listener(listener, ctx);
    }
    let matches = matches::matches(&raw.matches, ctx);
    let (action, shares) = actions::action(raw.to.as_ref(), raw.name.span, known, ctx);
    if !matches!(action, Action::Forward(_)) {
        without_backend(raw, ctx);
    }
    let mut route = Route::new(name, action);
    route.hosts = matches::hosts(&raw.hosts, ctx);
    route.listeners = raw.listeners.iter().map(|one| one.value.clone()).collect();
    route.rewrite = rewrites::rewrite(raw.rewrite.as_ref(), &matches, ctx);
    route.matches = matches;
    let timeout = ctx.above_zero(&raw.timeout, "timeout");
    route.timeout = timeout.unwrap_or(route.timeout);
    let idle = ctx.above_zero(&raw.idle_timeout, "idle_timeout");
    route.idle_timeout = idle.unwrap_or(route.idle_timeout);
    route.retry = retries::retry(raw.retry.as_ref(), ctx);
    route.hedge = retries::hedge(raw.hedge.as_ref(), ctx);
    route.criticality = criticality(raw, ctx);
    route.limits = limits::limits(&raw.limits, ctx);
    route.in_flight_max = ctx.number(&raw.in_flight_max, "in_flight_max", 1..=10_000_000);
    let bodies = ByteCount(0)..=ByteCount(u64::MAX);
    route.body_max = ctx.size(&raw.body_max, "body_max", bodies);
    route.affinity = affinity::affinity(raw.affinity.as_ref(), ctx);
    route.mirror = faults::mirror(raw.mirror.as_ref(), known, ctx);
    route.faults = faults::faults(&raw.faults, ctx);
    route.maintenance = faults::maintenance(raw.maintenance.as_ref(), ctx);
    affinity::fits(raw, &route, &shares, known, ctx);
    ladder::check(raw, &route, &shares, known, ctx);
    route
}

/// Reports what only a route to a backend can have. Headers of an answer can be changed whoever gives it.
fn without_backend(raw: &RawRoute, ctx: &mut Context<'_>) {
    let rewrite = raw.rewrite.as_ref();
    let of_rewrite = rewrite.map_or([None; 5], |raw| {
        [
            key(&raw.path),
            key(&raw.prefix),
            key(&raw.regex),
            key(&raw.host),
            key(&raw.request_headers),
        ]
    });
    let [path, prefix, regex, host, request_headers] = of_rewrite;
    let fields = [
        ("rewrite.path", path),
        ("rewrite.prefix", prefix),
        ("rewrite.regex", regex),
        ("rewrite.host", host),
        ("rewrite.request_headers", request_headers),
        ("timeout", key(&raw.timeout)),
        ("idle_timeout", key(&raw.idle_timeout)),
        ("retry", key(&raw.retry)),
        ("hedge", key(&raw.hedge)),
        ("in_flight_max", key(&raw.in_flight_max)),
        ("body_max", key(&raw.body_max)),
        ("affinity", key(&raw.affinity)),
        ("mirror", key(&raw.mirror)),
    ];
    for (name, place) in fields {
        if let Some(place) = place {
            let message = format!("`{name}` has no effect: this route goes to no backend");
            ctx.error(place, message);
        }
    }
}

fn criticality(raw: &RawRoute, ctx: &mut Context<'_>) -> Criticality {
    let Some(raw) = &raw.criticality else {
        return Criticality::default();
    };
    let read: Result<Criticality, _> = raw.parse();
    read.unwrap_or_else(|error| {
        ctx.error(raw.span, format!("{error}, found {:?}", short(raw)));
        Criticality::default()
    })
}
