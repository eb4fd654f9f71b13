//! What a person orders about endpoints and routes. Orders outlive reloads, not the process.

use std::sync::Arc;

use http::StatusCode;
use plimsoll_traffic::{AdminState, EndpointId};

use super::{Backend, Gateway, Route};
use crate::model::Fault;
use crate::pool::Target;

/// The most faults that are ordered for one route at a time.
const FAULTS_MAX: usize = 100;

/// What was ordered is about nothing that is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// The backend is not configured.
    #[error("there is no backend {0:?}")]
    NoBackend(String),
    /// The backend has no such endpoint.
    #[error("the backend {backend:?} has no endpoint {endpoint:?}")]
    NoEndpoint {
        /// The backend.
        backend: String,
        /// What it does not have.
        endpoint: String,
    },
    /// The route is not configured.
    #[error("there is no route {0:?}")]
    NoRoute(String),
    /// There are too many faults already.
    #[error("the route has {FAULTS_MAX} ordered faults already")]
    TooManyFaults,
}

impl Gateway {
    /// Orders an endpoint up, down, drained, or to be judged by its health again. Connections to one that is ordered down
    /// are closed.
    ///
    /// # Errors
    /// There is no such endpoint.
    pub fn order(
        &self,
        backend: &str,
        endpoint: &str,
        state: AdminState,
    ) -> Result<(), OrderError> {
        let (backend, id, target) = self.endpoint(backend, endpoint)?;
        let now = self.now();
        backend.with_upstream(|upstream| upstream.order(id, state, now));
        match state {
            AdminState::ForcedDown => target.close(),
            AdminState::Auto | AdminState::ForcedUp | AdminState::Draining => target.open(),
        }
        Ok(())
    }

    /// Sets an endpoint's weight; 0 takes no new requests. It stays until the file says another one.
    ///
    /// # Errors
    /// There is no such endpoint.
    pub fn set_weight(&self, backend: &str, endpoint: &str, weight: u32) -> Result<(), OrderError> {
        let (backend, id, _) = self.endpoint(backend, endpoint)?;
        let now = self.now();
        backend.with_upstream(|upstream| upstream.set_weight(id, weight, now));
        Ok(())
    }

    /// Closes an endpoint's breaker and ends its ejection.
    ///
    /// # Errors
    /// There is no such endpoint.
    pub fn pardon(&self, backend: &str, endpoint: &str) -> Result<(), OrderError> {
        let (backend, id, _) = self.endpoint(backend, endpoint)?;
        let now = self.now();
        backend.with_upstream(|upstream| upstream.pardon(id, now));
        Ok(())
    }

    /// Puts a route into maintenance with this answer, or takes it out: then the file decides again.
    ///
    /// # Errors
    /// There is no such route.
    pub fn order_maintenance(
        &self,
        route: &str,
        answer: Option<(StatusCode, String)>,
    ) -> Result<(), OrderError> {
        // A configuration that is applied meanwhile would take over what was ordered before.
        let _one_at_a_time = self.one_at_a_time();
        let route = self.route(route)?;
        route.state.maintenance.store(answer.map(Arc::new));
        Ok(())
    }

    /// Adds a fault to a route; give it an end. Those that ended are forgotten.
    ///
    /// # Errors
    /// There is no such route, or it has 100 ordered faults.
    pub fn order_fault(&self, route: &str, fault: Fault) -> Result<(), OrderError> {
        // Neither another order nor a configuration that is applied meanwhile must lose one.
        let _one_at_a_time = self.one_at_a_time();
        let route = self.route(route)?;
        let now = self.clock.now();
        let known = route.state.faults.load_full();
        let known = known.iter().flat_map(|faults| faults.iter());
        let running = known.filter(|fault| fault.until.is_none_or(|until| now < until));
        let mut faults: Vec<_> = running.cloned().collect();
        if faults.len() >= FAULTS_MAX {
            return Err(OrderError::TooManyFaults);
        }
        faults.push(fault);
        route.state.faults.store(Some(Arc::new(faults)));
        Ok(())
    }

    /// Ends all faults that were ordered for a route.
    ///
    /// # Errors
    /// There is no such route.
    pub fn end_faults(&self, route: &str) -> Result<(), OrderError> {
        let _one_at_a_time = self.one_at_a_time();
        self.route(route)?.state.faults.store(None);
        Ok(())
    }

    fn endpoint(
        &self,
        backend: &str,
        endpoint: &str,
    ) -> Result<(Arc<Backend>, EndpointId, Arc<Target>), OrderError> {
        let snapshot = self.snapshot();
        let found = snapshot.backends.get(backend);
        let found = found.ok_or_else(|| OrderError::NoBackend(backend.into()))?;
        let (id, target) = found
            .target(endpoint)
            .ok_or_else(|| OrderError::NoEndpoint {
                backend: backend.into(),
                endpoint: endpoint.into(),
            })?;
        Ok((Arc::clone(found), id, target))
    }

    fn route(&self, name: &str) -> Result<Arc<Route>, OrderError> {
        let found = self.snapshot().route(name).cloned();
        found.ok_or_else(|| OrderError::NoRoute(name.into()))
    }
}
