//! The metrics of the gateway: one list, from which both the store and `/metrics` are filled.

mod endpoints;
mod process;
mod readings;
mod requests;
mod routes;

use std::borrow::Cow;
use std::sync::Arc;

use plimsoll_traffic::Criticality;
use plimsoll_types::MetricType;

use super::cells::Example;
use super::class::Class;
use super::distribution::Distribution;
use super::listener::ListenerSignals;
use super::totals::{EndpointName, Totals};
use crate::names::{BackendId, Names, RouteId};
use crate::reason::Reason;

/// What begins the names of all of them.
pub(super) const PREFIX: &str = "plimsoll_gateway_";

/// A metric.
pub(super) struct Family {
    /// Without the prefix, the unit and `_total`.
    pub(super) name: &'static str,
    pub(super) kind: MetricType,
    /// `seconds`, `bytes`, or nothing.
    pub(super) unit: &'static str,
    /// A sentence without its final stop.
    pub(super) help: &'static str,
    /// Shows all of its series.
    pub(super) walk: fn(&View<'_>, &mut dyn Sink),
}

/// What families are read from.
pub(super) struct View<'a> {
    pub(super) totals: &'a Totals,
    pub(super) names: &'a Names,
    pub(super) listeners: &'a [Arc<ListenerSignals>],
    /// Lines of the access log by what became of them; `None` without a log.
    pub(super) lines: Option<[(&'static str, u64); 3]>,
}

/// Takes series of one family.
pub(super) trait Sink {
    /// Takes a series and what it is now.
    fn point(&mut self, key: SeriesKey, point: Point<'_>);
}

/// What a series is now.
pub(super) enum Point<'a> {
    Counter(u64, Option<&'a Example>),
    Gauge(f64),
    Distribution(&'a Distribution, Option<&'a Example>),
}

/// Tells the series of one family apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct SeriesKey {
    pub(super) route: Option<RouteId>,
    pub(super) backend: Option<BackendId>,
    pub(super) endpoint: Option<EndpointName>,
    pub(super) criticality: Option<Criticality>,
    pub(super) class: Option<Class>,
    pub(super) reason: Option<Reason>,
    pub(super) listener: Option<Arc<str>>,
    /// A label of the family's own.
    pub(super) own: Option<(&'static str, Cow<'static, str>)>,
}

impl SeriesKey {
    /// Calls `each` with the name and the value of each label.
    pub(super) fn labels(&self, view: &View<'_>, mut each: impl FnMut(&'static str, &str)) {
        if let Some(backend) = self.backend {
            each("backend", &view.names.backend_name(backend));
        }
        if let Some(class) = self.class {
            each("class", class.as_str());
        }
        if let Some(criticality) = self.criticality {
            each("criticality", criticality.as_str());
        }
        if let Some(endpoint) = self.endpoint {
            each("endpoint", view.totals.name(endpoint));
        }
        if let Some(listener) = &self.listener {
            each("listener", listener);
        }
        if let Some(reason) = self.reason {
            each("reason", reason.as_str());
        }
        if let Some(route) = self.route {
            each("route", &view.names.route_name(route));
        }
        if let Some((name, value)) = &self.own {
            each(name, value);
        }
    }

    fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.own = Some((name, value.into()));
        self
    }
}

/// Walks all metrics, in the order of the documentation.
pub(super) fn all() -> impl Iterator<Item = &'static Family> {
    let groups = [
        requests::ALL,
        routes::ALL,
        endpoints::ALL,
        readings::ALL,
        process::ALL,
    ];
    groups.into_iter().flatten()
}

/// Read from clients, sent to clients.
const DIRECTIONS: [&str; 2] = ["in", "out"];

const fn counter(
    name: &'static str,
    unit: &'static str,
    help: &'static str,
    walk: fn(&View<'_>, &mut dyn Sink),
) -> Family {
    Family {
        name,
        kind: MetricType::Counter,
        unit,
        help,
        walk,
    }
}

const fn gauge(
    name: &'static str,
    help: &'static str,
    walk: fn(&View<'_>, &mut dyn Sink),
) -> Family {
    Family {
        name,
        kind: MetricType::Gauge,
        unit: "",
        help,
        walk,
    }
}

const fn histogram(
    name: &'static str,
    help: &'static str,
    walk: fn(&View<'_>, &mut dyn Sink),
) -> Family {
    Family {
        name,
        kind: MetricType::Histogram,
        unit: "seconds",
        help,
        walk,
    }
}
