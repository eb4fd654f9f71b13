//! Which route a request takes.
//!
//! Of the routes that match, the one with the most exact host wins (a name, then the longest suffix, then any), then the
//! most exact path (exact, then the longest prefix, then a regular expression, then any; the prefix `/` is any), then the
//! most conditions, then the first of the file.
//!
//! The order is built into the tables that a router is compiled to, so that the first hit is the answer and a request
//! costs the same with ten routes as with a thousand:
//!
//! ```text
//! listener -> host: map of names | map of suffixes, longest first | any
//!          -> path: map of exact paths | trie of prefixes, deepest first | expressions | any
//!          -> rules, most conditions first
//! ```
//!
//! Only expressions, and rules with the same host and path, are tried one after the other. [`Router::explain`] walks all
//! routes instead and says of each why it was not taken; a property test holds both against each other.

mod conditions;
mod explain;
mod host;
mod path;
mod rewrite;
mod table;
#[cfg(test)]
mod tests;
mod trie;

use std::collections::HashMap;
use std::sync::Arc;

use http::request::Parts;

pub use explain::{Candidate, Explanation, Verdict};
pub use path::{Path, PathError};

use crate::model::{self, Config};
use crate::names::{Names, RouteId};
use table::Table;

/// A route in force.
#[derive(Clone, Debug)]
pub struct RouteEntry {
    /// Its number, through reloads.
    pub id: RouteId,
    /// Its place in [`Config::routes`].
    pub index: usize,
    /// What it says.
    pub route: model::Route,
}

/// The routes of a configuration, compiled.
#[derive(Debug)]
pub struct Router {
    entries: Vec<Arc<RouteEntry>>,
    /// By the listener's place in [`Config::listeners`]; those that the same routes are for share one.
    tables: Vec<Arc<Table>>,
    /// Names of listeners, for explanations.
    listeners: Vec<String>,
}

/// The route of a request.
#[derive(Clone, Debug)]
pub struct Found<'r> {
    /// The route.
    pub entry: &'r Arc<RouteEntry>,
    /// The bytes of the path that the matched prefix takes, without a slash at its end: 0 when the route has none.
    pub prefix: usize,
    /// The path that is sent on, without the query; `None` is as it came. `prefix` counts in this one.
    pub path: Option<String>,
}

/// Why a request has no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Miss {
    /// None matches: 404.
    #[error("no route matches")]
    NoRoute,
    /// The host is missing, there twice, or none: 400.
    #[error("the request has no host, more than one, or one that is none")]
    BadHost,
    /// The path could be read in two ways: 400.
    #[error("the path {0}")]
    BadPath(#[from] PathError),
}

impl Router {
    /// Compiles the routes of a configuration.
    pub fn new(config: &Config, names: &Names) -> Self {
        let entry = |(index, route): (usize, &model::Route)| {
            Arc::new(RouteEntry {
                id: names.route(&route.name),
                index,
                route: route.clone(),
            })
        };
        let entries: Vec<_> = config.routes.iter().enumerate().map(entry).collect();
        let mut shared: HashMap<Vec<usize>, Arc<Table>> = HashMap::new();
        let table = |listener: &model::Listener| {
            let own = routes_of(&config.routes, &listener.name);
            let build = |own: &Vec<usize>| Arc::new(Table::new(&entries, own));
            match shared.get(&own) {
                Some(table) => Arc::clone(table),
                None => {
                    let table = build(&own);
                    shared.insert(own, Arc::clone(&table));
                    table
                }
            }
        };
        let tables = config.listeners.iter().map(table).collect();
        let listeners = config.listeners.iter().map(|one| one.name.clone());
        Self {
            listeners: listeners.collect(),
            tables,
            entries,
        }
    }

    /// Returns the route of a request that came in at a listener, by its place in [`Config::listeners`].
    ///
    /// # Errors
    /// There is none, or the request cannot have one.
    pub fn find(&self, listener: usize, parts: &Parts) -> Result<Found<'_>, Miss> {
        let table = self.tables.get(listener).ok_or(Miss::NoRoute)?;
        let host = host::of(parts)?;
        let path = Path::new(parts.uri.path())?;
        let request = conditions::Request {
            parts,
            path: path.matched(),
        };
        let hit = table.find(&host, &request, &self.entries);
        let (rule, prefix) = hit.ok_or(Miss::NoRoute)?;
        Ok(Found {
            entry: &self.entries[rule.route],
            prefix: path.in_forwarded(prefix),
            path: path.into_changed(),
        })
    }

    /// Returns all routes, in the order of the file.
    pub fn entries(&self) -> &[Arc<RouteEntry>] {
        &self.entries
    }
}

/// Returns the places of the routes that are for a listener.
fn routes_of(routes: &[model::Route], listener: &str) -> Vec<usize> {
    let is_for = |route: &model::Route| {
        route.listeners.is_empty() || route.listeners.iter().any(|name| name == listener)
    };
    let numbered = routes.iter().enumerate();
    numbered
        .filter(|(_, route)| is_for(route))
        .map(|(index, _)| index)
        .collect()
}
