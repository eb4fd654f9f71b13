//! The gateway.

use std::hash::Hash;

use plimsoll_traffic::surface::{BackendView, EndpointView};
use plimsoll_traffic::{AdminState, Standing};

use super::super::pulse::CountsView;
use super::revision;
use crate::ui::Desk;

/// How backends, endpoints and routes stand, and how many requests ended.
pub(super) fn look(desk: &Desk, counts: &mut CountsView) -> u64 {
    let Some(gateway) = &desk.sources.gateway else {
        return 0;
    };
    let backends = gateway.backends();
    let endpoints = backends.iter().flat_map(|backend| &backend.endpoints);
    counts.endpoints_down = endpoints.filter(|endpoint| is_down(endpoint)).count();
    let activity = gateway.activity();
    let classes = activity.iter().flat_map(|activity| &activity.classes);
    let requests: u64 = classes.map(|(_, count)| count).sum();
    revision(|hasher| {
        backends.iter().for_each(|backend| put(backend, hasher));
        for route in gateway.routes() {
            // A route is what its file and orders say; nothing in it moves by itself.
            format!("{route:?}").hash(hasher);
        }
        requests.hash(hasher);
    })
}

/// Says whether an endpoint gets no requests, or hardly any, although nobody ordered it.
pub(in crate::v1) fn is_down(endpoint: &EndpointView) -> bool {
    let is_away = matches!(
        endpoint.standing,
        Standing::Down | Standing::Ejected | Standing::BreakerOpen | Standing::Probing
    );
    is_away && endpoint.admin == AdminState::Auto
}

fn put(backend: &BackendView, hasher: &mut impl std::hash::Hasher) {
    (&backend.name, backend.ejections_withheld).hash(hasher);
    for endpoint in &backend.endpoints {
        (&endpoint.name, endpoint.standing, &endpoint.reason).hash(hasher);
        (endpoint.admin, endpoint.weight, &endpoint.check_error).hash(hasher);
    }
}
