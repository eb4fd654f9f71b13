//! Routes that no request ever takes, because another one has the same hosts and conditions.

use std::collections::HashMap;

use plimsoll_runtime::config::Span;

use super::context::Context;
use crate::model::{HostPattern, Match, Route};

/// Warns of each.
pub(super) fn report(routes: &[Route], places: &[Span], ctx: &mut Context<'_>) {
    // A condition written in full, and the first route that has it for all listeners.
    let mut taken: HashMap<String, &str> = HashMap::new();
    for (route, place) in routes.iter().zip(places) {
        let conditions = conditions(route);
        let first = conditions.first().and_then(|one| taken.get(one));
        if let Some(first) = first
            && !route.name.is_empty()
            && conditions.iter().all(|one| taken.contains_key(one))
        {
            let message = format!(
                "no request takes the route `{}`: `{first}`, before it, has its hosts and conditions",
                route.name
            );
            ctx.warning(*place, message);
        }
        if route.listeners.is_empty() {
            for condition in conditions {
                taken.entry(condition).or_insert(&route.name);
            }
        }
    }
}

fn conditions(route: &Route) -> Vec<String> {
    let any_host = [None];
    let hosts: Vec<Option<&HostPattern>> = match route.hosts.is_empty() {
        true => any_host.to_vec(),
        false => route.hosts.iter().map(Some).collect(),
    };
    let everything = [Match::default()];
    let matches: &[Match] = match route.matches.is_empty() {
        true => &everything,
        false => &route.matches,
    };
    let pairs = hosts.iter().flat_map(|host| {
        let written = move |one: &Match| format!("{host:?} {one:?}");
        matches.iter().map(written)
    });
    pairs.collect()
}
