//! Calls that are not made while the breaker of their destination is open.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tower::{Layer, Service};

use super::{Answer, BoxError, Classify, Refused, Time};
use crate::Outcome;
use crate::breaker::{Admission, Breaker, Options, State};

/// Asks a breaker before each call and tells it how the call ended. Clones share the breaker: one layer belongs to one
/// destination.
#[derive(Debug)]
pub struct BreakerLayer<C> {
    shared: Arc<Shared<C>>,
}

#[derive(Debug)]
struct Shared<C> {
    time: Time,
    breaker: Mutex<Breaker>,
    classify: C,
}

impl<C> BreakerLayer<C> {
    /// Makes the layer with a closed breaker.
    pub fn new(time: Time, options: Options, classify: C) -> Self {
        let breaker = Mutex::new(Breaker::new(options));
        let shared = Arc::new(Shared {
            time,
            breaker,
            classify,
        });
        Self { shared }
    }

    /// Returns the breaker's state and why it opened last, empty while it never did.
    pub fn state(&self) -> (State, String) {
        let breaker = self.shared.lock();
        (breaker.state(), breaker.reason().to_owned())
    }
}

impl<C> Clone for BreakerLayer<C> {
    fn clone(&self) -> Self {
        let shared = self.shared.clone();
        Self { shared }
    }
}

impl<C> Shared<C> {
    fn lock(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(self: &Arc<Self>) -> Result<Attempt<C>, Refused> {
        let now = self.time.now();
        let mut breaker = self.lock();
        let is_probe = match breaker.admits(now) {
            Admission::Yes => false,
            Admission::Probe => true,
            Admission::No { until } => {
                let retry_after = until.since(now);
                return Err(Refused::BreakerOpen { retry_after });
            }
        };
        if is_probe {
            breaker.begin_probe(now);
        }
        drop(breaker);
        let (shared, outcome) = (self.clone(), Outcome::Cancelled);
        Ok(Attempt {
            shared,
            is_probe,
            outcome,
        })
    }
}

/// A call that the breaker let through; tells how it ended when it is dropped, whoever drops it.
struct Attempt<C> {
    shared: Arc<Shared<C>>,
    is_probe: bool,
    outcome: Outcome,
}

impl<C> Attempt<C> {
    fn end<R>(&mut self, result: Result<&R, &BoxError>)
    where
        C: Classify<R>,
    {
        self.outcome = self.shared.classify.classify(result);
    }
}

impl<C> Drop for Attempt<C> {
    fn drop(&mut self) {
        let now = self.shared.time.now();
        self.shared.lock().done(self.outcome, self.is_probe, now);
    }
}

impl<S, C> Layer<S> for BreakerLayer<C> {
    type Service = BreakerService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        let layer = self.clone();
        BreakerService { inner, layer }
    }
}

/// The service of [`BreakerLayer`].
#[derive(Debug)]
pub struct BreakerService<S, C> {
    inner: S,
    layer: BreakerLayer<C>,
}

impl<S: Clone, C> Clone for BreakerService<S, C> {
    fn clone(&self) -> Self {
        let (inner, layer) = (self.inner.clone(), self.layer.clone());
        Self { inner, layer }
    }
}

impl<S, Q, C> Service<Q> for BreakerService<S, C>
where
    S: Service<Q>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    C: Classify<S::Response>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Answer<S::Response>;

    fn poll_ready(&mut self, ctx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(ctx).map_err(Into::into)
    }

    fn call(&mut self, request: Q) -> Self::Future {
        let mut attempt = match self.layer.shared.enter() {
            Ok(attempt) => attempt,
            Err(refused) => return Box::pin(async move { Err(refused.into()) }),
        };
        let future = self.inner.call(request);
        Box::pin(async move {
            let result = future.await.map_err(Into::into);
            attempt.end(result.as_ref());
            result
        })
    }
}
