//! The gateway as `plimsoll-traffic` describes it to whoever answers requests about it.

mod checking;
mod explaining;
mod ordering;
mod times;
mod viewing;
mod watching;
pub mod words;

use std::sync::Arc;

use plimsoll_traffic::surface::{
    Activity, Answer, BackendView, Checked, Explanation, Filter, Gateway as Surface, LimitsView,
    ListenerView, Order, Question, Refused, RefusedKind, RouteView, Tap,
};
use tokio::sync::Semaphore;

use crate::gateway::{Gateway, OrderError};
use crate::model::ListenerKind;
use crate::server::Server;
use times::Times;

/// Checks that were asked for and run at a time.
const CHECKS_MAX: usize = 16;

/// A gateway and its listeners, for whoever asks.
pub struct Desk {
    gateway: Arc<Gateway>,
    server: Arc<Server<Gateway>>,
    checks: Semaphore,
}

impl Desk {
    /// Answers for a gateway.
    pub fn new(gateway: Arc<Gateway>, server: Arc<Server<Gateway>>) -> Self {
        Self {
            gateway,
            server,
            checks: Semaphore::new(CHECKS_MAX),
        }
    }

    fn times(&self) -> Times {
        Times::new(&**self.gateway.clock())
    }
}

impl Surface for Desk {
    fn listeners(&self) -> Vec<ListenerView> {
        let config = self.gateway.snapshot().config.clone();
        let shown = self.server.listeners().into_iter().map(|listener| {
            let mut declared = config.listeners.iter();
            let declared = declared.find(|declared| *declared.name == *listener.name);
            let tcp_backend = declared.and_then(|declared| match &declared.kind {
                ListenerKind::Tcp { backend, .. } => Some(backend.clone()),
                ListenerKind::Http => None,
            });
            ListenerView {
                name: listener.name.to_string(),
                address: listener.address,
                tcp_backend,
                is_tls: listener.is_tls,
                connections: listener.connections,
                connections_max: listener.connections_max,
                connections_total: listener.connections_total,
            }
        });
        shown.collect()
    }

    fn routes(&self) -> Vec<RouteView> {
        let now = self.gateway.clock().now();
        let snapshot = self.gateway.snapshot();
        let routes = snapshot.routes.iter();
        routes.map(|route| viewing::route(route, now)).collect()
    }

    fn backends(&self) -> Vec<BackendView> {
        let snapshot = self.gateway.snapshot();
        let senders = viewing::senders(&snapshot);
        let views = self.gateway.backends().into_iter().filter_map(|view| {
            let model = &snapshot.backends.get(&view.name)?.model;
            let routes = senders.get(&*view.name).cloned().unwrap_or_default();
            Some(viewing::backend(view, model, routes, self.times()))
        });
        views.collect()
    }

    fn limits(&self) -> LimitsView {
        viewing::limits(&self.gateway)
    }

    fn activity(&self) -> Vec<Activity> {
        self.gateway.signals().activity()
    }

    fn explain(&self, question: &Question) -> Result<Explanation, Refused> {
        explaining::explain(&self.gateway, question, self.times())
    }

    fn order(&self, order: &Order) -> Result<(), Refused> {
        ordering::carry_out(&self.gateway, order)?;
        tracing::info!(%order, "an order is in force");
        Ok(())
    }

    fn check(&self, backend: &str, endpoint: &str) -> Answer<'_, Checked> {
        let (backend, endpoint) = (backend.to_owned(), endpoint.to_owned());
        Box::pin(async move { checking::check(self, &backend, &endpoint).await })
    }

    fn tap(&self, filter: &Filter) -> Result<Box<dyn Tap>, Refused> {
        watching::watch(&self.gateway, filter)
    }
}

fn invalid(message: impl Into<String>) -> Refused {
    Refused::new(RefusedKind::Invalid, message)
}

fn not_found(message: impl Into<String>) -> Refused {
    Refused::new(RefusedKind::NotFound, message)
}

impl From<OrderError> for Refused {
    fn from(error: OrderError) -> Self {
        let kind = match error {
            OrderError::NoBackend(_) | OrderError::NoEndpoint { .. } | OrderError::NoRoute(_) => {
                RefusedKind::NotFound
            }
            OrderError::TooManyFaults => RefusedKind::Conflict,
        };
        Self::new(kind, error.to_string())
    }
}
