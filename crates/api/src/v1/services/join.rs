//! Which SLOs, routes, jobs and alerts are of which service.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_alerting::{AlertQuery, AlertState};
use plimsoll_slo::sli::{Sli, Source};
use plimsoll_slo::view::{Promise, SloView};
use plimsoll_traffic::surface::{ActionView, BackendView, RouteView};
use plimsoll_types::{Labels, MatchOp, Matcher};

use crate::ui::Desk;

/// Hosts have a screen of their own, and the gateway's own signals are those of its routes.
const NO_SERVICES: [&str; 2] = ["node", "gateway"];
/// The kind of SLI that is about a route.
const OF_ROUTES: &str = "gateway";

/// Everything, joined.
pub(super) struct Joined {
    pub(super) services: BTreeMap<String, Service>,
    pub(super) slos: Vec<SloView>,
    pub(super) routes: Vec<RouteView>,
    pub(super) backends: Vec<BackendView>,
}

/// What is known of a service: names, and places in [`Joined::slos`].
#[derive(Clone, Debug, Default)]
pub(super) struct Service {
    pub(super) slos: Vec<usize>,
    pub(super) routes: Vec<String>,
    pub(super) jobs: Vec<String>,
    /// Those of its routes.
    pub(super) backends: BTreeSet<String>,
    pub(super) alerts: Alerts,
}

/// Alerts that fire and that nothing keeps back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Alerts {
    pub(super) page: usize,
    pub(super) ticket: usize,
    pub(super) other: usize,
}

impl Joined {
    /// Asks everybody. Blocks.
    pub(super) fn of(desk: &Desk) -> Self {
        let sources = &desk.sources;
        let slos = sources.slos.as_ref().map(|slos| slos.list().0);
        let gateway = sources.gateway.as_ref();
        let mut joined = Self {
            services: BTreeMap::new(),
            slos: slos.unwrap_or_default(),
            routes: gateway.map(|it| it.routes()).unwrap_or_default(),
            backends: gateway.map(|it| it.backends()).unwrap_or_default(),
        };
        let owners = Owners::of(&joined.slos);
        joined.add_slos();
        joined.add_routes(&owners);
        joined.add_jobs(&owners, jobs(desk));
        joined.add_alerts(desk);
        joined
    }

    fn add_slos(&mut self) {
        for (index, view) in self.slos.iter().enumerate() {
            let service = view.promise.service().to_string();
            self.services.entry(service).or_default().slos.push(index);
        }
    }

    fn add_routes(&mut self, owners: &Owners) {
        for route in &self.routes {
            let owner = owners.routes.get(&route.name).unwrap_or(&route.name);
            let service = self.services.entry(owner.clone()).or_default();
            service.routes.push(route.name.clone());
            service.backends.extend(backends(route));
        }
    }

    fn add_jobs(&mut self, owners: &Owners, jobs: Vec<String>) {
        for job in jobs {
            let owner = owners.jobs.get(&job).unwrap_or(&job);
            let service = self.services.entry(owner.clone()).or_default();
            service.jobs.push(job);
        }
    }

    /// An alert about something that nothing else is known of makes no service.
    fn add_alerts(&mut self, desk: &Desk) {
        each_firing(desk, |labels| {
            let named = labels.get("service").or_else(|| labels.get("job"));
            let Some(service) = named.and_then(|name| self.services.get_mut(name)) else {
                return;
            };
            match labels.get("severity") {
                Some("page" | "critical") => service.alerts.page += 1,
                Some("ticket" | "warning") => service.alerts.ticket += 1,
                _ => service.alerts.other += 1,
            }
        });
    }
}

/// Returns the backends that a route sends requests to.
pub(super) fn backends(route: &RouteView) -> impl Iterator<Item = String> + '_ {
    let shares = match &route.action {
        ActionView::Forward(shares) => shares.as_slice(),
        ActionView::Redirect(_) | ActionView::Answer(_) => &[],
    };
    shares.iter().map(|share| share.backend.clone())
}

/// Returns the routes that send requests to a backend.
pub(in crate::v1) fn routes_of_backend(routes: &[RouteView], backend: &str) -> Vec<String> {
    let into = routes
        .iter()
        .filter(|route| backends(route).any(|one| one == backend));
    into.map(|route| route.name.clone()).collect()
}

/// Returns the service that a route belongs to.
pub(in crate::v1) fn owner_of_route(slos: &[SloView], route: &str) -> String {
    let mut owners = Owners::of(slos);
    let owner = owners.routes.remove(route);
    owner.unwrap_or_else(|| route.to_owned())
}

/// Who owns what, as far as SLOs say so; the first one that says it counts.
#[derive(Default)]
struct Owners {
    routes: BTreeMap<String, String>,
    jobs: BTreeMap<String, String>,
}

impl Owners {
    fn of(slos: &[SloView]) -> Self {
        let mut owners = Self::default();
        for view in slos {
            let Promise::Slo(slo) = &view.promise else {
                continue;
            };
            let is_of_route = slo.sli.kind == OF_ROUTES;
            let (label, owned) = match is_of_route {
                true => ("route", &mut owners.routes),
                false => ("job", &mut owners.jobs),
            };
            for name in named(&slo.sli, label) {
                owned.entry(name).or_insert_with(|| slo.service.to_string());
            }
        }
        owners
    }
}

/// Returns the values that an SLI wants a label to have exactly.
fn named(sli: &Sli, label: &str) -> BTreeSet<String> {
    let watches = match &sli.source {
        Source::Watches(watches) => watches.as_slice(),
        Source::Asks { .. } => &[],
    };
    let matchers = watches.iter().flat_map(|watch| &watch.matchers);
    let exact = matchers.filter(|one: &&Matcher| one.name() == label && one.op() == MatchOp::Equal);
    exact.map(|one| one.value().to_owned()).collect()
}

fn jobs(desk: &Desk) -> Vec<String> {
    let pools = desk.sources.scrapes.as_ref().map(|scrapes| scrapes.pools());
    let jobs = pools.into_iter().flatten().map(|(job, _)| job);
    jobs.filter(|job| !NO_SERVICES.contains(&&**job)).collect()
}

/// Walks the alerts that fire and that nothing keeps back: those that are routed here, or else those of rules.
fn each_firing(desk: &Desk, mut each: impl FnMut(&Labels)) {
    let routed = desk.look(|engine, now| engine.alerts(&AlertQuery::default(), now));
    if let Some(routed) = routed {
        let is_kept_back = |state| state == AlertState::Suppressed;
        let firing = routed.iter().filter(|alert| !is_kept_back(alert.state));
        firing.for_each(|alert| each(&alert.labels));
        return;
    }
    let groups = desk.sources.rules.as_ref().map(|rules| rules.groups());
    for group in groups.into_iter().flatten() {
        let rules = group.rules.iter().filter_map(|rule| rule.alerting.as_ref());
        let alerts = rules.flat_map(|alerting| &alerting.alerts);
        let firing = alerts.filter(|alert| alert.state == plimsoll_rules::AlertState::Firing);
        firing.for_each(|alert| each(&alert.labels));
    }
}
