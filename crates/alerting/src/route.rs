//! The routing tree: which routes an alert takes, and what each of them says, inheritance applied.
//!
//! ```text
//! matching(node) = nothing                                  when the node's matchers do not match
//!                | all of the children, left to right, up to the first that matches and does not `continue`
//!                | the node itself                          when no child matched
//! ```

mod definition;
mod key;

use std::fmt;
use std::time::Duration;

use plimsoll_types::{Labels, Matcher};

pub(crate) use definition::Definition;

/// The number of a route in its tree: routes are numbered depth first, the root is 0. It means nothing in another tree;
/// [`Route::id`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId(u32);

impl RouteId {
    /// The route that every alert takes when no other wants it.
    pub const ROOT: Self = Self(0);

    /// Returns the number.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for RouteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which alerts of a route are told together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// `['...']`: only those whose labels are all the same, which is each alert alone.
    All,
    /// Those with the same values of these labels, sorted by name; without any, all of the route.
    Labels(Vec<String>),
}

impl GroupBy {
    /// Returns the labels that name the group of an alert.
    pub fn group_labels(&self, alert: &Labels) -> Labels {
        match self {
            Self::All => alert.clone(),
            Self::Labels(names) => {
                alert.filtered(|name| names.binary_search_by(|own| (**own).cmp(name)).is_ok())
            }
        }
    }
}

/// One route with everything that it inherits.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The name of the receiver that is told.
    pub receiver: String,
    /// Which alerts are told together; default: all.
    pub group_by: GroupBy,
    /// How long the first notice of a group waits for further alerts; default 30 s, may be zero.
    pub group_wait: Duration,
    /// How long after a notice the next one goes out when the group changed; default 5 min, above zero.
    pub group_interval: Duration,
    /// How long after a notice it is repeated when nothing changed; default 4 h, above zero.
    pub repeat_interval: Duration,
    /// How long after a notice the next one goes out when all that changed is that alerts are resolved; default
    /// `group_interval`, may be zero. It is ours.
    pub resolve_interval: Duration,
    /// Names of time intervals in which nothing is told; not inherited.
    pub mute_time_intervals: Vec<String>,
    /// Names of time intervals outside of which nothing is told; not inherited. Empty: at any time.
    pub active_time_intervals: Vec<String>,
    /// Labels for templates, those of the parents with those of the route over them; values may be templates.
    pub labels: Labels,
    /// What an alert must fulfil, sorted by name, value and comparison; not inherited, empty for the root.
    pub matchers: Vec<Matcher>,
    /// Whether siblings behind it are asked although it matched; not inherited.
    pub continues: bool,
    /// The matchers on the way from the root as Alertmanager writes them: `{}/{severity="page"}`. Siblings with equal
    /// matchers have the same.
    pub key: String,
    /// The matchers and the numbers among siblings on the way from the root: `{}/{severity="page"}/0`. It is the same in
    /// another tree for a route in the same place with the same matchers.
    pub id: String,
    /// The route that this one is a child of; `None` for the root.
    pub parent: Option<RouteId>,
    /// The routes that are asked before this one, in their order.
    pub children: Vec<RouteId>,
}

impl Route {
    /// Says whether an alert fulfils the route's own matchers.
    pub fn matches(&self, alert: &Labels) -> bool {
        crate::matchers::all_match(&self.matchers, alert)
    }

    /// Returns the key of a group of this route, as Alertmanager writes it: `{}/{severity="page"}:{job="node"}`.
    pub fn group_key(&self, group_labels: &Labels) -> String {
        key::group_key(&self.key, group_labels)
    }
}

/// All routes of a configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteTree {
    /// Depth first, so that a route stands behind its parent.
    routes: Vec<Route>,
}

impl RouteTree {
    /// Applies inheritance; `resolve_interval` is that of all routes that do not say otherwise.
    pub(crate) fn new(root: Definition, resolve_interval: Option<Duration>) -> Self {
        let mut routes = Vec::new();
        definition::add(root, None, resolve_interval, &mut routes);
        Self { routes }
    }

    /// Returns a route.
    ///
    /// # Panics
    /// When the number is from another tree that has more routes.
    pub fn route(&self, id: RouteId) -> &Route {
        &self.routes[id.index()]
    }

    /// Returns the route that every alert takes when no other wants it.
    pub fn root(&self) -> &Route {
        self.route(RouteId::ROOT)
    }

    /// Walks all routes, depth first, the root first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (RouteId, &Route)> {
        let numbered = self.routes.iter().enumerate();
        numbered.map(|(index, route)| (id(index), route))
    }

    /// Returns the routes that an alert takes, in the order in which they stand in the file; at least one, none twice.
    ///
    /// ```
    /// use plimsoll_types::Labels;
    /// let text = "route:\n  receiver: a\n  routes:\n  - {matchers: [severity=page], receiver: b}\nreceivers: [{name: a}, {name: b}]\n";
    /// let loaded = plimsoll_alerting::config::parse("alertmanager.yml".as_ref(), text, &Default::default());
    /// let routes = loaded.expect("valid").config.route;
    /// let taken = routes.matching(&Labels::from_pairs([("severity", "page")]));
    /// assert_eq!(routes.route(taken[0]).receiver, "b");
    /// ```
    pub fn matching(&self, alert: &Labels) -> Vec<RouteId> {
        let mut found = Vec::new();
        self.collect(RouteId::ROOT, alert, &mut found);
        found
    }

    /// Adds what of a route and those below it an alert takes; says whether there was something.
    fn collect(&self, at: RouteId, alert: &Labels, found: &mut Vec<RouteId>) -> bool {
        let route = self.route(at);
        if !route.matches(alert) {
            return false;
        }
        let before = found.len();
        for child in &route.children {
            if self.collect(*child, alert, found) && !self.route(*child).continues {
                break;
            }
        }
        if found.len() == before {
            found.push(at);
        }
        true
    }
}

/// The file that a tree comes from has at most 32 MiB.
fn id(index: usize) -> RouteId {
    RouteId(u32::try_from(index).expect("a configuration has less than 2^32 routes"))
}

#[cfg(test)]
mod tests;
