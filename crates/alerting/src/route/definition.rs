//! A route as it is written, and what becomes of it below its parents.

use std::time::Duration;

use plimsoll_types::{Labels, Matcher};

use super::{GroupBy, Route, RouteId, id, key};

const GROUP_WAIT: Duration = Duration::from_secs(30);
const GROUP_INTERVAL: Duration = Duration::from_secs(5 * 60);
const REPEAT_INTERVAL: Duration = Duration::from_secs(4 * 3600);

/// What a route says itself; what is `None` comes from its parent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Definition {
    pub(crate) receiver: Option<String>,
    pub(crate) group_by: Option<GroupBy>,
    pub(crate) group_wait: Option<Duration>,
    pub(crate) group_interval: Option<Duration>,
    pub(crate) repeat_interval: Option<Duration>,
    pub(crate) resolve_interval: Option<Duration>,
    pub(crate) mute_time_intervals: Vec<String>,
    pub(crate) active_time_intervals: Vec<String>,
    pub(crate) labels: Labels,
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) continues: bool,
    pub(crate) children: Vec<Definition>,
}

/// Adds a route and those below it; returns its number. `resolve_interval` is what applies where no route says one.
pub(super) fn add(
    mut own: Definition,
    parent: Option<(RouteId, usize)>,
    resolve_interval: Option<Duration>,
    routes: &mut Vec<Route>,
) -> RouteId {
    crate::matchers::sort(&mut own.matchers);
    let children = std::mem::take(&mut own.children);
    let resolve_interval = own.resolve_interval.or(resolve_interval);
    let above = parent.map(|(parent, number)| (&routes[parent.index()], parent, number));
    let route = inherited(own, above, resolve_interval);
    let number = id(routes.len());
    routes.push(route);
    let children = children.into_iter().enumerate();
    let children =
        children.map(|(index, child)| add(child, Some((number, index)), resolve_interval, routes));
    let children = children.collect();
    routes[number.index()].children = children;
    number
}

fn inherited(
    own: Definition,
    above: Option<(&Route, RouteId, usize)>,
    resolve_interval: Option<Duration>,
) -> Route {
    let parent = above.map(|(parent, ..)| parent);
    let group_interval = own
        .group_interval
        .or(parent.map(|parent| parent.group_interval))
        .unwrap_or(GROUP_INTERVAL);
    let group_wait = own.group_wait.or(parent.map(|parent| parent.group_wait));
    let repeat_interval = own
        .repeat_interval
        .or(parent.map(|parent| parent.repeat_interval));
    let receiver = own
        .receiver
        .or(parent.map(|parent| parent.receiver.clone()));
    let group_by = own
        .group_by
        .or(parent.map(|parent| parent.group_by.clone()));
    let matchers = crate::matchers::display(&own.matchers);
    Route {
        receiver: receiver.unwrap_or_default(),
        group_by: group_by.unwrap_or(GroupBy::Labels(Vec::new())),
        group_wait: group_wait.unwrap_or(GROUP_WAIT),
        group_interval,
        repeat_interval: repeat_interval.unwrap_or(REPEAT_INTERVAL),
        resolve_interval: resolve_interval.unwrap_or(group_interval),
        mute_time_intervals: own.mute_time_intervals,
        active_time_intervals: own.active_time_intervals,
        labels: match parent {
            Some(parent) => Labels::from_pairs(parent.labels.iter().chain(own.labels.iter())),
            None => own.labels,
        },
        matchers: own.matchers,
        continues: own.continues,
        key: key::path(parent.map(|parent| &*parent.key), &matchers),
        id: match above {
            Some((parent, _, number)) => key::numbered(&parent.id, &matchers, number),
            None => matchers,
        },
        parent: above.map(|(_, parent, _)| parent),
        children: Vec::new(),
    }
}
