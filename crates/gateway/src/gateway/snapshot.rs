//! What is in force: routes and backends, swapped in whole.

use std::collections::HashMap;
use std::sync::Arc;

use super::backend::{Backend, Plan, Surroundings};
use super::route::Route;
use crate::model::Config;
use crate::names::Names;
use crate::pool::TlsError;
use crate::router::Router;
use crate::server::ListenerId;
use crate::signals::{Live, LiveBackend};

/// What is in force.
pub struct Snapshot {
    /// Counts the configurations, from 1.
    pub version: u64,
    /// What it was made of.
    pub config: Arc<Config>,
    /// Finds routes.
    pub router: Router,
    /// By their place in the configuration.
    pub routes: Vec<Arc<Route>>,
    /// By name.
    pub backends: HashMap<String, Arc<Backend>>,
}

/// What a configuration becomes, once nothing can fail any more.
pub(super) struct Draft {
    config: Arc<Config>,
    router: Router,
    plans: Vec<Plan>,
}

impl Draft {
    /// Does everything that can fail: reads files, compiles routes.
    ///
    /// # Errors
    /// A file of a backend cannot be used.
    pub(super) fn new(config: Config, names: &Names) -> Result<Self, TlsError> {
        let plans = config.backends.iter().cloned().map(Plan::new);
        Ok(Self {
            plans: plans.collect::<Result<_, _>>()?,
            router: Router::new(&config, names),
            config: Arc::new(config),
        })
    }

    /// Makes the snapshot; backends and routes of the same name go on with what is known about them.
    pub(super) fn build(
        self,
        before: Option<&Snapshot>,
        names: &Names,
        around: &Surroundings<'_>,
    ) -> Snapshot {
        let backends: HashMap<_, _> = self
            .plans
            .into_iter()
            .map(|plan| {
                let name = plan.name().to_owned();
                let known = before.and_then(|before| before.backends.get(&name));
                let backend = Backend::build(plan, names.backend(&name), known, around);
                (name, backend)
            })
            .collect();
        let known: HashMap<&str, &Arc<Route>> = before
            .iter()
            .flat_map(|before| &before.routes)
            .map(|route| (&*route.entry.route.name, route))
            .collect();
        let routes = self.router.entries().iter().map(|entry| {
            let before = known.get(&*entry.route.name).copied();
            Route::build(entry, &backends, before, around.now)
        });
        Snapshot {
            version: before.map_or(0, |before| before.version) + 1,
            routes: routes.collect(),
            config: self.config,
            router: self.router,
            backends,
        }
    }
}

impl Snapshot {
    /// Returns the route of a name.
    pub fn route(&self, name: &str) -> Option<&Arc<Route>> {
        self.routes
            .iter()
            .find(|route| route.entry.route.name == name)
    }

    /// Returns the place of a listener in this configuration; `None` when it is not there. The place that a connection
    /// knows may be that of the configuration before or after.
    pub fn listener(&self, listener: &ListenerId) -> Option<usize> {
        let listeners = &self.config.listeners;
        let is_it = |known: &crate::model::Listener| *known.name == *listener.name;
        let index = listener.index();
        match listeners.get(index).is_some_and(is_it) {
            true => Some(index),
            false => listeners.iter().position(is_it),
        }
    }

    /// Returns what signals are about.
    pub fn live(&self) -> Live {
        let backends = self.backends.values().map(|backend| LiveBackend {
            id: backend.id,
            endpoints: backend
                .targets()
                .iter()
                .map(|(id, target)| (*id, Arc::clone(target.name())))
                .collect(),
        });
        Live {
            listeners: self
                .config
                .listeners
                .iter()
                .map(|listener| listener.name.as_str().into())
                .collect(),
            routes: self.routes.iter().map(|route| route.entry.id).collect(),
            backends: backends.collect(),
        }
    }
}
